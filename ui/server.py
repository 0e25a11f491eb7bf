"""The server: one application with the API and the chat, behind one access check.

request -> gate (origin, user, rate) -> API or chat -> queue -> assistant -> events -> response
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from rag.config import Config
from rag.errors import FootnoteError
from ui import local, proxy
from ui.ahead import ReadingAhead
from ui.jobs import Answerer
from ui.problems import INTERNAL_ERROR
from ui.service import Service

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from ui.library import Library
    from ui.uploads import Uploads

__all__ = ["application", "serve"]

log = logging.getLogger(__name__)


def serve(load: Callable[[], Answerer], config: Config, open_browser: bool = False) -> None:
    """Serve the chat and the API on ``config.host`` and ``config.port`` until Ctrl-C; print the address.

    ``load`` opens the assistant; the pages are available while it loads.

    Raises:
        ConfigError: the port is in use, or the host is not an address of this machine.
    """
    proxy.check(config)
    listener = local.listen(config.host, config.port)
    local.stay_local()
    service = Service(load, config)
    ahead = ReadingAhead(service)

    def start() -> None:
        service.start()
        if config.read_ahead:
            ahead.start()

    try:
        app = application(service, config)
        local.run(app, listener, start, open_browser)
    finally:
        ahead.close()
        service.close()
        listener.close()


def application(service: Service, config: Config) -> FastAPI:
    """Return the ASGI application: the API, and the chat at its root. The caller starts ``service``."""
    local.stay_local()
    from fastapi import FastAPI

    from ui import chat, mcp, watched
    from ui.access import Gate
    from ui.library import Library
    from ui.uploads import Uploads

    library, uploads = Library(config, service.versions), Uploads(service, config)
    tools, watches = mcp.over_http(service, library), watched.Watches(service, uploads, config)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watches.start()
        async with tools.session_manager.run():
            yield
        watches.close()
        uploads.close()
        library.close()

    app = FastAPI(
        title="Footnote",
        description="Answers from documents, with the exact passage behind every sentence.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # Its scripts would come from another server.
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False},
    )
    _handle_errors(app)
    app.include_router(mcp.router(tools))
    app.include_router(watched.router(watches))
    _add_routes(app, service, library, uploads)
    app.add_middleware(Gate, config=config)
    local.protect(app, config)
    _in_loop(lambda: chat.mount(app, service, config))
    proxy.put_behind(app, config)
    return app


def _add_routes(app: FastAPI, service: Service, library: Library, uploads: Uploads) -> None:
    """Add the other routes of the API, and what responds to unknown ones."""
    from ui import api, changes, gaps, openai_api, review, widget
    from ui.metrics import Metrics

    metrics = Metrics(service)
    service.watcher = metrics
    app.include_router(api.router(service, library, metrics))
    app.include_router(changes.router(service, library, uploads))
    app.include_router(review.router(service))
    app.include_router(gaps.router(service))
    app.include_router(openai_api.router(service, library))
    app.include_router(widget.router())
    app.include_router(api.unknown_paths(list(app.routes)))


def _handle_errors(app: FastAPI) -> None:
    """Respond to every error with JSON: a code for programs and a message for people, never a traceback."""
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    from ui.replies import invalid, problem, refusal

    @app.exception_handler(FootnoteError)
    async def known(request: Request, error: FootnoteError) -> Response:
        return problem(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> Response:
        return invalid(error, request.url.path)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return refusal(error.status_code, "http", str(error.detail), request.url.path, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def ours(request: Request, error: Exception) -> Response:
        log.error("A request failed.", exc_info=error)
        return refusal(500, "internal", INTERNAL_ERROR, request.url.path)


def _in_loop(build: Callable[[], FastAPI]) -> FastAPI:
    """Call ``build`` inside an event loop; outside of one, Gradio creates loops and leaves them open."""

    async def built() -> FastAPI:
        return build()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(built())
    return build()
