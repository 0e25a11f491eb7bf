"""Numbers and dates as displayed by a spreadsheet: number format codes of Office Open XML (ECMA-376-1, 18.8.30).

Conditions in brackets, fractions and colours are ignored; names of months and days are English.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

__all__ = ["shown"]

Shown = str | float | bool | datetime | date | time | timedelta

TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[\$[^\]]*\]|\[h+\]|\[m+\]|\[s+\]|\[[^\]]*\]|AM/PM|A/P|General|'
    r"[eE][+-]0+|y+|m+|d+|h+|s+|\.0+|[0#?][0#?,]*(?:\.[0#?]*,*)?|\.[#?]+|.",
    re.IGNORECASE | re.DOTALL,
)
DATE_TOKEN = re.compile(r"[ymdhs]+|AM/PM|A/P|\[[hms]+\]|\.0+", re.IGNORECASE)
LOCAL_DATES = {"mm-dd-yy": "yyyy-mm-dd", "m/d/yy h:mm": "yyyy-mm-dd hh:mm"}
"""Formats that every program shows in its own user's order: as ISO 8601, which nobody reads wrongly."""


def shown(value: Shown, code: str) -> str:
    """Return ``value`` as displayed in a cell with the number format ``code``.

    >>> shown(1234.5, '"£"#,##0.00'), shown(0.125, "0.0%"), shown(-3, "#,##0;(#,##0)"), shown(1234567, "General")
    ('£1,234.50', '12.5%', '(3)', '1234567')
    >>> shown(datetime(2024, 4, 3), "dd mmmm yyyy"), shown(1.5, "0.00 [$€-407]"), shown(2.5e6, '0.0,,"m"')
    ('03 April 2024', '1.50 €', '2.5m')
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value
    sections = _sections(code)
    if isinstance(value, (int, float)):
        return _number(value, sections)
    return _date(value, _tokens(LOCAL_DATES.get(code, sections[0])))


@lru_cache(1000)
def _sections(code: str) -> list[str]:
    """Return the parts of a format: for positive numbers, negative ones, zero and text."""
    parts = [""]
    for token in TOKEN.findall(code or "General"):
        if token == ";":
            parts.append("")
        else:
            parts[-1] += token
    return parts


@lru_cache(1000)
def _tokens(section: str) -> list[str]:
    return TOKEN.findall(section)


def _literal(token: str) -> str:
    """Return the text of a token that isn't a placeholder: quoted text, a currency; empty for colours and gaps."""
    if token.startswith("[$"):
        return token[2:-1].partition("-")[0]
    if token.startswith("["):
        return ""
    if token[0] in '"\\':
        return token.strip('"') if token[0] == '"' else token[1:]
    if token[0] in "_*" and len(token) == 2:
        return " " if token[0] == "_" else ""
    return token


def _number(value: float, sections: list[str]) -> str:
    negative = value < 0 and len(sections) > 1
    section = sections[1] if negative else sections[2] if value == 0 and len(sections) > 2 else sections[0]
    tokens = _tokens(section)
    numeric = [token for token in tokens if token[0] in "0#?." and token != "."]
    plain = "general" in section.lower() or section in ("", "@")
    if plain or len(numeric) > 1 or "/" in tokens or any(re.match(r"[eE][+-]", token) for token in tokens):
        return _general(value)  # so are fractions and powers of ten, which say the same
    if not numeric:
        return "".join(map(_literal, tokens)).strip()
    digits = numeric[0]
    scaled = Decimal(repr(value)) * 100 ** sum(token == "%" for token in tokens)
    amount = _digits(abs(scaled) if negative else scaled, digits)
    return "".join(amount if token is digits else _literal(token) for token in tokens).strip()


def _digits(value: Decimal, pattern: str) -> str:
    """Return ``value`` with the digits, separators and scale of a pattern such as ``#,##0.0#``."""
    unscaled = pattern.rstrip(",")
    value /= 1000 ** (len(pattern) - len(unscaled))
    whole, _, fraction = unscaled.partition(".")
    places = sum(character in "0#?" for character in fraction)
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:{',' if ',' in whole else ''}f}"
    head, _, tail = text.partition(".")
    least = fraction.rstrip("#?").count("0")
    tail = tail[:least] + tail[least:].rstrip("0")
    sign, head = ("-", head[1:]) if head.startswith("-") else ("", head)
    head = head if "," in whole else head.zfill(whole.count("0"))
    head = "" if head == "0" and "0" not in whole else head
    return sign + head + (f".{tail}" if tail else "")


def _general(value: float) -> str:
    """Return a number as displayed in a cell without a format: at most eleven digits."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.11g}"


def _date(value: datetime | date | time | timedelta, tokens: list[str]) -> str:
    if not any(DATE_TOKEN.fullmatch(token) for token in tokens):
        return str(value)
    if isinstance(value, timedelta):
        moment, elapsed = datetime(1899, 12, 30) + value, value
    elif isinstance(value, time):
        moment, elapsed = datetime.combine(date(1899, 12, 30), value), timedelta(0)
    else:
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        elapsed = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
    noon = any(token.upper() in ("AM/PM", "A/P") for token in tokens)
    parts, before = list[str](), ""
    for number, token in enumerate(tokens):
        following = next((t.lower() for t in tokens[number + 1 :] if DATE_TOKEN.fullmatch(t)), "")
        kind = token.lower()
        if kind in ("m", "mm") and (before.strip("[]").startswith("h") or following.strip("[]").startswith("s")):
            kind = "minute" + kind
        parts.append(_date_part(kind, moment, elapsed, noon) if DATE_TOKEN.fullmatch(token) else _literal(token))
        before = kind if DATE_TOKEN.fullmatch(token) else before
    return "".join(parts).strip()


def _date_part(kind: str, moment: datetime, elapsed: timedelta, noon: bool) -> str:
    """Return the text of one token of a date; ``noon`` means a twelve-hour clock."""
    seconds = int(elapsed.total_seconds())
    hour = (moment.hour % 12 or 12) if noon else moment.hour
    total = {"[h": seconds // 3600, "[m": seconds // 60, "[s": seconds}
    if kind[:2] in total:
        return str(total[kind[:2]]).zfill(len(kind) - 2)
    named = {"mmm": "%b", "mmmm": "%B", "mmmmm": "%b", "ddd": "%a", "dddd": "%A", "am/pm": "%p", "a/p": "%p"}
    if kind in named:
        return moment.strftime(named[kind])
    if kind.startswith("y"):
        return f"{moment.year % 100:02}" if len(kind) < 3 else f"{moment.year:04}"
    if kind.startswith("."):
        return f".{moment.microsecond:06}"[: len(kind)]
    numbers = {"m": moment.month, "d": moment.day, "h": hour, "s": moment.second, "minutem": moment.minute}
    number = numbers.get(kind.rstrip("mdhs") + kind[-1:] if kind.startswith("minute") else kind[0], 0)
    return str(number).zfill(2 if kind.endswith(("mm", "dd", "hh", "ss")) else 1)
