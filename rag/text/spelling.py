"""Typing errors in questions: words that differ by one letter from a word of the documents.

A word is replaced only if it is in no passage and not a word of the language, and if the other word is in the retrieved
passages: retrieval finds the passage for ``demetria cacafranka`` by the correct word. A change of one letter is only
safe in a long word: *prednisone* isn't *prednisolone*, and *tarda* isn't the *tarea* of a header.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from rag.text.language import WORD
from rag.types import Evidence

__all__ = ["corrected"]

SHORTEST = 6
"""Shortest word that is corrected, in letters."""


def corrected(question: str, evidence: Sequence[Evidence], known: Callable[[str], bool]) -> str:
    """Return ``question`` with each word that isn't ``known`` spelt as in the evidence.

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
    """Return the most frequent of ``words`` that differs by a letter or a swap of two; empty if there is none."""
    from rapidfuzz.distance import OSA

    alike = [
        (count, other)
        for other, count in sorted(words.items())
        if len(other) >= SHORTEST and OSA.distance(word.lower(), other.lower(), score_cutoff=1) == 1
    ]
    return max(alike, default=(0, ""))[1]
