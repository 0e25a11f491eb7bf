"""The visible words on a PDF page, and their places.

Invisible words are left out, also those in the colour of their background or outside the page, and those that a line
strikes out.
Invisible words over a picture of the page are its recognised text, and kept.
"""

from __future__ import annotations

import ctypes
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import replace
from typing import Any

from rag.formats import LIGATURES
from rag.formats.pdf_forms import fields
from rag.formats.pdf_parts import Corners, Frame, Rule, Word, around, turned
from rag.formats.pdf_scene import Scene, Style, fill_of, scene_of

__all__ = ["frames", "is_scan"]

INVISIBLE = 3
"""The render mode of text that is neither filled nor stroked."""
TOUCHING = 0.05
"""Width of type up to which two words are parts of one."""
FEW = 100
"""Characters of text up to which a page with a picture may be a scan with a stamp on it."""
UNREADABLE = 0.3
"""Share of characters without a Unicode value from which the text of a page is none."""
STRUCK = 0.15, 0.5
"""Heights of a line that strikes words out above their baseline, as shares of their size."""
MOST_RULES = 500
"""Level rules of a page that may strike words out; a drawing has more."""
BULLETS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "▸", 0xF0FC: "✓", 0x2: "-", 0xFFFE: "-"}
"""Private characters of symbol fonts, and what PDFium puts for a hyphen at the end of a line."""


def frames(page: Any, textpage: Any, form: Any = None) -> list[Frame]:
    """Return the words of a page of pypdfium2 by the direction in which they are read, that of most words first.

    There is none where the page has no words, or its characters have no Unicode values.
    """
    scene = scene_of(page)
    words, unknown, characters = _words(textpage, scene)
    if unknown > UNREADABLE * max(characters, 1):
        words = []
    found: dict[int, Frame] = {}
    for turns, word in [*words, *fields(page, form)]:
        found.setdefault(turns, Frame()).words.append(word)
    lengths = Counter({turns: sum(len(word.text) for word in frame.words) for turns, frame in found.items()})
    order = [turns for turns, _ in lengths.most_common()]
    for turns in order:
        frame = found[turns]
        frame.rules = [_turned_rule(rule, turns) for rule in scene.rules] if turns == order[0] else []
        _, frame.bottom, _, frame.top = turned(scene.box, turns)
        frame.words = _without_struck(frame.words, frame.rules)
    return [found[turns] for turns in order]


def _without_struck(words: list[Word], rules: list[Rule]) -> list[Word]:
    """Return the words without those that a level rule strikes out: one through their middle, as long as they are."""
    gone: set[int] = set()
    level = [rule for rule in rules if not rule.upright]
    ordered = sorted(words, key=lambda word: word.y)
    heights, largest = [word.y for word in ordered], max((word.size for word in words), default=0.0)
    for rule in level if len(level) <= MOST_RULES else []:
        near = ordered[bisect_left(heights, rule.at - largest) : bisect_right(heights, rule.at)]
        struck = [word for word in near if _strikes(rule, word)]
        size = max((word.size for word in struck), default=0.0)
        left, right = (min(word.left for word in struck), max(word.right for word in struck)) if struck else (0.0, 0.0)
        if struck and left - size / 2 < rule.start and rule.end < right + size / 2:
            gone.update(map(id, struck))
    return _closed_up(words, gone) if gone else words


def _closed_up(words: list[Word], gone: set[int]) -> list[Word]:
    """Return the words without those ``gone``, whose place the word before takes, so that no gap parts the line."""
    kept: list[Word] = []
    for word in words:
        last = kept[-1] if kept else None
        if id(word) not in gone:
            kept.append(word)
        elif last and abs(last.y - word.y) < 0.4 * word.size and 0 <= word.left - last.right < 0.5 * word.size:
            kept[-1] = replace(last, right=word.right)
    return kept


def _strikes(rule: Rule, word: Word) -> bool:
    low, high = (word.y + share * word.size for share in STRUCK)
    covered = min(rule.end, word.right) - max(rule.start, word.left)
    return low <= rule.at <= high and covered > 0.8 * (word.right - word.left)


def is_scan(page: Any, characters: int) -> bool:
    """Return whether a page with this many ``characters`` may be a picture of text, or text without Unicode."""
    from pypdfium2 import raw

    if characters >= FEW:
        return False
    return bool(scene_of(page).scans) or (not characters and raw.FPDFPage_CountObjects(page) > 0)


def _turned_rule(rule: Rule, turns: int) -> Rule:
    box = (rule.at, rule.start, rule.at, rule.end) if rule.upright else (rule.start, rule.at, rule.end, rule.at)
    left, bottom, right, top = turned(box, turns)
    upright = rule.upright == (turns % 2 == 0)
    return Rule(upright, left, bottom, top) if upright else Rule(upright, bottom, left, right)


def _words(textpage: Any, scene: Scene) -> tuple[list[tuple[int, Word]], int, int]:
    """Return the words with their turns, how many characters have no Unicode value, and how many there are."""
    from pypdfium2 import raw

    x, y, loose = ctypes.c_double(), ctypes.c_double(), raw.FS_RECTF()
    styles: dict[int, Style] = {}
    writer = _Writer()
    unknown = characters = 0
    for index in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage, index)
        letter = BULLETS.get(code) or (chr(code) if code < 0x110000 else "\ufffd")
        letter = LIGATURES.get(letter, letter)
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


def _style(textpage: Any, index: int, known: dict[int, Style]) -> Style:
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
    colour, alpha = fill_of(owner) if key and mode in (0, 2) else (None, 255)
    known[key] = Style(key, size, turns, colour, mode == INVISIBLE or alpha == 0)
    return known[key]


class _Writer:
    """Combines characters into words: adjacent, of one size, without a space between."""

    def __init__(self) -> None:
        self.words: list[tuple[int, Word]] = []
        self._letters: list[tuple[str, Corners, Corners]] = []
        self._style: Style | None = None
        self._place = (0.0, 0.0)
        self._glued = False
        self._spaces = 0
        self._joined = False

    def write(self, letter: str, origin: tuple[float, float], box: Corners, style: Style) -> None:
        """Add the next character, whose baseline starts at ``origin``."""
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

    def _touches(self, left: float, y: float, style: Style) -> bool:
        """Return whether a word that starts there continues the last one without a gap, raised or lowered."""
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
        """End the current word, if any."""
        if self._letters and self._style:
            text = "".join(letter for letter, _, _ in self._letters)
            text = text[:-1].replace("\u00ad", "") + text[-1]  # the last one may break the word at the end of the line
            box = around([stored for _, _, stored in self._letters])
            left, right = self._letters[0][1][0], max(read[2] for _, read, _ in self._letters)
            word = Word(text, left, right, self._place[1], self._style.size, box, self._glued, self._joined)
            self.words.append((self._style.turns, word))
        self._letters, self._glued = [], False
