"""Reranking: a model that reads the question and a passage together sorts the retrieved passages.

An embedder reads each of them alone; a reranker (a cross-encoder: Nogueira and Cho, "Passage Re-ranking with BERT",
2019) sees how they relate, which takes a pass through the model for every passage. So only the top passages are sorted.
There is none by default.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rag import models
from rag.config import usable_cores
from rag.embedding import encodable
from rag.errors import ModelDamaged
from rag.types import Passage

if TYPE_CHECKING:
    from rag.config import Config

__all__ = ["CrossEncoderReranker", "Reranker", "WordReranker", "described", "open_reranker", "rerank"]

BATCH_PAIRS = 16
"""Passages per forward pass."""


class Reranker(Protocol):
    """Scores how well texts answer a question."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the scores would: a hash of the weights."""
        ...

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a logit of any size for each of ``texts``; the higher, the better it answers ``question``."""
        ...


def open_reranker(config: Config) -> CrossEncoderReranker | None:
    """Return the reranker that ``config`` names, if any; its weights are loaded at the first text.

    Raises:
        ModelUnknown: no reranker of that name is registered.
        ModelMissing: the weights are not on this machine.
        ModelDamaged: the weights are damaged.
    """
    if not config.reranker:
        return None
    folder = models.locate(config.reranker, config.models, "reranker")
    fingerprint = models.fingerprint(config.reranker, config.models)
    return CrossEncoderReranker(folder, config.threads, config.reranker, fingerprint)


def described(reranker: Reranker | None, config: Config) -> dict[str, Any]:
    """Return the receipt's entry for ``reranker``; empty if there is none."""
    if reranker is None:
        return {}
    return {"reranker": {"name": reranker.name, "sha256": reranker.fingerprint, "reranked": config.reranked}}


def rerank(
    reranker: Reranker, question: str, passages: Sequence[Passage], texts: Sequence[str], scores: Mapping[int, float]
) -> list[tuple[Passage, float]]:
    """Return ``passages`` with new scores, 0 to 1: ``reranker`` sorts the first ones by reading their ``texts``.

    Those without a text follow in their order, with their ``scores`` scaled below all others.
    """
    logits = reranker.score(question, texts)
    pairs = sorted(zip(passages, logits, strict=False), key=lambda pair: (-pair[1], pair[0].id))
    first = [(passage, _sigmoid(logit)) for passage, logit in pairs]
    rest = passages[len(texts) :]
    least = min((score for _, score in first), default=1.0)
    best = max((scores[passage.id] for passage in rest), default=0.0)
    return first + [(passage, least * scores[passage.id] / best if best else 0.0) for passage in rest]


def _sigmoid(logit: float) -> float:
    """Return ``logit`` on a scale from 0 to 1.

    >>> [round(_sigmoid(logit), 3) for logit in (-1000, -2, 0, 2, 1000)]
    [0.0, 0.119, 0.5, 0.881, 1.0]
    """
    return (1 + math.tanh(logit / 2)) / 2


class CrossEncoderReranker:
    """Any cross-encoder with one score that sentence-transformers can load from ``folder``, on the CPU.

    ``threads`` 0 uses all available cores. Importing torch takes seconds, so it happens at the first text.
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
        from rag.encoders.folders import quiet

        with quiet():
            import torch
            from sentence_transformers import CrossEncoder

            torch.set_num_threads(self._threads)
            try:
                return CrossEncoder(
                    str(self.folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
                )
            except Exception as error:  # the loaders have no common one
                raise ModelDamaged(
                    f"The reranker in {self.folder} cannot be read ({error}). "
                    f"Run 'footnote models pull {self.name}' to bring it again."
                ) from error


def _unchanged(logits: Any) -> Any:
    return logits


class WordReranker:
    """A test double: the number of the question's distinct words in a text, minus half of their total.

    >>> WordReranker().score("Where is the harbour?", ["The harbour", "A river", ""])
    [0.0, -2.0, -2.0]
    """

    name = "words"
    fingerprint = "words"

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a logit for each of ``texts``."""
        asked = _words(question)
        return [len(asked & _words(text)) - len(asked) / 2 for text in texts]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
