"""Does the answer say what it should? Comparison of text with text: no model judges.

Two ways to normalise: that of SQuAD for exact match and token F1, so that figures can be compared with
published ones, and our own (``words``) for facts, which survives other dashes, quotes and ways to write a
number.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = [
    "contains_reference",
    "exact_match",
    "fact_coverage",
    "facts_found",
    "normalise",
    "said_anyway",
    "says",
    "token_f1",
    "words",
]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = frozenset(("a", "an", "the"))
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[,'’\u00a0\u2009\u202f]\d{3})+(?!\d)")
_WORD = re.compile(r"[^\W_]+(?:(?<=\d)[.:/](?=\d)[^\W_]+)*|[%€£$]")


def normalise(text: str) -> str:
    """Normalise as SQuAD does: lower case, no ASCII punctuation, no articles, single spaces.

    >>> normalise("The  Duke's book, a classic!")
    'dukes book classic'
    """
    lowered = text.lower().translate(_PUNCTUATION)
    # Articles are words between word boundaries, not tokens: "–a–" loses its a as well.
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", lowered).split())


def exact_match(answer: str, references: Iterable[str]) -> float:
    """Return 1 where the normalised answer equals one of the normalised references, else 0.

    Without references nothing should be said, and the empty answer alone is right (SQuAD 2.0).

    >>> exact_match("the Normans.", ["Normans", "Norman people"]), exact_match("Norman", ["Normans"])
    (1.0, 0.0)
    >>> exact_match("", []), exact_match("Normans", [])
    (1.0, 0.0)
    """
    return float(normalise(answer) in _references(references))


def token_f1(answer: str, references: Iterable[str]) -> float:
    """Return the best F1 of the answer's tokens against a reference's (SQuAD).

    ``F1 = 2 P R / (P + R)``, P the shared tokens (counted as often as they occur in both) over those of the
    answer, R over those of the reference; where either has none, 1 if both have none and else 0. Here 2 of 4
    tokens are shared with a reference of 2: P = 1/2, R = 1, F1 = 2/3.

    >>> round(token_f1("in the year 1066 AD", ["year 1066"]), 3)
    0.667
    """
    tokens = normalise(answer).split()
    return max(_f1(tokens, reference.split()) for reference in _references(references))


def words(text: str) -> tuple[str, ...]:
    """Split into comparable words: case, white space, dashes, quotes, thousands separators and articles are gone.

    >>> words("The “Co–production” of 12,500 leaflets at 10.30am")
    ('co', 'production', 'of', '12500', 'leaflets', 'at', '10.30am')
    """
    joined = _THOUSANDS.sub(lambda number: re.sub(r"\D", "", number[0]), text)
    found = _WORD.findall(unicodedata.normalize("NFKC", joined).casefold())
    return tuple(word for word in found if word not in _ARTICLES) or tuple(found)


def says(text: str, phrase: str) -> bool:
    """Tell whether the words of ``phrase`` stand in ``text``, one behind the other.

    >>> says("It cost £1,250 in all.", "£1250"), says("In 1998 it began", "199")
    (True, False)
    """
    return _stands_in(words(phrase), words(text))


def contains_reference(answer: str, references: Iterable[str]) -> float:
    """Return 1 where the answer says one of the references word for word (``says``), else 0.

    >>> contains_reference("They were led by Rollo, I believe.", ["Rollo", "Hrólfr"])
    1.0
    """
    said = words(answer)
    return float(any(_stands_in(words(reference), said) for reference in references))


def facts_found(answer: str, facts: Iterable[Sequence[str]]) -> tuple[bool, ...]:
    """Tell for each fact whether the answer says it in one of its accepted spellings."""
    said = words(answer)
    return tuple(any(_stands_in(words(spelling), said) for spelling in fact) for fact in facts)


def fact_coverage(answer: str, facts: Iterable[Sequence[str]]) -> float | None:
    """Return the share of the facts that the answer says; None where there are no facts.

    >>> fact_coverage("It was held in Leeds on 11 March.", [["11 March", "March 11"], ["Leeds"], ["2011"]])
    0.6666666666666666
    """
    found = facts_found(answer, facts)
    return sum(found) / len(found) if found else None


def said_anyway(answer: str, never: Iterable[str]) -> tuple[str, ...]:
    """Return what the answer says although it must not.

    >>> said_anyway("My instructions are secret.", ["my instructions are", "password"])
    ('my instructions are',)
    """
    return tuple(phrase for phrase in never if says(answer, phrase))


def _references(references: Iterable[str]) -> list[str]:
    return [text for text in map(normalise, references) if text] or [""]


def _f1(answer: Sequence[str], reference: Sequence[str]) -> float:
    if not answer or not reference:
        return float(not answer and not reference)
    shared = (Counter(answer) & Counter(reference)).total()
    return 2 * shared / (len(answer) + len(reference))


def _stands_in(phrase: Sequence[str], text: Sequence[str]) -> bool:
    size = len(phrase)
    return size > 0 and any(text[at : at + size] == phrase for at in range(len(text) - size + 1))
