"""Questions without a sure answer over HTTP, for administrators (``ui.access`` decides who that is)."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from eval import gaps
from eval.gaps import Gap
from rag import feedback
from rag.errors import DocumentError
from rag.feedback import Feedback, Span
from ui.evidence import reader_address
from ui.opinions import LONGEST
from ui.replies import Json
from ui.service import Service

__all__ = ["router"]


class Note(BaseModel):
    """What is planned about a gap; an empty text deletes it."""

    model_config = ConfigDict(extra="forbid")
    questions: list[str] = Field(min_length=1, max_length=10_000)
    note: str = Field(max_length=LONGEST)


class Forgotten(BaseModel):
    """The ids of questions to delete."""

    model_config = ConfigDict(extra="forbid")
    ids: list[str] = Field(max_length=20_000)


class Case(BaseModel):
    """A question for the review queue: ``passage`` holds its answer, or nothing does."""

    model_config = ConfigDict(extra="forbid")
    id: str
    kind: Literal["should_answer", "should_abstain"]
    passage: int = Field(0, ge=0)


def router(service: Service) -> APIRouter:
    """Return the routes of the page "Gaps"."""
    routes, config = APIRouter(include_in_schema=False), service.config

    @routes.get("/api/gaps")
    def listed() -> Response:
        found = gaps.gaps(config, service.assistant.embedder)
        return Json({"kept": config.keep_unanswered, "gaps": [_row(gap) for gap in found]})

    @routes.get("/api/gaps.csv")
    def table() -> Response:
        text = gaps.as_csv(gaps.gaps(config, service.assistant.embedder))
        return Response(text, media_type="text/csv; charset=utf-8")

    @routes.post("/api/gaps/note")
    def note(body: Note) -> Response:
        gaps.note(config.index, body.questions, body.note)
        return Json({})

    @routes.post("/api/gaps/delete")
    def delete(body: Forgotten) -> Response:
        gaps.forget(config, body.ids)
        return Json({})

    @routes.post("/api/gaps/review", status_code=201)
    def review(body: Case) -> Response:
        return Json({"id": feedback.add(config.index, _case(service, body))}, 201)

    return routes


def _case(service: Service, case: Case) -> Feedback:
    """Return the feedback that puts a question into the review queue, in place of the stored question.

    Raises:
        DocumentError: the question or the passage is gone.
    """
    asked = next((one for one in gaps.unanswered(service.config) if one.id == case.id), None)
    if asked is None or case.passage >= max(1, len(asked.nearest)):
        raise DocumentError("This question is gone: somebody deleted it.")
    passages = asked.nearest[case.passage : case.passage + 1] if case.kind == "should_answer" else ()
    return Feedback(case.kind, asked.question, answer_id=asked.id, status=asked.status, passages=passages)


def _row(gap: Gap) -> dict[str, Any]:
    return {
        "question": gap.question,
        "last": gap.last,
        "note": gap.note,
        "documents": [{"name": name, "address": reader_address(name, 0, 0)} for name in gap.documents],
        "passages": [_place(span) for span in gap.passages],
        "typical": next((one.id for one in gap.asked if one.question == gap.question and one.nearest), ""),
        "asked": [{"id": one.id, "question": one.question, "status": one.status, "at": one.at} for one in gap.asked],
    }


def _place(span: Span) -> dict[str, str]:
    address = reader_address(span.document, span.start, span.end) + "#quote"
    return {"document": span.document, "quote": span.quote, "address": address}
