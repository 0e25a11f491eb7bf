"""Lines that say one thing of one thing: the entries of a list and the fields at the top of a document.

``Emma Main - Holy Cross Centre Trust`` in a list of speakers; ``Location: Cardiff`` under a title. Prose is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.sentences import sentences
from rag.types import Passage

__all__ = ["Record", "entries", "fields"]

HONORIFIC = r"(?:(?:Prof|Dr|Mr|Mrs|Ms|Mx|Rev|Sir|Dame)\.?\s+)?"
WORD = r"[A-ZÀ-ÞŁŚŻČŘŠŽ\d][\w'’.-]*"
NAME = (
    rf"{HONORIFIC}{WORD}(?:\s+(?:(?:and|of|the|for|in|on|de|da|di|del|van|von|der|den|la|le|y)\s+|&\s+)*{WORD}){{0,9}}"
)
BULLET = re.compile(r"(?:[•◦▪‣·●○■□*+–-]|\d{1,3}[.)])\s+")
VALUE = r"(?P<value>\S[^!?]{0,140})"
DASHED = re.compile(rf"(?P<name>{NAME})\s+[-–—]\s+{VALUE}")
LISTED = re.compile(rf"(?P<name>{WORD}(?:\s+{WORD}){{1,3}}),\s+{VALUE}(?<![.])")
FIELD = re.compile(r"(?P<name>[A-ZÀ-Þ][\w /-]{0,30}):\s+(?P<value>\S.{0,150})")
FEWEST = {DASHED: 2, LISTED: 3}
"""Entries in a row that make a list: one such line alone may be anything."""
TOP = 1000
"""Characters from the beginning of a document within which a field stands."""


@dataclass(frozen=True, slots=True)
class Record:
    """A line of ``passage``: its ``value`` is said of its ``name``.

    ``start`` and ``end`` are offsets in the document, ``text`` is what stands there on one line, without its bullet;
    ``label`` is what the list is called: the line above it that ends in a colon, or the section.
    """

    passage: Passage
    start: int
    end: int
    text: str
    name: str
    value: str
    label: str = ""


def entries(passages: Sequence[Passage]) -> list[Record]:
    """Return the entries of the lists in ``passages`` of one document, in order; a list may go on in the next one."""
    made: list[Record] = []
    label = ""
    if not any(_pattern(_bare(line.strip())) for passage in passages for line in passage.text.splitlines()):
        return []  # To cut prose into sentences takes ten times as long as to see that it has no entry.
    lines = [line for passage in passages for line in _lines(passage)]
    for pattern, run in groupby(lines, lambda line: _pattern(line.text)):
        found = list(run)
        if pattern is None:
            label = found[-1].text.rstrip(":") if found[-1].text.endswith(":") else ""
        elif len(found) >= FEWEST[pattern]:
            made += [_record(line, pattern, label or line.passage.section.rsplit(" > ", 1)[-1]) for line in found]
    return made


def fields(passages: Sequence[Passage]) -> list[Record]:
    """Return the fields at the top of a document that begins with ``passages``."""
    lines = [line for passage in passages if passage.start < TOP for line in _lines(passage)]
    return [_record(line, FIELD, "") for line in lines if line.end <= TOP and FIELD.fullmatch(line.text)]


@dataclass(frozen=True, slots=True)
class _Line:
    passage: Passage
    start: int
    end: int
    text: str


def _lines(passage: Passage) -> Iterator[_Line]:
    """Yield each sentence of ``passage``, which a line of a list is, without its bullet."""
    for start, end in sentences(passage.text):
        bullet = BULLET.match(passage.text, start, end)
        start = bullet.end() if bullet else start
        yield _Line(passage, passage.start + start, passage.start + end, " ".join(passage.text[start:end].split()))


def _bare(line: str) -> str:
    bullet = BULLET.match(line)
    return line[bullet.end() :] if bullet else line


def _pattern(line: str) -> re.Pattern[str] | None:
    return next((pattern for pattern in FEWEST if pattern.fullmatch(line)), None)


def _record(line: _Line, pattern: re.Pattern[str], label: str) -> Record:
    match = pattern.fullmatch(line.text)
    assert match
    return Record(line.passage, line.start, line.end, line.text, match["name"], match["value"].rstrip(" ."), label)
