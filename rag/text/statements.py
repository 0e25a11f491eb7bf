"""Statements: the smallest parts of a text that say one thing, which are clauses of prose and cells of tables.

A claim mixes things up if all of its words are in the source but no statement has them together: the price from one row
with the name from another. A cell is a statement together with its column's header and the first cell of its row, which
says what the row is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from rag.text.language import NUMBER_WORDS
from rag.text.sentences import COLUMNS, sentences
from rag.types import Passage

__all__ = [
    "LONGEST",
    "SYMBOL",
    "Line",
    "Statement",
    "cells",
    "clauses",
    "header_above",
    "is_row",
    "lines",
    "readable",
    "statements",
    "table_header",
    "without_bullet",
]

SYMBOL = r"[•◦▪‣·●○■□*–-]"
BULLET = re.compile(rf"\s*(?:{SYMBOL}|\(?(?:\d{{1,3}}|[a-z])[.)])\s+")
CLAUSE = re.compile(r";\s*|,\s+|\s+(?:and|or|but|und|oder|aber|et|ou|mais|y|pero)\s+")
BETWEEN = re.compile(r"\b(?:between|zwischen|entre)\s(?:[^\s,;]+\s){1,3}?(?:and|und|et|y)\s", re.IGNORECASE)
FARTHEST = 20_000
"""Characters before a row in which the header of its table is searched."""
LONGEST = 2_000
"""Characters of a line used to recognise a row: a document may be one line."""
RULE = re.compile(r"[|\s:=+-]+")
ELLIPTIC = re.compile(rf"\W*(?:\d|(?:{'|'.join(sorted(NUMBER_WORDS))})\b)", re.IGNORECASE)
"""The start of a clause that leaves out what it is about: a number in digits or words."""
FIGURE = re.compile(r"(?<=\s)[£€$(]?\d")
"""A number, but not the one in front of a clause."""
VALUE = re.compile(r"\W*\d")
"""The start of a cell that is a number, a date or a price."""
SHORT_VALUE = re.compile(r"\W*\d|[☒☐✓✗–—-]$|(?:yes|no|n/a|ja|nein|oui|non|sí)$", re.IGNORECASE)
"""A value, or a short word that is one in a form."""
LEAST_PAIRS, MIXED = 3, 0.25
"""Rows of names and values without a header, at least, and the least share of either kind among their second cells."""
STRUCK = re.compile(r"~~(?=\S)[^~\n]{1,300}?~~|<(s|del|strike)>[^<\n]{1,300}</\1>", re.IGNORECASE)
"""What is struck out in Markdown, whose text is that of its file."""
YEAR = re.compile(r"(?:19|20)\d\d")
"""Values that can name a column all the same."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A part of a passage: its ``text``, and ``about``, the headers of a cell.

    ``start`` and ``end`` are those of the whole sentence or row in the passage; ``row`` is true for a cell.
    """

    start: int
    end: int
    text: str
    about: str = ""
    row: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a passage, from ``start`` to ``end`` there, with the headers of its cells.

    ``row`` is true for a row that says what it is about: below a header, or a name and its value.
    """

    start: int
    end: int
    text: str
    row: bool = False


def is_row(line: str) -> bool:
    """Return whether ``line`` is a table row: between bars, or at least three columns set with spaces or tabs."""
    return " | " in line.strip().strip("|") or line.strip().startswith("|") or len(COLUMNS.findall(line)) >= 2


def cells(row: str) -> list[str]:
    """Return the cells of a row.

    >>> cells("| Hall 3 | £43 |"), cells("Mon   closed   10-12")
    (['Hall 3', '£43'], ['Mon', 'closed', '10-12'])
    """
    line = row.strip()
    parts = line.strip("|").split("|") if "|" in line else re.split(r" {3,}|\s*\t\s*", line)
    return [" ".join(part.split()) for part in parts]


