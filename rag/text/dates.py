"""Dates as people write them, in English and German, and as ISO 8601."""

from __future__ import annotations

import datetime
import re

__all__ = ["MONTH_NAMES", "day", "in_another_year", "iso_date"]

MONTH_NAMES = "January February March April May June July August September October November December".split()
MONTHS = {
    name: number
    for number, names in enumerate(
        "jan feb mar|mär|mrz|maerz apr may|mai jun jul aug sep oct|okt nov dec|dez".split(), 1
    )
    for name in names.split("|")
}
DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?(?: of)?[ -]([^\W\d_]{3,10})\.?,?[ -](\d{4})\b")
MONTH_FIRST = re.compile(r"([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b")
YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)")
DOTTED = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4}|\d{2})(?!\d)")
SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?!\d)")
COMPACT = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:\d{6})?(?!\d)")
MONTH_YEAR = re.compile(r"([^\W\d_]{3,10})\.?,? (\d{4})\b")
YEAR = re.compile(r"(\d{4})$")
YEARS = re.compile(r"\b(?:1\d|20)\d\d\b")
PART_OF_YEAR = re.compile(
    rf"\b({'|'.join(MONTH_NAMES)}|spring|summer|autumn|fall|winter)(?: of)?,? ({YEARS.pattern})", re.IGNORECASE
)


def iso_date(text: str) -> str:
    """Return the date with which ``text`` begins as ISO 8601, or an empty string.

    Dotted dates are day first (``18.04.2011``). Of ``03/04/2011``, which is March or April, only ``2011`` is known.
    Month names are English or German; a date inside a longer line counts where a weekday at most stands before it.

    >>> iso_date("March 5, 2010"), iso_date("18.04.2011"), iso_date("May 2011"), iso_date("03/04/2011")
    ('2010-03-05', '2011-04-18', '2011-05', '2011')
    """
    text = re.sub(r"\s+", " ", text[:80]).strip(" \"'*_")
    text = re.sub(r"^[^\W\d_]{2,10}day,? |^[^\W\d_]{2,9}tag,? |^[^\W\d_]{2,3}\.?, ", "", text)
    if match := YEAR_FIRST.match(text):
        return _iso(match[1], match[2], match[3])
    if match := DOTTED.match(text):
        year = match[3] if len(match[3]) == 4 else ("20" if match[3] < "70" else "19") + match[3]
        return _iso(year, match[2], match[1])
    if match := SLASHED.match(text):
        return _slashed(int(match[1]), int(match[2]), match[3])
    if match := COMPACT.match(text):
        return _iso(match[1], match[2], match[3])
    for pattern, (day, month, year) in ((DAY_FIRST, (1, 2, 3)), (MONTH_FIRST, (2, 1, 3)), (MONTH_YEAR, (0, 1, 2))):
        if (match := pattern.match(text)) and (number := MONTHS.get(match[month][:3].lower())):
            return _iso(match[year], str(number), match[day] if day else None)
    return match[1] if (match := YEAR.match(text)) and "1000" <= match[1] <= "2999" else ""


def in_another_year(asked: str, told: str) -> bool:
    """Tell whether ``told`` names a month or season that ``asked`` wants of a certain year, but only of others.

    >>> in_another_year("When does the Autumn 2025 round close?", "Autumn 2024: 11 October")
    True
    >>> in_another_year("When does the Autumn 2025 round close?", "Autumn 2024: 11 October; Autumn 2025: not known")
    False
    """
    wanted = {part.lower() for part, _ in PART_OF_YEAR.findall(asked)}
    named = {part.lower() for part, _ in PART_OF_YEAR.findall(told)}
    return bool(wanted & named) and not set(YEARS.findall(asked)) & set(YEARS.findall(told))


def _slashed(first: int, second: int, year: str) -> str:
    if first == second or first > 12:
        return _iso(year, str(second), str(first))
    return _iso(year, str(first), str(second)) if second > 12 else _iso(year, None, None)


def day(date: str) -> str:
    """Return an ISO 8601 date as a reader writes it, and anything else as it is.

    >>> day("2011-03-11"), day("2011-03"), day("2011"), day("spring")
    ('11 March 2011', 'March 2011', '2011', 'spring')
    """
    match = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", date)
    if not match or not 1 <= int(match[2]) <= 12:
        return date
    month = f"{MONTH_NAMES[int(match[2]) - 1]} {match[1]}"
    return f"{int(match[3])} {month}" if match[3] else month


def _iso(year: str, month: str | None, day: str | None) -> str:
    try:
        date = datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    return date.isoformat()[: 10 if day and month else 7 if month else 4]
