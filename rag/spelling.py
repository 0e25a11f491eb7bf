"""Mistyped names and words of a question, put right from the passages found for it.

Retrieval finds the passage of ``demetria cacafranka`` by the words that are right; the language model and the checks
after it then stumble over the one that is not. No dictionary is needed, and none would know the names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from rag.types import Evidence

__all__ = ["corrected"]

WORD = re.compile(r"[^\W\d_]+")
ASKING = "address email many much number organisation people phone title what when where which whom whose".split()
"""Words that questions are asked with, and documents hardly use."""
SHORTEST = 4
"""Letters of the shortest word that is put right."""
LIKENESS = 0.8
"""Measure of Ratcliff and Obershelp (twice the letters in common, by those of both) above which two words are one."""


def corrected(question: str, evidence: Sequence[Evidence], known: Callable[[str], bool]) -> str:
    """Return ``question`` with each word that is not ``known`` as the evidence spells it.

    Known is what stands in some passage, or what is a word of the language anyway. A word is left as it is where
    nothing in the evidence, and none of the words that questions are asked with, is like it, or where it is only
    another form of a word there.

    >>> from rag.types import Passage
    >>> found = [Evidence(Passage("a.txt", 0, 30, "Demetria Cacafranca - Social Lab"), 1.0, 1)]
    >>> corrected("demetria cacafranka?", found, lambda word: word == "demetria")
    'demetria Cacafranca?'
    """
    words = Counter(ASKING)
    for item in evidence:
        words.update(WORD.findall(f"{item.passage.title} {item.passage.section} {item.passage.text}"))

    def right(match: re.Match[str]) -> str:
        word = match.group()
        if len(word) < SHORTEST or known(word):
            return word
        return _nearest(word, words) or word

    return WORD.sub(right, question)


def _nearest(word: str, words: Counter[str]) -> str:
    """Return the most alike of ``words``, of equals the most frequent; empty where none is alike enough."""
    lower = word.lower()
    best = (LIKENESS, 0, "")
    for other, count in sorted(words.items()):
        if abs(len(other) - len(word)) > 2 or other[0].lower() != lower[0] or _is_form(lower, other):
            continue
        ratio = SequenceMatcher(None, lower, other.lower(), autojunk=False).ratio()
        best = max(best, (ratio, count, other))
    return best[2]


def _is_form(word: str, other: str) -> bool:
    """Tell whether two words only end differently, as the forms of one word do; names have no forms."""
    return not other[0].isupper() and (other.startswith(word) or word.startswith(other))
