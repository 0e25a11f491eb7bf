"""A collection of any size that nobody wrote: clustered vectors, and texts whose words are as unequal as real ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.embedders.hashed import HashEmbedder
from rag.ports import Vectors
from rag.types import Document, Passage

__all__ = ["Collection", "SyntheticEmbedder"]

PER_DOCUMENT = 1000
WORDS = 60
"""Words in a passage."""
VOCABULARY = 100_000
ASKED = 5
"""Words in a question."""
COMMON = 200
"""The most frequent words, which questions hold as rarely as they hold stop words once these are left out."""
NEAR, ASIDE = 0.75, 0.85
"""Share of its cluster in a passage, and of its passage in a question; the rest of both is noise."""


class SyntheticEmbedder(HashEmbedder):
    """Stands in for the model that would have made the vectors: an index only asks for its name and dimension."""


@dataclass(frozen=True, slots=True)
class Collection:
    """``count`` passages with vectors of length ``dimension``; all of it is decided by ``seed``.

    Vectors lie around the middles of topics, of which there are as many as the root of ``count``; topics are as unequal
    in size as words in frequency (Zipf). Passages of a topic have a cosine of about ``NEAR`` squared, 0.56, and a
    question of ``ASIDE``, 0.85, to the passage that it is about.
    """

    count: int
    dimension: int = 384
    seed: int = 0

    def blocks(self) -> Iterator[Vectors]:
        """Yield the unit vectors in blocks of shape (at most ``PER_DOCUMENT``, dimension)."""
        middles = self._middles()
        shares = _zipf(len(middles), 0.7)
        for number, first in enumerate(range(0, self.count, PER_DOCUMENT)):
            rng = np.random.default_rng((self.seed, 1, number))
            topics = rng.choice(len(middles), min(PER_DOCUMENT, self.count - first), p=shares)
            yield _beside(middles[topics], NEAR, rng)

    def queries(self, count: int) -> Vectors:
        """Return unit vectors of questions, each near a passage of the first block; shape (count, dimension)."""
        rng = np.random.default_rng((self.seed, 2))
        block = next(self.blocks())
        return _beside(block[rng.integers(0, len(block), count)], ASIDE, rng)

    def documents(self, words: bool) -> Iterator[tuple[Document, list[Passage], Vectors]]:
        """Yield documents of ``PER_DOCUMENT`` passages; without ``words``, a passage holds its number alone."""
        for number, vectors in enumerate(self.blocks()):
            texts = self._texts(number, len(vectors)) if words else [f"passage {i}" for i in range(len(vectors))]
            name, passages, at = f"{number:06}.txt", list[Passage](), 0
            for text in texts:
                passages.append(Passage(name, at, at + len(text), text))
                at += len(text) + 1
            yield Document(name, "\n".join(texts), f"{number:064x}", "text/plain"), passages, vectors

    def questions(self, count: int) -> list[str]:
        """Return questions of ``ASKED`` words out of the passages of the first document, the common ones left out."""
        rng = np.random.default_rng((self.seed, 3))
        asked = []
        for text in self._texts(0, min(count, self.count)):
            rare = [word for word in text.split() if int(word[1:]) >= COMMON] or text.split()
            asked.append(" ".join(rng.choice(rare, ASKED)))
        return [asked[i % len(asked)] for i in range(count)]

    def _texts(self, number: int, count: int) -> list[str]:
        rng = np.random.default_rng((self.seed, 4, number))
        drawn = rng.choice(VOCABULARY, (count, WORDS), p=_zipf(VOCABULARY, 1.0))
        return [" ".join(f"w{word}" for word in row) for row in drawn]

    def _middles(self) -> Vectors:
        topics = max(4, int(self.count**0.5))
        return _unit(np.random.default_rng((self.seed, 0)).standard_normal((topics, self.dimension), dtype=np.float32))


def _beside(vectors: Vectors, share: float, rng: np.random.Generator) -> Vectors:
    """Return unit vectors with a cosine of about ``share`` to the given ones."""
    noise = _unit(rng.standard_normal(vectors.shape, dtype=np.float32))
    return _unit(share * vectors + (1 - share**2) ** 0.5 * noise)


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _zipf(count: int, power: float) -> NDArray[np.float64]:
    """Return the shares of ``count`` things, the n-th of which is n to the ``power`` times as rare as the first."""
    weights: NDArray[np.float64] = np.arange(1, count + 1, dtype=np.float64) ** -power
    return np.asarray(weights / weights.sum())
