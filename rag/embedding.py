"""Texts become unit vectors: the seam ``Embedder``, the real one, and an exact fake for tests.

The real one reads its weights from a folder on this machine and never asks the network: a local folder together with
``local_files_only`` leaves the loader nothing to look up, so that no environment variable has to be set for
the whole process.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag import models
from rag.errors import ModelDamaged
from rag.passages import FileTokenizer, Tokenizer

if TYPE_CHECKING:
    from rag.config import Config

__all__ = [
    "Embedder",
    "HashEmbedder",
    "SentenceTransformerEmbedder",
    "Vectors",
    "WordTokenizer",
    "open_embedder",
]

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]

BATCH = 16
"""Texts in one forward pass. Longer batches spend more on padding than they gain on two cores."""


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


def open_embedder(config: Config) -> SentenceTransformerEmbedder:
    """Return the embedder that ``config`` names; its weights are read at the first text.

    Raises:
        ModelUnknown: no model of that name is registered.
        ModelMissing: the weights are not on this machine.
        ModelDamaged: the weights are not what they should be.
    """
    folder = models.locate(config.embedder, config.models)
    fingerprint = models.fingerprint(config.embedder, config.models)
    return SentenceTransformerEmbedder(folder, config.threads, config.embedder, fingerprint)


class SentenceTransformerEmbedder:
    """A model of the sentence-transformers family (Reimers and Gurevych, 2019), on the processor.

    ``folder`` holds the model as the library saves it; ``threads`` 0 takes as many as this process may use.
    The tokenizer, the limit and the dimension are read without importing torch.
    """

    def __init__(self, folder: Path, threads: int = 0, name: str = "", fingerprint: str = "") -> None:
        self.folder = folder
        self.name = name or folder.name
        self._threads = threads or _processors()
        self._fingerprint = fingerprint
        self._lock = threading.Lock()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the weights, unless another one was given."""
        if self._fingerprint:
            return self._fingerprint
        with self._file("model.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self._json("config.json")["hidden_size"])

    @cached_property
    def limit(self) -> int:
        """Tokens that are read, without the two special ones around them."""
        return int(self._json("sentence_bert_config.json")["max_seq_length"]) - 2

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer."""
        return FileTokenizer(self._file("tokenizer.json"))

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return unit vectors of shape (texts, dimension), computed in order of length to save padding."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            vectors[batch] = self._encode([texts[i] for i in batch])
            if progress is not None:
                progress(min(first + BATCH, len(texts)), len(texts))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question, of shape (dimension,)."""
        vector: Vectors = self._encode([text])[0]
        return vector

    def _encode(self, texts: list[str]) -> Vectors:
        """Return the vectors of one batch; one thread at a time, since torch already uses every core."""
        with self._lock:
            vectors = self._model.encode(
                [_encodable(text) for text in texts],
                batch_size=BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        with _quiet():
            import torch
            from sentence_transformers import SentenceTransformer

            torch.set_num_threads(self._threads)
            try:
                model = SentenceTransformer(str(self.folder), device="cpu", local_files_only=True)
            except Exception as error:  # the loaders have no common one
                raise self._damaged(error) from error
        return model

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise self._damaged(FileNotFoundError(f"{name} is missing"))
        return path

    def _json(self, name: str) -> dict[str, Any]:
        try:
            table: dict[str, Any] = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._damaged(error) from error
        return table

    def _damaged(self, error: Exception) -> ModelDamaged:
        return ModelDamaged(
            f"The embedding model in {self.folder} cannot be read ({error}). "
            f"Run 'footnote models pull {self.name}' to bring it again."
        )


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
            digest = hashlib.blake2b(_encodable(text[start:end].lower()).encode(), digest_size=8).digest()
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


def _processors() -> int:
    """Return how many processors this process may use, which in a container is not what the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _encodable(text: str) -> str:
    """Return ``text`` with lone surrogates replaced: they are no characters, and tokenizers refuse them."""
    return text.encode("utf-8", "replace").decode("utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what the libraries warn their own developers of, and their progress bars while loading."""
    from transformers.utils import logging

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
