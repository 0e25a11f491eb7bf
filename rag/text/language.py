"""Words of each language that matter for comparing texts, from ``rag/data/languages.toml``."""

from __future__ import annotations

import functools
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "BEFORE_NUMBER",
    "BOUNDS",
    "CAN_BE_LAST",
    "HALVES",
    "HONORIFICS",
    "JOINTS",
    "LACKING",
    "MONTHS",
    "NAMES",
    "NEGATIONS",
    "NEVER_LAST",
    "NUMBER_WORDS",
    "OPPOSITES",
    "ORDINAL_MONTHS",
    "SEPARATORS",
    "STARTERS",
    "STEMMERS",
    "TABLES",
    "TENS",
    "UNITS",
    "WEEKDAYS",
    "YES_NO",
    "Unit",
    "language_of",
    "month_name",
    "numbers",
    "refers_back",
    "share_of_small_words",
    "stop_words",
    "weekdays",
]

FILE = Path(__file__).parent.parent / "data" / "languages.toml"
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its dimension, and its factor relative to the base unit of that dimension."""

    dimension: str
    factor: float


def _spaced(alias: str) -> str:
    return alias.replace("\u00a0", " ")  # a space that is part of a name


_TABLE: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
_UNITS = _TABLE.pop("units")
STEMMERS: dict[str, str] = _TABLE.pop("stemmers")
"""Snowball's algorithm by language."""
NAMES = {**STEMMERS, "cy": "welsh", "ja": "japanese", "th": "thai", "zh": "chinese"}
"""Names of languages by their codes (ISO 639-1), in English."""
JOINTS = {language: ("", *joints.split()) for language, joints in _TABLE.pop("joints").items()}
"""What stands between the parts of a compound, by language, for those that write it in one word."""
SEPARATORS = sorted((word for words in _TABLE.pop("separators").values() for word in words.split()), key=len)[::-1]
"""Question words in languages without spaces between words, longest first."""
TABLES = frozenset(_TABLE)
"""Languages that have a table."""
_STOP: dict[str, frozenset[str]] = {name: frozenset(table["stop"].split()) for name, table in _TABLE.items()}
_SMALL = {name: _STOP[name].union(table["negation"].split()) for name, table in _TABLE.items()}
"""Words that identify a language."""

UNITS = {
    alias: Unit(dimension, float(factor))
    for dimension, units in _UNITS.items()
    for factor, aliases in units.values()
    for alias in map(_spaced, aliases.split(" "))
}
"""Units by every spelling."""
_MONTH_NAMES = {language: table["months"].split() for language, table in _TABLE.items()}
MONTHS = {
    name: number
    for table in _TABLE.values()
    for names in (table["months"], table["months_short"])
    for number, spellings in enumerate(names.split(), start=1)
    for name in spellings.split("/")
}
"""Number of each month by its name and short forms, in every language."""
ORDINAL_MONTHS = frozenset(
    name for language, table in _TABLE.items() if table.get("ordinal_stop") for name in _MONTH_NAMES[language]
)
"""Names of months before which a number with a full stop is a day: "3. Mai"."""
_NUMBERS = {
    language: {word: n for n, word in enumerate(table["numbers"].split(), start=2)}
    for language, table in _TABLE.items()
}
TENS = {word: 10 * n for table in _TABLE.values() for n, word in enumerate(table.get("tens", "").split(), start=2)}
"""Twenty to ninety in words."""
NEGATIONS = frozenset(word for table in _TABLE.values() for word in table["negation"].split())
"""Negations, in every language."""
_WEEKDAYS = {
    language: {
        written: at
        for at, name in enumerate(table["weekdays"].split(), start=1)
        for written in (name, f"{name}s", name[: table.get("weekday_letters", 3)])
    }
    for language, table in _TABLE.items()
}
WEEKDAYS = frozenset(day for days in _WEEKDAYS.values() for day in days)
"""Days of the week, their plurals and abbreviations, in every language."""
BOUNDS = tuple(phrase for table in _TABLE.values() for phrase in table["bounds"])
"""Phrases with a negation that don't negate: "no more than"."""
NUMBER_WORDS = frozenset(word for words in _NUMBERS.values() for word in words)
"""Words for small numbers, from two on, in every language."""
HALVES = frozenset(word for table in _TABLE.values() for word in table["halves"].split())
"""Words for 50 per cent."""
LACKING = frozenset(word for table in _TABLE.values() for word in table["lacking"].split())
"""Words for "without", which may or may not negate a clause."""
YES_NO = {word: at == 0 for table in _TABLE.values() for at, word in enumerate(table["yes_no"].split())}
"""Words for yes (true) and no (false)."""
OPPOSITES = [tuple(pair.split("/")) for table in _TABLE.values() for pair in table["opposites"].split()]
"""Pairs of words that exclude each other."""


