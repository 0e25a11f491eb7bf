"""PDF, through PDFium: text a page, its lines joined into paragraphs, headings by their larger type."""

from __future__ import annotations

import ctypes
import re
import statistics
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rag.errors import DocumentError
from rag.formats import Extracted, flowing
from rag.text.dates import iso_date
from rag.types import Heading

__all__ = ["from_pdf"]

BROKEN_HYPHEN = "\ufffe"
"""What PDFium puts in place of a hyphen at the end of a line and the line break after it."""
LOCK = threading.Lock()
"""PDFium may only be used by one thread at a time."""
PASSWORD_ERROR = 4
JUNK_TITLE = re.compile(
    r"^(?:microsoft |untitled|unbenannt|document\d*$)|\.(?:docx?|pdf|indd|tex|rtf|odt|pptx?)$", re.I
)
"""Titles that a program put into a file, not its author."""
PAGE_NUMBER = re.compile(r"(?i:page|seite|p\.)?\W{0,3}(?:\d{1,4}|[ivxl]{1,6})(?:\s?(?:of|von|/)\s?\d{1,4})?\W{0,3}")
LEADER = re.compile(r"(?:\. ?){4}|\.{4}|…{2}")
"""The dots between a title and its page in a table of contents."""
LARGER = 1.15
"""How much larger than the body a line's type is to be a heading."""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    """Size of its type, in points."""
    y: float
    """Height of its baseline above the foot of the page, in points."""


def from_pdf(data: bytes) -> Extracted:
    """Return the text of a PDF with the offset at which each page begins.

    Raises:
        DocumentError: the file is protected with a password, is broken, or holds pictures of text only.
    """
    with LOCK:
        pages, metadata = _read(data)
    if not any(pages):
        raise DocumentError("is a scan without text: it must go through text recognition (OCR) first")
    pages = _without_running_lines(pages)
    body = _body_size(pages)
    sizes = sorted({round(line.size) for page in pages for line in page if line.size > body * LARGER}, reverse=True)
    writer = _Writer(body, sizes, Counter(re.findall(r"[\w-]+", " ".join(_texts(pages)).lower())))
    for page in pages:
        writer.page(page)
    title = flowing(metadata.get("Title", ""))
    title = "" if JUNK_TITLE.search(title) else title
    date = iso_date(metadata.get("CreationDate", ""))
    text = "".join(writer.parts)
    if not title and writer.headings:
        title = text[writer.headings[0].start : writer.headings[0].end]
    empty = tuple(number for number, page in enumerate(pages, 1) if not page)
    return Extracted(text, title, date, tuple(writer.headings), tuple(writer.offsets), empty)


def _read(data: bytes) -> tuple[list[list[_Line]], dict[str, str]]:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == PASSWORD_ERROR:
            raise DocumentError("is protected with a password: save it without one") from error
        raise DocumentError("is broken or is not a PDF: open it in a viewer and save it again") from error
    try:
        return [_page(pdf, number) for number in range(len(pdf))], pdf.get_metadata_dict()
    except pypdfium2.PdfiumError as error:
        raise DocumentError(f"is broken ({error}): open it in a viewer and save it again") from error
    finally:
        pdf.close()


def _page(pdf: Any, number: int) -> list[_Line]:
    page = pdf[number]
    try:
        textpage = page.get_textpage()
        try:
            return list(_lines(textpage))
        finally:
            textpage.close()
    finally:
        page.close()


def _lines(textpage: Any) -> Iterator[_Line]:
    from pypdfium2 import raw

    text = textpage.get_text_range()
    aligned = len(text) == textpage.count_chars()
    x, y = ctypes.c_double(), ctypes.c_double()
    for match in re.finditer(r"[^\r\n]+", text):
        if not match[0].strip():
            continue
        size = 0.0
        if aligned:  # else an index into the text is none into the characters of the page
            letter = re.search(r"\w", match[0]) or re.search(r"\S", match[0])  # a bullet has a size of its own
            first = match.start() + (letter.start() if letter else 0)
            raw.FPDFText_GetCharOrigin(textpage, first, x, y)
            size = _size(textpage, first, y.value)
        yield _Line(match[0].strip(), size, y.value if aligned else 0.0)


