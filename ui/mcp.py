"""Footnote for other programs through the Model Context Protocol: tools to search and ask, documents as resources.

The official SDK speaks the protocol, on standard input and output or over HTTP at ``/mcp``. Over HTTP it keeps no
sessions, so that a restart or a second server ends nothing; ``ui.access`` checks origins, users and limits as for the
API.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, CallToolResult, Resource, TextContent, ToolAnnotations
from pydantic import Field

from rag.answers import answer_object, passage_object, readable
from rag.config import Config
from rag.errors import DocumentError, FootnoteError
from rag.types import Answer, Phase
from ui import examples
from ui.access import user_of
from ui.conversation import Answered, Event, Failed, Stopped, Waiting
from ui.jobs import Answerer, Inquiry
from ui.library import Library
from ui.limits import QUESTION
from ui.render import activity_text
from ui.schemas import Names
from ui.service import Service
from ui.texts import ENGLISH

__all__ = ["over_http", "router", "serve"]

INSTRUCTIONS = (
    "Answers questions from a collection of documents only. 'ask' returns an answer in which every sentence cites the "
    "exact words of a document, or quotes that may answer the question (status 'unsure'), or says that the documents "
    "don't answer it. 'search' returns the passages for a question. The text of each document is a resource."
)
UNSURE = "Unsure: the documents do not say this outright."
ADDRESS = "footnote://documents/"
READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
LOOK = 0.1
"""Seconds between two looks whether the models are loaded."""

Question = Annotated[str, Field(description="A question, as a full sentence", max_length=QUESTION)]
Limit = Annotated[int, Field(description="Number of passages", ge=1, le=100)]
Documents = Annotated[Names, Field(description="Names of documents; only these are used")]
Collections = Annotated[Names, Field(description="Names of collections (first folders); only their documents are used")]
Asked = Context[Any, Request]


class Server(MCPServer[None]):
    """The SDK's server, with the documents that are in the index now as its resources."""

    def __init__(self, library: Library, lifespan: Callable[..., AbstractAsyncContextManager[None]] | None) -> None:
        version = importlib.metadata.version("footnote")
        super().__init__(
            "footnote", instructions=INSTRUCTIONS, version=version, lifespan=lifespan, log_level="CRITICAL"
        )
        self._library = library

    async def list_resources(self) -> list[Resource]:
        """Return the documents."""
        try:
            return [_resource(facts) for facts in await asyncio.to_thread(self._library.documents)]
        except FootnoteError as error:
            raise MCPError(INTERNAL_ERROR, str(error)) from error


def serve(load: Callable[[], Answerer], config: Config) -> None:
    """Serve on standard input and output until the client disconnects."""
    service = Service(load, config)
    library = Library(config, service.versions)

    @asynccontextmanager
    async def lifespan(_: MCPServer[None]) -> AsyncIterator[None]:
        service.start()  # Only now, so that nothing a library prints can get between the messages.
        yield
        await asyncio.to_thread(service.close)
        library.close()

    _server(service, library, lifespan).run("stdio")


def over_http(service: Service, library: Library) -> MCPServer[None]:
    """Return a server for :func:`router`; the caller runs its ``session_manager`` as long as it serves."""
    server = _server(service, library)
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # by ui.access and ui.local
    server.streamable_http_app(stateless_http=True, transport_security=unchecked)
    return server


def router(server: MCPServer[None]) -> APIRouter:
    """Return the route of ``server``."""
    routes = APIRouter(tags=["mcp"])

    @routes.post("/mcp", responses=examples.MCP, openapi_extra=examples.MCP_REQUEST)
    async def mcp() -> Response:
        """Speak the Model Context Protocol (streamable HTTP, without sessions)."""
        return _Exchange(server)

    return routes


class _Exchange(Response):
    """The response that the SDK gives to a request."""

    def __init__(self, server: MCPServer[None]) -> None:
        super().__init__()
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._server.session_manager.handle_request(scope, receive, send)


def _server(
    service: Service, library: Library, lifespan: Callable[..., AbstractAsyncContextManager[None]] | None = None
) -> MCPServer[None]:
    server = Server(library, lifespan)
    _tools(server, service, library)

    @server.resource(ADDRESS + "{+name}", name="document", description="The text of a document", mime_type="text/plain")
    async def document(name: str) -> str:
        try:
            return (await asyncio.to_thread(library.index.document, name)).text
        except DocumentError as error:
            raise ResourceNotFoundError(str(error)) from error
        except FootnoteError as error:
            raise ResourceError(str(error)) from error

    return server


def _tools(server: MCPServer[None], service: Service, library: Library) -> None:
    @server.tool(title="Search the documents", annotations=READ_ONLY, structured_output=False)
    async def search(
        query: Question, limit: Limit = 5, documents: Documents = None, collections: Collections = None
    ) -> CallToolResult:
        """Find the passages of the documents for a question, best first, each with its document and offsets."""
        while not service.loaded.is_set():
            await asyncio.sleep(LOOK)
        try:
            chosen = await asyncio.to_thread(library.chosen, documents, collections)
            found = await asyncio.to_thread(service.search, query, limit, chosen)
        except FootnoteError as error:
            raise ToolError(str(error)) from error
        passages = [passage_object(item) for item in found]
        texts = [f"{each['document']}, {each['start']}–{each['end']}:\n{each['text']}" for each in passages]
        return _result("\n\n".join(texts) or "Nothing found.", {"passages": passages})

    @server.tool(title="Ask the documents", annotations=READ_ONLY, structured_output=False)
    async def ask(
        question: Question, context: Asked, documents: Documents = None, collections: Collections = None
    ) -> CallToolResult:
        """Answer a question from the documents only. Every sentence cites the exact words it is based on."""
        try:
            chosen = await asyncio.to_thread(library.chosen, documents, collections)
            last = await _last(service, Inquiry(question, (), _user(context), "mcp", chosen), context)
        except FootnoteError as error:
            raise ToolError(str(error)) from error
        if not isinstance(last, Answered):
            raise ToolError(last.text if isinstance(last, Failed) else "The answer was cancelled.")
        return _result(_text(last.answer), answer_object(last.answer))


async def _last(service: Service, inquiry: Inquiry, context: Asked) -> Event:
    """Return the last event of a question; raises TooMany."""
    last: Event = Stopped()
    async with aclosing(service.follow(inquiry)) as events:
        async for last in events:
            await _report(last, context)
    return last


def _user(context: Asked) -> str:
    """Return the user: over HTTP the one that ``ui.access`` identified."""
    request = context.request_context.request
    return user_of(request) if request else "mcp"


async def _report(event: Event, context: Asked) -> None:
    """Report progress to the client, if it asked for that."""
    if isinstance(event, Phase | Waiting):
        await context.report_progress(
            0, message=event.text if isinstance(event, Phase) else activity_text(event, ENGLISH)
        )


def _resource(facts: dict[str, Any]) -> Resource:
    """Return a document as a resource, from the facts that the API gives about it."""
    name, title, date = facts["id"], facts["title"], facts["date"]
    return Resource(
        uri=ADDRESS + quote(name), name=name, title=title or name, description=date or None, mime_type="text/plain"
    )


def _text(answer: Answer) -> str:
    """Return an answer as text; it must tell the reading model that unsure quotes are not facts."""
    return f"{UNSURE}\n\n{readable(answer)}" if answer.status == "unsure" else readable(answer)


def _result(text: str, table: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=table)