def table_header(text: str, start: int) -> str:
    """Return the header row of the table that ``start`` is in the middle of; empty if it isn't in one."""
    end = text.find("\n", start, start + LONGEST)
    if not is_row(text[start : end if end >= 0 else start + LONGEST]):
        return ""
    header, below, at = "", "", start
    near = text[start : start + LONGEST].split("\n")
    rows = _table_from(near[: -1 if len(near) > 1 else None])  # the last may be cut off
    while at > 0:
        before = text.rfind("\n", 0, at - 1) + 1
        line = text[before : at - 1]
        if start - before > FARTHEST or not (is_row(line) or (line.strip() and RULE.fullmatch(line))):
            break
        if not RULE.fullmatch(line):
            header, below = line.strip(), text[at:start].partition("\n")[0]
            rows.insert(0, cells(line))
        at = before
    return header if _names_columns(rows, below) else ""


def header_above(passage: Passage, start: int) -> str:
    """Return the header row of the table of which the span of the document from ``start`` is a row; else nothing."""
    line = passage.text.rfind("\n", 0, start - passage.start) + 1
    end = passage.text.find("\n", line)
    lines = passage.text[: end if end >= 0 else len(passage.text)].splitlines()
    if passage.header and all(is_row(row) or RULE.fullmatch(row) for row in lines):
        return passage.header
    return table_header(passage.text, line)


def _names_columns(rows: Sequence[Sequence[str]], below: str) -> bool:
    """Return whether the first of the ``rows`` of a table is a header: a rule is ``below`` it, or no cell is a value.

    >>> _names_columns([["Room", "2025"]], "Hall | £4"), _names_columns([["Memory", "8 GB"]], "Disk | 20 GB")
    (True, False)
    """
    if RULE.fullmatch(below):
        return True
    return not any(VALUE.match(cell) and not YEAR.fullmatch(cell) for cell in rows[0]) and not _are_pairs(rows)


