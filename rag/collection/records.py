"""Lines that say one thing of one thing: entries of lists, rows of tables, and lines with a key.

``Emma Main - Holy Cross Centre Trust`` in a list of speakers; ``| Ann Lee | 960 214 |`` below ``| Name | Telephone |``;
``Location: Cardiff`` under a title. Prose is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.sentences import COLUMNS, sentences
from rag.types import Passage

__all__ = ["ROW", "TOP", "Record", "records"]

HONORIFIC = r"(?:(?:Prof|Dr|Mrs?|Miss|Ms|Mx|Rev|Sir|Dame|Lady|Lord|Capt|Captain|Cllr|Councillor|Professor)\.?\s+)?"
WORD = r"[A-ZÀ-ÞŁŚŻČŘŠŽ\d][\w'’.-]*"
SMALL = r"(?:(?:and|of|the|for|in|on|de|da|di|del|van|von|der|den|la|le|y)\s+|&\s+)*"
INVERTED = rf"[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+){{0,2}}, {WORD}(?: {WORD})?"
NAME = rf"(?P<name>{HONORIFIC}{WORD}(?:\s+{SMALL}{WORD}){{0,9}})"
CLOCK = r"\d{1,2}[.:]\d{2}(?:\s?[ap]m)?"
BULLET = re.compile(rf"(?:[•◦▪‣·●○■□*+–-]|\d{{1,3}}[.)]|{CLOCK}(?:\s*[–-]\s*{CLOCK})?)\s+")
"""What stands before an entry; in a programme, the time."""
DASHED = re.compile(rf"(?:{NAME}|(?P<inverted>{INVERTED}))\s+[-–—]\s+(?P<value>\S[^!?]{{0,140}})")
BRACKETED = re.compile(rf"{NAME}\s+\((?P<value>[^()]{{2,80}})\)(?:,\s.{{1,60}})?")
LISTED = re.compile(rf"(?P<name>{HONORIFIC}{WORD}(?:\s+{WORD}){{1,3}}),\s+(?P<value>\S[^!?]{{0,140}})(?<![.])")
PERSON = rf"{HONORIFIC}[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’.-]*){{1,3}}"
"""What somebody's name looks like."""
BARE = re.compile(rf"(?P<name>{PERSON})")
SPACED = re.compile(r"(?P<name>[^\W_].*?) {3}(?P<value>\S.*)")
"""A row of two columns, which have no header."""
PEOPLE = re.compile(
    r"\b(?:absent|apologies|attend\w*|contributors?|delegates?|guests?|hosts?|members?|panel\w*|participants?|present|"
    r"presenters?|speakers?|staff|team|trustees?|volunteers?)\b",
    re.IGNORECASE,
)
"""What lists of people are called: below it a name alone is an entry."""
NAMING = re.compile(
    r"(?P<label>[^:.]{4,60}?)(?:(?: (?:were|was|are|is|included|includes))?:| (?:were|are)) (?P<names>[^:]+)"
)
ONE_OF_THEM = re.compile(
    rf"(?:and )?(?P<text>(?P<name>{PERSON})(?: \((?P<brackets>[^()]+)\)|(?:,| from| of| for) (?P<value>[^;]+))?)"
)
"""One of several people in a sentence."""
KEYED = re.compile(r"(?P<key>[A-ZÀ-Þ][\w'’/&-]*(?: [\w'’/&-]+){0,5}):\s+(?P<value>\S.{0,140})")
PROSE = re.compile(r":\s+(?:[a-zà-þ][\w'’]*\s+\S+\s+\S|(?:\S+\s+){11}\S)")
"""What goes on as a sentence does, or as long, stands under no key: "Line managers: carry out the checks"."""
ROW = re.compile(r"\|.*\||[^|]+(?: \|(?: [^|]+)?)+")
RULE = re.compile(r"[|\s:=-]+")
FEWEST = {SPACED: 2, ROW: 2, DASHED: 2, BRACKETED: 2, KEYED: 1, LISTED: 3, BARE: 2}
"""Lines in a row that make a list or a table: one alone may be anything."""

SCATTERED = 3
"""Lines of one kind that make a list although others stand between them."""
TOP = 1000
"""Characters from the beginning of a document within which a key says something of all of it."""
HEADING = 6
"""Words of the longest line that is taken for what the list below it is called."""


