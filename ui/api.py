"""The JSON API: questions, search and documents over HTTP, with server-sent events on request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match

from rag.answers import answer_object, passage_object
from rag.errors import FootnoteError
from ui import examples
from ui.access import user_of
from ui.asking import event_stream, last_event
from ui.conversation import Answered, Event, Failed
from ui.jobs import Inquiry
from ui.library import Library
from ui.limits import QUESTION
from ui.metrics import Metrics
from ui.problems import status_of_code
from ui.replies import Json, records, refusal, sse
from ui.schemas import Ask
from ui.service import Service

__all__ = ["router", "unknown_paths"]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PATHS = ("/api/{rest:path}", "/v1/{rest:path}", "/mcp", "/healthz", "/readyz", "/metrics", "/widget.js")
"""Paths of programs: those that don't exist, or not for a method, get an error as JSON instead of a page."""
Names = Annotated[list[str] | None, Query(max_length=1000)]


def router(service: Service, library: Library, metrics: Metrics) -> APIRouter:
    """Return the routes for questions, search and documents."""
    routes = APIRouter(default_response_class=Json)
    _asking(routes, service, library)
    _reading(routes, library)
    _health(routes, service, metrics)
    return routes


def _asking(routes: APIRouter, service: Service, library: Library) -> None:
    @routes.post("/api/ask", responses=examples.ASK, tags=["questions"])
    async def ask(body: Ask, request: Request) -> Response:
        """Answer a question from the documents, with the exact passage behind every sentence."""
        documents = await asyncio.to_thread(library.chosen, body.documents, body.collections)
        events = service.follow(Inquiry(body.question, body.turns(), user_of(request), "api", documents))
        if body.stream or "text/event-stream" in request.headers.get("accept", ""):
            return await event_stream(events, _as_sse)
        return _whole(await last_event(request, events))

    @routes.get("/api/search", responses=examples.SEARCH, tags=["questions"])
    def search(
        q: Annotated[str, Query(max_length=QUESTION)],
        limit: Annotated[int, Query(ge=1, le=100)] = 5,
        documents: Names = None,
        collections: Names = None,
    ) -> Response:
        """Return the passages for a question, best first, without the language model."""
        found = service.search(q, limit, library.chosen(documents, collections))
        return Json({"passages": [passage_object(item) for item in found]})


def _as_sse(event: Event) -> Iterator[bytes]:
    return map(sse, records(event))


def _whole(event: Event) -> Response:
    """Return the answer object, or the reason why there is none."""
    if isinstance(event, Answered):
        return Json(answer_object(event.answer))
    if isinstance(event, Failed):
        return refusal(status_of_code(event.error), event.error, event.text)
    return refusal(499, "stopped", "The answer was cancelled.")


def _reading(routes: APIRouter, library: Library) -> None:
    @routes.get("/api/documents", responses=examples.DOCUMENTS, tags=["documents"])
    def documents() -> Response:
        """List the documents."""
        return Json({"documents": library.documents()})

    @routes.get("/api/documents/{id:path}/passage", responses=examples.PASSAGE, tags=["documents"])
    def passage(id: str, start: int, end: int, around: int = Query(500, ge=0, le=20_000)) -> Response:
        """Return a span of a document's text and the text around it."""
        return Json(library.passage(id, start, end, around))

    @routes.get("/api/documents/{id:path}/overview", responses=examples.OVERVIEW, tags=["documents"])
    def overview(id: str) -> Response:
        """Return the headings and first facts of a document."""
        return Json(library.overview(id))

    @routes.get("/api/documents/{id:path}", responses=examples.DOCUMENT, tags=["documents"])
    def document(id: str) -> Response:
        """Describe a document."""
        return Json(library.document(id))


def _health(routes: APIRouter, service: Service, metrics: Metrics) -> None:
    @routes.get("/healthz", tags=["operation"])
    async def healthz() -> Response:
        """Report that the process is alive."""
        return Json({"status": "alive"})

    @routes.get("/readyz", tags=["operation"])
    def readyz() -> Response:
        """Report whether the index and the language model are loaded."""
        try:
            _ = service.assistant
        except FootnoteError as error:
            return Json({"ready": False, "message": str(error)}, 503)
        name = getattr(service.generator, "name", "")
        return Json({"ready": True, "model": name, "documents": service.documents})

    @routes.get("/metrics", tags=["operation"], response_class=PlainTextResponse)
    def figures() -> Response:
        """Return metrics in the Prometheus text format."""
        return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")


def unknown_paths(known: Sequence[BaseRoute]) -> APIRouter:
    """Return routes for what is not ``known``: 405 for another method of a known path, otherwise 404.

    Include them last.
    """
    routes = APIRouter()

    async def nothing(request: Request) -> Response:
        path = request.url.path
        if allowed := ", ".join(_allowed(request, known)):
            message = f"{path} doesn't allow {request.method}, only {allowed}."
            return refusal(405, "method_not_allowed", message, path, {"Allow": allowed})
        return refusal(404, "not_found", f"There is no {request.method} {path}. See /api/openapi.json.", path)

    for path in PATHS:
        routes.add_api_route(path, nothing, methods=METHODS, include_in_schema=False)
    return routes


def _allowed(request: Request, known: Sequence[BaseRoute]) -> list[str]:
    """Return the methods that the path of ``request`` allows."""
    scopes = ({**request.scope, "method": method} for method in METHODS)
    return [scope["method"] for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in known)]
