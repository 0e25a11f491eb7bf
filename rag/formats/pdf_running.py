"""Running headers, footers and page numbers: lines at the edge of many pages, equal except for the page number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from rag.formats.pdf_rows import Line

__all__ = ["Page", "without_running_lines"]

EDGE = 0.1
"""Share of a page, at its top and its foot, in which lines may be running ones."""
SET_OFF = 2.5
"""Usual drops between lines that a line elsewhere stands off from its neighbour if it is a running one."""
WANDERING = 6.0
"""Points by which the height of a running line differs from page to page."""
DEEPEST = 3
"""Running lines at one edge."""
WORD = r"(?:page|seite|página|pagina|p\.|pg\.?|s\.|blatt)"
NUMBER = r"(?P<number>\d{1,4}|[ivxlc]{1,7})"
TOTAL = r"(?:\s?(?:of|von|de|di|sur|/)\s?\d{1,4})?"
BETWEEN = r"[\s|·•.()\[\]/~*–—-]"
APART = r"(?:\s*[|·•–—/]\s*|\s[-~(\[]\s?|\s{3,})"
ALONE = re.compile(rf"{BETWEEN}*(?P<word>{WORD})?{BETWEEN}*{NUMBER}{TOTAL}{BETWEEN}*", re.I)
"""A line that is a page number and nothing else: no sum of money, no quantity."""
BEHIND = re.compile(
    rf"(?P<rest>.*?[^\s|·•–—/-])(?:{APART}|\W+{WORD}\s?|(?<=\b(?:19|20)\d\d)\s){NUMBER}{TOTAL}\W{{0,2}}", re.I
)
BEFORE = re.compile(rf"(?:{WORD}\s?)?{NUMBER}{TOTAL}{APART}(?P<rest>[^\s|·•–—/-].*)", re.I)
"""Lines with a number set off from their words: "Handbook 2025 | 3"."""
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page and the heights of its foot and its top, in points; ``broken`` if it could not be read.

    A ``scan`` may be a picture of text; what was recognised in one has a ``confidence``, 0 to 1.
    """

    lines: list[Line]
    bottom: float = 0.0
    top: float = 0.0
    broken: bool = False
    scan: bool = False
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class _Edge:
    """A line at the edge of a page: its name, which all pages share, and the number in it."""

    page: int
    line: Line
    name: str
    number: int | None
    sure: bool
    at_edge: bool


def without_running_lines(pages: Sequence[Page]) -> list[Page]:
    """Return the pages without page numbers and running lines; of identical lines the first is kept."""
    pages = [replace(page, lines=list(page.lines)) for page in pages]
    pitch = _pitch(pages)
    for _ in range(DEEPEST):
        for upper in (True, False):
            edges = [_edge(number, page, upper, pitch) for number, page in enumerate(pages) if len(page.lines) > 1]
            for edge in _running(edges, len(pages)):
                pages[edge.page].lines.remove(edge.line)
    return pages


def _pitch(pages: Sequence[Page]) -> float:
    """Return the usual distance between lines."""
    heights = (sorted((line.y for line in page.lines), reverse=True) for page in pages)
    drops = [a - b for ys in heights for a, b in pairwise(ys) if a - b > 1]
    return median(drops) if drops else 0.0


def _edge(number: int, page: Page, upper: bool, pitch: float) -> _Edge:
    """Return the top or bottom line of a page."""
    ordered = sorted(page.lines, key=lambda line: -line.y if upper else line.y)
    line, neighbour = ordered[0], ordered[1]
    height = (line.y - page.bottom) / max(page.top - page.bottom, 1.0)
    outside = height > 1 - EDGE if upper else height < EDGE
    apart = pitch and abs(line.y - neighbour.y) > SET_OFF * pitch
    text = line.text.replace(" | ", "   ") if line.row else line.text
    match = ALONE.fullmatch(text) or BEHIND.fullmatch(text) or BEFORE.fullmatch(text)
    if match is None or (count := _count(match["number"])) is None:
        return _Edge(number, line, line.text, None, False, bool(outside or apart))
    groups = match.groupdict()
    sure = bool(groups.get("word")) and not groups.get("rest")
    return _Edge(number, line, groups.get("rest") or "#", count, sure, bool(outside or apart))


def _running(edges: Sequence[_Edge], pages: int) -> list[_Edge]:
    """Return the ``edges`` that aren't part of their pages' text."""
    found: list[_Edge] = []
    groups: dict[tuple[str, bool], list[_Edge]] = {}
    for edge in edges:
        groups.setdefault((edge.name, edge.number is None), []).append(edge)
    enough = max(3 if pages > 2 else 2, 0.4 * pages)
    for (_, plain), group in groups.items():
        if not plain:
            offset, _ = Counter(edge.number - edge.page for edge in group if edge.number is not None).most_common(1)[0]
            counted = [edge for edge in group if edge.number == offset + edge.page and (edge.sure or edge.at_edge)]
            sure = all(edge.sure for edge in counted)
            if len(counted) >= (2 if sure else enough) and (sure or _level(counted)):
                found += counted
                continue
        equal = [edge for edge in group if edge.at_edge and edge.line.text == group[0].line.text]
        if len(equal) >= max(3, enough) and _level(equal) and any(letter.isalpha() for letter in equal[0].line.text):
            found += equal[1:]
    return found


def _level(edges: Sequence[_Edge]) -> bool:
    """Return whether lines are at about the same height."""
    middle = median(edge.line.y for edge in edges)
    return sum(abs(edge.line.y - middle) <= WANDERING for edge in edges) >= 0.7 * len(edges)


def _count(number: str) -> int | None:
    """Return the value of a number in digits or Roman numerals; ``None`` if it isn't one."""
    if number.isdecimal():
        return int(number)
    values = [ROMAN[letter] for letter in number.lower()]
    total = sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
    return total if 0 < total < 400 else None
