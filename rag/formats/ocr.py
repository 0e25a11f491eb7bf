"""Text recognition with Tesseract, if installed: the words of a picture with their places and confidence."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import fmean

from rag.text.language import MONTHS

__all__ = [
    "HINT",
    "RecognisedWord",
    "available",
    "confidence",
    "installed",
    "languages",
    "note",
    "parsed",
    "recognise",
    "without_bars",
]

HINT = "install Tesseract (Debian: apt install tesseract-ocr, and tesseract-ocr-deu for German) and read it again"
TIMEOUT = 180.0
"""Seconds after which a picture counts as one without text."""
LEAST = 0.3
"""Confidence below which a word is taken for a stain."""
MOST_LANGUAGES = 4
"""Languages that are tried at once where that of a document is unknown."""
_MONTHS = "|".join(re.escape(name.title()) for name in MONTHS)
COUNTED = re.compile(rf"(?:[ap]\.?m\b|o['’]clock\b|Uhr\b|(?:{_MONTHS})\b)")
"""What follows an hour or a day of the month."""
CODES = {
    "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "en": "eng", "es": "spa", "fi": "fin", "fr": "fra", "ga": "gle",
    "it": "ita", "ja": "jpn", "ko": "kor", "nb": "nor", "nl": "nld", "no": "nor", "pl": "pol", "pt": "por", "ru": "rus",
    "sv": "swe", "tr": "tur", "uk": "ukr", "zh": "chi_sim",
}  # fmt: skip
"""Tesseract's names of languages."""


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """A word in a picture: its corners and baseline, in pixels from the top left, and its confidence.

    ``line`` numbers the line that Tesseract takes it for a part of.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    foot: float
    line: int
    confidence: float


def available() -> bool:
    """Return whether Tesseract is installed."""
    return shutil.which("tesseract") is not None


def recognise(png: bytes, language: str = "") -> list[RecognisedWord]:
    """Return the words of a picture in Tesseract's order; none if it fails or is missing.

    ``language`` is a code such as ``de`` or ``de-AT``; without one, or where Tesseract does not have it, all that it
    has are tried.
    """
    if not available():
        return []
    command = ["tesseract", "stdin", "stdout", "-l", languages(language), "--dpi", "300", "tsv"]
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(command, input=png, capture_output=True, timeout=TIMEOUT, env=environment, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    words = list(parsed(done.stdout.decode("utf-8", "replace")))
    return without_bars([word for word in words if word.confidence >= LEAST])


def without_bars(words: Sequence[RecognisedWord]) -> list[RecognisedWord]:
    """Return ``words`` without upright strokes: the rules of a table, which would be read as its columns.

    One before the hour or the month is a 1 ("9 am to | pm").
    """
    found: list[RecognisedWord] = []
    for word, following in zip_longest(words, words[1:]):
        if word.text.strip("|¦"):
            found.append(word)
        elif following and following.line == word.line and COUNTED.match(following.text):
            found.append(replace(word, text="1"))
    return found


def confidence(words: list[RecognisedWord]) -> float:
    """Return the mean confidence of ``words``, 0 to 1."""
    return round(fmean(word.confidence for word in words), 2) if words else 0.0


def note(pages: Iterable[tuple[int, float]]) -> str:
    """Return which pages, each with its confidence, were recognised, and how sure that is.

    >>> note([(1, 0.96), (3, 0.8)])
    'the text of page 1 (96 % sure), 3 (80 % sure) was recognised from a picture: check it against the page'
    """
    shown = ", ".join(f"{number} ({100 * confidence:.0f} % sure)" for number, confidence in pages)
    return f"the text of page {shown} was recognised from a picture: check it against the page"


def languages(language: str) -> str:
    """Return Tesseract's name of a language, or of all installed ones if that one is missing."""
    there = installed()
    code = CODES.get(language.lower().partition("-")[0], "")
    if code in there:
        return code
    known = sorted(there & set(CODES.values()), key=lambda name: (name != "eng", name))
    return "+".join(known[:MOST_LANGUAGES]) or "eng"


@functools.cache
def installed() -> frozenset[str]:
    """Return Tesseract's names of its installed languages."""
    try:
        done = subprocess.run(["tesseract", "--list-langs"], capture_output=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(done.stdout.decode("utf-8", "replace").split())


def parsed(table: str) -> Iterator[RecognisedWord]:
    """Yield the words of Tesseract's table; it has the lines that they are of above them."""
    foot, line = 0.0, 0
    for row in table.splitlines()[1:]:
        level, *_, left, top, width, height, sure, text = row.split("\t", 11)
        x, y, w, h = float(left), float(top), float(width), float(height)
        if level == "4":
            foot, line = y + h, line + 1
        elif level == "5" and text.strip():
            yield RecognisedWord(text.strip(), x, y, x + w, y + h, foot, line, float(sure) / 100)
