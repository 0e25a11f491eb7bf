"""OpenAI-compatible endpoint: chat completions and models under ``/v1``.

A reply is checked before any of it is sent, since clients can't take a sentence back: the stream starts when the answer
is complete, and comments keep the connection open until then. Marks such as ``[1]`` point to the list of sources at the
end; ``citations`` holds the same citations, and ``footnote`` the whole answer object.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from rag import ports
from rag.answers import answer_object, readable
from ui import examples
from ui.access import user_of
from ui.asking import event_stream, last_event, streaming
from ui.conversation import Answered, Event, Failed
from ui.library import Library
from ui.openai_schemas import MODEL, Completion, unknown_model
from ui.problems import status_of_code
from ui.replies import Json, refusal, refusal_body
from ui.service import Service

__all__ = ["router"]

PIECE = re.compile(r"\S+\s*")
Maker = Callable[[str, str, Mapping[str, Any]], "Reply"]
"""Makes a reply from an id, a text and our own fields."""
LETTERS = 4
"""Characters per token, as long as no model is loaded to count with."""
COUNTED = 10_000
"""Characters that are counted exactly; of longer texts, the beginning tells. Models remember what they counted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent: the text, why it ends (``stop`` or ``length``), its usage in tokens, and our own fields."""

    id: str
    text: str
    finish: str
    usage: Mapping[str, int]
    extras: Mapping[str, Any]
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self) -> dict[str, Any]:
        """Return the reply as a whole."""
        message = {"role": "assistant", "content": self.text, **self.extras}
        choice = {"index": 0, "message": message, "finish_reason": self.finish, "logprobs": None}
        return self._envelope("chat.completion") | {"choices": [choice], "usage": self.usage}

    def chunks(self, with_usage: bool) -> Iterator[bytes]:
        """Yield the reply piece by piece, as server-sent events."""
        envelope = self._envelope("chat.completion.chunk") | ({"usage": None} if with_usage else {})
        for delta in [{"role": "assistant", "content": ""}, *({"content": text} for text in PIECE.findall(self.text))]:
            yield _data(envelope | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        last = {"index": 0, "delta": self.extras, "finish_reason": self.finish}
        yield _data(envelope | {"choices": [last]})
        if with_usage:
            yield _data(envelope | {"choices": [], "usage": self.usage})
        yield b"data: [DONE]\n\n"

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": f"chatcmpl-{self.id}", "object": kind, "created": self.created, "model": MODEL}


def router(service: Service, library: Library) -> APIRouter:
    """Return the routes under ``/v1``."""
    routes = APIRouter(tags=["openai"])

    @routes.post("/v1/chat/completions", responses=examples.COMPLETION)
    async def complete(body: Completion, request: Request) -> Response:
        """Answer the last message from the documents, as a chat completion with a list of sources."""
        task, make = body.task(), partial(_reply, body, service)
        body.check(is_task=task is not None)
        with_usage = bool(body.stream_options and body.stream_options.include_usage)
        if task is not None:
            reply = make(uuid.uuid4().hex[:12], task, {})
            return streaming(reply.chunks(with_usage)) if body.stream else Json(reply.completion())
        documents = await asyncio.to_thread(library.chosen, body.documents, body.collections)
        events = service.follow(body.inquiry(user_of(request), documents))
        if body.stream:
            return await event_stream(events, partial(_chunks, make, with_usage))
        return _completion(make, await last_event(request, events))

    @routes.get("/v1/models", responses=examples.MODELS)
    async def models() -> Response:
        """List the one available model: the language model together with the documents."""
        return Json({"object": "list", "data": [_model()]})

    @routes.get("/v1/models/{id:path}", responses=examples.MODEL)
    async def model(id: str) -> Response:
        """Describe the model."""
        if id != MODEL:
            return Json(refusal_body(404, "model_not_found", unknown_model(id), "/v1/", "model"), 404)
        return Json(_model())

    return routes


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}


def _reply(body: Completion, service: Service, id: str, text: str, extras: Mapping[str, Any]) -> Reply:
    """Return ``text`` as a reply to ``body``: cut off where it asks for that, with the tokens counted."""
    count = partial(_tokens, service.generator)
    text = min((text.partition(stop)[0] for stop in body.stop or () if stop), key=len, default=text)
    whole, text = text, _limited(text, body.most, count)
    asked, said = count(body.text()), count(text)
    usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    return Reply(id, text, "stop" if text == whole else "length", usage, extras)


def _limited(text: str, most: int | None, count: Callable[[str], int]) -> str:
    """Return the words at the beginning of ``text`` that are at most ``most`` tokens."""
    if most is None or count(text) <= most:
        return text
    ends = [match.end() for match in PIECE.finditer(text)]
    return text[: [0, *ends][bisect_right(ends, most, key=lambda end: count(text[:end]))]]


def _tokens(generator: ports.Generator | None, text: str) -> int:
    """Return the number of tokens in ``text``, by the language model if it is loaded."""
    if generator is None or not text:
        return math.ceil(len(text) / LETTERS)
    part = text[:COUNTED]
    return round(generator.measure(ports.Completion("", part, chat=False)) * len(text) / len(part))


def _completion(make: Maker, event: Event) -> Response:
    if not isinstance(event, Answered):
        return refusal(*_failure(event), "/v1/")
    return Json(_answered(make, event).completion())


def _chunks(make: Maker, with_usage: bool, event: Event) -> Iterator[bytes]:
    """Yield the chunks for an event: none until the answer is complete."""
    if isinstance(event, Answered):
        yield from _answered(make, event).chunks(with_usage)
    elif isinstance(event, Failed):
        yield _data(refusal_body(*_failure(event), "/v1/"))


def _answered(make: Maker, event: Answered) -> Reply:
    table = answer_object(event.answer)
    return make(event.answer.id, readable(event.answer), {"citations": table["citations"], "footnote": table})


def _failure(event: Event) -> tuple[int, str, str]:
    """Return status, code and message for an event that is not an answer."""
    if isinstance(event, Failed):
        return status_of_code(event.error), event.error, event.text
    return 499, "stopped", "The answer was cancelled."


def _data(table: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(table)}\n\n".encode()
