"""Words in a form in which two texts can be compared.

``11.03.2011``, ``11 March 2011`` and ``March 11, 2011`` are the same date, ``£250K`` and ``250,000`` the same number,
``six`` and ``6`` too, ``recognised`` and ``Recognising`` the same word. Verification checks whether the words of a
sentence are in a span of the source, abstention whether the words of a question are in the evidence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from rag.text.dates import GRAMMAR, read
from rag.text.language import HALVES, MONTHS, TENS, UNITS, language_of, numbers, stop_words, weekdays
from rag.text.stems import stem

__all__ = ["Word", "content_words", "dates_in", "found"]

Kind = Literal["word", "name", "number", "date"]

UNITS_OF_TEN = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
MULTIPLES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "hundred": 1e2}

STEMLESS = re.compile(r"['’]s?$")
"""Not part of a word: a possessive, or the "is" of "what's"."""

AMBIGUOUS = frozenset("may march mars jan".split())
"""Names of months that are other words or names as well."""
ACRONYMS = re.compile(r"[A-ZÀ-Þ]{2,}s")
LETTERS = frozenset("BCDFGHJKLMNPQRSTUVWXZ")
"""Letters that are a name on their own, as in "class B", and not a word of any language."""
CURRENCY = re.compile(r"(£|€|\$|\b(?:GBP|EUR|USD))\s?$")
BETWEEN = re.compile(r"[\s-]?[^\W\d_]+[\s-]([^\W\d_]{3,14})\b")
"""A word between a number and its unit: "2 working days"."""
THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[. ]\d{3})+(?!\.?\d)(?P<decimals>,\d)?")
"""A number in a non-English format: 1.480 and 1 480, or with decimals 1.480,50."""
UNIT = re.compile(r"[\s-]?(per cent\b|[^\W\d_]{1,14}\b|%|€|£|\$)")

_MULTIPLE = "thousand|million|billion|hundred"
_TOKEN = re.compile(
    rf"""
    {GRAMMAR}
  | (?P<clock>\b\d{{1,2}}(?:[.:]\d{{2}})?\s?(?:[ap]m|[ap]\.m\.)(?!\w))
  | (?P<time>\b\d{{1,2}}(?::\d{{2}}|\s?h\s?\d{{2}}(?!\s?min))\b)
  | (?P<spelt>\b(?:{"|".join(TENS)})(?:[-\s](?:{"|".join(UNITS_OF_TEN)}))?\b(?:\s(?:{_MULTIPLE})\b)?)
  | (?P<counted>\b(?:{"|".join(numbers("en"))}|one|a)\s(?:{_MULTIPLE})\b)
  | (?P<coded>\b[^\W\d_](?:\w|[-/](?=\w))*?\d(?:\w|[-/](?=\w)|\.(?=\d))*)
  | (?P<money>[£€$]\s?\d+(?:[.,]\d+)*\s?(?:k|m|bn)\b)
  | (?P<number>\d+(?:[.,]\d+)*(?:(?:k|bn|\s?thousand|\s?million|\s?billion)\b)?)
  | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its comparable ``form`` and its original ``text``."""

    form: str
    text: str
    kind: Kind
    measure: str = ""
    """For a number with a unit: its dimension and value in the base unit (``time:172800``); for a weekday ``weekday:1``
    to ``7``.
    """
    start: int = 0
    """Its offset in the text in Unicode's form NFKC."""


def content_words(text: str, language: str = "") -> list[Word]:
    """Return the content words of ``text``, in order: without stop words, with names and numbers recognised.

    If no ``language`` is given (ISO 639-1), it is guessed from the text.

    >>> [(w.form, w.kind) for w in content_words("On 11 March 2011 Paul Davies named six barriers.")]
    [('2011-03-11', 'date'), ('paul', 'name'), ('davi', 'name'), ('name', 'word'), ('6', 'number'), ('barrier', 'word')]
    """
    plain = unicodedata.normalize("NFKC", text)
    language = language or language_of(plain)
    if language != "en":
        plain = THOUSANDS.sub(lambda match: re.sub("[. ]", "." if match["decimals"] else ",", match[0]), plain)
    ignored, words = stop_words(language), list[Word]()
    first = True
    for match in _TOKEN.finditer(plain):
        kind, written = match.lastgroup or "word", match.group()
        # German capitalises every noun, so a capital doesn't make a name.
        word = _read(kind, written, first or language == "de", language)
        if word.kind == "number" and kind != "clock":
            word = _measured(word, plain, match, language)
        word = replace(word, start=match.start())
        plain_word = kind == "word" and word.kind in {"word", "name"} and not word.measure
        following = plain[match.end() : match.end() + 1]
        numbers_item = not words and following in {".", ")", "'", "’"}  # "B. Keys"
        letter = len(written) == 1 and written in LETTERS and not numbers_item
        if not plain_word or letter or (len(written) > 1 and STEMLESS.sub("", written.lower()) not in ignored):
            words.append(word)
        first = following in {".", "?", "!", ":"} or (first and not written[0].isalnum())
    return words


