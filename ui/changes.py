"""Endpoints that change something: documents and settings (for administrators, see ``ui.access``), and feedback."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Request, Response, UploadFile

from rag import feedback
from rag.errors import DocumentError, FootnoteError
from rag.feedback import Feedback
from rag.reading import FileReader
from rag.types import Turn
from ui import examples
from ui.asking import event_stream
from ui.library import Library
from ui.problems import code, status
from ui.replies import Json, Record, refusal, sse
from ui.schemas import FeedbackForm, Place
from ui.service import Service
from ui.uploads import Uploads

__all__ = ["router"]

LOOK = 0.1
"""Seconds between two progress checks of an upload."""


def router(service: Service, library: Library, uploads: Uploads) -> APIRouter:
    """Return the routes that change something."""
    routes = APIRouter()
    _documents(routes, uploads)

    @routes.post("/api/feedback", status_code=201, responses=examples.FEEDBACK, tags=["questions"])
    def say(body: FeedbackForm) -> Response:
        """Report what is right or wrong about an answer, for review by a maintainer."""
        return Json({"id": feedback.add(service.config.index, _feedback(body, library))}, 201)

    @routes.patch("/api/settings", responses=examples.CHANGED, tags=["operation"])
    def change(body: dict[str, Any]) -> Response:
        """Change settings from the next question on, until the server restarts (admin token)."""
        return Json({name: getattr(service.change(body), name) for name in body})

    return routes


def _documents(routes: APIRouter, uploads: Uploads) -> None:
    @routes.post("/api/documents", status_code=201, responses=examples.ADDED, tags=["documents"])
    async def add(request: Request, file: Annotated[UploadFile, File()]) -> Response:
        """Add a document, or replace the one with the same name (admin token).

        With `Accept: text/event-stream` the response streams `progress` events, then `document` or `error`.
        """
        steps = _steps(uploads, file)
        if "text/event-stream" in request.headers.get("accept", ""):
            return await event_stream(steps, _encoded)
        name, data = [step async for step in steps][-1]
        if name == "error":
            return refusal(data.pop("status"), **data)
        return Json(data, 201)

    @routes.delete("/api/documents/{id:path}", status_code=204, responses=examples.DELETED, tags=["documents"])
    async def delete(id: str) -> Response:
        """Delete a document and everything derived from it (admin token)."""
        if not await asyncio.wrap_future(uploads.delete(id)):
            raise DocumentError(f"There is no document '{id}'.")
        return Response(status_code=204)


async def _steps(uploads: Uploads, file: UploadFile) -> AsyncGenerator[Record]:
    """Yield the progress of an upload, and its result last."""
    loop = asyncio.get_running_loop()
    steps: asyncio.Queue[Record] = asyncio.Queue()
    name = file.filename or ""

    def tell(step: str, done: int, total: int) -> None:
        data = {"step": step, "done": done, "total": total}
        loop.call_soon_threadsafe(steps.put_nowait, ("progress", data))

    reader = FileReader()
    adding = asyncio.wrap_future(uploads.add(name, file.file, tell, reader))
    try:
        yield "progress", {"step": "received", "done": file.size or 0, "total": file.size or 0}
        while not adding.done() or not steps.empty():
            with contextlib.suppress(TimeoutError):
                yield await asyncio.wait_for(steps.get(), LOOK)
    finally:  # Whoever closes the connection cancels the upload.
        if not adding.done():
            reader.stop()
    try:
        yield "document", dataclasses.asdict(await adding)
    except DocumentError as error:
        yield "error", {"error": "bad_document", "message": f"'{name}' {error}.", "status": 422}
    except FootnoteError as error:
        yield "error", {"error": code(error), "message": str(error), "status": status(error)}


def _encoded(record: Record) -> Iterator[bytes]:
    yield sse(record)


def _feedback(said: FeedbackForm, library: Library) -> Feedback:
    """Return the feedback, with the text of each span taken from the stored document."""

    def spans(places: list[Place]) -> tuple[Any, ...]:
        return tuple(library.span(place.document, place.start, place.end) for place in places)

    return Feedback(
        kind=said.kind,
        question=said.question,
        history=tuple(Turn("user", message.content) for message in said.history if message.role == "user"),
        answer_id=said.answer.id,
        status=said.answer.status,
        answer=said.answer.answer,
        citations=spans(said.answer.citations),
        right_answer=said.right_answer,
        passages=spans(said.passages),
        comment=said.comment,
    )
