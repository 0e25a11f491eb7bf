"""Review of reader feedback over HTTP, for administrators (``ui.access`` decides who that is)."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from eval.review import Incomplete, accept, question_of
from rag import feedback
from rag.errors import DocumentError
from rag.feedback import Feedback
from ui.opinions import LONGEST
from ui.replies import Json
from ui.service import Service

__all__ = ["router"]

LACKS = {"verdict": "lacks.verdict", "right_answer": "lacks.right_answer", "passage": "lacks.passage"}
"""The texts of the page that say what feedback lacks to become a test question."""


class Verdict(BaseModel):
    """The decision on a piece of feedback; a maintainer may have corrected the right answer."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["accept", "reject"]
    right_answer: str | None = Field(None, max_length=LONGEST)


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
            raise DocumentError("This has already been reviewed.")
        if verdict.decision == "reject":
            feedback.remove(service.config.index, [id])
            return Json({})
        if verdict.right_answer is not None:
            said = dataclasses.replace(said, right_answer=verdict.right_answer)
        question = accept(said, service.assistant.index)
        return Json({"question": question.id}, 201)

    return routes


def _row(said: Feedback) -> dict[str, Any]:
    try:
        question_of(said)
        lacks = ""
    except Incomplete as error:
        lacks = LACKS[error.lacks]
    return {**dataclasses.asdict(said), "lacks": lacks}
