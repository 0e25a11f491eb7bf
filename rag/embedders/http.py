"""An embedding model on a server, through OpenAI's ``/v1/embeddings`` (vLLM, Infinity, others) or TEI's ``/embed``.

Vectors are normalised and texts are cut to the model's limit here. Tokens are overestimated, since servers don't offer
their tokenizer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from rag.embedders.unicode import encodable
from rag.errors import ServerError
from rag.ports import Progress, Tokenizer, Vectors
from rag.servers.connections import Servers
from rag.servers.models import context_of, model_on, stable, tei_model

__all__ = ["HttpEmbedder", "OpenAIEmbeddings", "SafeTokenizer", "TextEmbeddingsInference"]

BATCH_TEXTS = 32
"""Texts per request, the default maximum of TEI."""
REQUESTS = 4
"""Simultaneous requests per server."""
USUAL_LIMIT = 512
"""Assumed limit of a model, in tokens, if its server doesn't say."""
SPECIAL = 2
"""Special tokens that a server counts together with those of the text."""
PIECE = 3
"""Least number of letters per token in a long word of a language that the model knows."""


class Dialect(Protocol):
    """The API of a server. ``said`` is its description of the model, without changing parts."""

    name: str
    limit: int
    said: Mapping[str, Any]

    def vectors(self, servers: Servers, texts: Sequence[str]) -> Any:
        """Return the vectors of ``texts`` in order, each a list of numbers."""
        ...


class OpenAIEmbeddings:
    """OpenAI's API: ``models`` and ``embeddings`` below the base URL."""

    def __init__(self, servers: Servers, model: str) -> None:
        entry = model_on(servers, model)
        self.name = str(entry["id"])
        self.said: Mapping[str, Any] = stable(entry)
        self.limit = min([*context_of(entry)], default=USUAL_LIMIT) - SPECIAL

    def vectors(self, servers: Servers, texts: Sequence[str]) -> Any:
        """Return the vectors of ``texts``, sorted by ``index``."""
        reply = servers.post("embeddings", {"model": self.name, "input": list(texts), "encoding_format": "float"})
        return [entry["embedding"] for entry in sorted(reply["data"], key=lambda entry: entry["index"])]


class TextEmbeddingsInference:
    """TEI's own API: ``info``, which includes the model's revision, and ``embed`` below the base URL."""

    def __init__(self, servers: Servers, model: str) -> None:
        self.said: Mapping[str, Any] = tei_model(servers, model)
        self.name = str(self.said["model_id"])
        self.limit = int(self.said["max_input_length"] or USUAL_LIMIT) - SPECIAL

    def vectors(self, servers: Servers, texts: Sequence[str]) -> Any:
        """Return the vectors of ``texts``."""
        return servers.post("embed", {"inputs": list(texts), "truncate": True, "normalize": True})


class HttpEmbedder:
    """The embedder on ``servers`` with the API ``dialect``; ``prompts`` are put before a ``query`` or a ``passage``.

    The fingerprint doesn't depend on the address: if a server moves, the index stays valid.

    Raises:
        ServerError: no server can be reached, or its response is invalid.
    """

    def __init__(self, servers: Servers, dialect: Dialect, prompts: Mapping[str, str] | None = None) -> None:
        self._servers, self._dialect = servers, dialect
        self._query, self._passage = ((prompts or {}).get(kind, "") for kind in ("query", "passage"))
        self.name = dialect.name
        self.tokenizer: Tokenizer = SafeTokenizer()
        self.limit = dialect.limit - max(len(self.tokenizer.spans(text)) for text in (self._query, self._passage))
        self.dimension = self._vectors(["dimension"]).shape[1]
        made = [self.name, dict(dialect.said), self.dimension, self._query, self._passage]
        self.fingerprint = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return unit vectors of shape (texts, dimension); equal texts are sent once."""
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(text, []).append(row)
        vectors, done = np.zeros((len(texts), self.dimension), dtype=np.float32), 0
        for batch, found in self._batches(list(rows)):
            for text, vector in zip(batch, found, strict=True):
                vectors[rows[text]] = vector
                done += len(rows[text])
            if progress is not None:
                progress(done, len(texts))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question, of shape (dimension,)."""
        vector: Vectors = self._vectors([self._query + self._cut(text)])[0]
        return vector

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[str], Vectors]]:
        """Yield ``texts`` in batches with their vectors, some requests ahead of the consumer."""
        batches = [texts[first : first + BATCH_TEXTS] for first in range(0, len(texts), BATCH_TEXTS)]
        with ThreadPoolExecutor(REQUESTS * len(self._servers.urls), "embedding") as pool:
            yield from zip(batches, pool.map(self._passages, batches), strict=True)

    def _passages(self, texts: Sequence[str]) -> Vectors:
        return self._vectors([self._passage + self._cut(text) for text in texts])

    def _cut(self, text: str) -> str:
        """Return as much of ``text`` as the model reads; a dot if empty, since servers reject empty texts."""
        spans = self.tokenizer.spans(text)[: self.limit]
        return encodable(text[: spans[-1][1]]) if spans else "."

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        try:
            found = np.asarray(self._dialect.vectors(self._servers, texts), dtype=np.float32)
            lengths = np.linalg.norm(found, axis=1, keepdims=True)
        except (KeyError, TypeError, ValueError) as error:
            raise self._useless(f"not vectors ({type(error).__name__})") from error
        if found.ndim != 2 or len(found) != len(texts) or found.shape[1] != getattr(self, "dimension", found.shape[1]):
            raise self._useless(f"vectors of the shape {found.shape} for {len(texts)} texts")
        if not (np.isfinite(lengths).all() and lengths.all()):
            raise self._useless("a vector of length zero")
        unit: Vectors = found / lengths
        return unit

    def _useless(self, what: str) -> ServerError:
        return ServerError(f"The server of the embedder {self.name} sent {what}. Check its address and model.")


class SafeTokenizer:
    """Counts too many tokens rather than too few: every punctuation mark, and every few letters of a word.

    >>> SafeTokenizer().spans("Brötchen, 12 €")
    [(0, 3), (3, 6), (6, 8), (8, 9), (10, 11), (11, 12), (13, 14)]
    """

    estimates = True
    """Its pieces aren't those of the model, so they don't show which words the model knows."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the start and end of each token of ``text``."""
        return [match.span() for match in TOKEN.finditer(text)]


TOKEN = re.compile(rf"[A-Za-zÀ-ɏ]{{1,{PIECE}}}|\S")
