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


def entries(passage: Passage) -> Iterator[Record]:
    """Yield the entries of the lists in ``passage``."""
    label = passage.section.rsplit(" > ", 1)[-1]
    for pattern, run in groupby(_lines(passage), lambda line: _pattern(line[2])):
        found = list(run)
        if pattern is None:
            label = found[-1][2].rstrip(":") if found[-1][2].endswith(":") else label
        elif len(found) >= FEWEST[pattern]:
            yield from _records(passage, found, pattern, label)


def fields(passage: Passage) -> Iterator[Record]:
    """Yield the fields in ``passage``, where it stands at the top of its document."""
    top = [line for line in _lines(passage) if line[1] <= TOP]
    yield from _records(passage, top, FIELD, "")


def _lines(passage: Passage) -> Iterator[tuple[int, int, str]]:
    """Yield each sentence, which a line of a list is, without its bullet: where it stands, and its text."""
    for start, end in sentences(passage.text):
        bullet = BULLET.match(passage.text, start, end)
        start = bullet.end() if bullet else start
        yield passage.start + start, passage.start + end, " ".join(passage.text[start:end].split())


def _pattern(line: str) -> re.Pattern[str] | None:
    return next((pattern for pattern in FEWEST if pattern.fullmatch(line)), None)


def _records(
    passage: Passage, lines: Sequence[tuple[int, int, str]], pattern: re.Pattern[str], label: str
) -> Iterator[Record]:
    for start, end, text in lines:
        if match := pattern.fullmatch(text):
            yield Record(passage, start, end, text, match["name"], match["value"].rstrip(" ."), label)
