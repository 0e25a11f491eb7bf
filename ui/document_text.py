"""The text of a document as HTML, character by character: headings set off, tables as tables, a span marked.

Nothing is left out: bars between cells and rules below a header stay in the text, and are only hidden from view.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from rag.types import Document
from ui.markup import escape

__all__ = ["text_of"]

ROW = re.compile(r"[ \t]*\|.*\|[ \t]*")
RULE = re.compile(r"[ \t|:-]+")
HASHES = re.compile(r"#{1,6}[ \t]+")


def text_of(document: Document, first: int, last: int, start: int, end: int) -> str:
    """Return the characters ``first`` to ``last`` as HTML, with the span from ``start`` to ``end`` marked.

    The first piece of the span that is seen has the id ``quote``.
    """
    shown = _Shown(document, first, last, start, end)
    html = ""
    for is_table, lines in groupby(_lines(document.text, first, last), key=lambda line: line[2]):
        places = [(begin, close) for begin, close, _ in lines]
        html += _table(shown, places) if is_table else shown.between(places[0][0], places[-1][1])
    return html


def _lines(text: str, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the lines with their line breaks, and whether each is a row of a table."""
    while first < last:
        found = text.find("\n", first, last)
        end = found + 1 if found >= 0 else last
        yield first, end, bool(ROW.fullmatch(text, first, found if found >= 0 else last))
        first = end


def _table(shown: _Shown, rows: list[tuple[int, int]]) -> str:
    """Return the rows of a table; roles tell what it is, since its text must stay as it is."""
    return f'<span class="table" role="table">{"".join(_row(shown, start, end) for start, end in rows)}</span>'


def _row(shown: _Shown, start: int, end: int) -> str:
    stripped = end - (shown.text[end - 1] == "\n")
    if RULE.fullmatch(shown.text, start, stripped):
        return shown.hidden(start, end)
    html, at = "", start
    for begin, close in _cells(shown.text, start, stripped):
        html += shown.hidden(at, begin)
        html += f'<span class="cell" role="cell">{shown.between(begin, close)}</span>'
        at = close
    return f'<span class="row" role="row">{html}{shown.hidden(at, end)}</span>'


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the cells of a row are, without the white space around them."""
    at = text.index("|", start) + 1
    while (bar := text.find("|", at, end)) >= 0:
        cell = text[at:bar]
        begin = at + len(cell) - len(cell.lstrip())
        yield begin, begin + len(cell.strip())
        at = bar + 1


class _Shown:
    """Renders parts of a text, each with what is marked and set off in it."""

    def __init__(self, document: Document, first: int, last: int, start: int, end: int) -> None:
        self.text = document.text
        self._quote = (start, end)
        headings = [heading for heading in document.headings if first <= heading.start < heading.end <= last]
        self._headings = [(heading.start, heading.end) for heading in headings]
        self._hashes = [place for start, _ in self._headings if (place := _hashes_before(self.text, start))]
        self._cuts = {start, end, *(cut for pair in (*self._headings, *self._hashes) for cut in pair)}
        self._identity = ' id="quote"'

    def between(self, start: int, end: int) -> str:
        """Return the HTML of the characters ``start`` to ``end``."""
        return "".join(self._piece(a, b) for a, b in self._pieces(start, end))

    def hidden(self, start: int, end: int) -> str:
        """Return the HTML of characters that stay in the text and aren't seen."""
        return f'<span class="unseen" aria-hidden="true">{escape(self.text[start:end])}</span>' if start < end else ""

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        return pairwise(sorted({start, end, *(cut for cut in self._cuts if start < cut < end)}))

    def _piece(self, start: int, end: int) -> str:
        if _is_in(self._hashes, start, end):
            return self.hidden(start, end)
        shown = escape(self.text[start:end])
        if _is_in(self._headings, start, end):
            shown = f"<strong>{shown}</strong>"
        if _is_in([self._quote], start, end):
            shown = f"<mark{self._identity}>{shown}</mark>"
            self._identity = ""
        return shown


def _is_in(places: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in places)


def _hashes_before(text: str, start: int) -> tuple[int, int] | None:
    """Return where the signs of a Markdown heading are whose words begin at ``start``."""
    line = text.rfind("\n", 0, start) + 1
    return (line, start) if HASHES.fullmatch(text, line, start) else None