@dataclass(frozen=True, slots=True)
class Record:
    """A line of ``passage``: its ``value`` is said of its ``name``, or is what stands under its ``key``, or both.

    ``start`` and ``end`` are offsets in the document, ``text`` is what stands there on one line, without its bullet.
    ``label`` is what the list is called: the line above it that ends in a colon or is a heading, or the section.
    ``block`` are the lines above it in the same paragraph that have no key.
    """

    passage: Passage
    start: int
    end: int
    text: str
    name: str
    key: str
    value: str
    label: str = ""
    block: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    passage: Passage
    start: int
    end: int
    text: str
    first: bool
    """Whether a paragraph begins here."""


def records(passages: Sequence[Passage]) -> list[Record]:
    """Return the records in ``passages`` of one document, in order; a list may go on in the next passage."""
    if not any(_may_have(_bare(line.strip())) for passage in passages for line in passage.text.splitlines()):
        return []  # To cut prose into sentences takes ten times as long as to see that it has no record.
    made: list[Record] = []
    above = ""
    block: list[str] = []
    lines = [line for passage in passages for line in _lines(passage) if not RULE.fullmatch(line.text)]
    patterns = _patterns(lines)
    counts = Counter(patterns)
    for pattern, run in groupby(zip(patterns, lines, strict=True), lambda pair: pair[0]):
        found = [line for _, line in run]
        for line in found if pattern in {None, KEYED} else ():
            made += _people(line)
        few = pattern and len(found) < FEWEST[pattern] and counts[pattern] < SCATTERED
        if pattern is None or few or (pattern is BARE and not PEOPLE.search(above)):
            last = found[-1]
            section = last.passage.section.rsplit(" > ", 1)[-1]
            text = last.text.rstrip(":")
            above = text if _is_heading(text) else f"{section} {text}".strip() if text != last.text else ""
            begin = max((at for at, line in enumerate(found) if line.first), default=-1)
            block = ([] if begin >= 0 else block) + [line.text for line in found[max(begin, 0) :]]
            continue
        if pattern is ROW:
            made += _table(found, above)
            continue
        for line in found:
            block = [] if line.first else block
            made.append(_record(line, pattern, _label(line, above), " ".join(block)))
            block = block if made[-1].key else [*block, line.text]
    return made


def _label(line: _Line, above: str) -> str:
    return above or line.passage.section.rsplit(" > ", 1)[-1]


def _is_heading(line: str) -> bool:
    return 0 < len(line.split()) <= HEADING and line[-1] not in ".,;!?"


def _lines(passage: Passage) -> Iterator[_Line]:
    """Yield each sentence of ``passage``, which a line of a list is, without its bullet and its emphasis."""
    last = 0
    for start, end in sentences(passage.text):
        first = not last or passage.text.count("\n", last, start) > 1
        last = end
        bullet = BULLET.match(passage.text, start, end)
        start = bullet.end() if bullet else start
        text = _set(passage.text[start:end].replace("**", ""))
        yield _Line(passage, passage.start + start, passage.start + end, text, first)


def _set(line: str) -> str:
    """Return ``line`` without needless white space: columns as the row of a table or, where they are two, apart.

    >>> _set("Ann Lee\\tChair"), _set("Mon      Ann    Bo")
    ('Ann Lee   Chair', 'Mon | Ann | Bo')
    """
    lines = [part.strip() for part in line.strip().splitlines()]
    lines = [part for part in lines if not RULE.fullmatch(part)] or lines
    cells = [" ".join(cell.split()) for cell in COLUMNS.split(lines[0])] if len(lines) == 1 else []
    if len(cells) < 2 or "|" in line:
        return " ".join(line.split())
    return "   ".join(cells) if len(cells) == 2 else " | ".join(cells)


def _bare(line: str) -> str:
    bullet = BULLET.match(line)
    return (line[bullet.end() :] if bullet else line).replace("**", "")


def _may_have(line: str) -> bool:
    """Tell whether ``line`` may be a record, or the name of a list of people."""
    naming = NAMING.match(line)
    named = PEOPLE.search(naming["label"] if naming else line) if naming or len(line.split()) <= HEADING else None
    return named is not None or COLUMNS.search(line) is not None or _pattern(line) not in {None, BARE}


