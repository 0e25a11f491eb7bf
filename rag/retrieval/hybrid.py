"""Retrieval: dense and lexical search, combined by normalised scores.

Both kinds of score are standardised (mean and standard deviation over the candidates) and added with the weight
``dense_weight`` (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023, compare such
fusions; here it is slightly better than min-max scaling, and both are much better than adding ranks). If a question
uses other words than the documents, lexical scores mean little and count for less. Vectors of whole passages find the
candidates; the vectors of their sentences then contribute to the dense score, since a passage covers more than one
question. An optional reranker sorts the top (:mod:`rag.retrieval.reranking`) and sets their scores.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from rag.passages import context_text
from rag.ports import Embedder, Filter, Index, Reranker
from rag.retrieval.reranking import rerank
from rag.text.sentences import is_item
from rag.text.statements import is_row
from rag.text.terms import pieces_per_word
from rag.types import Evidence, Passage
from rag.versions import newest_first

__all__ = ["continued", "fuse", "knows", "retrieve"]

MEASURED = 30
"""Number of top candidates of each kind used for mean and deviation; later ones are hardly relevant."""
IN_OTHER_WORDS = 0.9
"""Least dense weight for a question in other words than the documents."""
CONTINUED = 2
"""Most extra passages read because a list or table continues in them."""
SPARE = 20
"""Passages beyond those that are wanted, which take the places of older versions."""
FEW, ENOUGH = 0.25, 0.4
"""Shares of a question's words in the best lexical candidate: up to the first, the question counts as asked in other
words; from the second on, it doesn't.

Of 24 such questions in the seeds set, 16 instead of 7 then have their passage among the top three; few others change,
there and in published sets.
"""
FAMILIAR, FOREIGN = 1.4, 1.7
"""Tokens per word: up to the first number the embedder knows the language, from the second on it doesn't.

The default embedder has 1.1 tokens per word in English documents (1.6 in one passage of a hundred), 1.7 in French and
Spanish ones, 2.4 in German ones.
"""
IN_FOREIGN_WORDS = 0.2
"""Highest dense weight if the embedder doesn't know the language.

Of 34 questions in the genres set about German, French and Spanish documents, 23 instead of 18 then have an answering
passage at rank 1, and 26 instead of 23 among the top three.
"""
READ = 3
"""Number of top lexical candidates used to determine the language."""


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
    """Return up to ``limit`` passages for ``question``, best first; only from ``documents`` (public names), if given.

    Dense and lexical search each bring ``candidates`` passages; ``dense_weight`` 1 is dense search alone, 0 lexical
    search alone, and between them it is the least share of the dense score. With a ``reranker`` the first ``reranked``
    are ordered by it. The order is by (-score, id), so that the same index always gives the same evidence. Of the same
    passage in versions of one document the newest comes in their place, the older ones last.
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
        known = knows(embedder, [passage.text for passage in first])
        dense_weight = _dense_share(dense_weight, index.coverage(question, next(iter(lexical))), known)
    scores = fuse(dense, lexical, dense_weight)
    ranked = sorted(ids, key=lambda i: (-scores[i], i))
    found = _stored(index, ranked, max(limit + SPARE, reranked if reranker else 0))
    scored = [(passage, scores[passage.id]) for passage in found]
    if reranker:
        scored = rerank(reranker, question, found, _texts(found[:reranked], embedder), scores)
    scored = newest_first(question, scored)
    return [
        Evidence(passage, score, rank, dense[passage.id], lexical.get(passage.id, 0.0))
        for rank, (passage, score) in enumerate(scored[:limit], start=1)
    ]


def continued(evidence: Sequence[Evidence], index: Index, most: int = CONTINUED) -> list[Evidence]:
    """Return ``evidence`` with up to ``most`` more passages: the rest of a list or table that was cut off.

    They come right after the passage they continue, with its scores; ranks are renumbered. A table that would still be
    cut off isn't continued: its header is known, and each row says what it says without the others.
    """
    known = {item.passage.id for item in evidence}
    found = list[Evidence]()
    for item in evidence:
        before, behind = list[Passage](), list[Passage]()
        if _is_long_table(item.passage, index, known, most):
            found.append(item)
            continue
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


