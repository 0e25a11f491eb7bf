"""What the words of a language mean to a comparison of texts, read from ``rag/data/languages.toml``."""

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
    "LACKING",
    "MONTHS",
    "NEGATIONS",
    "NEVER_LAST",
    "OPPOSITES",
    "ORDINAL_MONTHS",
    "SEPARATORS",
    "STARTERS",
    "STEMMERS",
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
    """A unit: what it measures, and how many of the base unit of that dimension it is."""

    dimension: str
    factor: float


def _spaced(alias: str) -> str:
    return alias.replace("\u00a0", " ")  # a space that is part of a name


_TABLE: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
_UNITS = _TABLE.pop("units")
STEMMERS: dict[str, str] = _TABLE.pop("stemmers")
"""Snowball's algorithm by language."""
SEPARATORS = sorted((word for words in _TABLE.pop("separators").values() for word in words.split()), key=len)[::-1]
"""Words of questions in languages that put no space between words, the longest first."""
_STOP: dict[str, frozenset[str]] = {name: frozenset(table["stop"].split()) for name, table in _TABLE.items()}
_SMALL = {name: _STOP[name].union(table["negation"].split()) for name, table in _TABLE.items()}
"""Words by which a language is told."""

UNITS = {
    alias: Unit(dimension, float(factor))
    for dimension, units in _UNITS.items()
    for factor, aliases in units.values()
    for alias in map(_spaced, aliases.split(" "))
}
"""Units by each way to write them."""
_MONTH_NAMES = {language: table["months"].split() for language, table in _TABLE.items()}
MONTHS = {
    name: number
    for table in _TABLE.values()
    for names in (table["months"], table["months_short"])
    for number, spellings in enumerate(names.split(), start=1)
    for name in spellings.split("/")
}
"""Number of each month by its name and its short forms, in every language."""
ORDINAL_MONTHS = frozenset(
    name for language, table in _TABLE.items() if table.get("ordinal_stop") for name in _MONTH_NAMES[language]
)
"""Names of months before which a number and a stop are a day: "3. Mai"."""
_NUMBERS = {
    language: {word: n for n, word in enumerate(table["numbers"].split(), start=2)}
    for language, table in _TABLE.items()
}
TENS = {word: 10 * n for table in _TABLE.values() for n, word in enumerate(table.get("tens", "").split(), start=2)}
"""Twenty to ninety by their words."""
NEGATIONS = frozenset(word for table in _TABLE.values() for word in table["negation"].split())
"""Words that negate, in every language."""
_WEEKDAYS = {
    language: {
        written: at
        for at, name in enumerate(table["weekdays"].split(), start=1)
        for written in (name, f"{name}s", name[: table.get("weekday_letters", 3)])
    }
    for language, table in _TABLE.items()
}
WEEKDAYS = frozenset(day for days in _WEEKDAYS.values() for day in days)
"""Names of days of the week, their plurals and their first letters, in every language."""
BOUNDS = tuple(phrase for table in _TABLE.values() for phrase in table["bounds"])
"""Phrases with a word of negation that negate nothing: "no more than"."""
HALVES = frozenset(word for table in _TABLE.values() for word in table["halves"].split())
"""Words for 50 per cent."""
LACKING = frozenset(table["lacking"] for table in _TABLE.values())
"""Words for "without", from which it cannot be told whether a clause is negated."""
YES_NO = {word: at == 0 for table in _TABLE.values() for at, word in enumerate(table["yes_no"].split())}
"""Words of consent (true) and of denial (false)."""
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
"""Words with a stop that end no sentence: "Dr"."""
BEFORE_NUMBER = _listed("before_number")
"""Words with a stop that end no sentence before a number: "No"."""
CAN_BE_LAST = _listed("can_be_last")
"""Words with a stop that end a sentence before one of ``STARTERS`` alone: "Ltd"."""
STARTERS = frozenset(word.capitalize() for word in _listed("starters"))
"""Words with a capital because a sentence begins with them."""
HONORIFICS = frozenset(word.capitalize() for word in _listed("honorifics"))
"""What stands before the name of a person: "Dr", "Frau"."""


@functools.lru_cache(maxsize=4096)
def language_of(text: str, default: str = "en") -> str:
    """Return the language whose stop words ``text`` has most of; the ``default`` where it has none, or as many of it.

    Single letters tell nothing: Amanda D'Souza is not French.

    >>> [language_of(text) for text in ("When is it open?", "Wann ist das Büro offen?", "8 GB", "Amanda D'Souza")]
    ['en', 'de', 'en', 'en']
    """
    counts, _ = _small_words(text)
    return max(counts, key=lambda name: (counts[name], name == default))


def share_of_small_words(text: str) -> list[tuple[str, float]]:
    """Return for each language what share of the words of ``text`` are its stop words and negations, highest first."""
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
    """Return the number of each day of the week, Monday 1, by its name, its plural and its first letters."""
    return _WEEKDAYS[language]


def refers_back(language: str) -> re.Pattern[str]:
    """Return the pattern of what refers to something said before: a word for it, or how a question goes on."""
    return _REFERS_BACK[language]


def month_name(number: int, language: str = "en") -> str:
    """Return the name of a month, 1 to 12, with a capital; in English where there is no table of the ``language``.

    >>> month_name(3), month_name(3, "de")
    ('March', 'März')
    """
    return str(_MONTH_NAMES.get(language, _MONTH_NAMES["en"])[number - 1]).capitalize()
