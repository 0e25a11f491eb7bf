"""Pages of a PDF as pictures, and the places of words on them."""

from __future__ import annotations

import ctypes
import io
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rag.errors import DocumentError
from rag.formats.pdf import page_lines, with_recognised
from rag.formats.pdf_open import opened
from rag.formats.pdf_parts import around

__all__ = ["Box", "picture", "places"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in fractions of its width and height, from the top left."""

    left: float
    top: float
    width: float
    height: float


def picture(data: bytes, number: int, width: int = 1200) -> bytes:
    """Return page ``number`` (from 1) of the PDF in ``data`` as a PNG of ``width`` pixels.

    Raises:
        DocumentError: the PDF can't be read, or has no such page.
    """
    with _page(data, number) as (page, _):
        image = page.render(scale=width / max(page.get_width(), 1)).to_pil()
    stream = io.BytesIO()
    image.convert("P", palette=1, colors=128).save(stream, "PNG")
    return stream.getvalue()


def places(data: bytes, number: int, words: str, before: str = "") -> list[Box]:
    """Return the places of ``words`` on page ``number`` (from 1), one box per line; none if not found.

    Only letters and digits are compared, since hyphens, spaces and line breaks differ between a page and its text.
    ``before`` is what the page says before them: it decides between two places of the same words.

    Raises:
        DocumentError: the PDF can't be read, or has no such page.
    """
    wanted = _letters(words)
    with _page(data, number) as (page, form):
        read = page_lines(page, form)
    read = with_recognised(data, number, read)
    with _page(data, number) as (page, _):
        found = [(line, word) for line in read.lines for word in line.words]
        owners = [index for index, (_, word) in enumerate(found) for _ in _letters(word.text)]
        start = _nearest("".join(_letters(word.text) for _, word in found), wanted, len(_letters(before)))
        if start is None:
            return []
        meant = found[owners[start] : owners[start + len(wanted) - 1] + 1]
        level = groupby(meant, key=lambda pair: (id(pair[0]), round(pair[1].y / 3)))
        return [_box(page, around([word.box for _, word in group])) for _, group in level]


@contextmanager
def _page(data: bytes, number: int) -> Iterator[tuple[Any, Any]]:
    import pypdfium2

    with opened(data) as (pdf, form):
        if not 1 <= number <= len(pdf):
            raise DocumentError(f"has no page {number}")
        try:
            page = pdf[number - 1]
        except pypdfium2.PdfiumError as error:
            raise DocumentError(f"has a page {number} that cannot be read") from error
        try:
            yield page, form
        finally:
            page.close()


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


def _nearest(text: str, words: str, offset: int) -> int | None:
    """Return the place of ``words`` in ``text`` that is nearest to ``offset``."""
    found: list[int] = []
    position = text.find(words) if words else -1
    while position >= 0:
        found.append(position)
        position = text.find(words, position + 1)
    return min(found, key=lambda place: abs(place - offset), default=None)


def _box(page: Any, corners: Sequence[float]) -> Box:
    """Return the box between two ``corners`` of a page that may be rotated or cropped."""
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
