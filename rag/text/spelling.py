"""Mistyped words of a question, read as the documents spell them where one letter makes the difference.

A word is read as another only where it stands in no passage and is no word of the language, and the other stands in
the passages that were found: retrieval finds the passage of ``demetria cacafranka`` by the word that is right. A change
of one letter is safe in a long word alone: *prednisone* is not *prednisolone*, nor *tarda* the *tarea* of a header.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from rag.text.language import WORD
from rag.types import Evidence

__all__ = ["corrected"]

SHORTEST = 6
"""Letters of the shortest word that is read as another."""


def corrected(question: str, evidence: Sequence[Evidence], known: Callable[[str], bool]) -> str:
    """Return ``question`` with each word that is not ``known`` as the evidence spells it.

    >>> from rag.types import Passage
    >>> found = [Evidence(Passage("a.txt", 0, 30, "Demetria Cacafranca - Social Lab"), 1.0, 1)]
    >>> corrected("demetria cacafranka?", found, lambda word: word == "demetria")
    'demetria Cacafranca?'
    """
    texts = (f"{item.passage.title} {item.passage.section} {item.passage.text}" for item in evidence)
    words = Counter(word for text in texts for word in WORD.findall(text))

    def right(match: re.Match[str]) -> str:
        word = match.group()
        return word if len(word) < SHORTEST or known(word) else _nearest(word, words) or word

    return WORD.sub(right, question)


def _nearest(word: str, words: Counter[str]) -> str:
    """Return the most frequent of ``words`` that differs by a letter, or the order of two; empty where none does."""
    from rapidfuzz.distance import OSA

    alike = [
        (count, other)
        for other, count in sorted(words.items())
        if len(other) >= SHORTEST and OSA.distance(word.lower(), other.lower(), score_cutoff=1) == 1
    ]
    return max(alike, default=(0, ""))[1]
