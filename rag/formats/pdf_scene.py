"""Everything on a PDF page except words: backgrounds, pictures, and the lines of tables."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag.formats.pdf_parts import Corners, Rule

__all__ = ["Scene", "Style", "fill_of", "scene_of"]

SMALLEST = 1.0
"""Points of the smallest type that anybody reads."""
ALIKE = 12
"""Steps of 255 by which two colours may differ and look the same."""
WHITE = (255, 255, 255)
MOST_OBJECTS = 20_000
"""Objects of a page that are looked at for rules and backgrounds; a map has more."""
COVER = 0.4
"""Share of the page that a picture covers if it is a scan."""


@dataclass(frozen=True, slots=True)
class Style:
    """The style of the characters in one text object, which ``owner`` identifies."""

    owner: int
    size: float
    turns: int
    colour: tuple[int, int, int] | None
    invisible: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything behind the words: the page's box, filled rectangles with their colours, and pictures."""

    box: Corners
    fills: tuple[tuple[Corners, tuple[int, int, int] | None], ...]
    scans: tuple[Corners, ...]
    rules: tuple[Rule, ...]

    def shows(self, x: float, y: float, style: Style) -> bool:
        """Return whether a character in this style is visible at ``x, y``."""
        if not _holds(self.box, x, y) or style.size < SMALLEST:
            return False
        if style.invisible:
            return any(_holds(scan, x, y) for scan in self.scans)
        behind = next((colour for box, colour in reversed(self.fills) if _holds(box, x, y)), WHITE)
        if style.colour is None or behind is None:
            return True
        return any(abs(a - b) > ALIKE for a, b in zip(style.colour, behind, strict=True))


def _holds(box: Corners, x: float, y: float) -> bool:
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def scene_of(page: Any) -> Scene:
    """Return the scene of a pypdfium2 page."""
    from pypdfium2 import raw

    box = _page_box(page)
    area = (box[2] - box[0]) * (box[3] - box[1])
    fills: list[tuple[Corners, tuple[int, int, int] | None]] = []
    scans: list[Corners] = []
    rules: list[Rule] = []
    for number in range(min(raw.FPDFPage_CountObjects(page), MOST_OBJECTS)):
        item = raw.FPDFPage_GetObject(page, number)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            continue
        bounds = _bounds(item)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            rules += _rules(item)
            if filled := _filled(item):
                fills.append((bounds, filled))
        else:
            fills.append((bounds, None))
            if (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) >= COVER * area:
                scans.append(bounds)
    return Scene(box, tuple(fills), tuple(scans), tuple(rules))


def _page_box(page: Any) -> Corners:
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    raw.FPDF_GetPageBoundingBox(page, box)
    return box.left, box.bottom, box.right, box.top


def _bounds(item: Any) -> Corners:
    from pypdfium2 import raw

    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(item, *sides)
    left, bottom, right, top = (side.value for side in sides)
    return left, bottom, right, top


def fill_of(item: Any) -> tuple[tuple[int, int, int] | None, int]:
    """Return the fill colour of an object, if any, and its opacity, 0 to 255."""
    from pypdfium2 import raw

    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(item, red, green, blue, alpha):
        return None, 255
    return (red.value, green.value, blue.value), alpha.value


def _draws(path: Any) -> tuple[bool, bool]:
    """Return whether a path is filled, and whether it is stroked."""
    from pypdfium2 import raw

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, fill, stroke)
    return fill.value != 0, stroke.value != 0


def _filled(path: Any) -> tuple[int, int, int] | None:
    """Return the colour of a filled rectangle; ``None`` for other shapes, which may not cover what they surround."""
    from pypdfium2 import raw

    if not _draws(path)[0] or raw.FPDFPath_CountSegments(path) > 5:
        return None
    colour, alpha = fill_of(path)
    return colour if alpha == 255 else None


def _rules(path: Any) -> Iterator[Rule]:
    """Yield the horizontal and vertical lines of a path: stroked ones, and thin filled ones."""
    from pypdfium2 import raw

    filled, stroked = _draws(path)
    left, bottom, right, top = _bounds(path)
    thin = min(right - left, top - bottom) < 3
    if not (stroked or (filled and thin)) or raw.FPDFPath_CountSegments(path) > 2000:
        return
    if filled and thin and not stroked:
        upright = right - left < top - bottom
        yield Rule(upright, left, bottom, top) if upright else Rule(upright, bottom, left, right)
        return
    for (x1, y1), (x2, y2) in _edges(path):
        if abs(x1 - x2) < 1 and abs(y1 - y2) > 4:
            yield Rule(True, x1, min(y1, y2), max(y1, y2))
        elif abs(y1 - y2) < 1 and abs(x1 - x2) > 4:
            yield Rule(False, y1, min(x1, x2), max(x1, x2))


def _edges(path: Any) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the straight edges of a path, from corner to corner, in points of the page."""
    from pypdfium2 import raw

    matrix, x, y = raw.FS_MATRIX(), ctypes.c_float(), ctypes.c_float()
    raw.FPDFPageObj_GetMatrix(path, matrix)
    first = last = (0.0, 0.0)
    for number in range(raw.FPDFPath_CountSegments(path)):
        segment = raw.FPDFPath_GetPathSegment(path, number)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        at = (matrix.a * x.value + matrix.c * y.value + matrix.e, matrix.b * x.value + matrix.d * y.value + matrix.f)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = at
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield last, at
        if raw.FPDFPathSegment_GetClose(segment):
            yield at, first
        last = at
