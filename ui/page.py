"""The page: its components, what its buttons do, and what it shows while a question is answered.

The one module that imports Gradio, which takes seconds and reads the environment that ``ui.local`` prepares: import
this one where it is needed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import gradio as gr
from fastapi import FastAPI

from rag.config import Config
from rag.types import Token
from ui.access import user_of
from ui.conversation import Exchange, Waiting, advance, history, waiting_text
from ui.local import STATIC
from ui.markup import lines_html
from ui.render import announcement, exchange_html
from ui.service import Service

__all__ = ["TITLE", "build", "mount"]

TITLE = "Footnote"
TAGLINE = "Answers from your documents, each with its passage."
FRAME = 0.05
"""Least number of seconds between two pictures of a draft that grows."""


def build(service: Service, examples: Sequence[str] = ()) -> gr.Blocks:
    """Return the page. What belongs to a visitor lives in the page's own session and nowhere else."""
    plain: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        with gr.Row(elem_id="head"):
            gr.HTML(f"<h1>{TITLE}</h1><p>{TAGLINE}</p>", elem_id="name", **plain)
            state = gr.HTML(_state(service), elem_id="state", **plain)
            anew = gr.Button("New conversation", elem_id="anew", size="sm", visible=False, min_width=0, scale=0)
        talk = gr.HTML(
            _view(),
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
        parts = _Parts(talk, gr.State([]), question, send, stop, anew, state, starters, gr.Timer(0.5))
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
    timer: gr.Timer


Update = dict[Any, Any]
"""The components that change, each with what it becomes."""


def _connect(page: gr.Blocks, parts: _Parts, examples: Sequence[gr.Button], service: Service) -> None:
    """Let the page's buttons do what they say."""
    reply = partial(_reply, parts, service)

    def answer(question: str, exchanges: list[Exchange], request: gr.Request) -> Iterator[Update]:
        yield from reply(question, exchanges, request.session_hash or "", user_of(request))

    def stop(request: gr.Request) -> Update:
        service.stop(request.session_hash or "")
        return {parts.stop: gr.update(value="Stopping", interactive=False)}

    def forget() -> Update:
        begin = gr.update(visible=bool(examples))
        return {parts.talk: _view(), parts.exchanges: [], parts.anew: gr.update(visible=False), parts.starters: begin}

    def leave(request: gr.Request) -> None:
        service.stop(request.session_hash or "")

    def look() -> Update:
        return {parts.state: _state(service), parts.timer: gr.Timer(active=not service.loaded.is_set())}

    # Only answers go through Gradio's queue: where one event ends just as another begins, its client may lose that.
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    asking = {**quiet, "outputs": list(parts), "concurrency_limit": None}
    gr.on([parts.question.submit, parts.send.click], answer, [parts.question, parts.exchanges], **asking)
    for button in examples:
        button.click(answer, [button, parts.exchanges], **asking)
    parts.stop.click(stop, None, [parts.stop], queue=False, **quiet)
    parts.anew.click(forget, None, list(parts), queue=False, **quiet)
    gr.on([page.load, parts.timer.tick], look, None, [parts.state, parts.timer], queue=False, **quiet)
    page.unload(leave)


def _reply(
    parts: _Parts, service: Service, question: str, exchanges: list[Exchange], session: str, user: str
) -> Iterator[Update]:
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
    yield {parts.talk: _view(exchange), **change}
    for event in service.ask(exchange.question, history(exchanges), session, user):
        exchange = advance(exchange, event)
        if exchange.state == "working" and (not isinstance(event, Token) or time.monotonic() - shown > FRAME):
            shown = time.monotonic()
            yield {parts.talk: _view(exchange)}
    change = {parts.send: gr.update(visible=True), parts.stop: hidden, parts.anew: gr.update(interactive=True)}
    change |= {parts.talk: _view(exchange), parts.state: _state(service)}
    yield {parts.exchanges: [*exchanges, exchange], **change}


def _view(exchange: Exchange | None = None) -> str:
    """Return what static/chat.js shows next, as JSON: one exchange, in place of what it was; none begins anew.

    As a text, since Gradio's client changes the parts of anything else in place, and then does not see the change.
    """
    if exchange is None:
        return json.dumps({"number": 0})
    view = {
        "number": exchange.number,
        "html": exchange_html(exchange),
        "say": announcement(exchange),
        "working": exchange.state == "working",
    }
    return json.dumps(view).replace("<", "\\u003c")  # Gradio warns of texts that seem to hold a script.


def _state(service: Service) -> str:
    """Return the line that says whether questions can be answered, and from how many documents."""
    if not service.loaded.is_set():
        return f'<p role="status" class="loading">{waiting_text(Waiting(loading=True))}</p>'
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
    mounted: FastAPI = gr.mount_gradio_app(
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
    return mounted
