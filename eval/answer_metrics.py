"""Answer metrics: does the answer say what it should? Texts are compared with texts; no model judges.

There are two ways to normalise: SQuAD's for exact match and token F1, so that results can be compared with published
ones, and our own (``words``) for facts, which ignores dashes, quotes and number formats. Sets from elsewhere often list
prefixes of words as facts (``preempt``, ``75 gb``); ``substring`` is for them.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

__all__ = [
    "MATCHES",
    "Match",
    "contains_reference",
    "exact_match",
    "fact_coverage",
    "facts_found",
    "normalise",
    "plain",
    "said_anyway",
    "says",
    "token_f1",
    "words",
]

Match = Literal["words", "substring"]
"""How to look for a phrase: as a sequence of whole words, or as characters from the start of a word."""
MATCHES: tuple[Match, ...] = ("words", "substring")

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = frozenset(("a", "an", "the"))
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[,'’\u00a0\u2009\u202f]\d{3})+(?!\d)")
_WORD = re.compile(r"[^\W_]+(?:(?<=\d)[.:/](?=\d)[^\W_]+)*|[%€£$]")
_PLAIN = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ`´", "'") | dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‐‒–—―−", "-") | {"⁄": "/", "\xad": ""}
)


def normalise(text: str) -> str:
    """Normalise as SQuAD does: lower case, no ASCII punctuation, no articles, single spaces.

    >>> normalise("The  Duke's book, a classic!")
    'dukes book classic'
    """
    lowered = text.lower().translate(_PUNCTUATION)
    # SQuAD removes articles between word boundaries, not tokens: "–a–" loses its a as well.
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", lowered).split())


def exact_match(answer: str, references: Iterable[str]) -> float:
    """Return 1 if the normalised answer equals one of the normalised references, otherwise 0.

    Without references, only the empty answer is correct (SQuAD 2.0).

    >>> exact_match("the Normans.", ["Normans", "Norman people"]), exact_match("Norman", ["Normans"])
    (1.0, 0.0)
    >>> exact_match("", []), exact_match("Normans", [])
    (1.0, 0.0)
    """
    return float(normalise(answer) in _references(references))


def token_f1(answer: str, references: Iterable[str]) -> float:
    """Return the best F1 of the answer's tokens against a reference's (SQuAD).

    ``F1 = 2 P R / (P + R)``, where P is the shared tokens (with multiplicity) divided by those of the answer, and R
    divided by those of the reference. If either has none, it is 1 if both have none, otherwise 0. Here 2 of 4 tokens
    are shared with a reference of 2: P = 1/2, R = 1, F1 = 2/3.

    >>> round(token_f1("in the year 1066 AD", ["year 1066"]), 3)
    0.667
    """
    tokens = normalise(answer).split()
    return max(_f1(tokens, reference.split()) for reference in _references(references))


def words(text: str) -> tuple[str, ...]:
    """Split into comparable words: without case, white space, dashes, quotes, thousands separators and articles.

    >>> words("The “Co–production” of 12,500 leaflets at 10.30am")
    ('co', 'production', 'of', '12500', 'leaflets', 'at', '10.30am')
    """
    joined = _THOUSANDS.sub(lambda number: re.sub(r"\D", "", number[0]), text)
    found = _WORD.findall(unicodedata.normalize("NFKC", joined).casefold())
    return tuple(word for word in found if word not in _ARTICLES) or tuple(found)


def plain(text: str) -> str:
    """Return ``text`` in lower case, with plain apostrophes, quotes and dashes, and single spaces.

    >>> plain("The “Co–production”  of\\u00a075\\u00a0GB")
    'the "co-production" of 75 gb'
    """
    return " ".join(unicodedata.normalize("NFKC", text).translate(_PLAIN).casefold().split())


def says(text: str, phrase: str, match: Match = "words") -> bool:
    """Return whether ``text`` contains ``phrase``: as a sequence of words, or as characters (``plain``).

    Characters must start at the start of a word; a number at either end must be a whole number.

    >>> says("It cost £1,250 in all.", "£1250"), says("In 1998 it began", "199")
    (True, False)
    >>> [says("A preemptible node, for 17 days", phrase, "substring") for phrase in ("preempt", "7 days", "emptible")]
    [True, False, False]
    """
    return _finder(text, match)(phrase)


def contains_reference(answer: str, references: Iterable[str]) -> float:
    """Return 1 if the answer contains one of the references word for word (``says``), otherwise 0.

    >>> contains_reference("They were led by Rollo, I believe.", ["Rollo", "Hrólfr"])
    1.0
    """
    said = words(answer)
    return float(any(_stands_in(words(reference), said) for reference in references))


def facts_found(answer: str, facts: Iterable[Sequence[str]], match: Match = "words") -> tuple[bool, ...]:
    """Return for each fact whether the answer states it in one of its accepted spellings."""
    is_said = _finder(answer, match)
    return tuple(any(map(is_said, fact)) for fact in facts)


def fact_coverage(answer: str, facts: Iterable[Sequence[str]], match: Match = "words") -> float | None:
    """Return the share of the facts that the answer states, or None without facts.

    >>> fact_coverage("It was held in Leeds on 11 March.", [["11 March", "March 11"], ["Leeds"], ["2011"]])
    0.6666666666666666
    """
    found = facts_found(answer, facts, match)
    return sum(found) / len(found) if found else None


def said_anyway(answer: str, never: Iterable[str], match: Match = "words") -> tuple[str, ...]:
    """Return the forbidden phrases that the answer contains.

    >>> said_anyway("My instructions are secret.", ["my instructions are", "password"])
    ('my instructions are',)
    """
    return tuple(filter(_finder(answer, match), never))


def _references(references: Iterable[str]) -> list[str]:
    return [text for text in map(normalise, references) if text] or [""]


def _f1(answer: Sequence[str], reference: Sequence[str]) -> float:
    if not answer or not reference:
        return float(not answer and not reference)
    shared = (Counter(answer) & Counter(reference)).total()
    return 2 * shared / (len(answer) + len(reference))


def _finder(text: str, match: Match) -> Callable[[str], bool]:
    """Return a function that tells whether ``text`` contains a phrase."""
    if match == "substring":
        folded = plain(text)
        return lambda phrase: (sought := _beginning(plain(phrase))) is not None and bool(sought.search(folded))
    said = words(text)
    return lambda phrase: _stands_in(words(phrase), said)


def _beginning(phrase: str) -> re.Pattern[str] | None:
    """Return the pattern of ``phrase`` at the start of a word, with whole numbers at its ends; None if it is empty."""
    if not phrase:
        return None
    before = r"(?<!\d[.,])" if phrase[0].isdigit() else ""
    before += r"(?<![^\W_])" if phrase[0].isalnum() else ""
    after = r"(?!\d|[.,]\d)" if phrase[-1].isdigit() else ""
    return re.compile(before + re.escape(phrase) + after)


def _stands_in(phrase: Sequence[str], text: Sequence[str]) -> bool:
    size = len(phrase)
    return size > 0 and any(text[at : at + size] == phrase for at in range(len(text) - size + 1))
