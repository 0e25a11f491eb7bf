"""Letters of a PDF without a Unicode value, as some programs write them for ligatures such as "ti".

The file then has a number in Unicode's private use area in their place, or only the first letter. Text recognition
shows what stands there: where it reads "Allocation", and the file says "Alloca?on", the letters are "ti".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rag.formats.pdf_parts import Word
from rag.formats.pdf_rows import Line
from rag.formats.pdf_running import Page

__all__ = ["completed", "is_incomplete"]

PRIVATE = "[\ue000-\uf8ff\ufffd]"
GLYPH = re.compile(PRIVATE)
BROKEN = re.compile(rf"[^\W\d_]{PRIVATE}|{PRIVATE}[^\W\d_]")
"""A word in which letters are missing; a symbol on its own is none."""
LETTERS = r"([^\W_]{1,3})"
"""What one may stand for: "ffi" is the longest ligature."""
MARK = rf"(?!{PRIVATE})\W"
APART = re.compile(rf"^((?:{MARK})*)(.*?)((?:{MARK})*)$")
"""A word between punctuation."""
WHOLE = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
FEWEST, LEAST = 3, 0.02
"""Broken words on a page, and their share of all, from which recognising it is worth the seconds it takes."""
SEEN = 2
"""Words that must agree on what a letter is."""
SHORTEST = 4
"""Letters of a word that may lack others without a trace."""


def is_incomplete(page: Page) -> bool:
    """Return whether so many words of ``page`` lack letters that it should be completed."""
    words = [word for line in page.lines for word in line.words]
    broken = sum(BROKEN.search(word.text) is not None for word in words)
    return broken >= max(FEWEST, LEAST * len(words))


def completed(page: Page, seen: Page) -> Page:
    """Return ``page`` with the missing letters that ``seen`` shows: the same page, recognised from its picture."""
    shown = [word for line in seen.lines for word in line.words]
    known = _letters(page, shown)
    return replace(page, lines=[_line(line, known, shown) for line in page.lines])


def _letters(page: Page, shown: Sequence[Word]) -> Mapping[str, str]:
    """Return what each private character of ``page`` stands for."""
    votes: dict[str, Counter[str]] = {}
    for line in page.lines:
        for word in line.words:
            for glyph, letters in _read(word, shown):
                votes.setdefault(glyph, Counter())[letters] += 1
    best = ((glyph, *count.most_common(1)[0]) for glyph, count in votes.items())
    return {glyph: letters for glyph, letters, times in best if times >= SEEN}


def _read(word: Word, shown: Sequence[Word]) -> Iterator[tuple[str, str]]:
    """Yield the private characters of ``word`` and the letters that are shown in their places."""
    if not BROKEN.search(word.text):
        return
    parts = GLYPH.split(word.text)
    pattern = re.compile(LETTERS.join(map(re.escape, parts)))
    for one in shown:
        if _is_at(word, one) and (match := pattern.fullmatch(one.text)):
            yield from zip(GLYPH.findall(word.text), match.groups(), strict=True)
            return


def _is_at(word: Word, other: Word) -> bool:
    """Return whether the middle of ``word`` on the page is within ``other``."""
    left, bottom, right, top = other.box
    return left <= (word.box[0] + word.box[2]) / 2 <= right and bottom <= (word.box[1] + word.box[3]) / 2 <= top


def _line(line: Line, known: Mapping[str, str], shown: Sequence[Word]) -> Line:
    text, words = line.text, []
    for word in line.words:
        whole = GLYPH.sub(lambda match: known.get(match[0], match[0]), word.text)
        whole = next((_merged(whole, one.text) for one in shown if _is_at(word, one)), whole)
        text = text.replace(word.text, whole, 1) if whole != word.text else text
        words.append(replace(word, text=whole))
    return replace(line, text=text, words=tuple(words))


def _merged(text: str, seen: str) -> str:
    """Return ``text`` with the letters that it lacks in the middle and that were ``seen``; as it is if it lacks none.

    >>> _merged("flled,", "filled"), _merged("(Detoxi\ue02fcaton)", "(Detoxification)"), _merged("form", "forms")
    ('filled,', '(Detoxification)', 'form')
    """
    before, core, behind = APART.findall(text)[0]
    whole = APART.findall(seen)[0][1]
    rest, lacking = GLYPH.sub("", core), len(GLYPH.findall(core))
    if len(rest) < SHORTEST or not WHOLE.fullmatch(whole) or not 0 < len(whole) - len(rest) <= 2 + 2 * lacking:
        return text
    letters = iter(whole)
    is_part = rest[0] == whole[0] and rest[-1] == whole[-1] and all(letter in letters for letter in rest)
    return f"{before}{whole}{behind}" if is_part else text
