"""The chat: a question goes in, the answer is streamed, checked, and stands there with its sources.

``serve`` is what ``footnote chat`` runs, ``application`` the same as an ASGI application; ``ui.page`` builds the page.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Config
from rag.errors import FootnoteError
from rag.index import Index
from ui import local
from ui.service import Answerer, Service

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["application", "examples_for", "serve"]


def serve(load: Callable[[], Answerer], config: Config, open_browser: bool = False) -> None:
    """Serve the chat on ``config.host`` and ``config.port`` until Ctrl-C, and print its address.

    ``load`` opens the assistant; the page is there while it does.

    Raises:
        ConfigError: the port is in use, or the host is none of this machine's.
    """
    listener = local.listen(config.host, config.port)
    local.stay_local()
    service = Service(load)
    try:
        app = application(service, config, examples_for(config))
        local.run(app, listener, service.start, open_browser)
    finally:
        service.close()
        listener.close()


def application(service: Service, config: Config, examples: Sequence[str] = ()) -> FastAPI:
    """Return the ASGI application with the chat at its root. ``service`` is started by the caller."""
    local.stay_local()
    from fastapi import FastAPI

    from ui import page

    app = FastAPI(title=page.TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    local.protect(app, config.host)

    def mounted() -> FastAPI:
        return page.mount(app, page.build(service, examples), config)

    async def mounted_in_loop() -> FastAPI:
        return mounted()

    try:
        asyncio.get_running_loop()
    except RuntimeError:  # Built outside of an event loop, Gradio would make loops of its own and leave them open.
        return asyncio.run(mounted_in_loop())
    return mounted()


def examples_for(config: Config) -> list[str]:
    """Return questions to start with, where the index holds the documents that they are about."""
    table = json.loads((local.STATIC / "examples.json").read_text(encoding="utf-8"))
    try:
        with Index.open(config.index, read_only=True) as index:
            names = {Path(document.name).name for document in index.documents()}
    except FootnoteError:  # Said in the page, when the assistant is loaded.
        return []
    return list(table["questions"]) if names.issuperset(table["documents"]) else []
