"""A short overview of a document, without a language model: its outer headings and the first facts it states.

Both are spans of the document's text, so that a reader can open each where it is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from rag.text.markup import unmarked
from rag.text.sentences import sentences
from rag.text.statements import is_row, without_bullet
from rag.text.words import content_words
from rag.types import Document

__all__ = ["Overview", "Point", "headings", "overview"]

HEADINGS = 12
"""Most headings."""
FACTS = 5
"""Most facts."""
LEVELS = 2
"""Levels of headings, counted from the outermost that the document repeats."""
READ = 20_000
"""Characters of a document that are read for facts."""
SHORTEST, LONGEST = 40, 320
"""Characters of a sentence that is shown as a fact."""
LABELLED = re.compile(r"[^\W\d_][^:.!?\n|]{1,30}:\s+\S[^\n|]{1,150}")
"""A line such as ``Location: Cardiff``."""


@dataclass(frozen=True, slots=True)
class Point:
    """A heading or a fact: ``text`` is ``document.text[start:end]`` on one line; ``level`` 1 is an outer heading."""

    text: str
    start: int
    end: int
    level: int = 1


@dataclass(frozen=True, slots=True)
class Overview:
    """What a document is about, in its own words and in its own order."""

    headings: tuple[Point, ...]
    facts: tuple[Point, ...]


def overview(document: Document) -> Overview:
    """Return the overview of ``document``; both parts may be empty.

    >>> text = "Date: 4 May 2011\\nThe fair in Leeds was opened by Ann Lee. It was a good day, everyone said."
    >>> [point.text for point in overview(Document("a", text, "", "")).facts]
    ['Date: 4 May 2011', 'The fair in Leeds was opened by Ann Lee.']
    """
    return Overview(tuple(headings(document, LEVELS)[:HEADINGS]), tuple(_facts(document)))


def headings(document: Document, levels: int = 1) -> list[Point]:
    """Return the headings of the outermost ``levels``, without the title: one that stands alone on its level.

    >>> from rag.types import Heading
    >>> marks = [Heading(0, 8, 1), Heading(9, 14, 2), Heading(15, 20, 2)]
    >>> [point.text for point in headings(Document("a", "Handbook\\nHours\\nLeave", "", "", headings=tuple(marks)))]
    ['Hours', 'Leave']
    """
    title = " ".join(document.title.split()).casefold()
    found = [_point(document, heading.start, heading.end, heading.level) for heading in document.headings]
    found = [point for point in found if point.text and point.text.casefold() != title]
    counts = Counter(point.level for point in found)
    outermost = min((level for level in counts if counts[level] > 1), default=min(counts, default=1))
    shown = (point for point in found if outermost <= point.level < outermost + levels)
    return [Point(point.text, point.start, point.end, point.level - outermost + 1) for point in shown]


def _facts(document: Document) -> list[Point]:
    """Return the first sentences that state something particular: a labelled value, a date, numbers or names."""
    starts = {heading.start for heading in document.headings}
    found = list[Point]()
    for start, end in sentences(document.text, 0, min(len(document.text), READ)):
        if start not in starts and _is_fact(document.text[start:end], document.language):
            found.append(_point(document, start, end))
        if len(found) == FACTS:
            break
    return found


def _is_fact(text: str, language: str) -> bool:
    if LABELLED.fullmatch(text):
        return True
    if not SHORTEST <= len(text) <= LONGEST or is_row(text) or text[-1] not in ".!。！":
        return False
    kinds = [word.kind for word in content_words(text, language)]
    return "date" in kinds or sum(kind in ("name", "number") for kind in kinds) > 1


def _point(document: Document, start: int, end: int, level: int = 1) -> Point:
    text = unmarked(without_bullet(document.text[start:end]).lstrip("# "))
    return Point(text, start, end, level)
