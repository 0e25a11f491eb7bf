"""PDF, through PDFium: what a reader sees on each page, lines joined into paragraphs, headings by their larger type."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from itertools import pairwise
from typing import Any

from rag.errors import DocumentError
from rag.formats import Extracted, flowing, ocr
from rag.formats.pdf_glyphs import completed, is_incomplete
from rag.formats.pdf_layout import lines
from rag.formats.pdf_open import opened
from rag.formats.pdf_rows import Line
from rag.formats.pdf_running import Page, without_running_lines
from rag.formats.pdf_scans import recognised
from rag.formats.pdf_words import frames, is_scan
from rag.formats.titles import is_own_title
from rag.text.dates import iso_date
from rag.types import Heading

__all__ = ["from_pdf", "page_lines", "with_recognised"]

LEADER = re.compile(r"(?:\. ?){4}|\.{4}|…{2}")
"""The dots between a title and its page in a table of contents."""
LARGER = 1.15
"""How much larger than the body a line's type is to be a heading."""
HYPHEN = re.compile(r"([^\W_]+)[-\u00ad\u2010]$")
"""A word that a line breaks, or a part of one with a hyphen of its own."""
ITEM = re.compile(r"(?:[•◦▪▸‣·●○■□☐☒✓–-]|\d{1,3}[.)]|\d{1,2}(?:\.\d{1,2})+\.?|\(?[a-z]\)|\([ivx]{1,5}\))\s")


def from_pdf(data: bytes) -> Extracted:
    """Return the text of a PDF with the offset at which each page begins.

    A page that cannot be read is empty.

    Raises:
        DocumentError: the file is protected with a password, is broken, or holds pictures of text only.
    """
    with opened(data) as (pdf, form):
        pages = [_page(pdf, form, number) for number in range(len(pdf))]
        metadata = pdf.get_metadata_dict()
    pages = [with_recognised(data, number, page) for number, page in enumerate(pages, 1)]
    if not any(page.lines for page in pages):
        raise DocumentError(_without_text(pages))
    pages = without_running_lines(pages)
    body = _body_size(pages)
    sizes = {round(line.size) for page in pages for line in page.lines if line.size > body * LARGER and not line.row}
    text = " ".join(line.text for page in pages for line in page.lines)
    writer = _Writer(body, sorted(sizes, reverse=True), Counter(re.findall(r"[\w-]+", text.lower())))
    for page in pages:
        writer.page(page.lines)
    title = flowing(metadata.get("Title", ""))
    title = title if is_own_title(title) else ""
    date = iso_date(metadata.get("CreationDate", ""))
    text = "".join(writer.parts)
    if not title and writer.headings:
        title = text[writer.headings[0].start : writer.headings[0].end]
    empty = tuple(number for number, page in enumerate(pages, 1) if not page.lines)
    sure = tuple((number, page.confidence) for number, page in enumerate(pages, 1) if page.confidence)
    return Extracted(text, title, date, tuple(writer.headings), tuple(writer.offsets), empty, recognised_pages=sure)


def _without_text(pages: list[Page]) -> str:
    """Return why there is no text in a file with these pages, and what to do."""
    if all(page.broken for page in pages):
        return "is broken: none of its pages can be read; open it in a viewer and save it again"
    if ocr.available():
        return "is a scan without text, and text recognition (OCR) finds none in it either"
    return f"is a scan without text that needs text recognition (OCR): {ocr.HINT}"


def with_recognised(data: bytes, number: int, page: Page) -> Page:
    """Return ``page``, the one with this number (from 1), or what is recognised on it where that is more.

    Letters that lack a Unicode value are completed.
    """
    incomplete = is_incomplete(page)
    if not page.scan and not incomplete:
        return page
    found = recognised(data, number)
    if page.scan and _length(found) > _length(page):
        return found
    return completed(page, found) if incomplete else page


def _length(page: Page) -> int:
    return sum(len(line.text) for line in page.lines)


def page_lines(page: Any, form: Any) -> Page:
    """Return the lines of an open page in reading order."""
    textpage = page.get_textpage()
    try:
        found = frames(page, textpage, form)
    finally:
        textpage.close()
    scan = is_scan(page, sum(len(word.text) for frame in found for word in frame.words))
    if not found:
        return Page([], scan=scan)
    return Page([line for frame in found for line in lines(frame)], found[0].bottom, found[0].top, scan=scan)


def _page(pdf: Any, form: Any, number: int) -> Page:
    import pypdfium2

    try:
        page = pdf[number]
    except pypdfium2.PdfiumError:
        return Page([], broken=True)
    try:
        return page_lines(page, form)
    except pypdfium2.PdfiumError:
        return Page([], broken=True)
    finally:
        page.close()


def _body_size(pages: list[Page]) -> float:
    """Return the size in which most characters are set."""
    counts: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            counts[round(line.size, 1)] += len(line.text)
    return counts.most_common(1)[0][0]


