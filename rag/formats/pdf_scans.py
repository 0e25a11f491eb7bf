"""Scanned pages of a PDF: their recognised words and places."""

from __future__ import annotations

import ctypes
import functools
import io
from collections.abc import Sequence
from statistics import median
from typing import Any

from rag.formats import ocr
from rag.formats.pdf_layout import lines
from rag.formats.pdf_open import opened
from rag.formats.pdf_parts import Corners, Frame, Word
from rag.formats.pdf_running import Page

__all__ = ["recognised"]

DPI = 300
MOST_PIXELS = 5000
"""Pixels of the longer side of a picture."""


@functools.lru_cache(maxsize=8)
def recognised(data: bytes, number: int) -> Page:
    """Return page ``number`` (from 1) of the PDF in ``data`` as read by Tesseract, with its mean confidence.

    It has no lines if there is no text on it, or no Tesseract.
    """
    if not ocr.available():
        return Page([])
    with opened(data) as (pdf, _):
        page = pdf[number - 1]
        scale = min(DPI / 72, MOST_PIXELS / max(*page.get_size(), 1))
        picture = page.render(scale=scale, grayscale=True).to_pil()
        language = _language(pdf)
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    found = ocr.recognise(stream.getvalue(), language)
    if not any(letter.isalnum() for word in found for letter in word.text):
        return Page([])
    with opened(data) as (pdf, _):
        words = _words(pdf[number - 1], found, picture.size)
    height = picture.size[1] / scale
    return Page(lines(Frame(words, [], 0.0, height)), 0.0, height, confidence=ocr.confidence(found))


def _words(page: Any, found: Sequence[ocr.RecognisedWord], size: tuple[int, int]) -> list[Word]:
    """Return the words in points: as they are read, from the foot of the picture, and where they stand on the page.

    All have one size, since the height of a word says little of its type.
    """
    scale = size[1] / page.get_height()
    type_size = median(word.bottom - word.top for word in found) * 1.3 / scale
    return [
        Word(
            word.text,
            word.left / scale,
            word.right / scale,
            (size[1] - word.foot) / scale,
            type_size,
            _stored(page, word, size),
            joined=before is not None and before.line == word.line,
        )
        for before, word in zip([None, *found], found, strict=False)
    ]


def _stored(page: Any, word: ocr.RecognisedWord, size: tuple[int, int]) -> Corners:
    """Return the corners of a word on the stored page, which may be rotated."""
    from pypdfium2 import raw

    x, y = ctypes.c_double(), ctypes.c_double()
    points: list[tuple[float, float]] = []
    for left, top in ((word.left, word.top), (word.right, word.bottom)):
        raw.FPDF_DeviceToPage(page, 0, 0, *size, 0, round(left), round(top), x, y)
        points.append((x.value, y.value))
    (x1, y1), (x2, y2) = points
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _language(pdf: Any) -> str:
    """Return the declared language of the file as a code; empty if there is none."""
    from pypdfium2 import raw

    length = raw.FPDFCatalog_GetLanguage(pdf, None, 0)
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    raw.FPDFCatalog_GetLanguage(pdf, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").split("\0")[0]
