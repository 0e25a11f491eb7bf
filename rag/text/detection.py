"""Language detection, for documents and for questions.

If enough of its words are function words of a language in ``rag/data/languages.toml``, a text is in that language.
Otherwise py3langid decides, which knows 97 languages by the bytes of their words and takes a second to load.
"""

from __future__ import annotations

import functools
from typing import Any

from rag.text.language import TABLES, share_of_small_words

__all__ = ["detect", "language_of_question"]

SAMPLE = 4_000
"""Characters used, half from the beginning and half from the middle."""
FEWEST = 3
"""Letters of the shortest text that has a language."""
CLEAR, APART = 0.35, 0.15
"""Least share of function words in a text of that language, and least lead over the next language."""
WRITTEN_APART = ("ja", "ko", "ru", "uk", "ar", "el", "he", "hi", "th", "zh")
"""Languages in other scripts than the Latin one that a question may be in."""
SURE = 0.9
"""Least probability of the language of a question without function words."""
WORDS = 3
"""Fewest words in Latin letters that have a language: fewer may be a name, or keywords."""


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


@functools.lru_cache(maxsize=1024)
def language_of_question(text: str, default: str = "en") -> str:
    """Return the ISO 639-1 code of the language of a question; the ``default`` if its words don't reveal it.

    >>> [language_of_question(text) for text in ("Wann ist offen?", "Comment s'inscrire ?", "几点开门", "Ann Lee")]
    ['de', 'fr', 'zh', 'en']
    """
    (best, first), (_, second), *_ = share_of_small_words(text)
    if first > second:
        return best
    words = text.split()
    if not any(map(str.isalpha, text)) or (len(words) < WORDS and text.isascii()):
        return default
    found, probability = _identifier(tuple(sorted({*TABLES, *WRITTEN_APART, default} - {""}))).classify(text)
    return str(found) if probability >= SURE else default


@functools.cache
def _identifier(languages: tuple[str, ...] = ()) -> Any:
    """Return the model for ``languages`` (all that it knows, if empty); with some, it tells probabilities."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=bool(languages))
    if languages:
        identifier.set_languages(list(languages))
    return identifier