def _size(textpage: Any, index: int, baseline: float) -> float:
    """Return the size of a character's type; the font's own figure is 1 where a matrix scales it."""
    from pypdfium2 import raw

    size = float(raw.FPDFText_GetFontSize(textpage, index))
    if size > 2:
        return size
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(textpage, index, left, right, bottom, top)
    return (top.value - baseline) * 1.4 if top.value > baseline else 0.0


def _without_running_lines(pages: list[list[_Line]]) -> list[list[_Line]]:
    """Return the pages without page numbers and without the lines that many begin or end with, but for the first."""
    pages = [list(page) for page in pages]
    for edge in (0, -1, 0, -1):
        names = [_running_name(page[edge].text) if len(page) > 1 else "" for page in pages]
        often = {name for name, count in Counter(names).items() if name and count >= max(3, 0.4 * len(pages))}
        for number, (page, name) in enumerate(zip(pages, names, strict=True)):
            if name in often and (name == "#" or name in names[:number]):
                del page[edge]
    return pages


def _running_name(line: str) -> str:
    """Return ``line``, or ``#`` if it is a page number."""
    return "#" if PAGE_NUMBER.fullmatch(line) else line


def _texts(pages: list[list[_Line]]) -> list[str]:
    return [line.text for page in pages for line in page]


def _body_size(pages: list[list[_Line]]) -> float:
    """Return the size in which most characters are set."""
    counts: Counter[float] = Counter()
    for page in pages:
        for line in page:
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

    def page(self, lines: list[_Line]) -> None:
        """Write a page."""
        if lines and self.parts:
            ends = re.search(r"[.!?:…][\"'”’)\]]*$", self.parts[-1])
            self._write("\n" if lines[0].text[0].islower() and not ends else "\n\n")
        self.offsets.append(self._length)
        gaps = [a.y - b.y for a, b in pairwise(lines) if a.y > b.y]
        gap = statistics.median_low(gaps) if gaps else 0.0
        width = max((len(line.text) for line in lines), default=0)
        for number, line in enumerate(lines):
            if number:
                self._write(self._separator(lines[number - 1], line, gap, width))
            self._line(line)

    def _line(self, line: _Line) -> None:
        text = re.sub(f"(\\w+){BROKEN_HYPHEN}(\\w+)", self._join, line.text).replace(BROKEN_HYPHEN, "-")
        if self._is_heading(line):
            level = 1 + self._sizes.index(round(line.size))
            self.headings.append(Heading(self._length, self._length + len(text), min(level, 6)))
        self._write(text)

    def _write(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)

    def _join(self, match: re.Match[str]) -> str:
        """Keep the hyphen of ``co-operate``, drop that of ``exam-ple``: by what the document writes elsewhere."""
        whole, hyphened = match[1] + match[2], f"{match[1]}-{match[2]}"
        if self._words[hyphened.lower()] > self._words[whole.lower()]:
            return hyphened
        return whole if match[1][-1].islower() and match[2][0].islower() else hyphened

    def _is_heading(self, line: _Line) -> bool:
        larger = line.size > self._body * LARGER and round(line.size) in self._sizes
        return larger and len(line.text) <= 120 and not LEADER.search(line.text) and any(c.isalpha() for c in line.text)

    def _separator(self, above: _Line, below: _Line, gap: float, width: int) -> str:
        """Return what stands between two lines: a space within a paragraph, else a line break or a blank line."""
        if LEADER.search(above.text):
            return "\n"
        if abs(above.size - below.size) > 0.1 * max(above.size, 1) or self._is_heading(below):
            return "\n\n" if abs(above.size - below.size) > 0.5 or above.size == 0 else "\n"
        drop = above.y - below.y
        if gap and drop < -gap:  # the next column
            return " " if below.text[0].islower() else "\n\n"
        goes_on = below.text[0].islower() and above.text[-1] not in ".!?:;"
        if gap and drop > gap * 1.35 and not goes_on:
            return "\n\n"
        if re.match(r"(?:[•◦▪‣·●○■□–-]|\d{1,3}[.)]|\(?[a-z]\))\s", below.text) or 0 < len(above.text) < width * 0.6:
            return "\n"
        return " "
