"""HTTP responses: errors as JSON, and events streamed while a question is being answered."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.sse import format_sse_event

from rag.answers import answer_object
from rag.errors import AccessRefused, FootnoteError, TooMany
from rag.types import Citation, Phase, Token
from ui.conversation import Answered, Event, Failed, Stopped, Waiting
from ui.problems import code, fault_text, position, status
from ui.render import activity_text
from ui.texts import ENGLISH

__all__ = ["Json", "Record", "invalid", "problem", "records", "refusal", "refusal_body", "sse"]

OPENAI_CODES = {
    "json_invalid": "invalid_json",
    "missing": "missing_required_parameter",
    "model_not_found": "model_not_found",
    "unsupported_value": "unsupported_value",
}
"""Codes for types of validation errors under ``/v1``."""
Record = tuple[str, dict[str, Any]]
"""The name of an event and its data."""


class Json(JSONResponse):
    """JSON in ASCII, so that invalid characters (lone surrogates in a document) don't break the response."""

    def render(self, content: Any) -> bytes:
        """Return ``content`` as bytes."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def records(event: Event) -> Iterator[Record]:
    """Yield ``event`` in the API's form; an answer is sent sentence by sentence, each before its new citations."""
    match event:
        case Waiting(ahead=ahead, seconds=seconds):
            yield (
                "phase",
                {"name": "waiting", "text": activity_text(event, ENGLISH), "position": ahead, "wait_s": seconds},
            )
        case Phase(name=name, text=text):
            yield "phase", {"name": name, "text": text}
        case Citation():
            yield "quote", {name: value for name, value in dataclasses.asdict(event).items() if name != "mark"}
        case Token(text=text):
            yield "token", {"text": text}
        case Answered():
            yield from _answer_records(event)
        case Failed(text=text, error=error):
            yield "error", {"error": error, "message": text}
        case Stopped():
            yield "error", {"error": "stopped", "message": "The answer was cancelled."}


def _answer_records(event: Answered) -> Iterator[Record]:
    answer = event.answer
    cited, seen = {citation.mark: citation for citation in answer.citations}, set[int]()
    for sentence in answer.sentences:
        yield "sentence", dataclasses.asdict(sentence)
        for mark in sentence.citations:
            if mark in cited and mark not in seen:
                seen.add(mark)
                yield "citation", dataclasses.asdict(cited[mark])
    yield "answer", answer_object(answer)


def sse(record: Record) -> bytes:
    """Return ``record`` as a server-sent event (WHATWG HTML, section 9.2)."""
    name, data = record
    return format_sse_event(event=name, data_str=json.dumps(data))


def problem(error: FootnoteError, path: str = "") -> Json:
    """Return the response for ``error``, in the form expected by clients of ``path``."""
    headers = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, AccessRefused) and status(error) == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return refusal(status(error), code(error), str(error), path, headers)


def refusal(status: int, error: str, message: str, path: str = "", headers: dict[str, str] | None = None) -> Json:
    """Return the response for an error with this status, code and message."""
    return Json(refusal_body(status, error, message, path), status, headers)


def refusal_body(status: int, error: str, message: str, path: str = "", param: str | None = None) -> dict[str, Any]:
    """Return ``{"error": …, "message": …}``, or OpenAI's error format under its paths; ``param`` names the field."""
    if not path.startswith("/v1/"):
        return {"error": error, "message": message}
    kind = "server_error" if status >= 500 else "rate_limit_error" if status == 429 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": error}}


def invalid(error: RequestValidationError, path: str) -> Json:
    """Return the response for a request that doesn't fit its schema: where it doesn't, and how to correct it."""
    faults = error.errors()
    message = "; ".join(fault_text(fault, error.body) for fault in faults[:5])
    if not path.startswith("/v1/"):
        return refusal(422, "invalid_request", message)
    first: Mapping[str, Any] = faults[0]
    status = 404 if first["type"] == "model_not_found" else 400
    param = None if first["type"] == "json_invalid" else position(first["loc"]) or None
    return Json(refusal_body(status, OPENAI_CODES.get(first["type"], "invalid_value"), message, path, param), status)
