"""Evidence for a question: dense and lexical candidates, their scores brought to one scale and added.

Each kind of score is measured from its mean over the candidates in standard deviations, and the two are added in the
share ``dense_weight`` (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023, compare
such fusions; here it is a little better than stretching both from 0 to 1, and both are much better than adding ranks).
Where a question says it in other words than the documents, lexical scores rest on words that mean nothing there, and
count less. Vectors of whole passages find the candidates; the vectors of their sentences then have a say in the dense
score, since a passage is about more than what one question asks for. Where there is a reranker it orders the first of
them anew (:mod:`rag.reranking`), and what it says is their score.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from rag.passages import context_text
from rag.ports import Embedder, Filter, Index, Reranker
from rag.reranking import rerank
from rag.text.sentences import is_item
from rag.text.statements import is_row
from rag.text.terms import pieces_per_word
from rag.types import Evidence, Passage

__all__ = ["continued", "fuse", "retrieve"]

MEASURED = 30
"""First candidates of each kind whose mean and deviation count: those behind them are hardly about the question."""
IN_OTHER_WORDS = 0.9
"""Least share of the dense score for a question that is asked in words of its own."""
CONTINUED = 2
"""Most passages that are read besides because a list or a table goes on in them."""
FEW, ENOUGH = 0.25, 0.4
"""Shares of a question's words in the best lexical candidate up to which it is, and from which it is not.

Of 24 questions of the seeds set that are asked so, 16 instead of 7 have their passage among the first three then; of
all others, and of the published sets, few change.
"""
FAMILIAR, FOREIGN = 1.4, 1.7
"""Pieces that an embedder takes a word into, up to which it knows the language, and from which it does not.

The default embedder takes a word of English documents into 1.1 (1.6 in one passage of a hundred), of French and Spanish
ones into 1.7, of German ones into 2.4.
"""
IN_FOREIGN_WORDS = 0.2
"""Share of the dense score, at most, where the embedder does not know the language.

