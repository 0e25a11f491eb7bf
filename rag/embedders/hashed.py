"""An embedder without weights that knows words but no meaning. For tests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from rag.embedders.unicode import encodable
from rag.ports import Progress, Tokenizer, Vectors

__all__ = ["HashEmbedder", "WordTokenizer"]


class HashEmbedder:
    """A fake: a normalised bag of hashed words (Weinberger et al., 2009).

    Texts that share words are near each other, and equal texts have equal vectors. A text without words gets the first
    axis, since every vector has length one.
    """

    def __init__(self, dimension: int = 64, limit: int = 254) -> None:
        self.name = "hash"
        self.fingerprint = f"hash-{dimension}"
        self.dimension = dimension
        self.limit = limit
        self.tokenizer: Tokenizer = WordTokenizer()

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return unit vectors of shape (texts, dimension)."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.embed_query(text)
            if progress is not None:
                progress(row + 1, len(texts))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of ``text``, of shape (dimension,)."""
        vector = np.zeros(self.dimension, dtype=np.float32)
        for start, end in self.tokenizer.spans(text)[: self.limit]:
            digest = hashlib.blake2b(encodable(text[start:end].lower()).encode(), digest_size=8).digest()
            vector[int.from_bytes(digest[:4], "big") % self.dimension] += 1 if digest[4] & 1 else -1
        if not vector.any():
            vector[0] = 1
        unit: Vectors = vector / np.linalg.norm(vector)
        return unit.astype(np.float32)


class WordTokenizer:
    """Words and single marks: the tokenizer of the fake embedder."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the start and end of each word or mark of ``text``."""
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
