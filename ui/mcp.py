"""Tools for other programs: search and ask, through the Model Context Protocol on standard input and output."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from rag.answers import answer_object, passage_object, readable
from rag.config import Config
from rag.errors import FootnoteError
from rag.types import Answer, Phase
from ui.conversation import Answered, Event, Failed, Stopped, Waiting
from ui.jobs import Answerer, Inquiry
from ui.render import activity_text
from ui.service import Service
from ui.texts import ENGLISH

__all__ = ["serve", "tools"]

INSTRUCTIONS = (
    "Answers questions from a collection of documents only. 'ask' returns an answer in which every sentence cites the "
    "exact words of a document, or quotes that may answer the question (status 'unsure'), or says that the documents "
    "don't answer it. 'search' returns the passages for a question."
)
UNSURE = "Unsure: the documents do not say this outright."
READ_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

Question = Annotated[str, Field(description="A question, as a full sentence", max_length=8000)]
Limit = Annotated[int, Field(description="Number of passages", ge=1, le=100)]


def serve(load: Callable[[], Answerer], config: Config) -> None:
    """Serve the tools on standard input and output until the client disconnects."""
    tools(Service(load, config)).run("stdio")


def tools(service: Service) -> MCPServer[None]:
    """Return a server with both tools; it starts and closes ``service``."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[None]) -> AsyncIterator[None]:
        service.start()  # Only now, so that nothing a library prints can get between the messages.
        yield
        await asyncio.to_thread(service.close)

    version = importlib.metadata.version("footnote")
    server = MCPServer("footnote", instructions=INSTRUCTIONS, version=version, lifespan=lifespan, log_level="CRITICAL")

    @server.tool(annotations=READ_ONLY, structured_output=False)
    async def search(query: Question, limit: Limit = 5) -> CallToolResult:
        """Find the passages of the documents for a question, best first, each with its document and offsets."""
        await asyncio.to_thread(service.loaded.wait)
        try:
            found = await asyncio.to_thread(service.search, query, limit)
        except FootnoteError as error:
            raise ToolError(str(error)) from error
        passages = [passage_object(item) for item in found]
        texts = [f"{each['document']}, {each['start']}–{each['end']}:\n{each['text']}" for each in passages]
        return _result("\n\n".join(texts) or "Nothing found.", {"passages": passages})

    @server.tool(annotations=READ_ONLY, structured_output=False)
    async def ask(question: Question, context: Context[Any, Any]) -> CallToolResult:
        """Answer a question from the documents only. Every sentence cites the exact words it is based on."""
        last: Event = Stopped()
        async with aclosing(service.follow(Inquiry(question, user="mcp", interface="mcp"))) as events:
            async for last in events:
                await _report(last, context)
        if not isinstance(last, Answered):
            raise ToolError(last.text if isinstance(last, Failed) else "The answer was cancelled.")
        return _result(_text(last.answer), answer_object(last.answer))

    return server


async def _report(event: Event, context: Context[Any, Any]) -> None:
    """Report progress to the client, if it asked for that."""
    if isinstance(event, Phase | Waiting):
        await context.report_progress(
            0, message=event.text if isinstance(event, Phase) else activity_text(event, ENGLISH)
        )


def _text(answer: Answer) -> str:
    """Return an answer as text; it must tell the reading model that unsure quotes are not facts."""
    return f"{UNSURE}\n\n{readable(answer)}" if answer.status == "unsure" else readable(answer)


def _result(text: str, table: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=table)