Of 34 questions of the genres set on German, French and Spanish documents 23 instead of 18 have a passage that answers
them in the first place then, and 26 instead of 23 among the first three.
"""
READ = 3
"""First lexical candidates whose language counts."""


def retrieve(
    question: str,
    index: Index,
    embedder: Embedder,
    limit: int,
    candidates: int = 100,
    dense_weight: float = 0.5,
    documents: Collection[str] | None = None,
    reranker: Reranker | None = None,
    reranked: int = 20,
) -> list[Evidence]:
    """Return up to ``limit`` passages for ``question``, best first; of ``documents`` (public names) where given.

    Dense and lexical search each bring ``candidates`` passages; ``dense_weight`` 1 is dense search alone, 0 lexical
    search alone, and between them it is the least share of the dense score. With a ``reranker`` the first ``reranked``
    are ordered by it. The order is by (-score, id), so that the same index always gives the same evidence.
    """
    vector = embedder.embed_query(question)
    within = Filter.of(documents)
    near, lexical = dict[int, float](), dict[int, float]()
    if dense_weight > 0:
        near = dict(index.search_dense(vector, candidates, within))
    if dense_weight < 1:
        lexical = dict(index.search_lexical(question, candidates, within))
    ids = sorted(near.keys() | lexical.keys())
    dense = dict(zip(ids, index.scores_dense(vector, ids), strict=True))
    if dense_weight > 0 and lexical:
        first = index.passages(list(lexical)[:READ])
        known = _known(embedder, [passage.text for passage in first])
        dense_weight = _dense_share(dense_weight, index.coverage(question, next(iter(lexical))), known)
    scores = fuse(dense, lexical, dense_weight)
    ranked = sorted(ids, key=lambda i: (-scores[i], i))
    found = _stored(index, ranked, max(limit, reranked) if reranker else limit)
    scored = [(passage, scores[passage.id]) for passage in found]
    if reranker:
        scored = rerank(reranker, question, found, _texts(found[:reranked], embedder), scores)
    return [
        Evidence(passage, score, rank, dense[passage.id], lexical.get(passage.id, 0.0))
        for rank, (passage, score) in enumerate(scored[:limit], start=1)
    ]


def continued(evidence: Sequence[Evidence], index: Index, most: int = CONTINUED) -> list[Evidence]:
    """Return ``evidence`` with up to ``most`` passages more: those with the rest of a list or table that it breaks off.

    They come next to the passage that they go on from, with its scores; ranks are counted anew.
    """
    known = {item.passage.id for item in evidence}
    found = list[Evidence]()
    for item in evidence:
        before, behind = list[Passage](), list[Passage]()
        passage: Passage | None = item.passage
        while passage and len(known) < len(evidence) + most and _begins_within(passage):
            passage = _unless(known, index.neighbours(passage)[0])
            before[:0] = [passage] if passage else []
        passage = item.passage
        while passage and len(known) < len(evidence) + most and _is_open(passage):
            passage = _unless(known, index.neighbours(passage)[1], _begins_within)
            behind += [passage] if passage else []
        found += [replace(item, passage=one) for one in (*before, item.passage, *behind)]
    return [replace(item, rank=rank) for rank, item in enumerate(found, start=1)]


def _unless(
    known: set[int], passage: Passage | None, wanted: Callable[[Passage], bool] = lambda _: True
) -> Passage | None:
    """Return ``passage``, noted as ``known``, unless it was so before or is not ``wanted``."""
    if passage is None or passage.id in known or not wanted(passage):
        return None
    known.add(passage.id)
    return passage


def _begins_within(passage: Passage) -> bool:
    """Tell whether ``passage`` begins in the middle of a list or a table."""
    line = passage.text.partition("\n")[0]
    return is_item(passage.text, 0, len(passage.text)) or is_row(line)


def _is_open(passage: Passage) -> bool:
    """Tell whether a list or a table may go on behind ``passage``, or what it introduces begins there."""
    line = passage.text.rstrip().rpartition("\n")[2].strip()
    return line.endswith(":") or is_item(line, 0, len(line)) or is_row(line)


def _stored(index: Index, ranked: Sequence[int], wanted: int) -> list[Passage]:
    """Return the first ``wanted`` passages of ``ranked`` that are still there."""
    found = index.passages(ranked[:wanted])
    if len(found) < min(wanted, len(ranked)):  # some were deleted since they were found
        found = index.passages(ranked)[:wanted]
    return found


def _texts(passages: Sequence[Passage], embedder: Embedder) -> list[str]:
    """Return what a reranker reads of ``passages``: what was embedded, with title, date and section in front."""
    return [context_text(passage, embedder.tokenizer, embedder.limit) for passage in passages]


def _known(embedder: Embedder, texts: Sequence[str]) -> float:
    """Return how well ``embedder`` knows the language of ``texts``, 0 to 1, by the pieces that it takes words into.

    Where its tokenizer only estimates them, nothing speaks against it.
    """
    if getattr(embedder.tokenizer, "estimates", False):
        return 1.0
    text = "\n".join(texts)
    pieces = pieces_per_word(text, embedder.tokenizer.spans(text))
    return min(max((FOREIGN - pieces) / (FOREIGN - FAMILIAR), 0.0), 1.0)


def _dense_share(least: float, coverage: float, known: float = 1.0) -> float:
    """Return the share of the dense score: more than the ``least`` where ``coverage`` of the question's words is low.

    Where the embedder does not know the language it is less, whatever the coverage.

    >>> [round(_dense_share(0.5, coverage), 2) for coverage in (0.1, 0.25, 0.3, 0.4, 1)]
    [0.9, 0.9, 0.77, 0.5, 0.5]
    >>> [round(_dense_share(0.5, 0.1, known), 2) for known in (1, 0.5, 0)]
    [0.9, 0.55, 0.2]
    """
    lacking = min(max((ENOUGH - coverage) / (ENOUGH - FEW), 0.0), 1.0)
    share = least + lacking * max(IN_OTHER_WORDS - least, 0.0)
    return known * share + (1 - known) * min(least, IN_FOREIGN_WORDS)


def fuse(dense: Mapping[int, float], lexical: Mapping[int, float], dense_weight: float) -> dict[int, float]:
    """Return the fused score of each passage in ``dense``, 1 the best and 0 the last; no lexical score counts as 0.

    The cosines 0.2, 0.6, 0.4 have the mean 0.4 and the deviation 0.163: they lie at -1.22, 1.22 and 0. The lexical
    scores 8, 0, 0 lie at 1.41, -0.71 and -0.71. In shares of 1/4 and 3/4 the sums are 0.75, -0.22 and -0.53.

    >>> {i: round(score, 2) for i, score in fuse({1: 0.2, 2: 0.6, 3: 0.4}, {1: 8.0}, 0.25).items()}
    {1: 1.0, 2: 0.24, 3: 0.0}
    """
    ids = list(dense)
    first = {*_best(dense), *_best(lexical)}
    near = _standardised(dense, ids, first)
    words = _standardised({i: lexical.get(i, 0.0) for i in ids}, ids, first)
    sums = [dense_weight * d + (1 - dense_weight) * w for d, w in zip(near, words, strict=True)]
    low, high = min(sums, default=0.0), max(sums, default=0.0)
    return {i: (score - low) / (high - low) if high > low else 1.0 for i, score in zip(ids, sums, strict=True)}


def _best(scores: Mapping[int, float]) -> list[int]:
    return sorted(scores, key=lambda i: (-scores[i], i))[:MEASURED]


def _standardised(scores: Mapping[int, float], ids: Sequence[int], measured: Collection[int]) -> list[float]:
    """Return how many deviations ``ids`` score above the mean, both of ``measured``; 0 where all are equal."""
    if not ids:
        return []
    known = [scores[i] for i in ids if i in measured]
    mean, deviation = statistics.fmean(known), statistics.pstdev(known)
    return [(scores[i] - mean) / deviation if deviation else 0.0 for i in ids]