def _are_pairs(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether each row is a name and what it has, as in a form: words and values mixed, or names with a colon.

    >>> _are_pairs([["Tenant", "Ann Lee"], ["Rent", "£450"], ["Start", "1 May"], ["Agent", "Bo Ek"]])
    True
    >>> _are_pairs([["Room", "Price"], ["Hall", "£40"], ["Attic", "£20"]])
    False
    """
    if len(rows) < LEAST_PAIRS or any(len(row) != 2 for row in rows):
        return False
    seconds = [second for _, second in rows[1:] if second]
    share = sum(SHORT_VALUE.match(second) is not None for second in seconds) / max(len(seconds), 1)
    return all(first.endswith(":") for first, _ in rows) or MIXED <= share <= 1 - MIXED


def _table_from(lines: Sequence[str]) -> list[list[str]]:
    """Return the rows of the table that begins with the first of ``lines``."""
    return [cells(line) for line in takewhile(is_row, lines)]


def readable(passage: Passage) -> str:
    """Return the text of a passage with each table cell after its header, without what is struck out.

    >>> text = "Prices\\n| Room | Day | Hour |\\n|---|---|---|\\n| Hall 3 | £43 | £9 |"
    >>> print(readable(Passage("a.md", 0, len(text), text)))
    Prices
    Room: Hall 3; Day: £43; Hour: £9
    """
    return "\n".join(line.text for line in lines(passage))


def lines(passage: Passage) -> list[Line]:
    """Return the lines of a passage as :func:`readable` joins them, without headers and rules of tables."""
    header, found = cells(passage.header) if passage.header else [], list[Line]()
    inside, pairs, start = bool(header), False, 0
    written = passage.text.splitlines(keepends=True)
    shown = [STRUCK.sub("", line) for line in passage.text.splitlines()]
    for at, (line, below) in enumerate(pairwise([*shown, ""])):
        end = start + len(written[at].rstrip())
        if header and is_row(line) and not RULE.fullmatch(line):
            found = found[:-1] if found and cells(found[-1].text) == header else found
            found.append(Line(start, end, _said(cells(line), header), row=True))
        elif not (header and RULE.fullmatch(line)):
            if is_row(line) and not inside:
                rows = _table_from(shown[at:])
                header, pairs = cells(line) if _names_columns(rows, below) else [], _are_pairs(rows)
            elif not is_row(line):
                header, pairs = [], False
            inside, is_pair = is_row(line), pairs and not header
            found.append(Line(start, end, _pair(*cells(line)) if is_pair else line, row=is_pair))
        start += len(written[at])
    return found


def _pair(name: str, value: str) -> str:
    return f"{name.rstrip(' :')}: {value}" if name and value else name or value


def _said(row: Sequence[str], header: Sequence[str]) -> str:
    names = [*[""] * (len(row) - len(header)), *header]
    if len(row) == len(names) == 2 and not names[1]:
        return _pair(*row)  # the header is the table's title
    pairs = zip(names, row, strict=False)
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)


def statements(passage: Passage) -> list[Statement]:
    """Return the statements of ``passage``, in order."""
    found, header, subject = list[Statement](), cells(passage.header) if passage.header else [], ""
    inside, parts = bool(header), [(start, end, passage.text[start:end]) for start, end in sentences(passage.text)]
    for at, ((start, end, line), (*_, below)) in enumerate(pairwise([*parts, (0, 0, "")])):
        if RULE.fullmatch(line):
            continue
        if not is_row(line):
            header, inside = [], False
            found += _clauses(start, end, without_bullet(line))
        elif header:
            row = cells(line)
            row[0] = subject = row[0] or subject  # an empty first cell continues the row above
            found += _cells(start, end, row, header)
        else:
            row = cells(line)
            rows = [] if inside else _table_from([text for _, _, text in parts[at:]])
            header, inside = row if not inside and _names_columns(rows, below) else [], True
            found.append(Statement(start, end, " ".join(row), row=True))
    return found


def _clauses(start: int, end: int, line: str) -> Iterator[Statement]:
    """Yield one statement per clause; one that starts with a value is about what the others before it are about.

    In "Cards have a limit of £90 a month and £20 a day" the second value is a limit of cards, too.
    """
    about = ""
    for place, text in enumerate(clauses(line)):
        is_elliptic = place > 0 and ELLIPTIC.match(text) is not None
        yield Statement(start, end, text, about if is_elliptic else "")
        if not is_elliptic:
            figure = FIGURE.search(text)
            about = text[: figure.start()] if figure else text


def without_bullet(line: str) -> str:
    """Return ``line`` without its bullet or number as a list item: "5. Keys" isn't about five.

    >>> without_bullet("5. Keys are counted."), without_bullet("5 keys")
    ('Keys are counted.', '5 keys')
    """
    return BULLET.sub("", line, count=1) if BULLET.match(line) else line


def clauses(text: str) -> list[str]:
    """Return the clauses of a sentence.

    >>> clauses("Fix 12 costs £35 and Fix 24 costs £60; both end in May.")
    ['Fix 12 costs £35', 'Fix 24 costs £60', 'both end in May.']
    >>> clauses("Between 11 pm and 6 am the door is locked and the light is off.")
    ['Between 11 pm and 6 am the door is locked', 'the light is off.']
    """
    held = BETWEEN.sub(lambda match: re.sub(r"\s", "\0", match[0]), text)  # "between 9 and 5" says one thing
    return [part.replace("\0", " ").strip() for part in CLAUSE.split(held) if part and part.strip()]


def _cells(start: int, end: int, row: Sequence[str], header: Sequence[str]) -> Iterator[Statement]:
    """Yield one statement per cell, including what its row is about: the first cell, and a second if it's no value."""
    names = [*[""] * (len(row) - len(header)), *header]
    subject = ". ".join([row[0], *(cell for cell in row[1:2] if cell and not VALUE.match(cell))])
    for at, (name, cell) in enumerate(zip(names, row, strict=False)):
        if cell:
            about = f"{subject}. {name}" if at else name
            yield Statement(start, end, cell, about, row=True)