def _pattern(line: str) -> re.Pattern[str] | None:
    pattern = next((pattern for pattern in FEWEST if pattern.fullmatch(line)), None)
    # Headings in capitals (PART A - COPIES) are no entries.
    return None if (pattern is KEYED and PROSE.search(line)) or (pattern is DASHED and line.isupper()) else pattern


def _patterns(lines: Sequence[_Line]) -> list[re.Pattern[str] | None]:
    """Return what each line is: two columns next to a row of more in the same table are a row that has fewer cells."""
    found = [_pattern(line.text) for line in lines]
    for at, line in enumerate(lines):
        above = at > 0 and found[at - 1] is ROW and not line.first
        below = at + 1 < len(lines) and found[at + 1] is ROW and not lines[at + 1].first and line.first
        if found[at] is SPACED and (above or below):
            found[at] = ROW
    return found


def _record(line: _Line, pattern: re.Pattern[str], label: str, block: str) -> Record:
    match = pattern.fullmatch(line.text)
    assert match
    parts = {"name": "", "key": ""} | {name: part for name, part in match.groupdict().items() if part}
    if "inverted" in parts:  # LUND, Sunniva
        parts["name"] = " ".join(reversed(parts["inverted"].split(", ")))
    value = parts.get("value", "").rstrip(" .")
    if pattern is SPACED and not re.fullmatch(PERSON, parts["name"]):
        if parts["name"][0].isdigit() and re.fullmatch(PERSON, value):
            parts["name"], value = value, parts["name"]  # When, and who it was
        else:
            parts["name"], parts["key"] = "", parts["name"]  # Chair, and who it is; Mooring, and what it costs
    text = " ".join(line.text.split())
    return Record(line.passage, line.start, line.end, text, parts["name"], parts["key"], value, label, block)


def _people(line: _Line) -> Iterator[Record]:
    """Yield those whom a sentence lists under what they are: "Speakers: Ann Lee (Camden), Bo Ek (Leeds)"."""
    match = NAMING.fullmatch(line.text)
    if not match or not PEOPLE.search(match["label"]):
        return
    apart = r";\s*" if ";" in match["names"] else r",\s*(?![^()]*\))|\s+and\s+(?![^()]*\))"
    parts = list[str]()
    for part in filter(None, re.split(apart, match["names"].rstrip("."))):
        if parts and ";" not in match["names"] and part[0].islower() and not part.startswith("and "):
            parts[-1] += f", {part}"  # a trainee, who stood in for another
        else:
            parts.append(part)
    found = [ONE_OF_THEM.fullmatch(part) for part in parts]
    if len(found) > 1 and all(found):
        for one in filter(None, found):
            value = (one["brackets"] or one["value"] or "").rstrip(" .")
            yield Record(line.passage, line.start, line.end, one["text"], one["name"], "", value, match["label"])


def _table(rows: Sequence[_Line], above: str) -> Iterator[Record]:
    """Yield what the cells of ``rows`` say, each below the header that its table begins with."""
    header: list[str] = []
    for line, below in zip(rows, [*rows[1:], None], strict=True):
        cells = _cells(line.text)
        # Behind a blank line another table begins; at the beginning of a passage the same goes on.
        apart = line.first and line.start > line.passage.start and below and not below.first
        if apart or not header:
            header = cells
        if len(header) + 1 == len(cells):  # Nothing stands above the first column.
            header = ["", *header]
        yield from _row(line, cells, header, _label(line, above))


def _row(line: _Line, cells: Sequence[str], header: Sequence[str], label: str) -> Iterator[Record]:
    """Yield what each cell of a row says of the first, or of the second where the rows are numbered."""
    if cells[0].isdigit():
        if header[0].isdigit():  # There is no header.
            header = [""] * len(cells)
        cells, header = cells[1:], header[1:]
    if cells == header or not cells or not cells[0]:
        return
    label = f"{label} {header[0]}".strip() if header else label
    if not any(header):
        cells, header = [cells[0], ", ".join(filter(None, cells[1:]))], ["", ""]
    for key, value in zip(header[1:], cells[1:], strict=False):
        if value:
            yield Record(line.passage, line.start, line.end, line.text, cells[0], key, value, label)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"\|| {3}", row.strip("|"))]
