"""What a reader sees on a page of a PDF: words and where they stand, values of its form, and the rules of its tables.

Words that nobody sees are left out: invisible ones, those in the colour of their background, those beside the page.
Invisible words over a picture of the page are its recognised text, and kept.
"""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Frame", "Rule", "Word", "around", "frames", "is_scan", "turned"]

INVISIBLE = 3
"""The render mode of text that is neither filled nor stroked."""
SMALLEST = 1.0
"""Points of the smallest type that anybody reads."""
ALIKE = 12
"""Steps of 255 by which two colours may differ and look the same."""
WHITE = (255, 255, 255)
MOST_OBJECTS = 20_000
"""Objects of a page that are looked at for rules and backgrounds; a map has more."""
TOUCHING = 0.05
"""Width of type up to which two words are parts of one."""
COVER = 0.4
"""Share of the page that a picture covers if it is a scan."""
FEW = 100
"""Characters of text up to which a page with a picture may be a scan with a stamp on it."""
UNREADABLE = 0.3
"""Share of characters without a Unicode value from which the text of a page is none."""
BULLETS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "▸", 0xF0FC: "✓", 0x2: "-", 0xFFFE: "-"}
"""Private characters of symbol fonts, and what PDFium puts for a hyphen at the end of a line."""

Corners = tuple[float, float, float, float]
"""Left, bottom, right and top, in points."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it stands: ``left``, ``right`` and ``y``, its baseline, as it is read, in points.

    ``box`` is where it stands on the page as it is stored, which may be turned. A word that is ``glued`` follows the
    one before it without a space; one that is ``joined`` is set in one piece with it, one space between.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    box: Corners
    glued: bool = False
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn line, level or upright, from ``start`` to ``end`` at the height or place ``at``, in points."""

    upright: bool
    at: float
    start: float
    end: float


@dataclass(slots=True)
class Frame:
    """The words that are read in one direction, the rules beside them, and the ``bottom`` and ``top`` of the page."""

    words: list[Word] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    bottom: float = 0.0
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class _Style:
    """How the characters of one text object are set; ``owner`` tells them apart."""

    owner: int
    size: float
    turns: int
    colour: tuple[int, int, int] | None
    invisible: bool


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is drawn behind the words: the page's box, filled rectangles with their colours, and pictures."""

    box: Corners
    fills: tuple[tuple[Corners, tuple[int, int, int] | None], ...]
    scans: tuple[Corners, ...]
    rules: tuple[Rule, ...]

    def shows(self, x: float, y: float, style: _Style) -> bool:
        """Tell whether anybody sees a character in this style at ``x, y``."""
        if not _holds(self.box, x, y) or style.size < SMALLEST:
            return False
        if style.invisible:
            return any(_holds(scan, x, y) for scan in self.scans)
        behind = next((colour for box, colour in reversed(self.fills) if _holds(box, x, y)), WHITE)
        if style.colour is None or behind is None:
            return True
        return any(abs(a - b) > ALIKE for a, b in zip(style.colour, behind, strict=True))


def frames(page: Any, textpage: Any, form: Any = None) -> list[Frame]:
    """Return the words of a page of pypdfium2 by the direction in which they are read, that of most words first.

    There is none where the page has no words, or its characters have no Unicode values.
    """
    scene = _scene(page)
    words, unknown, characters = _words(textpage, scene)
    if unknown > UNREADABLE * max(characters, 1):
        words = []
    found: dict[int, Frame] = {}
    for turns, word in [*words, *_fields(page, form)]:
        found.setdefault(turns, Frame()).words.append(word)
    lengths = Counter({turns: sum(len(word.text) for word in frame.words) for turns, frame in found.items()})
    order = [turns for turns, _ in lengths.most_common()]
    for turns in order:
        frame = found[turns]
        frame.rules = [_turned_rule(rule, turns) for rule in scene.rules] if turns == order[0] else []
        _, frame.bottom, _, frame.top = turned(scene.box, turns)
    return [found[turns] for turns in order]


