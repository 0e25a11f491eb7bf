"""What the tests of the widget share: pages of another origin with the widget in them, and a server that lets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from api import Running, running
from browser import PATIENCE, SEEDS, ScriptedAssistant, Watched
from servers import Server, serving

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.types import Answer
from ui.widget import script_line

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

PAGE = "<!doctype html><html lang=en><title>Intranet</title><main><h1>Intranet</h1><p>Soup.</p></main>{}</html>"


@dataclass
class Intranet:
    """A server of web pages, and the one that answers questions from them. Both have an origin of their own."""

    pages: Server
    api: Running
    assistant: ScriptedAssistant
    index: Path

    def line(self, **data: str) -> str:
        """Return the script line for a page, with these data- attributes."""
        attributes = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in data.items())
        return script_line(self.api.url).replace(" defer", attributes + " defer")

    def publish(self, html: str, path: str = "/", **headers: str) -> str:
        """Serve a page; return its address."""
        self.pages.files[path] = html.encode()
        self.pages.headers[path] = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.pages.url + path

    def page(self, **data: str) -> str:
        """Serve an ordinary page with the line in it; return its address."""
        return self.publish(PAGE.format(self.line(**data)))


@contextmanager
def intranet(folder: Path, answers: Sequence[Answer], documents: Path = SEEDS) -> Iterator[Intranet]:
    """Serve pages, and answers from a table over an index of ``documents`` in ``folder``."""
    config = Config(index=folder / "index", requests_per_minute=100_000)
    embedder = HashEmbedder()
    with create_index(config, embedder) as index:
        ingest([documents], index, embedder, config)
    assistant = ScriptedAssistant(answers, pace=0.004)
    with serving() as pages, running(lambda: assistant, replace(config, origins=(pages.url,))) as api:
        pages.files["/favicon.ico"] = b""
        yield Intranet(pages, api, assistant, config.index)


@dataclass
class Visited(Watched):
    """A page that may also ask the server at ``api``."""

    api: str = ""

    def _note_request(self, url: str) -> None:
        if not url.startswith(self.api):
            super()._note_request(url)

    def open(self) -> None:
        """Open the launcher."""
        self.page.get_by_role("button", name="Ask the documents").click()

    def exchange(self, number: int = 1, seconds: float = PATIENCE) -> Locator:
        """Wait until the exchange ``number`` is done; return it."""
        article = self.page.locator(f".exchange:nth-child({number})")
        article.locator(".opinion, .note, .calm").first.wait_for(timeout=1000 * seconds)
        return article


@contextmanager
def visit(
    browser: Browser, site: Intranet, address: str, width: int = 1280, height: int = 800, **options: object
) -> Iterator[Visited]:
    """Open ``address``; whatever is asked of another host than the two, and every error, is noted."""
    context = browser.new_context(
        **{"viewport": {"width": width, "height": height}, "reduced_motion": "reduce", "locale": "en-GB", **options}
    )
    context.set_default_timeout(1000 * PATIENCE)
    visited = Visited(context.new_page(), site.pages.url, api=site.api.url)
    try:
        visited.page.goto(address)
        yield visited
    finally:
        context.close()
