"""All scores of one answer, by name.

Names are ``group.metric``. A score is a number, or None if undefined for this question; it is then left out of
averages. A question that failed gets the worst score wherever a score is defined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.abstention_metrics import Decision, conditioned_score
from eval.answer_metrics import contains_reference, exact_match, fact_coverage, said_anyway, token_f1
from eval.citation_metrics import (
    character_gold,
    citation_coverage,
    citation_validity,
    document_gold,
    quotations,
    span_gold,
    verbatim_rate,
)
from eval.lost_points import lost_at
from eval.outcomes import decision_scores, outcome_scores, quotes_answer
from eval.questions import Question
from eval.recording import evidence_from
from eval.retrieval_metrics import distractor_share, document_found, gold_found
from rag import answers
from rag.citations import without_marks
from rag.types import Answer, Citation

__all__ = ["Scores", "answer_from", "answer_scores", "correct", "lost"]

Scores = dict[str, float | None]

LIKE_REFERENCE = 0.5
"""Token F1 from which an answer counts as right, if there are no facts."""


def answer_scores(question: Question, answer: Answer | None, texts: Mapping[str, str]) -> Scores:
    """Return the scores of ``answer`` (None: the question failed); ``texts`` are the stored documents by name.

    Quotes of an unsure answer are not an answer: they only count in outcomes and the lenient decision. Marks such as
    ``[2]`` are not part of the text and state no fact.
    """
    text = without_marks(answer.answer) if answer and answer.status == "answered" else ""
    right = correct(question, text)
    quality = _quality(question, text)
    scores: Scores = {f"answer.{name}": value for name, value in quality.items()}
    scores |= decision_scores(question, answer) | outcome_scores(question, answer, right)
    scores["answer.correct"] = scores["outcome.right"]
    said = said_anyway(text, question.never, question.match)
    scores["answer.forbidden"] = float(bool(said)) if question.never else None
    scores["answer.conditioned"] = _conditioned(question, answer, quality, right)
    return scores | _evidence_scores(question, answer) | _citation_scores(question, answer, texts)


def correct(question: Question, text: str) -> bool | None:
    """Return whether ``text`` is a right answer; None if that can't be decided.

    It must state every fact and say nothing forbidden. Without facts, it must contain a reference answer word for word,
    or share a token F1 of at least ``LIKE_REFERENCE`` with one.
    """
    if not question.answerable or not (question.facts or question.answers):
        return None
    if said_anyway(text, question.never, question.match):
        return False
    if question.facts:
        return fact_coverage(text, question.facts, question.match) == 1
    return bool(contains_reference(text, question.answers)) or token_f1(text, question.answers) >= LIKE_REFERENCE


def lost(question: Question, answer: Answer | None, scores: Scores) -> str | None:
    """Return the stage at which an answerable question was lost (``lost_at``), or ``failure`` if it failed.

    If right answers are unknown, an answer that cites the gold counts as right.
    """
    if not question.answerable:
        return None
    if answer is None:
        return "failure"
    right = scores["answer.correct"]
    found = scores["evidence.found" if question.gold else "evidence.document"]
    return lost_at(
        found=bool(found) or not question.sources,
        abstained=answer.status != "answered",
        correct=bool(scores["citation.span"] if right is None else right),
        cited=bool(scores["citation.document"]) or not question.sources,
        quoted=quotes_answer(question, answer),
    )


def answer_from(record: Mapping[str, Any]) -> Answer | None:
    """Return the answer of a record of ``answers.jsonl``, or None if the question failed."""
    table = record["answer"]
    if table is None:
        return None
    return answers.answer_from(table, map(evidence_from, record["evidence"]))


def _quality(question: Question, text: str) -> Scores:
    """Return how well ``text`` states what it should; all None if the documents don't answer the question."""
    references = question.answers if question.answerable else ()
    return {
        "fact_coverage": fact_coverage(text, question.facts, question.match),
        "token_f1": token_f1(text, references) if references else None,
        "exact_match": exact_match(text, references) if references else None,
        "contains": contains_reference(text, references) if references else None,
    }


def _evidence_scores(question: Question, answer: Answer | None) -> Scores:
    read = [item.passage for item in answer.evidence] if answer else []
    return {
        "evidence.found": float(gold_found(read, question)) if question.gold else None,
        "evidence.document": float(document_found(read, question)) if question.sources else None,
        "evidence.distractors": distractor_share(read, question) if question.gold else None,
    }


def _conditioned(question: Question, answer: Answer | None, quality: Scores, right: bool | None) -> float | None:
    """Return one score for answering and abstaining: fact coverage, or F1 without facts."""
    if answer is None:
        return 0.0
    first = (quality["fact_coverage"], quality["token_f1"], None if right is None else float(right))
    score = next((value for value in first if value is not None), None)
    if question.answerable and score is None:
        return None
    return conditioned_score(Decision(question.answerable, answer.status != "answered"), score or 0.0)


def _citation_scores(question: Question, answer: Answer | None, texts: Mapping[str, str]) -> Scores:
    cited: Sequence[Citation] = answer.citations if answer else ()
    documents, spans = document_gold(cited, question), span_gold(cited, question)
    characters = character_gold(cited, question)
    gold, judged = bool(question.gold), bool(question.gold and cited)
    known = bool(question.sources)
    said = answer is not None and answer.status != "abstained"
    return {
        "citation.validity": citation_validity(answer, texts) if answer else None,
        "citation.coverage": citation_coverage(answer) if answer else None,
        "citation.document": float(documents.recall > 0) if known else None,
        "citation.span": float(spans.recall > 0) if gold else None,
        "citation.document_precision": documents.precision if known and cited else None,
        "citation.document_recall": documents.recall if known and said else None,
        "citation.span_precision": spans.precision if judged else None,
        "citation.span_recall": spans.recall if gold and said else None,
        "citation.character_precision": characters.precision if judged else None,
        "citation.character_recall": characters.recall if gold and said else None,
        "citation.verbatim": verbatim_rate([c.quote for c in cited], _of(cited, texts)),
        "citation.quotations": verbatim_rate(quotations(answer.answer), _of(cited, texts)) if answer and said else None,
    }


def _of(cited: Sequence[Citation], texts: Mapping[str, str]) -> list[str]:
    return [texts[name] for name in dict.fromkeys(citation.document for citation in cited) if name in texts]
