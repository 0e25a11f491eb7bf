"""Typing errors in questions: words that differ by one letter from a word of the documents.

A word is replaced only if it is in no passage and not a word of the language, and if the other word is in the retrieved
passages: retrieval finds the passage for ``demetria cacafranka`` by the correct word. A change of one letter is only
safe in a long word: *prednisone* isn't *prednisolone*, and *tarda* isn't the *tarea* of a header.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from rag.ports import Embedder, Index
from rag.text.language import WORD, language_of, stop_words
from rag.types import Evidence

__all__ = ["corrected", "is_known", "meant"]

SHORTEST = 6
"""Shortest word that is corrected, in letters."""
SHORTEST_MEANT = 4
"""Shortest word for which another one is suggested."""


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


def is_known(word: str, index: Index, embedder: Embedder) -> bool:
    """Return whether ``word`` is in some passage, or a whole token of the embedder: then it is spelt correctly."""
    return index.term_frequency(word) > 0 or len(embedder.tokenizer.spans(word.lower())) == 1


def meant(question: str, texts: Iterable[str], known: Callable[[str], bool]) -> tuple[str, str] | None:
    """Return a word of ``texts`` that is near a word of ``question`` that isn't ``known``, and the question with it.

    The reader decides whether it is meant, so it may differ more than a word that is corrected unasked.

    >>> meant("Where is Kardif?", ["The roadshow in Cardiff"], lambda word: False)
    ('Cardiff', 'Where is Cardiff?')
    """
    words = Counter(word for text in texts for word in WORD.findall(text))
    ignored = stop_words(language_of(question))
    for match in WORD.finditer(question):
        if len(match[0]) < SHORTEST_MEANT or match[0].lower() in ignored or known(match[0]):
            continue
        farthest = 1 if len(match[0]) < SHORTEST else 2
        for edits in range(1, farthest + 1):
            if near := _nearest(match[0], words, edits, SHORTEST_MEANT):
                return near, question[: match.start()] + near + question[match.end() :]
    return None


def _nearest(word: str, words: Counter[str], edits: int = 1, shortest: int = SHORTEST) -> str:
    """Return the most frequent of ``words`` that is so many ``edits`` away; empty if there is none.

    An edit is a letter more, less or another one, or a swap of two.
    """
    from rapidfuzz.distance import OSA

    alike = [
        (count, other)
        for other, count in sorted(words.items())
        if len(other) >= shortest and OSA.distance(word.lower(), other.lower(), score_cutoff=edits) == edits
    ]
    return max(alike, default=(0, ""))[1]
