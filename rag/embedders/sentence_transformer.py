"""Any model that sentence-transformers can load: the reference for the other embedders."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from rag.embedders.folders import FolderEmbedder
from rag.embedders.unicode import encodable
from rag.ports import Vectors

__all__ = ["SentenceTransformerEmbedder", "quiet"]

BATCH_TEXTS = 16
"""Texts per forward pass; larger batches lose more to padding than they gain."""


class SentenceTransformerEmbedder(FolderEmbedder):
    """Any model that sentence-transformers can load. Importing torch takes seconds."""

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[str], Vectors]]:
        for first in range(0, len(texts), BATCH_TEXTS):
            batch = texts[first : first + BATCH_TEXTS]
            yield batch, self._encode(batch)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of one batch; one thread at a time, since torch already uses every core."""
        with self._lock:
            vectors = self._model.encode(
                [encodable(text) for text in texts],
                prompt="",
                batch_size=BATCH_TEXTS,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        with quiet():
            import torch
            from sentence_transformers import SentenceTransformer

            torch.set_num_threads(self._threads)
            single = {"dtype": torch.float32}  # Some are saved in half precision, which is slow on a CPU.
            try:
                model = SentenceTransformer(str(self.folder), device="cpu", local_files_only=True, model_kwargs=single)
            except Exception as error:  # The loaders share no narrower type.
                raise self._damaged(error) from error
        return model


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the libraries' warnings for developers and their progress bars."""
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