def is_scan(page: Any, characters: int) -> bool:
    """Tell whether a page with so many ``characters`` of text may be a picture of text, or text without Unicode."""
    from pypdfium2 import raw

    if characters >= FEW:
        return False
    return bool(_scene(page).scans) or (not characters and raw.FPDFPage_CountObjects(page) > 0)


def turned(box: Corners, turns: int) -> Corners:
    """Return ``box`` as it is after ``turns`` quarter turns clockwise about the origin."""
    left, bottom, right, top = box
    for _ in range(turns % 4):
        left, bottom, right, top = bottom, -right, top, -left
    return left, bottom, right, top


def _turned_rule(rule: Rule, turns: int) -> Rule:
    box = (rule.at, rule.start, rule.at, rule.end) if rule.upright else (rule.start, rule.at, rule.end, rule.at)
    left, bottom, right, top = turned(box, turns)
    upright = rule.upright == (turns % 2 == 0)
    return Rule(upright, left, bottom, top) if upright else Rule(upright, bottom, left, right)


def _holds(box: Corners, x: float, y: float) -> bool:
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


# Characters


def _words(textpage: Any, scene: _Scene) -> tuple[list[tuple[int, Word]], int, int]:
    """Return the words with their turns, how many characters have no Unicode value, and how many there are."""
    from pypdfium2 import raw

    x, y, loose = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
    styles: dict[int, _Style] = {}
    writer = _Writer()
    unknown = characters = 0
    for index in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage, index)
        letter = BULLETS.get(code) or (chr(code) if code < 0x110000 else "\ufffd")
        if letter.isspace() or letter == "\0":
            writer.space()
            continue
        raw.FPDFText_GetCharOrigin(textpage, index, x, y)
        raw.FPDFText_GetLooseCharBox(textpage, index, loose)
        style = _style(textpage, index, styles)
        box = (loose.left, loose.bottom, loose.right, loose.top)
        if not scene.shows((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, style):
            continue
        characters += 1
        unknown += letter == "\ufffd" or 0xE000 <= ord(letter) < 0xF900 or ord(letter) < 32
        unknown += raw.FPDFText_HasUnicodeMapError(textpage, index) == 1
        writer.write(letter, (x.value, y.value), box, style)
    writer.end()
    return writer.words, unknown, characters


def _style(textpage: Any, index: int, known: dict[int, _Style]) -> _Style:
    from pypdfium2 import raw

    owner = raw.FPDFText_GetTextObject(textpage, index)
    key = ctypes.cast(owner, ctypes.c_void_p).value or 0
    if key and key in known:
        return known[key]
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(textpage, index, matrix)
    size = raw.FPDFText_GetFontSize(textpage, index) * math.hypot(matrix.c, matrix.d)
    turns = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
    mode = raw.FPDFTextObj_GetTextRenderMode(owner) if key else 0
    colour, alpha = _fill(owner) if key and mode in (0, 2) else (None, 255)
    known[key] = _Style(key, size, turns, colour, mode == INVISIBLE or alpha == 0)
    return known[key]


class _Writer:
    """Puts characters together to words: what stands side by side, in one size, without a space between."""

    def __init__(self) -> None:
        self.words: list[tuple[int, Word]] = []
        self._letters: list[tuple[str, Corners, Corners]] = []
        self._style: _Style | None = None
        self._place = (0.0, 0.0)
        self._glued = False
        self._spaces = 0
        self._joined = False

    def write(self, letter: str, origin: tuple[float, float], box: Corners, style: _Style) -> None:
        """Add the next character, whose baseline begins at ``origin``."""
        read = turned(box, style.turns)
        at = turned((*origin, *origin), style.turns)[:2]
        if self._letters and self._style:
            right, y = self._letters[-1][1][2], self._place[1]
            size = max(style.size, self._style.size)
            apart = style.turns != self._style.turns or not -0.5 * size < at[0] - right < 0.6 * size
            if apart or abs(at[1] - y) > 0.08 * size or abs(style.size - self._style.size) > 0.15 * size:
                glued = not apart and abs(at[1] - y) < 0.7 * size
                self.end()
                self._glued = glued
        if not self._letters:
            self._glued = self._glued or self._touches(read[0], at[1], style)
            same = self._style is not None and style.owner == self._style.owner != 0
            self._place, self._joined, self._style = at, same and self._spaces == 1, style
        self._spaces = 0
        self._letters.append((letter, read, box))

    def _touches(self, left: float, y: float, style: _Style) -> bool:
        """Tell whether a word that begins there goes on from the last one, raised or lowered, without a gap."""
        if not self.words or self.words[-1][0] != style.turns:
            return False
        last = self.words[-1][1]
        size = max(style.size, last.size)
        return abs(left - last.right) < TOUCHING * size and abs(y - last.y) < 0.7 * size

    def space(self) -> None:
        """Add a space or a line break."""
        self.end()
        self._spaces += 1

    def end(self) -> None:
        """End the word, if one has begun."""
        if self._letters and self._style:
            text = "".join(letter for letter, _, _ in self._letters)
            box = around([stored for _, _, stored in self._letters])
            left, right = self._letters[0][1][0], max(read[2] for _, read, _ in self._letters)
            word = Word(text, left, right, self._place[1], self._style.size, box, self._glued, self._joined)
            self.words.append((self._style.turns, word))
        self._letters, self._glued = [], False


def around(boxes: Sequence[Corners]) -> Corners:
    """Return the smallest box that holds all ``boxes``."""
    left, bottom, right, top = zip(*boxes, strict=True)
    return min(left), min(bottom), max(right), max(top)


# What stands behind the words


def _scene(page: Any) -> _Scene:
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
    return _Scene(box, tuple(fills), tuple(scans), tuple(rules))


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


def _fill(item: Any) -> tuple[tuple[int, int, int] | None, int]:
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
    """Return the colour of a filled rectangle; none of any other shape, which need not be behind what it surrounds."""
    from pypdfium2 import raw

    if not _draws(path)[0] or raw.FPDFPath_CountSegments(path) > 5:
        return None
    colour, alpha = _fill(path)
    return colour if alpha == 255 else None


def _rules(path: Any) -> Iterator[Rule]:
    """Yield the level and upright lines of a path: those that are stroked, and thin filled ones."""
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


# Forms


def _fields(page: Any, form: Any) -> Iterator[tuple[int, Word]]:
    """Yield the values of the form fields, and notes typed onto the page, as words where they stand."""
    from pypdfium2 import raw

    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        try:
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            if raw.FPDFAnnot_GetFlags(annotation) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW):
                continue
            value = ""
            if kind == raw.FPDF_ANNOT_FREETEXT:
                value = _string(lambda *a, n=annotation: raw.FPDFAnnot_GetStringValue(n, b"Contents", *a))
            elif kind == raw.FPDF_ANNOT_WIDGET and form is not None:
                value = _value(form, annotation)
            yield from _typed(value, annotation, page.get_rotation() // 90)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _value(form: Any, annotation: Any) -> str:
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        return "☒" if raw.FPDFAnnot_IsChecked(form, annotation) else "☐"
    if kind in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        return _string(lambda *a: raw.FPDFAnnot_GetFormFieldValue(form, annotation, *a))
    return ""


def _string(read: Any) -> str:
    """Return the text that a function of PDFium writes, in UTF-16, into a buffer of the length that it asks for."""
    length = read(None, 0)
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    read(buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").split("\0")[0]


def _typed(value: str, annotation: Any, turns: int) -> Iterator[tuple[int, Word]]:
    """Yield the words of ``value``, line by line, spread over the rectangle of its field."""
    from pypdfium2 import raw

    area = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(annotation, area)
    first, bottom, last, top = turned((area.left, area.bottom, area.right, area.top), turns)
    lines = [line.split() for line in value.replace("\r", "\n").split("\n") if line.split()]
    height = (top - bottom) / max(len(lines), 1)
    size = min(height * 0.75, 11.0)
    for number, line in enumerate(lines):
        y = top - height * (number + 0.5) - size * 0.35
        step = min((last - first) / sum(len(word) + 1 for word in line), size * 0.55)
        left = first
        for text in line:
            right = left + step * len(text)
            box = turned((left, y - size * 0.25, right, y + size), -turns)
            yield turns, Word(text, left, right, y, size, box)
            left = right + step
