"""What readers say about answers, and the review of it over HTTP, for whom ``ui.access`` takes for an administrator."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from eval.questions import SetError
from eval.review import accept, question_of
from rag import feedback
from rag.errors import DocumentError
from rag.feedback import Feedback
from rag.types import Answer
from ui.replies import Json
from ui.service import Service

__all__ = ["Opinion", "router", "said_of"]

LONGEST = 8_000
"""Characters of the longest text that is taken."""


class Verdict(BaseModel):
    """What becomes of one that was said; a maintainer may have mended the right answer."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["accept", "reject"]
    right_answer: str | None = Field(None, max_length=LONGEST)


class Opinion(BaseModel):
    """What a reader says in the chat about a kept answer; ``before`` are the conversation's questions before it."""

    kept: str = Field(max_length=64)
    kind: feedback.Kind
    before: list[str] = Field(default_factory=list, max_length=100)
    right_answer: str = Field("", max_length=LONGEST)
    comment: str = Field("", max_length=LONGEST)
    passages: list[tuple[str, int, int]] = Field(default_factory=list, max_length=20)


def router(service: Service) -> APIRouter:
    """Return the routes of the review queue."""
    routes = APIRouter()

    @routes.get("/api/review", include_in_schema=False)
    def pending() -> Response:
        waiting = feedback.pending(service.config.index)
        return Json({"waiting": [_row(said) for said in waiting]})

    @routes.post("/api/review/{id}", include_in_schema=False)
    def decide(id: str, verdict: Verdict) -> Response:
        said = next((said for said in feedback.pending(service.config.index) if said.id == id), None)
        if said is None:
            raise DocumentError("This has been reviewed already.")
        if verdict.decision == "reject":
            feedback.remove(service.config.index, [id])
            return Json({})
        if verdict.right_answer is not None:
            said = dataclasses.replace(said, right_answer=verdict.right_answer)
        question = accept(said, service.assistant.index)
        return Json({"question": question.id}, 201)

    return routes


def said_of(opinion: Opinion, answer: Answer, index: Any) -> Feedback:
    """Return what a reader says, with the words of every span cut from the stored text.

    Raises:
        DocumentError: a document is not in the index any more.
    """

    def span(document: str, start: int, end: int) -> feedback.Span:
        text = index.document(document).text
        first = min(max(start, 0), len(text))
        last = min(max(end, first), len(text))
        return feedback.Span(document, first, last, text[first:last])

    return Feedback(
        kind=opinion.kind,
        question=answer.question,
        history=tuple(feedback.Turn("user", question[:LONGEST]) for question in opinion.before),
        answer_id=opinion.kept,
        status=answer.status,
        answer=answer.answer,
        citations=tuple(span(cited.document, cited.start, cited.end) for cited in answer.citations),
        right_answer=opinion.right_answer.strip(),
        passages=tuple(span(*place) for place in opinion.passages),
        comment=opinion.comment.strip(),
    )


def _row(said: Feedback) -> dict[str, Any]:
    try:
        question_of(said)
        lacks = ""
    except SetError as error:
        lacks = str(error)
    return {**dataclasses.asdict(said), "lacks": lacks}
