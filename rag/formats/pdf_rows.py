"""The rows of a PDF page: words on one baseline, divided into segments by wide gaps and vertical lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rag.formats.marks import superscript
from rag.formats.pdf_parts import Rule, Word

__all__ = ["JUSTIFIED", "NEAR", "Line", "Row", "Segment", "chains", "rows_of", "table_row", "written"]

GAP = 0.75
"""Width of type by which two words on a baseline are apart if they belong to different cells or columns."""
JUSTIFIED = 3.0
"""The width of type for words that are set in one piece: a justified line may have wide spaces."""
NEAR = 3.0
"""Points by which rules that meet, or lie on each other, miss each other."""
BOXES = ("☒", "☐")
BROKEN = re.compile(r"(?<=[a-zà-ÿ])[-\u00ad] (?=[a-zà-ÿ])")
"""A word that is broken between two lines of a cell."""
MARKER = re.compile(r"(?:[•◦▪▸‣·●○■□☐☒✓–—-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2})+\.?|§+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line in reading order: its words, its ``size`` and the height of its baseline, in points.

    ``block`` numbers the column, table or stretch of the page that it is of; a ``row`` is one of a table.
    """

    text: str
    size: float
    y: float
    block: int = 0
    row: bool = False
    words: tuple[Word, ...] = ()


@dataclass(slots=True)
class Segment:
    """Words that stand together on one baseline."""

    words: list[Word]

    @property
    def left(self) -> float:
        """The left edge."""
        return self.words[0].left

    @property
    def right(self) -> float:
        """The right edge."""
        return max(word.right for word in self.words)

    @property
    def size(self) -> float:
        """The largest font size."""
        return max(word.size for word in self.words)

    @property
    def y(self) -> float:
        """The height of the baseline."""
        return max(self.words, key=lambda word: word.size).y

    @property
    def text(self) -> str:
        """The text."""
        return written(self.words)


Row = list[Segment]
"""Segments on one baseline, from the left."""


def written(words: Sequence[Word]) -> str:
    """Return ``words`` as one line of text, with superscripts marked."""
    text = ""
    base = max((word.size for word in words), default=0.0)
    level = next((word.y for word in words if word.size == base), 0.0)
    for word in words:
        raised = text and word.size < 0.85 * base and 0.15 * base < word.y - level < 0.7 * base
        if raised and (word.glued or len(word.text) <= 3):
            text += superscript(text[-40:], word.text)
        else:
            text += ("" if word.glued or not text else " ") + word.text
    return text


def rows_of(words: Iterable[Word], uprights: Sequence[Rule]) -> list[Row]:
    """Return the words by baseline from the top, each row in segments from the left."""
    rows: list[list[Word]] = []
    for chain in sorted(chains(words), key=lambda chain: -chain[0].y):
        row = rows[-1] if rows else []
        if row and row[0].y - chain[0].y < 0.4 * max(word.size for word in (*row, *chain)):
            row.extend(chain)
        else:
            rows.append(list(chain))
    return [_segments(row, uprights) for row in rows]


def chains(words: Iterable[Word]) -> list[list[Word]]:
    """Return each word together with the words attached to it, which may be raised or lowered."""
    chains: list[list[Word]] = []
    for word in words:
        if word.glued and chains:
            chains[-1].append(word)
        else:
            chains.append([word])
    return chains


def _segments(row: list[Word], uprights: Sequence[Rule]) -> Row:
    row = sorted(row, key=lambda word: word.left)
    if sum(_is_rightward(word.text) for word in row) * 2 > len(row):
        row = row[::-1]
        return [Segment(row)]
    segments = [Segment([row[0]])]
    even = _is_even(row)
    for word in row[1:]:
        last = segments[-1]
        gap = word.left - last.right
        ruled = gap > -1 and any(
            last.right - 1 <= rule.at <= word.left + 1 and rule.start <= word.y <= rule.end for rule in uprights
        )
        marker = MARKER.fullmatch(last.text) and gap < 6 * word.size
        wide = gap > (JUSTIFIED if word.joined or even else GAP) * max(word.size, last.size)
        if (wide and not marker) or ruled:
            segments.append(Segment([word]))
        else:
            last.words.append(word)
    return segments


def _is_even(row: Sequence[Word]) -> bool:
    """Return whether the gaps between words are all alike, as in a justified line."""
    gaps = [right.left - left.right for left, right in pairwise(row) if not right.glued]
    return len(gaps) > 2 and 0 < max(gaps) < min(JUSTIFIED * row[0].size, 1.4 * min(gaps))


def _is_rightward(text: str) -> bool:
    return any("\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc" for letter in text)


def _answered(cells: Sequence[Sequence[Sequence[Word]]], texts: Sequence[str]) -> str:
    """Return a row of a form that is filled in, each value behind its label, each box before it; else nothing."""
    there = [(cell, text) for cell, text in zip(cells, texts, strict=True) if text]
    filled = [all(word.filled for line in cell for word in line) for cell, _ in there]
    for first in (False, True):
        boxes = all(text in BOXES for (_, text), value in zip(there, filled, strict=True) if value)
        if filled == [first, not first] * (len(there) // 2) and (boxes or not first):
            pairs = [(there[at][1], there[at + 1][1]) for at in range(0, len(there), 2)]
            return "; ".join(f"{one} {other}" if first else f"{one.rstrip(' :')}: {other}" for one, other in pairs)
    return ""


def table_row(cells: Sequence[Sequence[Sequence[Word]]], block: int) -> Line:
    """Return a row of a table from the lines of words of each of its cells."""
    words = tuple(word for cell in cells for line in cell for word in line)
    texts = [BROKEN.sub("", " ".join(written(line) for line in cell)) for cell in cells]
    alone = sum(map(bool, texts)) == 1 and texts[0]
    text = texts[0] if alone else _answered(cells, texts) or " | ".join(texts).strip()
    size = median(word.size for word in words)
    return Line(text, size, max(word.y for word in words), block, not alone, words)
