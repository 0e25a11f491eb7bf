"""Dates as people write them, in every language of ``rag/data/languages.toml``, and as ISO 8601.

``GRAMMAR`` is the one grammar of dates: it finds them among the words of a text, at the top of a document and in a
field of their own.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from rag.text.language import MONTHS, WEEKDAYS, month_name

__all__ = ["GRAMMAR", "WITHIN", "Order", "day", "habit", "iso_date", "read"]

Order = Literal["day", "month", ""]
"""What comes first in a date such as ``03/04/2024``; empty where it is not known."""

_MONTH = "|".join(re.escape(name) for name in sorted(MONTHS, key=lambda name: (-len(name), name)))
_DAY_FIRST = rf"\b\d{{1,2}}(?:st|nd|rd|th|er|\.)?(?:\s+(?:of|de))?(?:\s+|-)(?:{_MONTH})\b\.?"
_MONTH_FIRST = rf"\b(?:{_MONTH})\b\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\.?\d)"
_AND_YEAR = r"(?:(?:\s?,?|\s+de)\s+|-)\d{4}\b"
GRAMMAR = rf"""
    (?P<iso>\b\d{{4}}-\d{{1,2}}-\d{{1,2}}\b)
  | (?P<dotted>\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}\b)
  | (?P<day_first>{_DAY_FIRST}(?:{_AND_YEAR})?)
  | (?P<month_first>{_MONTH_FIRST}(?:\s?,?\s+\d{{4}}\b)?)
  | (?P<month_year>\b(?:{_MONTH})\b(?:\.?,?|\s+de)\s+\d{{4}}\b)
"""
"""For ``re.VERBOSE | re.IGNORECASE``; the name of the group tells :func:`read` how a date is written."""
_FIGURES = r"\b(?:\d{1,2}/\d{1,2}/|\d{1,2}\.\d{1,2}\.)\d{4}\b|\b\d{4}-\d\d-\d\d\b"
WITHIN = re.compile(rf"{_DAY_FIRST}{_AND_YEAR}|{_MONTH_FIRST}\s?,?\s+\d{{4}}\b|{_FIGURES}", re.IGNORECASE)
"""A whole date, with its year, wherever it stands."""

WRITTEN = re.compile(GRAMMAR, re.VERBOSE | re.IGNORECASE)
NAME = re.compile(rf"(?:{_MONTH})\b", re.IGNORECASE)
BEFORE = re.compile("|".join(rf"{name},? " if len(name) > 3 else rf"{name}\.?, " for name in WEEKDAYS), re.IGNORECASE)
"""A day of the week, which a comma follows where it is short: "Mar. 5" is in March, and "mar., 5" a Tuesday."""
YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)")
DOTTED = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d{2})(?!\d)")
SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?!\d)")
SLASHED_WITHIN = re.compile(rf"(?<![\d/-]){SLASHED.pattern}(?![/-])")
COMPACT = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:\d{6})?(?!\d)")
YEAR = re.compile(r"(\d{4})$")


def iso_date(text: str, order: Order = "") -> str:
    """Return the date with which ``text`` begins as ISO 8601, or an empty string.

    Dotted dates are day first (``18.04.2011``). Of ``03/04/2011``, which is March or April, only ``2011`` is known
    unless ``order`` says which it is. A date inside a longer line counts where a weekday at most stands before it.

    >>> iso_date("March 5, 2010"), iso_date("18.04.2011"), iso_date("mayo de 2011"), iso_date("03/04/2011")
    ('2010-03-05', '2011-04-18', '2011-05', '2011')
    >>> iso_date("03/04/2011", "month"), iso_date("03/04/2011", "day"), iso_date("03/14/2011", "day")
    ('2011-03-04', '2011-04-03', '2011-03-14')
    """
    text = re.sub(r"\s+", " ", text[:80]).strip(" \"'*_")
    if match := BEFORE.match(text):
        text = text[match.end() :]
    if match := YEAR_FIRST.match(text):
        return _iso(match[1], match[2], match[3])
    if match := DOTTED.match(text):
        year = match[3] if len(match[3]) == 4 else ("20" if match[3] < "70" else "19") + match[3]
        return _iso(year, match[2], match[1])
    if match := SLASHED.match(text):
        return _slashed(int(match[1]), int(match[2]), match[3], order)
    if match := COMPACT.match(text):
        return _iso(match[1], match[2], match[3])
    if (match := WRITTEN.match(text)) and not (date := read(match.lastgroup or "", match[0])).startswith("--"):
        return _iso(*date.split("-"))
    return match[1] if (match := YEAR.match(text)) and "1000" <= match[1] <= "2999" else ""


def read(kind: str, text: str) -> str:
    """Return a date as ``2011-03-11``, ``2011-03`` or, without its year, ``--03-11``.

    Dotted dates are day first where they can be. ``kind`` is the name of the group of ``GRAMMAR`` that ``text``
    matches. Nothing tells whether there is such a day.

    >>> read("day_first", "11 März"), read("month_year", "March 2011")
    ('--03-11', '2011-03')
    """
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    if kind == "iso":
        year, month, day = numbers
    elif kind == "dotted":
        day, month, year = numbers
        if month > 12 >= day:
            day, month = month, day
    else:
        name = NAME.search(text)
        month = MONTHS[name[0].lower()] if name else 0
        if kind == "month_year":
            return f"{numbers[0]:04d}-{month:02d}"
        day, year = numbers[0], numbers[1] if len(numbers) > 1 else 0
    return f"{year:04d}-{month:02d}-{day:02d}" if year else f"--{month:02d}-{day:02d}"


def habit(texts: Iterable[str]) -> Order:
    """Return what most of ``texts`` put first in dates with slashes, those alone that can be read in one way.

    >>> habit(["on 03/14/2024", "03/04/2024"]), habit(["14/03/2024"]), habit(["03/04/2024"]), habit([])
    ('month', 'day', '', '')
    """
    votes = Counter(_own_habit(text) for text in texts)
    return _more(votes["day"], votes["month"])


def _own_habit(text: str) -> Order:
    firsts = Counter(
        "day" if int(first) > 12 else "month"
        for first, second, _ in SLASHED_WITHIN.findall(text)
        if (int(first) > 12) != (int(second) > 12)
    )
    return _more(firsts["day"], firsts["month"])


def _more(days: int, months: int) -> Order:
    return "day" if days > months else "month" if months > days else ""


def _slashed(first: int, second: int, year: str, order: Order) -> str:
    if second > 12 or (order == "month" and first <= 12):
        return _iso(year, str(first), str(second))
    if first == second or first > 12 or order == "day":
        return _iso(year, str(second), str(first))
    return _iso(year)


def day(date: str, language: str = "en") -> str:
    """Return an ISO 8601 date as a reader writes it, and anything else as it is.

    >>> day("2011-03-11"), day("2011-03", "de"), day("2011"), day("spring")
    ('11 March 2011', 'März 2011', '2011', 'spring')
    """
    match = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", date)
    if not match or not 1 <= int(match[2]) <= 12:
        return date
    month = f"{month_name(int(match[2]), language)} {match[1]}"
    return f"{int(match[3])} {month}" if match[3] else month


def _iso(year: str, month: str | None = None, day: str | None = None) -> str:
    try:
        date = datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    return date.isoformat()[: 10 if day and month else 7 if month else 4]