def _is_long_table(passage: Passage, index: Index, known: Collection[int], most: int) -> bool:
    """Return whether ``passage`` has rows of a table of which more than ``most`` passages aren't ``known``."""
    lines = [line for line in passage.text.splitlines() if line.strip()]
    missing = 0
    for side, line in ((0, lines[0]), (1, lines[-1])):
        one: Passage | None = passage if is_row(line) and (side or passage.header) else None
        while one and missing <= most and (one := index.neighbours(one)[side]):
            edge = one.text.strip().splitlines()[0 if side else -1]
            if not is_row(edge):
                break
            missing += one.id not in known
            one = one if side or one.header else None
    return missing > most


def _unless(
    known: set[int], passage: Passage | None, wanted: Callable[[Passage], bool] = lambda _: True
) -> Passage | None:
    """Return ``passage`` and add it to ``known``, unless it is known already or not ``wanted``."""
    if passage is None or passage.id in known or not wanted(passage):
        return None
    known.add(passage.id)
    return passage


def _begins_within(passage: Passage) -> bool:
    """Return whether ``passage`` starts in the middle of a list or table."""
    line = passage.text.partition("\n")[0]
    return is_item(passage.text, 0, len(passage.text)) or is_row(line)


def _is_open(passage: Passage) -> bool:
    """Return whether a list or table may continue after ``passage``, or starts there."""
    line = passage.text.rstrip().rpartition("\n")[2].strip()
    return line.endswith(":") or is_item(line, 0, len(line)) or is_row(line)


def _stored(index: Index, ranked: Sequence[int], wanted: int) -> list[Passage]:
    """Return the first ``wanted`` passages of ``ranked`` that still exist."""
    found = index.passages(ranked[:wanted])
    if len(found) < min(wanted, len(ranked)):  # some may have been deleted meanwhile
        found = index.passages(ranked)[:wanted]
    return found


def _texts(passages: Sequence[Passage], embedder: Embedder) -> list[str]:
    """Return the texts of ``passages`` for a reranker: the embedded text, starting with title, date and section."""
    return [context_text(passage, embedder.tokenizer, embedder.limit) for passage in passages]


def knows(embedder: Embedder, texts: Sequence[str]) -> float:
    """Return how well ``embedder`` knows the language of ``texts``, 0 to 1, by its number of tokens per word.

    If its tokenizer only estimates them, it is assumed to know the language.
    """
    if getattr(embedder.tokenizer, "estimates", False):
        return 1.0
    text = "\n".join(texts)
    pieces = pieces_per_word(text, embedder.tokenizer.spans(text))
    return min(max((FOREIGN - pieces) / (FOREIGN - FAMILIAR), 0.0), 1.0)


def _dense_share(least: float, coverage: float, known: float = 1.0) -> float:
    """Return the dense weight: above ``least`` if ``coverage`` of the question's words is low.

    It is lower if the embedder doesn't know the language, whatever the coverage.

    >>> [round(_dense_share(0.5, coverage), 2) for coverage in (0.1, 0.25, 0.3, 0.4, 1)]
    [0.9, 0.9, 0.77, 0.5, 0.5]
    >>> [round(_dense_share(0.5, 0.1, known), 2) for known in (1, 0.5, 0)]
    [0.9, 0.55, 0.2]
    """
    lacking = min(max((ENOUGH - coverage) / (ENOUGH - FEW), 0.0), 1.0)
    share = least + lacking * max(IN_OTHER_WORDS - least, 0.0)
    return known * share + (1 - known) * min(least, IN_FOREIGN_WORDS)


def fuse(dense: Mapping[int, float], lexical: Mapping[int, float], dense_weight: float) -> dict[int, float]:
    """Return the fused score of each passage in ``dense``, from 1 (best) to 0 (last); a missing lexical score is 0.

    The cosines 0.2, 0.6, 0.4 have mean 0.4 and deviation 0.163: standardised -1.22, 1.22 and 0. The lexical scores 8,
    0, 0 become 1.41, -0.71 and -0.71. With weights 1/4 and 3/4 the sums are 0.75, -0.22 and -0.53.

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
    """Return by how many deviations ``ids`` score above the mean of ``measured``; 0 if all are equal."""
    if not ids:
        return []
    known = [scores[i] for i in ids if i in measured]
    mean, deviation = statistics.fmean(known), statistics.pstdev(known)
    return [(scores[i] - mean) / deviation if deviation else 0.0 for i in ids]
