"""The words of passages and questions as they are put to Milvus: stems, and pairs of neighbouring ones.

Milvus computes BM25 over them by its own function. They are stemmed here, so that every version of Milvus, also one
whose analyzers know no stemmer, finds a word in any of its forms, as the full-text index of the SQLite engine does.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from rag.indexes.shared import MOST_WORDS, words, words_and_pairs

__all__ = ["LONGEST", "pairs", "query", "stems", "text_of"]

LONGEST = 65_000
"""Bytes of the terms of one passage; Milvus takes 65,535 in a field."""
ACCENTS = dict.fromkeys(range(0x300, 0x370))


@functools.cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("porter")


@functools.lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(ACCENTS))
    return str(_stemmer().stemWord(plain)) or word


def stems(text: str) -> list[str]:
    """Return the stem of each word of ``text``, in order, without accents.

    >>> stems("Cafés were recognised.")
    ['cafe', 'were', 'recognis']
    """
    return [_stem(word) for word in words(text)]


def pairs(found: Iterable[str]) -> list[str]:
    """Return each two neighbouring stems as one term.

    >>> pairs(["prime", "minist", "fiji"])
    ['prime_minist', 'minist_fiji']
    """
    return [f"{first}_{second}" for first, second in pairwise(found)]


def query(question: str) -> tuple[list[str], list[str]]:
    """Return the stems to look up for a question, and the pairs of them.

    >>> query("Who is the prime minister of Fiji?")
    (['prime', 'minist', 'fiji'], ['prime_minist'])
    """
    single, double = words_and_pairs(question)
    joined = [term for pair in double for term in pairs(map(_stem, pair.split(" ")))]
    return list(dict.fromkeys(map(_stem, single)))[:MOST_WORDS], list(dict.fromkeys(joined))


def text_of(terms: Iterable[str]) -> str:
    """Return ``terms`` as the text that Milvus takes apart again, without those that have no room."""
    text = " ".join(terms)
    if len(data := text.encode()) <= LONGEST:
        return text
    return data[:LONGEST].decode(errors="ignore").rpartition(" ")[0]
