"""Reranking: a model that reads the question and a passage together sorts the retrieved passages.

An embedder reads each of them alone; a reranker (a cross-encoder: Nogueira and Cho, "Passage Re-ranking with BERT",
2019) sees how they relate, which takes a pass through the model for every passage. So only the top passages are sorted.
There is none by default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.ports import Reranker
from rag.types import Passage

if TYPE_CHECKING:
    from rag.config import Config

__all__ = ["described", "rerank"]


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
