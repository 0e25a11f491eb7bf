"""The words of a text in the form in which two texts can be compared.

``11.03.2011``, ``11 March 2011`` and ``March 11, 2011`` are one date; ``£250K`` and ``250,000`` one number;
``six`` and ``6`` another; ``recognised`` and ``Recognising`` one word. Verification asks whether what a sentence says
is found in a span of the source, abstention whether what a question asks about is found in the evidence.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from rag.dates import MONTH_NAMES

__all__ = ["Word", "content_words", "count_in", "dates_in", "found"]

Kind = Literal["word", "name", "number", "date"]

MONTHS = [name.lower() for name in MONTH_NAMES]
NUMBERS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split(),
        range(2, 21),
        strict=True,
    )
)
TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
UNITS = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
MULTIPLES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between both but by can could did
    do does doing for from had has have having he her here hers him his how i if in into is it its itself me more most
    my no nor not of off on once only or other our out over own please same she should so some such tell than that the
    their them then there these they this those through to too under until up us very was we were what when where which
    while who whom whose why will with would you your many much long often day year""".split()
)

STEMLESS = re.compile(r"['’]s?$")
"""What is no part of a word: a possessive, or the "is" of "what's"."""

_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_TOKEN = re.compile(
    rf"""
    (?P<iso>\b\d{{4}}-\d{{1,2}}-\d{{1,2}}\b)
  | (?P<dotted>\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}\b)
  | (?P<day_first>\b\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?\s+(?:{_MONTH})\b\.?(?:\s?,?\s+\d{{4}}\b)?)
  | (?P<month_first>\b(?:{_MONTH})\b\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\.?\d)(?:\s?,?\s+\d{{4}}\b)?)
  | (?P<month_year>\b(?:{_MONTH})\b\.?,?\s+\d{{4}}\b)
  | (?P<time>\b\d{{1,2}}:\d{{2}}\b)
  | (?P<spelt>\b(?:{"|".join(TENS)})(?:[-\s](?:{"|".join(UNITS)}))?\b)
  | (?P<number>\d+(?:[.,]\d+)*(?:\s?(?:k|m|bn|thousand|million|billion)\b)?)
  | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared (``form``) and as it was written (``text``)."""

    form: str
    text: str
    kind: Kind


def content_words(text: str) -> list[Word]:
    """Return the words of ``text`` that carry meaning, in order: no stop words, names and numbers told apart.

    >>> [(w.form, w.kind) for w in content_words("On 11 March 2011 Paul Davies named six barriers.")]
    [('2011-03-11', 'date'), ('paul', 'name'), ('davi', 'name'), ('name', 'word'), ('6', 'number'), ('barrier', 'word')]
    """
    found_words = []
    first = True
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        kind, written = match.lastgroup or "word", match.group()
        if kind == "spelt":
            tens, _, units = re.sub(r"\s", "-", written.lower()).partition("-")
            found_words.append(Word(str(TENS[tens] + UNITS.get(units, 0)), written, "number"))
        elif kind == "time":  # 9:30 is 9.30
            found_words.append(Word(_number(written.replace(":", ".")), written, "number"))
        elif kind == "number":
            found_words.append(Word(_number(written), written, "number"))
        elif kind != "word":
            found_words.append(Word(_date(kind, written), written, "date"))
        elif written.lower() in NUMBERS:
            found_words.append(Word(str(NUMBERS[written.lower()]), written, "number"))
        elif len(written) > 1 and STEMLESS.sub("", written.lower()) not in STOP_WORDS:
            name = written[0].isupper() and not first
            found_words.append(Word(_stem(written.lower()), written, "name" if name else "word"))
        first = text[match.end() : match.end() + 1] in {".", "?", "!", ":"} or (first and not written[0].isalnum())
    return found_words


def dates_in(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the dates and years among ``words``."""
    return tuple(word for word in words if word.kind == "date" or (word.kind == "number" and len(word.form) == 4))


def count_in(words: Iterable[Word]) -> int | None:
    """Return the first small number among ``words``: how many there should be, not which."""
    forms = (word.form for word in words if word.kind == "number")
    return next((int(form) for form in forms if form.isdigit() and len(form) <= 2), None)


def found(word: Word, forms: Iterable[str]) -> bool:
    """Return whether ``word`` is among ``forms``; a year or month is found in a date that lies in it.

    >>> year, = content_words("2011")
    >>> found(year, {"2011-03-11"}), found(year, {"2010-07-20"})
    (True, False)
    """
    forms = forms if isinstance(forms, set | frozenset) else set(forms)
    if word.form in forms:
        return True
    if word.kind == "date" and word.form.startswith("--"):
        return any(form.endswith(word.form[1:]) for form in forms)
    if word.kind == "date" and f"-{word.form[4:]}" in forms:  # 18 June, in a text of that year
        return any(form.startswith(word.form[:5]) for form in forms)
    if word.kind == "date" or (word.kind == "number" and len(word.form) == 4):
        return any(form.startswith(word.form + "-") for form in forms)
    return False


def _number(text: str) -> str:
    """Return ``250,000`` and ``250K`` as ``250000``; a comma or point before three digits separates thousands."""
    digits, unit = re.fullmatch(r"([\d.,]+?)\s?([a-z]*)", text.lower()).groups()  # type: ignore[union-attr]
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    try:
        value = float(digits) * MULTIPLES.get(unit, 1)
    except ValueError:
        return digits
    return f"{value:.10g}"


def _date(kind: str, text: str) -> str:
    """Return a date as ``2011-03-11``, ``2011-03`` or, without its year, ``--03-11``; dotted dates are day first."""
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    if kind == "iso":
        year, month, day = numbers
    elif kind == "dotted":
        day, month, year = numbers
    else:
        name = re.search(_MONTH, text, re.IGNORECASE)
        month = next(i for i, m in enumerate(MONTHS, 1) if m.startswith(name.group()[:3].lower()))  # type: ignore[union-attr]
        if kind == "month_year":
            return f"{numbers[0]:04d}-{month:02d}"
        day, year = numbers[0], numbers[1] if len(numbers) > 1 else 0
    return f"{year:04d}-{month:02d}-{day:02d}" if year else f"--{month:02d}-{day:02d}"


@functools.cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@functools.lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """Return the stem of a lower-case word (Snowball English); a possessive and what stands on letters are dropped."""
    return str(_stemmer().stemWord(_plain(STEMLESS.sub("", word))))


def _plain(word: str) -> str:
    """Return ``word`` without the accents of Latin letters, which readers leave out.

    >>> _plain("hōryū"), _plain("zürich"), _plain("йод")
    ('horyu', 'zurich', 'йод')
    """
    if word.isascii():
        return word
    bases = ((unicodedata.normalize("NFKD", letter)[0], letter) for letter in word)
    return "".join(base if base.isascii() and base.isalpha() else letter for base, letter in bases)
