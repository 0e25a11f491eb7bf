"""The pages of a PDF as they look: a picture of one, and where on it some words stand."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rag.errors import DocumentError
from rag.formats.pdf import LOCK

__all__ = ["Box", "picture", "places"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in shares of its width and height, from the upper left corner."""

    left: float
    top: float
    width: float
    height: float


def picture(data: bytes, number: int, width: int = 1200) -> bytes:
    """Return page ``number`` (from 1) of the PDF in ``data`` as a PNG of ``width`` pixels.

    Raises:
        DocumentError: the PDF cannot be read, or has no such page.
    """
    with _page(data, number) as page:
        image = page.render(scale=width / max(page.get_width(), 1)).to_pil()
    stream = io.BytesIO()
    image.convert("P", palette=1, colors=128).save(stream, "PNG")
    return stream.getvalue()


def places(data: bytes, number: int, words: str, before: str = "") -> list[Box]:
    """Return where ``words`` stand on page ``number`` (from 1), a box a line; none where they are not found.

    Only letters and digits are compared, since hyphens, spaces and line breaks differ between a page and its text.
    ``before`` is what the page says before them: it decides between two places of the same words.

    Raises:
        DocumentError: the PDF cannot be read, or has no such page.
    """
    from pypdfium2 import raw

    wanted = _letters(words)
    with _page(data, number) as page:
        textpage = page.get_textpage()
        try:
            count = textpage.count_chars()
            letters = [(i, chr(raw.FPDFText_GetUnicode(textpage, i))) for i in range(count)]
            letters = [(i, c) for i, c in letters if c.isalnum()]
            start = _nearest("".join(c for _, c in letters), wanted, len(_letters(before)))
            if start is None:
                return []
            first, last = letters[start][0], letters[start + len(wanted) - 1][0]
            rectangles = range(textpage.count_rects(first, last - first + 1))
            return [_box(page, textpage.get_rect(i)) for i in rectangles]
        finally:
            textpage.close()


@contextmanager
def _page(data: bytes, number: int) -> Iterator[Any]:
    import pypdfium2

    with LOCK:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise DocumentError("is broken or is not a PDF: open it in a viewer and save it again") from error
        try:
            if not 1 <= number <= len(pdf):
                raise DocumentError(f"has no page {number}")
            page = pdf[number - 1]
            try:
                yield page
            finally:
                page.close()
        finally:
            pdf.close()


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _nearest(text: str, words: str, offset: int) -> int | None:
    """Return the place of ``words`` in ``text`` that is nearest to ``offset``."""
    found: list[int] = []
    position = text.find(words) if words else -1
    while position >= 0:
        found.append(position)
        position = text.find(words, position + 1)
    return min(found, key=lambda place: abs(place - offset), default=None)


def _box(page: Any, corners: Sequence[float]) -> Box:
    """Return the box between two ``corners`` of a page, whichever way it is turned or cut."""
    from pypdfium2 import raw

    size = 100_000
    x, y = ctypes.c_int(), ctypes.c_int()
    points = []
    left, bottom, right, top = corners
    for px, py in ((left, bottom), (right, top)):
        raw.FPDF_PageToDevice(page, 0, 0, size, size, 0, px, py, x, y)
        points.append((x.value / size, y.value / size))
    (x1, y1), (x2, y2) = points
    return Box(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
