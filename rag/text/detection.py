"""Language detection for documents.

If enough of its words are function words of a language in ``rag/data/languages.toml``, a text is in that language.
Otherwise py3langid decides, which knows 97 languages by the bytes of their words and takes a second to load.
"""

from __future__ import annotations

import functools
from typing import Any

from rag.text.language import share_of_small_words

__all__ = ["detect"]

SAMPLE = 4_000
"""Characters used, half from the beginning and half from the middle."""
FEWEST = 3
"""Letters of the shortest text that has a language."""
CLEAR, APART = 0.35, 0.15
"""Least share of function words in a text of that language, and least lead over the next language."""


def detect(text: str) -> str:
    """Return the ISO 639-1 code of the language of ``text``; empty if it has hardly any letters.

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
