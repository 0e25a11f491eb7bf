"""OpenAI-compatible endpoint: chat completions and models under ``/v1``.

A reply is checked before any of it is sent, since clients can't take a sentence back: the stream starts when the answer
is complete, and comments keep the connection open until then. Marks such as ``[1]`` point to the list of sources at the
end; ``citations`` holds the same citations, and ``footnote`` the whole answer object.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from rag.answers import answer_object, readable
from rag.errors import QuestionError
from rag.types import Answer, Turn
from ui.access import user_of
from ui.asking import event_stream, last_event
from ui.conversation import Answered, Event, Failed
from ui.jobs import Inquiry
from ui.problems import status_of_code
from ui.replies import Json, refusal, refusal_body
from ui.service import Service

__all__ = ["router"]

MODEL: Final = "footnote"
SOURCES = re.compile(r"\n\n\[1\] .*", re.DOTALL)
PIECE = re.compile(r"\S+\s*")


class Message(BaseModel):
    """One message; anything but text (images, tool calls) is ignored."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    def text(self) -> str:
        """Return the text of the message."""
        if isinstance(self.content, list):
            return "\n".join(str(part.get("text", "")) for part in self.content if part.get("type") == "text")
        return self.content or ""


class Completion(BaseModel):
    """A chat completion request; settings such as ``temperature`` and system messages are ignored."""

    messages: list[Message] = Field(min_length=1, max_length=1000)
    model: Literal["footnote"] = MODEL
    stream: bool = False

    def inquiry(self, user: str) -> Inquiry:
        """Return the user's last message, and the conversation before it."""
        spoken = [message for message in self.messages if message.role in ("user", "assistant")]
        if not spoken or spoken[-1].role != "user":
            raise QuestionError("The last message must be the user's question.")
        turns = [Turn("user" if m.role == "user" else "assistant", SOURCES.sub("", m.text())) for m in spoken]
        return Inquiry(turns[-1].content, turns[:-1], user, "openai")


def router(service: Service) -> APIRouter:
    """Return the routes under ``/v1``."""
    routes = APIRouter(tags=["openai"])

    @routes.post("/v1/chat/completions")
    async def complete(body: Completion, request: Request) -> Response:
        """Answer the last message from the documents, as a chat completion with a list of sources."""
        events = service.follow(body.inquiry(user_of(request)))
        if body.stream:
            return await event_stream(events, _chunks)
        return _completion(await last_event(request, events))

    @routes.get("/v1/models")
    async def models() -> Response:
        """List the one available model: the language model together with the documents."""
        return Json({"object": "list", "data": [_model()]})

    @routes.get("/v1/models/footnote")
    async def model() -> Response:
        """Describe the model."""
        return Json(_model())

    return routes


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}


def _completion(event: Event) -> Response:
    if not isinstance(event, Answered):
        return refusal(*_failure(event), "/v1/")
    message = {"role": "assistant", "content": readable(event.answer), **_extras(event.answer)}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return Json(_envelope(event.answer, "chat.completion") | {"choices": [choice]})


def _chunks(event: Event) -> Iterator[bytes]:
    """Yield the chunks for an event: none until the answer is complete."""
    if isinstance(event, Answered):
        envelope = _envelope(event.answer, "chat.completion.chunk")
        deltas = [{"content": piece} for piece in PIECE.findall(readable(event.answer))]
        for delta in [{"role": "assistant", "content": ""}, *deltas]:
            yield _data(envelope | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        last = {"index": 0, "delta": _extras(event.answer), "finish_reason": "stop"}
        yield _data(envelope | {"choices": [last]})
        yield b"data: [DONE]\n\n"
    elif isinstance(event, Failed):
        yield _data(refusal_body(*_failure(event), "/v1/"))


def _failure(event: Event) -> tuple[int, str, str]:
    """Return status, code and message for an event that is not an answer."""
    if isinstance(event, Failed):
        return status_of_code(event.error), event.error, event.text
    return 499, "stopped", "The answer was cancelled."


def _extras(answer: Answer) -> dict[str, Any]:
    table = answer_object(answer)
    return {"citations": table["citations"], "footnote": table}


def _envelope(answer: Answer, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{answer.id}", "object": kind, "created": int(time.time()), "model": MODEL}


def _data(table: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(table)}\n\n".encode()
