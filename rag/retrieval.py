"""Evidence for a question: dense and lexical candidates, their scores brought to one scale and added.

Each kind of score is stretched over the candidates so that the lowest is 0 and the highest 1, and the two are added in
the share ``dense_weight`` (min-max fusion, after Fox and Shaw, "Combination of Multiple Searches", 1994; Bruch, Gai and
Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023, find it better than adding ranks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.embedding import Embedder
from rag.index import Index
from rag.types import Evidence

__all__ = ["fuse", "retrieve"]


def retrieve(
    question: str,
    index: Index,
    embedder: Embedder,
    limit: int,
    candidates: int = 100,
    dense_weight: float = 0.5,
) -> list[Evidence]:
    """Return up to ``limit`` passages for ``question``, best first.

    Dense and lexical search each bring ``candidates`` passages; ``dense_weight`` 1 is dense search alone, 0 lexical
    search alone. The order is by (-score, id), so that the same index always gives the same evidence.
    """
    vector = embedder.embed_query(question)
    near = dict(index.search_dense(vector, candidates)) if dense_weight > 0 else {}
    lexical = dict(index.search_lexical(question, candidates)) if dense_weight < 1 else {}
    ids = sorted(near.keys() | lexical.keys())
    dense = dict(zip(ids, index.scores_dense(vector, ids), strict=True))
    scores = fuse(dense, lexical, dense_weight)
    ranked = sorted(ids, key=lambda i: (-scores[i], i))
    found = index.passages(ranked[:limit])
    if len(found) < min(limit, len(ranked)):  # some were deleted since they were found
        found = index.passages(ranked)[:limit]
    return [
        Evidence(passage, scores[passage.id], rank, dense[passage.id], lexical.get(passage.id, 0.0))
        for rank, passage in enumerate(found, start=1)
    ]


def fuse(dense: Mapping[int, float], lexical: Mapping[int, float], dense_weight: float) -> dict[int, float]:
    """Return the fused score, 0 to 1, of each passage in ``dense``; one without a lexical score has 0 of it.

    >>> fuse({1: 0.2, 2: 0.6}, {1: 8.0}, 0.5)
    {1: 0.5, 2: 0.5}
    """
    ids = list(dense)
    near = _stretched([dense[i] for i in ids])
    words = _stretched([lexical.get(i, 0.0) for i in ids])
    return {i: dense_weight * d + (1 - dense_weight) * w for i, d, w in zip(ids, near, words, strict=True)}


def _stretched(scores: Sequence[float]) -> list[float]:
    """Return ``scores`` with the lowest at 0 and the highest at 1; equal ones at 1, or 0 where none matched."""
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else float(high > 0) for score in scores]