class _Writer:
    """Writes the lines of the pages as paragraphs and notes where pages and headings begin."""

    def __init__(self, body: float, sizes: list[int], words: Counter[str]) -> None:
        self.parts: list[str] = []
        self.offsets: list[int] = []
        self.headings: list[Heading] = []
        self._body, self._sizes, self._words = body, sizes, words
        self._length = 0
        self._last: Line | None = None

    def page(self, lines: list[Line]) -> None:
        """Write a page."""
        gaps, widths = _measures(lines)
        for number, line in enumerate(lines):
            if number:
                above = lines[number - 1]
                self._between(line, self._separator(above, line, gaps.get(line.block, 0.0), widths[above.block]))
            else:
                if self._last:
                    self._between(line, self._page_break(self._last, line))
                self.offsets.append(self._length)
            self._line(line)
        if not lines:
            self.offsets.append(self._length)

    def _line(self, line: Line) -> None:
        if self._is_heading(line):
            level = 1 + self._sizes.index(round(line.size))
            self.headings.append(Heading(self._length, self._length + len(line.text), min(level, 6)))
        self._write(line.text)
        self._last = line

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)

    def _between(self, line: Line, separator: str) -> None:
        """Write what stands between the last line and ``line``: nothing, or a hyphen, where a word goes on."""
        parts = HYPHEN.search(self.parts[-1]), re.match(r"[^\W_]+", line.text)
        if separator not in (" ", "\n") or not parts[0] or not parts[1] or (separator == "\n" and line.row):
            self._write(separator)
        elif not self._keeps_hyphen(parts[0][1], parts[1][0]):
            self.parts[-1] = self.parts[-1][:-1]
            self._length -= 1
        elif self.parts[-1][-1] == "\u00ad":
            self.parts[-1] = self.parts[-1][:-1] + "-"

    def _keeps_hyphen(self, first: str, second: str) -> bool:
        """Keep the hyphen of ``co-operate``, drop that of ``exam-ple``: by what the document writes elsewhere."""
        whole, hyphened = first + second, f"{first}-{second}"
        if self._words[hyphened.lower()] > self._words[whole.lower()]:
            return True
        return not (first[-1].islower() and second[0].islower())

    def _is_heading(self, line: Line) -> bool:
        larger = line.size > self._body * LARGER and round(line.size) in self._sizes and not line.row
        return larger and len(line.text) <= 120 and not LEADER.search(line.text) and any(c.isalpha() for c in line.text)

    def _page_break(self, above: Line, below: Line) -> str:
        """Return what stands between the last line of a page and the first of the next."""
        if above.row and below.row and above.text.count(" | ") == below.text.count(" | "):
            return "\n"
        return "\n" if _runs_on(above.text, below.text) and not (above.row or below.row) else "\n\n"

    def _separator(self, above: Line, below: Line, gap: float, width: int) -> str:
        """Return what stands between two lines: a space within a paragraph, else a line break or a blank line."""
        if above.row or below.row:
            return "\n" if above.block == below.block else "\n\n"
        if LEADER.search(above.text):
            return "\n"
        if abs(above.size - below.size) > 0.1 * max(above.size, 1) or self._is_heading(below):
            return "\n\n" if abs(above.size - below.size) > 0.5 or above.size == 0 else "\n"
        if above.block != below.block or (gap and above.y - below.y < -gap):  # the next column
            return " " if _runs_on(above.text, below.text) else "\n\n"
        goes_on = below.text[0].islower() and above.text[-1] not in ".!?:;"
        if gap and above.y - below.y > gap * 1.35 and not goes_on:
            return "\n\n"
        if ITEM.match(below.text) or 0 < len(above.text) < width * 0.6:
            return "\n"
        return " "


def _measures(lines: list[Line]) -> tuple[dict[int, float], dict[int, int]]:
    """Return by block the usual drop from line to line, and the characters of the longest line."""
    drops: dict[int, list[float]] = {}
    widths: dict[int, int] = {}
    for line in lines:
        widths[line.block] = max(widths.get(line.block, 0), len(line.text))
    for above, below in pairwise(lines):
        if above.block == below.block and above.y > below.y:
            drops.setdefault(above.block, []).append(above.y - below.y)
    return {block: statistics.median_low(found) for block, found in drops.items()}, widths


def _runs_on(above: str, below: str) -> bool:
    """Return whether a sentence goes on from the end of a column or page to the beginning of the next."""
    if re.search(r"[.!?:…][\"'”’)\]]*$", above) or ITEM.match(below):
        return False
    last = above.rsplit(maxsplit=1)[-1]
    unfinished = (last.isalpha() and last.islower()) or last[-1] in ",-\u00ad"
    return below[0].islower() or (unfinished and not below[0].isupper())
