"""Conditions: evidence that is composed instead of retrieved, to see how robust answers are.

    gold-only         only the passages that contain the gold
    gold-first        the gold, then distractors: as many as there is other evidence by default, at least two
    gold-middle       the same, with half of the distractors before the gold
    gold-last         the same, with all distractors before the gold
    distractors-20    the gold and one distractor, in rank order: one of five places, 20 %
    distractors-40    the same with two; -60 with three, -80 with four

The gold seldom fills the other places, so the actual share of distracting evidence is measured and reported. A
distractor is a passage that retrieval finds for the question and that contains no gold character; the best ranked are
used. Gold that needs several passages stays together, in the order of its spans, and is never shortened for
distractors. If a set knows documents but no spans, the gold is the fewest passages of these documents that state the
facts, and distractors are passages of other documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from eval.answer_metrics import facts_found
from eval.journal import RunError
from eval.questions import Question
from eval.retrieval_metrics import distracts
from eval.spans import overlap
from rag.config import Config
from rag.followups import search_query
from rag.ports import Embedder, Index
from rag.retrieval.hybrid import retrieve
from rag.types import Evidence, Passage

__all__ = ["CONDITIONS", "Condition", "condition", "evidence_under", "has_gold"]

PLACES = 5
"""Places that the share of distractors refers to; also the most passages used for the gold."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The position of the gold among ``distractors`` passages; None: as many as there is other evidence."""

    label: str
    gold: Literal["first", "middle", "last", "ranked"]
    distractors: int | None = None

    def beside(self, config: Config) -> int:
        """Return the number of distractors."""
        return max(2, config.evidence - 1) if self.distractors is None else self.distractors


CONDITIONS = {
    "gold-only": Condition("gold alone", "first", 0),
    "distractors-20": Condition("gold and 1 distractor", "ranked", 1),
    "distractors-40": Condition("gold and 2 distractors", "ranked", 2),
    "distractors-60": Condition("gold and 3 distractors", "ranked", 3),
    "distractors-80": Condition("gold and 4 distractors", "ranked", 4),
    "gold-first": Condition("gold first", "first"),
    "gold-middle": Condition("gold in the middle", "middle"),
    "gold-last": Condition("gold last", "last"),
}
"""Every condition by name, in the order of the reports."""


def condition(name: str) -> Condition:
    """Return the condition ``name``. Raises ``RunError`` if there is none."""
    if name not in CONDITIONS:
        raise RunError(f"There is no condition {name!r}. Conditions: {', '.join(CONDITIONS)}.")
    return CONDITIONS[name]


def evidence_under(
    known: Condition,
    question: Question,
    passages: Sequence[Passage],
    index: Index,
    embedder: Embedder,
    config: Config,
) -> list[Evidence]:
    """Return the evidence for a question that ``has_gold``; ``passages`` are all passages of ``index``.

    Scores are those of retrieval; gold that it did not find has score 0, and comes last in rank order.
    """
    query = search_query(question.question, question.history)
    ranked = retrieve(query, index, embedder, config.candidates, config.candidates, config.dense_weight)
    places = {item.passage.id: item for item in ranked}
    inner = [item.passage for item in ranked]
    chosen = _holding(question, passages) if question.gold else _stating(question, [*inner, *passages])
    dense = index.scores_dense(embedder.embed_query(query), [passage.id for passage in chosen])
    gold = [
        places.get(passage.id) or Evidence(passage, 0.0, len(ranked) + 1, score)
        for passage, score in zip(chosen, dense, strict=True)
    ]
    others = [item for item in ranked if _distracts(item.passage, question)]
    composed = _composed(known, gold, others[: known.beside(config)])
    return [replace(item, rank=rank) for rank, item in enumerate(composed, start=1)]


def has_gold(question: Question) -> bool:
    """Return whether evidence can be composed: the gold spans are known, or the facts and their documents."""
    return bool(question.gold or (question.sources and question.facts))


def _distracts(passage: Passage, question: Question) -> bool:
    return distracts(passage, question) if question.gold else passage.document not in question.sources


def _stating(question: Question, ranked: Sequence[Passage]) -> list[Passage]:
    """Return the passages of the right documents that together state the facts, at most ``PLACES``.

    Greedy: next comes the passage that states most of the remaining facts, the better ranked one of equals.
    """
    near = [passage for passage in ranked if passage.document in question.sources]
    left, chosen = list(question.facts), list[Passage]()
    while left and near and len(chosen) < PLACES:
        said = [facts_found(passage.text, left, question.match) for passage in near]
        best = max(range(len(near)), key=lambda at: sum(said[at]))
        if not any(said[best]):
            break
        chosen.append(near[best])
        left = [fact for fact, is_said in zip(left, said[best], strict=True) if not is_said]
    return chosen


def _composed(known: Condition, gold: list[Evidence], others: list[Evidence]) -> list[Evidence]:
    if known.gold == "ranked":
        return sorted([*gold, *others], key=lambda item: item.rank)
    before = {"first": 0, "middle": len(others) // 2, "last": len(others)}[known.gold]
    return [*others[:before], *gold, *others[before:]]


def _holding(question: Question, passages: Sequence[Passage]) -> list[Passage]:
    """Return the passages that contain the gold, at most ``PLACES``; if none contains a whole span, all that touch it.

    If any span is enough, those of the first one.
    """
    chosen: list[Passage] = []
    for span in question.gold[:1] if question.need == "any" else question.gold:
        near = [passage for passage in passages if overlap(passage, span)]
        whole = [passage for passage in near if overlap(passage, span) == span.end - span.start]
        chosen += [passage for passage in whole[:1] or near if passage not in chosen]
    return chosen[:PLACES]
