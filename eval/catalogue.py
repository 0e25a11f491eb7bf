"""Every metric by name: its label for readers, and which direction is better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eval.retrieval_metrics import DOCUMENT_CUTOFFS, RANKING_METRICS

__all__ = ["BY_KIND", "CATALOGUE", "GROUPINGS", "HEADLINES", "OUTCOMES", "SET_LEVEL", "Metric", "metric"]


@dataclass(frozen=True, slots=True)
class Metric:
    """``group`` is its heading in tables; ``binary`` metrics are 0 or 1 per question; ``higher``: more is better."""

    name: str
    label: str
    group: str
    binary: bool = False
    higher: bool = True


RETRIEVERS = {
    "retrieval": "Retrieval",
    "bm25": "Retrieval by words only (BM25)",
    "dense": "Retrieval by vectors only",
}
CUTOFFS = (3, 5, 10)


def _retrieval() -> Iterator[Metric]:
    for name, group in RETRIEVERS.items():
        yield Metric(f"{name}.found", "enough gold in the evidence", group, binary=True)
        for k in DOCUMENT_CUTOFFS:
            yield Metric(f"{name}.document@{k}", f"a right document in the first {k}", group, binary=True)
        for ranking in RANKING_METRICS:
            yield Metric(f"{name}.{ranking}", ranking, group, binary=ranking.startswith("hit@"))
        for k in CUTOFFS:
            yield Metric(f"{name}.all_gold@{k}", f"all gold in the first {k}", group, binary=True)
            yield Metric(f"{name}.span_recall@{k}", f"gold characters in the first {k}", group)
            yield Metric(f"{name}.span_precision@{k}", f"share of the first {k} that is gold", group)


def _outcomes() -> Iterator[Metric]:
    group = "Outcomes of answerable questions"
    yield Metric("outcome.right", "right", group, binary=True)
    yield Metric("outcome.helpful", "right, or unsure with every fact quoted", group, binary=True)
    for name in ("wrong", "unsure", "refused"):
        yield Metric(f"outcome.{name}", name, group, binary=True, higher=False)
    group = "Outcomes of unanswerable questions"
    yield Metric("outcome.false_answer", "answered", group, binary=True, higher=False)
    yield Metric("outcome.false_unsure", "unsure", group, binary=True, higher=False)


LENIENT = "Abstention, unsure with the right passage counts as an answer"

CATALOGUE: tuple[Metric, ...] = (
    Metric("decision.right", "right decision, unsure counts as a refusal", "Decision", binary=True),
    Metric("decision.lenient", "right decision, unsure with the right passage allowed", "Decision", binary=True),
    Metric("answer.conditioned", "facts stated, a right refusal counts 1", "Decision"),
    *_outcomes(),
    Metric("answer.correct", "right", "Answers to answerable questions", binary=True),
    Metric("answer.fact_coverage", "facts stated", "Answers to answerable questions"),
    Metric("answer.contains", "contains a reference word for word", "Answers to answerable questions", binary=True),
    Metric("answer.token_f1", "token F1", "Answers to answerable questions"),
    Metric("answer.exact_match", "exact match", "Answers to answerable questions", binary=True),
    Metric(
        "answer.forbidden", "says something forbidden", "Answers to answerable questions", binary=True, higher=False
    ),
    Metric("citation.document", "cites a gold document", "Citations", binary=True),
    Metric("citation.span", "cites a gold span", "Citations", binary=True),
    Metric("citation.validity", "marks with a valid citation", "Citations"),
    Metric("citation.verbatim", "quotes found in the document", "Citations"),
    Metric("citation.quotations", "quotations in the text found there", "Citations"),
    Metric("citation.coverage", "sentences with a citation", "Citations"),
    Metric("citation.document_precision", "cited documents that are gold", "Citations"),
    Metric("citation.document_recall", "gold documents cited", "Citations"),
    Metric("citation.span_precision", "cited spans that overlap gold", "Citations"),
    Metric("citation.span_recall", "gold spans overlapped", "Citations"),
    Metric("citation.character_precision", "cited characters that are gold", "Citations"),
    Metric("citation.character_recall", "gold characters cited", "Citations"),
    Metric("evidence.found", "enough gold in what was read", "Evidence", binary=True),
    Metric("evidence.document", "a right document in what was read", "Evidence", binary=True),
    Metric("evidence.distractors", "passages read without any gold", "Evidence", higher=False),
    *_retrieval(),
)
"""Metrics with a value per question; the result is their mean."""

SET_LEVEL: tuple[Metric, ...] = (
    Metric("abstention.false_answer_rate", "unanswerable questions answered", "Abstention", higher=False),
    Metric("abstention.false_refusal_rate", "answerable questions refused", "Abstention", higher=False),
    Metric("abstention.refusal_precision", "refusals that were right", "Abstention"),
    Metric("abstention.refusal_recall", "unanswerable questions refused", "Abstention"),
    Metric("abstention.refusal_f1", "refusal F1", "Abstention"),
    Metric("abstention.answerable_precision", "answers to answerable questions", "Abstention"),
    Metric("abstention.answerable_recall", "answerable questions answered", "Abstention"),
    Metric("abstention.answerable_f1", "answerable F1", "Abstention"),
    Metric("abstention.macro_f1", "mean of both F1", "Abstention"),
    Metric("lenient.false_refusal_rate", "answerable questions neither answered nor quoted", LENIENT, higher=False),
    Metric("lenient.macro_f1", "mean of both F1", LENIENT),
    Metric("calibration.auroc", "AUROC of the confidence", "Confidence"),
    Metric("calibration.aurc", "area under risk–coverage", "Confidence", higher=False),
    Metric("calibration.brier", "Brier score", "Confidence", higher=False),
    Metric("calibration.ece", "calibration error", "Confidence", higher=False),
)
"""Metrics of a whole set; the confidence is compared with whether the documents answer the question."""

HEADLINES = (
    "outcome.right",
    "outcome.helpful",
    "outcome.wrong",
    "outcome.false_answer",
    "citation.document",
    "retrieval.found",
)
OUTCOMES = tuple(known.name for known in CATALOGUE if known.name.startswith("outcome."))
BY_KIND = (
    *("retrieval.document@3", "retrieval.found", "answer.correct", "answer.fact_coverage"),
    *("citation.document", "decision.right"),
)
GROUPINGS = ("kind", "genre", "language", "path")
"""Fields of ``questions.jsonl`` that questions are grouped by."""

_KNOWN = {known.name: known for known in (*CATALOGUE, *SET_LEVEL)}


def metric(name: str) -> Metric | None:
    """Return the metric ``name``, or None."""
    return _KNOWN.get(name)
