"""A cross-encoder on this machine, run by sentence-transformers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from rag.config import usable_cores
from rag.embedders.unicode import encodable
from rag.errors import ModelDamaged

__all__ = ["CrossEncoderReranker"]

BATCH_PAIRS = 16
"""Passages per forward pass."""


class CrossEncoderReranker:
    """Any cross-encoder with one score that sentence-transformers can load from ``folder``, on the processor.

    ``threads`` 0 means all that this process may use. Torch, which takes seconds to import, is loaded with the first
    text.
    """

    def __init__(self, folder: Path, threads: int = 0, name: str = "", fingerprint: str = "") -> None:
        self.folder = folder
        self.name = name or folder.name
        self.fingerprint = fingerprint
        self._threads = threads or usable_cores()
        self._lock = threading.Lock()

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a logit for each of ``texts``; one thread at a time, since torch already uses every core."""
        if not texts:
            return []
        pairs = [(encodable(question), encodable(text)) for text in texts]
        with self._lock:
            logits = self._model.predict(
                pairs, prompt="", batch_size=BATCH_PAIRS, show_progress_bar=False, activation_fn=_unchanged
            )
        return [float(logit) for logit in logits]

    @cached_property
    def _model(self) -> Any:
        from rag.embedders.sentence_transformer import quiet

        with quiet():
            import torch
            from sentence_transformers import CrossEncoder

            torch.set_num_threads(self._threads)
            try:
                return CrossEncoder(
                    str(self.folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
                )
            except Exception as error:  # The loaders share no narrower type.
                raise ModelDamaged(
                    f"The reranker in {self.folder} can't be read ({error}). "
                    f"Run 'footnote models pull {self.name}' to download it again."
                ) from error


def _unchanged(logits: Any) -> Any:
    return logits