def _read(kind: str, written: str, first: bool, language: str) -> Word:
    """Return the word ``written``, which matched the token group ``kind``; a ``first`` word isn't a name."""
    lower = written.lower()
    if kind == "spelt":
        return Word(_spelt(lower), written, "number")
    if kind == "counted":
        count, _, multiple = lower.partition(" ")
        return Word(f"{numbers(language).get(count, 1) * MULTIPLES[multiple.strip()]:.10g}", written, "number")
    if kind == "clock":
        return Word(_clock(lower), written, "number")
    if kind == "money":
        form = _number(lower[1:].strip())
        return Word(form, written, "number", f"money:{float(form) * UNITS[lower[0]].factor:.6g}")
    if kind in {"time", "number"}:  # 9:30 is 9.30
        return Word(_number(re.sub(r"\s?h\s?|:", ".", lower) if kind == "time" else lower), written, "number")
    if kind == "coded":  # "A100", "ed25519": a digit in a name is no number
        return Word(re.sub(r"[-/_.]", "", lower), written, "name")
    if kind != "word":
        return Word(read(kind, written), written, "date")
    if lower in numbers(language):
        return Word(str(numbers(language)[lower]), written, "number")
    if lower in HALVES:
        return Word("0.5", written, "number", "share:50")
    if word := _calendar(written, lower, first, language):
        return word
    if ACRONYMS.fullmatch(written):  # "GPUs"
        lower = lower[:-1]
    return Word(
        stem(STEMLESS.sub("", lower) if language == "en" else lower, language),
        written,
        "name" if written[0].isupper() and not first else "word",
    )


def _calendar(written: str, lower: str, first: bool, language: str) -> Word | None:
    """Return the word for a day of the week or a month, in full or short, if ``written`` is one."""
    if (day := weekdays(language).get(lower)) and (len(lower) > 3 or written[0].isupper()):
        return Word(f"weekday{day}", written, "name", f"weekday:{day}")
    if (month := MONTHS.get(lower)) and written[0].isupper() and lower not in AMBIGUOUS:
        return Word(f"month{month}", written, "word" if first else "name")
    return None


def _measured(word: Word, text: str, match: re.Match[str], language: str) -> Word:
    """Return a number with its dimension and value, if a unit follows or a currency precedes it."""
    before, behind = CURRENCY.search(text, max(0, match.start() - 5), match.start()), UNIT.match(text, match.end())
    # "10m" may be minutes as well, and only in French "an" is a year.
    if behind and (behind[0] == "m" or (behind[1].lower() == "an" and language == "en")):
        behind = None
    unit = UNITS.get(before[1].lower()) if before else None
    unit = unit or (UNITS.get(behind[1].lower()) if behind else None)
    if unit is None and (further := BETWEEN.match(text, match.end())):
        apart = UNITS.get(further[1].lower())
        unit = apart if apart and apart.dimension == "time" else None
    try:
        return replace(word, measure=f"{unit.dimension}:{float(word.form) * unit.factor:.6g}") if unit else word
    except ValueError:
        return word


def _spelt(text: str) -> str:
    """Return "twenty-five thousand" as ``25000``."""
    parts = re.split(r"[-\s]+", text)
    value: float = TENS[parts[0]]
    for part in parts[1:]:
        value = value * MULTIPLES[part] if part in MULTIPLES else value + UNITS_OF_TEN.get(part, 0)
    return f"{value:.10g}"


def _clock(text: str) -> str:
    """Return "2.30 pm" as ``14.3``, as "14:30" is read."""
    hour, _, minutes = re.sub(r"[^\d.:]|\.m\.", "", text).strip(".").replace(":", ".").partition(".")
    late = "p" in text
    return _number(f"{int(hour) % 12 + 12 * late}.{minutes or '0'}")


def dates_in(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the dates and years among ``words``."""
    return tuple(word for word in words if word.kind == "date" or (word.kind == "number" and len(word.form) == 4))


def found(word: Word, forms: Iterable[str]) -> bool:
    """Return whether ``word`` is among ``forms``; a year or month matches a date within it.

    >>> year, = content_words("2011")
    >>> found(year, {"2011-03-11"}), found(year, {"2010-07-20"})
    (True, False)
    """
    forms = forms if isinstance(forms, set | frozenset) else set(forms)
    if word.form in forms:
        return True
    if word.kind == "date" and word.form.startswith("--"):
        return any(form.endswith(word.form[1:]) for form in forms)
    if word.kind == "date" and f"-{word.form[4:]}" in forms:  # 18 June, in a text about that year
        return any(form.startswith(word.form[:5]) for form in forms)
    if word.kind == "date" or (word.kind == "number" and len(word.form) == 4):
        return any(form.startswith(word.form + "-") for form in forms)
    return False


def _number(text: str) -> str:
    """Return ``250,000`` and ``250K`` as ``250000``; a comma or point before three digits separates thousands."""
    digits, unit = re.fullmatch(r"([\d.,]+?)\s?([a-z]*)", text.lower()).groups()  # type: ignore[union-attr]
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"(?:\d{1,3}(?:\.\d{3})+|\d+),\d{1,2}|0,\d+", digits):  # 1.250,00 and 14,5
        digits = digits.replace(".", "").replace(",", ".")
    try:
        value = float(digits) * MULTIPLES.get(unit, 1)
    except ValueError:
        return digits
    return f"{value:.10g}"


def _stem(word: str, language: str) -> str:
    """Return the stem of a lower-case word, without a possessive."""
    return stem(STEMLESS.sub("", word) if language == "en" else word, language)
