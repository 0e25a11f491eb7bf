"""The terms of passages and questions as they are put to Milvus, whose own function computes BM25 over them.

They are made here (:mod:`rag.text.terms`), as for the SQLite engine, since no analyzer of Milvus knows all the
languages, and that of Milvus Lite no stems at all. Milvus only parts them at the spaces again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

__all__ = ["JOINED", "pairs", "text_of"]

LONGEST = 65_000
"""Bytes of the terms of one passage; Milvus takes 65,535 in a field."""
JOINED = "_"
"""What makes one term of a pair; no term has it."""


def pairs(terms: Iterable[str]) -> list[str]:
    """Return each two neighbouring terms as one.

    >>> pairs(["prime", "minist", "fiji"])
    ['prime_minist', 'minist_fiji']
    """
    return [JOINED.join(pair) for pair in pairwise(terms)]


def text_of(terms: Sequence[str]) -> str:
    """Return ``terms`` as the text that Milvus takes apart again, without those that have no room."""
    text = " ".join(terms)
    if len(data := text.encode()) <= LONGEST:
        return text
    return data[:LONGEST].decode(errors="ignore").rpartition(" ")[0]