_REFERS_BACK = {
    language: re.compile(
        rf"\b(?:{'|'.join(table['refers_back'].split())})\b|^\W*(?:{'|'.join(table['goes_on'])})\b", re.IGNORECASE
    )
    for language, table in _TABLE.items()
}


def _listed(key: str) -> frozenset[str]:
    return frozenset(word for table in _TABLE.values() for word in table.get(key, "").split())


NEVER_LAST = _listed("never_last")
"""Abbreviations that never end a sentence: "Dr"."""
BEFORE_NUMBER = _listed("before_number")
"""Abbreviations that don't end a sentence before a number: "No"."""
CAN_BE_LAST = _listed("can_be_last")
"""Abbreviations that only end a sentence before one of ``STARTERS``: "Ltd"."""
STARTERS = frozenset(word.capitalize() for word in _listed("starters"))
"""Words that are capitalised because a sentence starts with them."""
HONORIFICS = frozenset(word.capitalize() for word in _listed("honorifics"))
"""Titles of persons: "Dr", "Frau"."""


@functools.lru_cache(maxsize=4096)
def language_of(text: str, default: str = "en") -> str:
    """Return the language with most stop words in ``text``; the ``default`` if there are none, or in a tie with it.

    Single letters don't count: Amanda D'Souza isn't French.

    >>> [language_of(text) for text in ("When is it open?", "Wann ist das Büro offen?", "8 GB", "Amanda D'Souza")]
    ['en', 'de', 'en', 'en']
    """
    counts, _ = _small_words(text)
    return max(counts, key=lambda name: (counts[name], name == default))


def share_of_small_words(text: str) -> list[tuple[str, float]]:
    """Return for each language the share of its stop words and negations in ``text``, highest first."""
    counts, total = _small_words(text)
    return sorted(((name, count / max(total, 1)) for name, count in counts.items()), key=lambda pair: -pair[1])


def _small_words(text: str) -> tuple[dict[str, int], int]:
    words = Counter(word for word in WORD.findall(text.lower()) if len(word) > 1)
    return {name: sum(words[word] for word in small) for name, small in _SMALL.items()}, words.total()


def stop_words(language: str) -> frozenset[str]:
    """Return the stop words of a language."""
    return _STOP[language]


def numbers(language: str) -> Mapping[str, int]:
    """Return small numbers by their words, from two on: ``one`` is an article in most languages."""
    return _NUMBERS[language]


def weekdays(language: str) -> Mapping[str, int]:
    """Return the number of each day of the week (Monday is 1) by its name, plural and abbreviation."""
    return _WEEKDAYS[language]


def refers_back(language: str) -> re.Pattern[str]:
    """Return the pattern of words that refer to something said before, or that continue a question."""
    return _REFERS_BACK[language]


def month_name(number: int, language: str = "en") -> str:
    """Return the name of a month, 1 to 12, capitalised; in English if the ``language`` has no table.

    >>> month_name(3), month_name(3, "de")
    ('March', 'März')
    """
    return str(_MONTH_NAMES.get(language, _MONTH_NAMES["en"])[number - 1]).capitalize()
