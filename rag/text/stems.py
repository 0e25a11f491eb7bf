"""Stemming, with Snowball's algorithm for each language."""

from __future__ import annotations

import functools
import threading
import unicodedata
from typing import Any

from rag.text.language import STEMMERS

__all__ = ["plain", "stem"]


UNTOLD = "en"
"""The language whose endings are dropped where none is known."""


@functools.lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """Return the stem of a lower-case word without accents, or the word itself if its language has no stemmer.

    ``language`` is an ISO 639-1 code, or empty if unknown.

    >>> stem("gebühren", "de"), stem("règlements", "fr"), stem("libraries", "en"), stem("llyfrgell", "cy")
    ('gebuhr', 'regl', 'librari', 'llyfrgell')
    """
    algorithm = STEMMERS.get(language or UNTOLD)
    return plain(str(_stemmer(algorithm).stemWord(word)) if algorithm else word)


class _Stemmers(threading.local):
    """The stemmers of one thread, by algorithm: each keeps the word that it is working on in itself."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}


_stemmers = _Stemmers()


def _stemmer(algorithm: str) -> Any:
    if algorithm not in _stemmers.made:
        import Stemmer

        _stemmers.made[algorithm] = Stemmer.Stemmer(algorithm)
    return _stemmers.made[algorithm]


def plain(word: str) -> str:
    """Return ``word`` without the accents of Latin letters, which people often omit.

    >>> plain("hōryū"), plain("zürich"), plain("йод")
    ('horyu', 'zurich', 'йод')
    """
    if word.isascii():
        return word
    bases = ((unicodedata.normalize("NFKD", letter)[0], letter) for letter in word)
    return "".join(base if base.isascii() and base.isalpha() else letter for base, letter in bases)
