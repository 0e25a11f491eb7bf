"""The outcome of a question: answered (right or wrong), unsure, refused, or answered although no document answers it.

An ``unsure`` answer quotes possible answers and claims nothing. Strictly it counts as a refusal. Leniently it counts by
its quotes: with the right passage among them it is neither a false refusal nor a false answer, and with every fact
among them it is helpful.
"""

from __future__ import annotations

from eval.abstention_metrics import Rate
from eval.answer_metrics import contains_reference, fact_coverage
from eval.citation_metrics import span_gold
from eval.questions import Question
from rag.types import Answer

__all__ = ["decision_scores", "outcome_scores", "quoted", "quotes_answer", "quotes_gold", "rate"]


def quoted(answer: Answer) -> str:
    """Return the sentences of an unsure answer that are verbatim in their source, one per line.

    Surrounding quotation marks are removed. A draft before the quotes is not included; other answers have no quotes.

    >>> from rag.types import Citation, Sentence
    >>> shown = (Sentence("It opened early.", (1,), 0.8), Sentence("“Open from 8 am.”", (1,), 1.0))
    >>> source = (Citation(1, "a.txt", "", 0, 22, "Open from 8 am. Closed."),)
    >>> quoted(Answer("1", "When?", "unsure", 0.4, "", shown, source))
    'Open from 8 am.'
    """
    if answer.status != "unsure":
        return ""
    quotes = {citation.mark: " ".join(citation.quote.split()) for citation in answer.citations}
    said = [(_unmarked(sentence.text), sentence.citations) for sentence in answer.sentences]
    return "\n".join(text for text, marks in said if any(" ".join(text.split()) in quotes.get(m, "") for m in marks))


def _unmarked(text: str) -> str:
    """Return ``text`` without the quotation marks around it."""
    return text[1:-1] if text.startswith("“") and text.endswith("”") else text


def quotes_answer(question: Question, answer: Answer) -> bool:
    """Return whether the quotes of an unsure answer state every fact or, without facts, a reference answer."""
    text = quoted(answer)
    if not question.answerable or not text:
        return False
    if question.facts:
        return fact_coverage(text, question.facts, question.match) == 1
    return bool(contains_reference(text, question.answers))


def quotes_gold(question: Question, answer: Answer) -> bool:
    """Return whether an unsure answer quotes the right passage: one that states the answer, or enough of the gold."""
    if answer.status != "unsure" or not question.answerable:
        return False
    recall = span_gold(answer.citations, question).recall
    return quotes_answer(question, answer) or (recall == 1 if question.need == "all" else recall > 0)


def decision_scores(question: Question, answer: Answer | None) -> dict[str, float | None]:
    """Return whether the question was rightly answered or declined; strictly, unsure counts as a refusal."""
    answered = answer is not None and answer.status == "answered"
    lenient = answered or (answer is not None and quotes_gold(question, answer))
    return {
        "decision.right": float(answer is not None and answered == question.answerable),
        "decision.lenient": float(answer is not None and lenient == question.answerable),
    }


def outcome_scores(question: Question, answer: Answer | None, right: bool | None) -> dict[str, float | None]:
    """Return 1 for each outcome of a question, 0 for other possible ones, None for impossible ones.

    ``right`` says whether the answer's text is right, None if unknown. An answerable question is ``right``, ``wrong``,
    ``unsure`` or ``refused``; it is ``helpful`` if right, or unsure with the answer among its quotes; a failure is
    wrong. An unanswerable question may be a ``false_answer`` or ``false_unsure``.
    """
    status = answer.status if answer else "failed"
    said, judged = status in ("answered", "failed"), question.answerable and right is not None
    shown = answer is not None and quotes_answer(question, answer)
    is_right = status == "answered" and bool(right)
    found: dict[str, tuple[bool, bool]] = {
        "right": (judged, is_right),
        "helpful": (judged, is_right or shown),
        "wrong": (judged, said and not is_right),
        "unsure": (question.answerable, status == "unsure"),
        "refused": (question.answerable, status == "abstained"),
        "false_answer": (not question.answerable, said),
        "false_unsure": (not question.answerable, status == "unsure"),
    }
    return {f"outcome.{name}": float(had) if might else None for name, (might, had) in found.items()}


def rate(scores: list[float | None]) -> Rate:
    """Return how many of the defined scores are 1.

    >>> rate([1.0, None, 0.0])
    Rate(count=1, total=2)
    """
    had = [score for score in scores if score is not None]
    return Rate(int(sum(had)), len(had))
