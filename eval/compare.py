"""Compare two runs on the same questions: differences, their size, and whether they are significant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.catalogue import CATALOGUE, Metric
from eval.journal import RunError
from eval.statistics import Interval, holm, mcnemar_exact, paired_bootstrap, sign_flip_test
from eval.summary import strata

__all__ = ["COMPARED", "FLIPPED", "Difference", "Flip", "compare", "difference", "flips", "same_answers"]

COMPARED = (
    "decision.right",
    "answer.correct",
    "outcome.helpful",
    "outcome.wrong",
    "answer.fact_coverage",
    "answer.token_f1",
    "answer.conditioned",
    "citation.document",
    "citation.span",
    "citation.span_precision",
    "retrieval.found",
    "retrieval.hit@1",
    "retrieval.hit@3",
    "retrieval.hit@10",
    "retrieval.mrr@10",
    "retrieval.ndcg@10",
    "retrieval.span_recall@5",
)
"""The metrics that runs are compared by; p-values are corrected for their number."""
FLIPPED = ("answer.correct", "decision.right", "citation.document", "retrieval.found", "retrieval.hit@3")
"""Binary metrics whose changes are listed question by question."""

Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric on the ``count`` questions that both runs have: both means, the gain, and its significance.

    ``lost`` and ``won`` count the questions that got worse and better. ``p`` is exact for binary metrics (McNemar), and
    from a paired randomisation test otherwise; ``p_family`` is corrected for the number of metrics (Holm).
    """

    metric: Metric
    count: int
    before: float
    after: float
    gained: Interval
    lost: int
    won: int
    p: float
    p_family: float = 1.0

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` if significant (5 % over the family), otherwise empty."""
        if self.p_family >= 0.05:
            return ""
        return "better" if (self.gained.point > 0) == self.metric.higher else "worse"


@dataclass(frozen=True, slots=True)
class Flip:
    """A question that was right in one run and wrong in the other, in one metric."""

    id: str
    metric: str
    question: str
    before: float
    after: float


def compare(before: Rows, after: Rows) -> list[Difference]:
    """Return the difference in each metric of ``COMPARED`` that both runs have; rows are their questions.

    Raises ``RunError`` if they share no question, or use the same id for different questions.
    """
    shared = before.keys() & after.keys()
    if other := sorted(id_ for id_ in shared if before[id_]["question"] != after[id_]["question"]):
        raise RunError(
            f"The runs ask different questions under the ids {', '.join(other[:3])}. Compare two runs of the same set."
        )
    if not shared:
        raise RunError("The runs have no question in common. Compare two runs of the same set.")
    found = [difference(known, before, after) for known in CATALOGUE if known.name in COMPARED]
    family = [item for item in found if item is not None]
    corrected = holm([item.p for item in family])
    return [
        Difference(d.metric, d.count, d.before, d.after, d.gained, d.lost, d.won, d.p, p)
        for d, p in zip(family, corrected, strict=True)
    ]


def difference(known: Metric, before: Rows, after: Rows) -> Difference | None:
    """Return the difference in one metric, uncorrected; None if no question has it in both runs.

    >>> row = {"cluster": "a", "answerable": True}
    >>> wrong, right = (row | {"scores": {"answer.correct": value}} for value in (0.0, 1.0))
    >>> found = difference(Metric("answer.correct", "", "", binary=True), {"q": wrong}, {"q": right})
    >>> found.gained.point, found.won, found.p
    (1.0, 1, 1.0)
    """
    ids = _shared(known.name, before, after)
    if not ids:
        return None
    first = [float(before[id_]["scores"][known.name]) for id_ in ids]
    second = [float(after[id_]["scores"][known.name]) for id_ in ids]
    clusters = [after[id_]["cluster"] for id_ in ids]
    layers = strata([after[id_] for id_ in ids])
    pairs = list(zip(first, second, strict=True))
    sign = 1 if known.higher else -1
    lost, won = (sum(sign * way * (b - a) > 0 for a, b in pairs) for way in (-1, 1))
    p = mcnemar_exact(lost, won) if known.binary else sign_flip_test(first, second, clusters)
    gained = paired_bootstrap(first, second, clusters, strata=layers)
    return Difference(known, len(ids), sum(first) / len(ids), sum(second) / len(ids), gained, lost, won, p)


def flips(before: Rows, after: Rows, names: Sequence[str] = FLIPPED) -> list[Flip]:
    """Return the questions that flipped, by metric in the order of ``names``, lost ones first."""
    found = []
    for name in names:
        for id_ in _shared(name, before, after):
            a, b = before[id_]["scores"][name], after[id_]["scores"][name]
            if a != b:
                found.append(Flip(id_, name, after[id_]["question"], a, b))
    return sorted(found, key=lambda flip: (names.index(flip.metric), flip.after - flip.before))


def same_answers(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool | None:
    """Return whether two runs gave the same answers byte for byte, according to ``metrics.json``; None if unknown."""
    first, second = before.get("answers_sha256"), after.get("answers_sha256")
    return None if first is None or second is None else first == second


def _shared(name: str, before: Rows, after: Rows) -> list[str]:
    """Return the ids that have the metric in both runs, in the order of the second run."""
    return [
        id_
        for id_ in after
        if id_ in before and before[id_]["scores"].get(name) is not None and after[id_]["scores"].get(name) is not None
    ]
