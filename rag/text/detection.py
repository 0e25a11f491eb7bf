"""The language of a document.

Where enough of its words are small ones of a language in ``rag/data/languages.toml``, it is that one. All else is left
to py3langid, which knows 97 languages by the bytes of their words and takes a second to load.
"""

from __future__ import annotations

import functools
from typing import Any

from rag.text.language import share_of_small_words

__all__ = ["detect"]

SAMPLE = 4_000
"""Characters that are looked at, half of them at the beginning and half in the middle."""
FEWEST = 3
"""Letters of the shortest text that is in a language."""
CLEAR, APART = 0.35, 0.15
"""Share of small words from which a text is in their language, and by which it must be ahead of the next."""


def detect(text: str) -> str:
    """Return the language of ``text`` by its code in ISO 639-1; empty where it has hardly a letter.

    >>> detect("The office opens at nine, and it is closed on Sundays."), detect("图书馆九点开放"), detect("8 | 20")
    ('en', 'zh', '')
    """
    middle = max(len(text) // 2, SAMPLE // 2)
    sample = text[: SAMPLE // 2] + text[middle : middle + SAMPLE // 2]
    if sum(map(str.isalpha, sample)) < FEWEST:
        return ""
    (best, first), (_, second), *_ = share_of_small_words(sample)
    if first >= CLEAR and first - second >= APART:
        return best
    return str(_identifier().classify(sample)[0])


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
