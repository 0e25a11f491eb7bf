"""Abstention metrics: does it answer what the documents answer, and nothing else?

They use the status field of the answer, not its wording.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.precision_recall import PrecisionRecall

__all__ = [
    "Abstention",
    "Confusion",
    "Decision",
    "Rate",
    "abstention",
    "always_answer",
    "always_refuse",
    "conditioned_score",
    "confusion",
    "false_answers",
    "false_refusals",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one question, and whether the documents answer it; ``kind`` groups questions."""

    answerable: bool
    abstained: bool
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of questions."""

    answered_answerable: int = 0
    abstained_answerable: int = 0
    answered_unanswerable: int = 0
    abstained_unanswerable: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` out of ``total`` questions."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """The rate, between 0 and 1; 0 without questions."""
        return self.count / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Abstention:
    """The scores of a set of decisions; ``macro_f1`` is the mean of both F1."""

    confusion: Confusion
    refusal: PrecisionRecall
    answerable: PrecisionRecall
    macro_f1: float
    false_answer_rate: float
    false_refusal_rate: float


def confusion(decisions: Iterable[Decision]) -> Confusion:
    """Count the decisions."""
    counts = {(a, b): 0 for a in (True, False) for b in (True, False)}
    for decision in decisions:
        counts[decision.answerable, decision.abstained] += 1
    return Confusion(counts[True, False], counts[True, True], counts[False, False], counts[False, True])


def abstention(decisions: Iterable[Decision]) -> Abstention:
    """Score the decisions, once as refusals and once as answers (Trust-Score, Song et al. 2024).

    - Refusal: the unanswerable questions are to be found. Precision: right refusals / refusals; recall: right refusals
      / unanswerable questions.
    - Answerable: the answerable questions are to be found. Precision: answerable questions answered / answers; recall:
      answerable questions answered / answerable questions.
    - False-answer rate: answers / unanswerable questions. False-refusal rate: refusals / answerable questions.

    A rate of nothing is 0. Of 4 answerable questions 3 were answered, of 2 unanswerable ones 1:

    >>> ask = [Decision(True, False)] * 3 + [Decision(True, True), Decision(False, False), Decision(False, True)]
    >>> scores = abstention(ask)
    >>> scores.refusal
    PrecisionRecall(precision=0.5, recall=0.5, f1=0.5)
    >>> scores.answerable
    PrecisionRecall(precision=0.75, recall=0.75, f1=0.75)
    >>> scores.macro_f1, scores.false_answer_rate, scores.false_refusal_rate
    (0.625, 0.5, 0.25)
    """
    c = confusion(decisions)
    answerable = c.answered_answerable + c.abstained_answerable
    unanswerable = c.answered_unanswerable + c.abstained_unanswerable
    refused = c.abstained_answerable + c.abstained_unanswerable
    answered = c.answered_answerable + c.answered_unanswerable
    refusals = PrecisionRecall.of(
        Rate(c.abstained_unanswerable, refused).value, Rate(c.abstained_unanswerable, unanswerable).value
    )
    answers = PrecisionRecall.of(
        Rate(c.answered_answerable, answered).value, Rate(c.answered_answerable, answerable).value
    )
    return Abstention(
        confusion=c,
        refusal=refusals,
        answerable=answers,
        macro_f1=(refusals.f1 + answers.f1) / 2,
        false_answer_rate=Rate(c.answered_unanswerable, unanswerable).value,
        false_refusal_rate=Rate(c.abstained_answerable, answerable).value,
    )


def false_answers(decisions: Sequence[Decision]) -> dict[str, Rate]:
    """Return for each kind how many unanswerable questions were answered.

    >>> decisions = [Decision(False, False, "trap"), Decision(False, True, "trap"), Decision(True, True)]
    >>> false_answers(decisions)
    {'trap': Rate(count=1, total=2)}
    """
    return _by_kind((decision.kind, not decision.abstained) for decision in decisions if not decision.answerable)


def false_refusals(decisions: Sequence[Decision]) -> dict[str, Rate]:
    """Return for each kind how many answerable questions were refused.

    >>> false_refusals([Decision(True, True, "list"), Decision(True, False, "list"), Decision(False, True)])
    {'list': Rate(count=1, total=2)}
    """
    return _by_kind((decision.kind, decision.abstained) for decision in decisions if decision.answerable)


def always_answer(decisions: Iterable[Decision]) -> Abstention:
    """Return the scores of always answering, as a lower bound for comparison.

    >>> always_answer([Decision(True, True), Decision(False, True)]).macro_f1
    0.3333333333333333
    """
    return abstention(Decision(decision.answerable, False, decision.kind) for decision in decisions)


def always_refuse(decisions: Iterable[Decision]) -> Abstention:
    """Return the scores of always refusing.

    >>> always_refuse([Decision(True, False), Decision(False, False)]).refusal
    PrecisionRecall(precision=0.5, recall=1.0, f1=0.6666666666666666)
    """
    return abstention(Decision(decision.answerable, True, decision.kind) for decision in decisions)


def conditioned_score(decision: Decision, score: float) -> float:
    """Return one score for answering and abstaining together (MTRAG, Katsis et al. 2025).

    1 for a refusal of an unanswerable question, 0 for a wrong refusal or answer, else the ``score`` of the answer.

    >>> conditioned_score(Decision(True, False), 0.7), conditioned_score(Decision(False, True), 0.0)
    (0.7, 1.0)
    >>> conditioned_score(Decision(True, True), 0.7), conditioned_score(Decision(False, False), 0.7)
    (0.0, 0.0)
    """
    if decision.answerable:
        return 0.0 if decision.abstained else score
    return float(decision.abstained)


def _by_kind(happened: Iterable[tuple[str, bool]]) -> dict[str, Rate]:
    rates: dict[str, Rate] = {}
    for kind, event in sorted(happened):
        before = rates.get(kind, Rate(0, 0))
        rates[kind] = Rate(before.count + event, before.total + 1)
    return rates
