"""The common part of all embedders whose weights are in a local folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rag.config import usable_cores
from rag.errors import ModelDamaged
from rag.passages import FileTokenizer
from rag.ports import Progress, Tokenizer, Vectors
from rag.weights.hashes import sha256

__all__ = ["FolderEmbedder"]


class FolderEmbedder:
    """A model of the sentence-transformers family (Reimers and Gurevych, 2019), on the processor.

    ``folder`` holds the model as saved by that library. ``threads`` 0 means all that this process may use. ``prompts``
    are put before texts: ``query`` before questions, ``passage`` before all others. The weights are only loaded with
    the first text, not for the tokenizer, the limit or the dimension.
    """

    def __init__(
        self,
        folder: Path,
        threads: int = 0,
        name: str = "",
        fingerprint: str = "",
        prompts: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.name = name or folder.name
        self._query, self._passage = ((prompts or {}).get(kind, "") for kind in ("query", "passage"))
        self._threads = threads or usable_cores()
        self._fingerprint = fingerprint
        self._lock = threading.Lock()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the weights, unless given."""
        return self._fingerprint or sha256(self._file("model.safetensors"))

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._json("config.json")["hidden_size"])

    @cached_property
    def limit(self) -> int:
        """Most tokens of a text that are read, without special tokens and prompt."""
        return self._longest - 2 - max(len(self.tokenizer.spans(text)) for text in (self._query, self._passage))

    @cached_property
    def _longest(self) -> int:
        """Most tokens that are read, including special tokens."""
        return int(self._json("sentence_bert_config.json")["max_seq_length"])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer."""
        return FileTokenizer(self._file("tokenizer.json"))

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return unit vectors of shape (texts, dimension); ``progress`` is called with texts done and total.

        Equal texts are embedded once. Texts are sorted by length, which saves padding.
        """
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(text, []).append(row)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        done = 0
        lead = len(self._passage)
        for batch, found in self._batches([self._passage + text for text in sorted(rows, key=len, reverse=True)]):
            for text, vector in zip(batch, found, strict=True):
                vectors[rows[text[lead:]]] = vector
                done += len(rows[text[lead:]])
            if progress is not None:
                progress(done, len(texts))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question, of shape (dimension,)."""
        ((_, vectors),) = self._batches([self._query + text])
        vector: Vectors = vectors[0]
        return vector

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[str], Vectors]]:
        """Yield distinct ``texts``, sorted by length, in batches with their vectors."""
        raise NotImplementedError

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
            f"The embedding model in {self.folder} can't be read ({error}). "
            f"Run 'footnote models pull {self.name}' to download it again."
        )
