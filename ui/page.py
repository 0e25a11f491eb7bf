"""The page: its components, what its buttons do, and what it shows while a question is answered.

The one module that imports Gradio, which takes seconds and reads the environment that ``ui.local`` prepares: import
this one where it is needed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import gradio as gr
from fastapi import FastAPI

from rag.config import Config
from rag.types import Token
from ui.conversation import Exchange, advance, history
from ui.local import STATIC
from ui.markup import lines_html
from ui.render import announcement, exchange_html
from ui.service import LOADING, Service

__all__ = ["TITLE", "build", "mount"]

TITLE = "Footnote"
TAGLINE = "Answers from your own documents, with the exact passage behind every sentence."
FRAME = 0.05
"""Least number of seconds between two pictures of a draft that grows."""

View = dict[str, Any]
"""What static/chat.js shows: the HTML of each exchange, what a screen reader says, whether one is being answered."""


def build(service: Service, examples: Sequence[str] = ()) -> gr.Blocks:
    """Return the page. What belongs to a visitor lives in the page's own session and nowhere else."""
    plain: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_id="head"):
            gr.HTML(f"<h1>{TITLE}</h1><p>{TAGLINE}</p>", elem_id="name", **plain)
            state = gr.HTML(_state(service), elem_id="state", **plain)
            anew = gr.Button("New conversation", elem_id="anew", size="sm", visible=False, min_width=0, scale=0)
        talk = gr.HTML(
            _view([]),
            html_template=(STATIC / "conversation.html").read_text(encoding="utf-8"),
            js_on_load=(STATIC / "chat.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            elem_id="talk",
        )
        with gr.Column(elem_id="examples", visible=bool(examples)) as starters:
            gr.HTML("<h2>For instance</h2>", **plain)
            buttons = [gr.Button(example, elem_classes="example") for example in examples]
        with gr.Row(elem_id="ask"):
            question = gr.Textbox(
                label="Your question",
                placeholder="Ask the documents",
                max_lines=8,
                autofocus=True,
                elem_id="question",
            )
            send = gr.Button("Ask", variant="primary", elem_id="send", min_width=0, scale=0)
            stop = gr.Button("Stop", variant="stop", elem_id="stop", min_width=0, scale=0, visible=False)
        parts = _Parts(talk, gr.State([]), question, send, stop, anew, state, starters)
        _connect(page, parts, buttons, service)
    return page


class _Parts(NamedTuple):
    """The components of the page that change."""

    talk: gr.HTML
    exchanges: gr.State
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    anew: gr.Button
    state: gr.HTML
    starters: gr.Column


Update = dict[Any, Any]
"""The components that change, each with what it becomes."""


def _connect(page: gr.Blocks, parts: _Parts, examples: Sequence[gr.Button], service: Service) -> None:
    """Let the page's buttons do what they say."""
    reply = partial(_reply, parts, service)

    def answer(question: str, exchanges: list[Exchange], request: gr.Request) -> Iterator[Update]:
        yield from reply(question, exchanges, request.session_hash or "")

    def stop(request: gr.Request) -> Update:
        service.stop(request.session_hash or "")
        return {parts.stop: gr.update(value="Stopping", interactive=False)}

    def forget() -> Update:
        begin = gr.update(visible=bool(examples))
        return {parts.talk: _view([]), parts.exchanges: [], parts.anew: gr.update(visible=False), parts.starters: begin}

    def leave(request: gr.Request) -> None:
        service.stop(request.session_hash or "")

    async def watch() -> AsyncIterator[str]:
        while not service.loaded.is_set():
            yield _state(service)
            await asyncio.sleep(0.3)
        yield _state(service)

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
    gr.on([parts.question.submit, parts.send.click], answer, [parts.question, parts.exchanges], list(parts), **quiet)
    for button in examples:
        button.click(answer, [button, parts.exchanges], list(parts), **quiet)
    parts.stop.click(stop, None, list(parts), queue=False, **quiet)
    parts.anew.click(forget, None, list(parts), queue=False, **quiet)
    page.load(watch, None, parts.state, **quiet)
    page.unload(leave)


def _reply(parts: _Parts, service: Service, question: str, exchanges: list[Exchange], session: str) -> Iterator[Update]:
    """Yield what the page shows while ``question`` is answered."""
    if not question.strip() or service.busy(session):
        return
    exchange, shown = Exchange(len(exchanges) + 1, question.strip()), 0.0
    hidden, disabled = gr.update(visible=False), gr.update(visible=True, interactive=False)
    stoppable = gr.update(visible=True, value="Stop", interactive=True)
    change = {
        parts.question: "",
        parts.send: hidden,
        parts.stop: stoppable,
        parts.anew: disabled,
        parts.starters: hidden,
    }
    yield {parts.talk: _view([*exchanges, exchange]), **change}
    for event in service.ask(exchange.question, history(exchanges), session):
        exchange = advance(exchange, event)
        if not isinstance(event, Token) or time.monotonic() - shown > FRAME:
            shown = time.monotonic()
            yield {parts.talk: _view([*exchanges, exchange])}
    change = {parts.send: gr.update(visible=True), parts.stop: hidden, parts.anew: gr.update(interactive=True)}
    yield {parts.exchanges: [*exchanges, exchange], parts.state: _state(service), **change}


def _view(exchanges: Sequence[Exchange]) -> View:
    return {
        "exchanges": [exchange_html(exchange) for exchange in exchanges],
        "say": announcement(exchanges[-1]) if exchanges else "",
        "working": bool(exchanges) and exchanges[-1].state == "working",
    }


def _state(service: Service) -> str:
    """Return the line that says whether questions can be answered, and from how many documents."""
    if not service.loaded.is_set():
        return f'<p role="status" class="loading">{LOADING}</p>'
    if service.problem:
        return f'<p role="status" class="problem">{lines_html(service.problem)}</p>'
    count = service.documents
    words = "" if count is None else "1 document" if count == 1 else f"{count:,} documents"
    return f'<p role="status">{words}</p>'


def _theme() -> gr.Theme:
    """Return a theme with the fonts of the reader's own system; the colours are in static/chat.css."""
    sans = ["system-ui", "-apple-system", '"Segoe UI"', "Roboto", '"Noto Sans"', '"Liberation Sans"', "sans-serif"]
    mono = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", '"Liberation Mono"', "monospace"]
    return gr.themes.Base(font=sans, font_mono=mono)


def mount(app: FastAPI, blocks: gr.Blocks, config: Config) -> FastAPI:
    """Return ``app`` with the page at its root: nothing shared, nothing recorded, no links to elsewhere."""
    return gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=config.host,
        server_port=config.port,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(STATIC / "favicon.png"),
        theme=_theme(),
        css_paths=STATIC / "chat.css",
    )
