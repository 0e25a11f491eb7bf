"""A reranker without weights that counts common words. For tests."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["WordReranker"]


class WordReranker:
    """A fake: the number of the question's distinct words in a text, minus half of them.

    >>> WordReranker().score("Where is the harbour?", ["The harbour", "A river", ""])
    [0.0, -2.0, -2.0]
    """

    name = "words"
    fingerprint = "words"

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a logit for each of ``texts``."""
        asked = _words(question)
        return [len(asked & _words(text)) - len(asked) / 2 for text in texts]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
