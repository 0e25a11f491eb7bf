"""Texts become unit vectors: the seam ``Embedder``, and an exact fake for tests. The real ones: ``rag.encoders``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rag import models
from rag.passages import Tokenizer

if TYPE_CHECKING:
    from rag.config import Config
    from rag.encoders.folders import FolderEmbedder

__all__ = [
    "Embedder",
    "HashEmbedder",
    "Progress",
    "Vectors",
    "WordTokenizer",
    "encodable",
    "open_embedder",
]

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]


class Embedder(Protocol):
    """Turns texts into vectors of length one, so that an inner product is a cosine similarity."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would: a hash of the weights."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def limit(self) -> int:
        """Tokens of a text that are read, special tokens left out; the rest would be cut off."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer."""
        ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return unit vectors of shape (texts, dimension); ``progress`` is called with texts done and texts in all."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question, of shape (dimension,)."""
        ...


def open_embedder(config: Config) -> FolderEmbedder:
    """Return the embedder that ``config`` names; its weights are read at the first text.

    Raises:
        ModelUnknown: no embedder of that name is registered.
        ModelMissing: the weights are not on this machine.
        ModelDamaged: the weights are not what they should be.
    """
    from rag.encoders.folders import open_folder

    folder = models.locate(config.embedder, config.models, "embedder")
    fingerprint = models.fingerprint(config.embedder, config.models)
    prompts = models.model(config.embedder).prompts
    return open_folder(folder, config.threads, config.embedder, fingerprint, prompts)


class HashEmbedder:
    """An exact fake: a bag of hashed words (Weinberger et al., 2009), normalised.

    Texts that share words are near each other, equal texts have equal vectors, and nothing has to be loaded. A text
    without any word gets the first axis, since every vector has length one.
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


def encodable(text: str) -> str:
    """Return ``text`` with lone surrogates replaced: they are no characters, and tokenizers refuse them."""
    return text.encode("utf-8", "replace").decode("utf-8")
