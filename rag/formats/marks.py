"""Superscripts and list numbers, as displayed."""

from __future__ import annotations

import re

__all__ = ["list_number", "superscript"]

RAISED = str.maketrans("0123456789+-−–()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁽⁾ⁿ")
EXPONENT = re.compile(r"[+\-−–]?\d{1,3}|\d{1,2}[+\-−–]|[+\-−–]|n")
ENDING = re.compile(r"(?:st|nd|rd|th|er|re|ère|nde?|e|ème|eme|o|os|as|ers|es)\.?", re.I)
"""What makes an ordinal of the number before it."""
BASE = re.compile(
    r"(?:(?<![\w.,£$€¥])10|[=×·*^+/(]\s?\d+(?:\.\d+)?|(?<![^\W\d_])(?:[kcmdµμn]?m|km|ft|yd|mi|mc|sec|[a-z])|\d\s?in)$",
    re.I,
)
"""What takes an exponent: ten, a number in a formula, a unit of length or time, a letter that stands for a number."""
SIGNED_BASE = re.compile(r"[\w)\]]$")
TRADE = {"tm": "™", "sm": "℠", "®": "®", "™": "™"}

ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def superscript(before: str, text: str) -> str:
    """Return the text for a superscript after ``before``, so that ``420³`` isn't read as 4203.

    An exponent is written as one, an ordinal ending stays with its number, and note marks are separated.

    >>> superscript("has 420", "3"), superscript("12 m", "2"), superscript("the 1", "st"), superscript("10", "-3")
    (' [3]', '²', 'st', '⁻³')
    """
    text = " ".join(text.split())
    if not text:
        return ""
    if text.lower() in TRADE:
        return TRADE[text.lower()]
    signed = text[0] in "+-−–" or text[-1] in "+-−–"
    if EXPONENT.fullmatch(text) and (SIGNED_BASE if signed else BASE).search(before):
        return text.translate(RAISED)
    word = before[-1:].isalpha()
    if before[-1:].isdigit() and ENDING.fullmatch(text):
        return text
    if text.isalpha() and len(text) > 1 and word:  # Mme, nth
        return text
    inner = text.strip("()[] ")
    return f" [{inner}]" if inner else ""


def list_number(number: int, kind: str) -> str:
    """Return ``number`` in the format of a list of this ``kind``: ``a``, ``A``, ``i``, ``I``, or digits.

    >>> [list_number(28, kind) for kind in ("1", "a", "A", "i", "I")]
    ['28', 'ab', 'AB', 'xxviii', 'XXVIII']
    """
    if kind not in ("a", "A", "i", "I") or not 0 < number < 4000:
        return str(number)
    shown = _roman(number) if kind in "iI" else _letters(number)
    return shown.upper() if kind.isupper() else shown


def _letters(number: int) -> str:
    shown = ""
    while number:
        number, rest = divmod(number - 1, 26)
        shown = LETTERS[rest] + shown
    return shown


def _roman(number: int) -> str:
    shown = ""
    for value, letters in ROMAN:
        count, number = divmod(number, value)
        shown += letters * count
    return shown
