"""The chat's page: its components, what its buttons do, and what it shows while a question is answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from rag import feedback
from rag.archive import Archive
from rag.errors import FootnoteError
from rag.types import Token, Turn
from ui.access import user_of
from ui.conversation import Exchange, advance, history
from ui.history import Turns, reopened, turns_of
from ui.local import STATIC
from ui.markup import escape, lines_html
from ui.opinions import words_of
from ui.pages import conversations
from ui.pages.documents import chosen_documents, names_of
from ui.pages.frame import PLAIN, QUIET, head_html, texts_of
from ui.problems import OUR_FAULT
from ui.render import announcement, exchange_html
from ui.reviewing import Opinion, said_of
from ui.service import Service
from ui.texts import ENGLISH, Texts

__all__ = ["build"]

FRAME = 0.05
"""Least number of seconds between two pictures of a draft that grows."""


class _Parts(NamedTuple):
    """The components of the page that change."""

    name: gr.HTML
    talk: gr.HTML
    exchanges: gr.State
    starters: gr.Column
    starters_head: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    anew: gr.Button
    conversations: gr.HTML
    state: gr.HTML
    timer: gr.Timer
    chosen: gr.BrowserState


Update = dict[Any, Any]
"""The components that change, each with what it becomes."""
Chosen = list[str] | None
"""The names of the documents to answer from; ``None`` for all."""


def build(page: gr.Blocks, service: Service, examples: Sequence[str]) -> None:
    """Add the chat to ``page``."""
    texts, archive = ENGLISH, Archive(service.config.index)
    with gr.Row(elem_id="head"):
        name = gr.HTML(head_html("", texts), elem_id="name", **PLAIN)
        state = gr.HTML(_state(service, texts), elem_id="state", **PLAIN)
        kept = conversations.build(archive, texts)
        anew = gr.Button(texts("anew"), elem_id="anew", size="sm", visible=False, min_width=0, scale=0)
    talk = gr.HTML(
        _view(None, texts),
        html_template=(STATIC / "conversation.html").read_text(encoding="utf-8"),
        js_on_load="\n".join((STATIC / name).read_text(encoding="utf-8") for name in ("chat.js", "opinions.js")),
        apply_default_css=False,
        elem_id="talk",
        server_functions=[_listener(service, archive)],
    )
    with gr.Column(elem_id="examples", visible=bool(examples)) as starters:
        head = gr.HTML(_starters_head(texts), **PLAIN)
        buttons = [gr.Button(example, elem_classes="example") for example in examples]
    with gr.Row(elem_id="ask"):
        question = gr.Textbox(
            label=texts("question"),
            placeholder=texts("question.hint"),
            max_lines=8,
            autofocus=True,
            elem_id="question",
        )
        send = gr.Button(texts("ask"), variant="primary", elem_id="send", min_width=0, scale=0)
        stop = gr.Button(texts("stop"), variant="stop", elem_id="stop", min_width=0, scale=0, visible=False)
    parts = _Parts(
        name,
        talk,
        gr.State([]),
        starters,
        head,
        question,
        send,
        stop,
        anew,
        kept,
        state,
        gr.Timer(0.5),
        chosen_documents(),
    )
    _connect(page, parts, buttons, service, archive)


def _connect(page: gr.Blocks, parts: _Parts, examples: Sequence[gr.Button], service: Service, archive: Archive) -> None:
    """Let the page's buttons do what they say."""
    reply = partial(_reply, parts, service, archive)

    def answer(question: str, exchanges: list[Exchange], kept: object, request: gr.Request) -> Iterator[Update]:
        yield from reply(_Asked(question, exchanges, history(exchanges), names_of(kept)), request)

    def act(exchanges: list[Exchange], kept: object, event: gr.EventData, request: gr.Request) -> Iterator[Update]:
        asked = exchanges[event.number - 1].question
        yield from reply(_Asked(asked, exchanges, [], names_of(kept)), request)

    def stop(request: gr.Request) -> Update:
        service.stop(request.session_hash or "")
        return {parts.stop: gr.update(value=texts_of(request)("stopping"), interactive=False)}

    def forget(request: gr.Request) -> Update:
        view = _view(None, texts_of(request))
        begin = gr.update(visible=bool(examples))
        return {parts.talk: view, parts.exchanges: [], parts.anew: gr.update(visible=False), parts.starters: begin}

    def leave(request: gr.Request) -> None:
        service.stop(request.session_hash or "")

    def look(kept: object, request: gr.Request) -> Update:
        state = _state(service, texts_of(request), names_of(kept))
        return {parts.state: state, parts.timer: gr.Timer(active=not service.loaded.is_set())}

    def speak(request: gr.Request) -> Update:
        texts = texts_of(request)
        linked = request.query_params.get("answer", "")
        return _in_words(parts, texts) | (opened([{"answer": linked}], texts) if linked else {})

    def reopen(event: gr.EventData, request: gr.Request) -> Update:
        service.stop(request.session_hash or "")
        return opened(event.turns, texts_of(request))

    def opened(turns: Turns, texts: Texts) -> Update:
        exchanges = reopened(turns, archive, service.index, texts)
        view = {parts.talk: _view(exchanges, texts), parts.exchanges: exchanges}
        shown = gr.update(visible=True, interactive=True)
        return {**view, parts.starters: gr.update(visible=False), parts.anew: shown}

    # Only answers go through Gradio's queue: where one event ends just as another begins, its client may lose that.
    asking = {**QUIET, "outputs": list(parts), "concurrency_limit": None}
    gr.on([parts.question.submit, parts.send.click], answer, [parts.question, parts.exchanges, parts.chosen], **asking)
    for button in examples:
        button.click(answer, [button, parts.exchanges, parts.chosen], **asking)
    parts.talk.act(act, [parts.exchanges, parts.chosen], **asking)
    parts.conversations.open(reopen, None, list(parts), queue=False, **QUIET)
    parts.stop.click(stop, None, [parts.stop], queue=False, **QUIET)
    parts.anew.click(forget, None, list(parts), queue=False, **QUIET)
    page.load(speak, None, list(parts), queue=False, **QUIET)
    gr.on([page.load, parts.timer.tick], look, [parts.chosen], [parts.state, parts.timer], queue=False, **QUIET)
    page.unload(leave)


def _in_words(parts: _Parts, texts: Texts) -> Update:
    """Return the page's labels in the reader's language."""
    return {
        parts.name: head_html("", texts),
        parts.conversations: conversations.words_of(texts),
        parts.talk: _view(None, texts),
        parts.starters_head: _starters_head(texts),
        parts.question: gr.update(label=texts("question"), placeholder=texts("question.hint")),
        parts.send: gr.update(value=texts("ask")),
        parts.stop: gr.update(value=texts("stop")),
        parts.anew: gr.update(value=texts("anew")),
    }


class _Asked(NamedTuple):
    """A question, the conversation it belongs to, and what of it the assistant is told."""

    question: str
    exchanges: list[Exchange]
    history: list[Turn]
    chosen: Chosen


def _reply(parts: _Parts, service: Service, archive: Archive, asked: _Asked, request: gr.Request) -> Iterator[Update]:
    """Yield what the page shows while a question is answered."""
    question, exchanges, past, chosen = asked
    session, texts = request.session_hash or "", texts_of(request)
    if not question.strip() or service.busy(session):
        return
    exchange, shown = Exchange(len(exchanges) + 1, question.strip()), 0.0
    hidden, disabled = gr.update(visible=False), gr.update(visible=True, interactive=False)
    stoppable = gr.update(visible=True, value=texts("stop"), interactive=True)
    change = {
        parts.question: "",
        parts.send: hidden,
        parts.stop: stoppable,
        parts.anew: disabled,
        parts.starters: hidden,
    }
    yield {parts.talk: _view(exchange, texts), **change}
    for event in service.ask(exchange.question, past, session, user_of(request), chosen):
        exchange = advance(exchange, event)
        if exchange.state == "working" and (not isinstance(event, Token) or time.monotonic() - shown > FRAME):
            shown = time.monotonic()
            yield {parts.talk: _view(exchange, texts)}
    if exchange.state == "answered" and exchange.answered:
        exchange = replace(exchange, kept=archive.put(exchange.answered.answer))
    exchanges = [*exchanges, exchange]
    change = {parts.send: gr.update(visible=True), parts.stop: hidden, parts.anew: gr.update(interactive=True)}
    change |= {parts.talk: _view(exchange, texts, turns_of(exchanges)), parts.state: _state(service, texts, chosen)}
    yield {parts.exchanges: exchanges, **change}


def _listener(service: Service, archive: Archive) -> Callable[[dict[str, Any], gr.Request], str]:
    """Return what takes down a reader's opinion; it returns what is wrong with it, as a user would say it."""

    def say(given: dict[str, Any], request: gr.Request) -> str:
        try:
            answers = [archive.get(str(id)) for id in given["before"]]
            opinion = Opinion(**{**given, "before": [answer.question for answer in answers if answer]})
            answer = archive.get(opinion.kept)
            if answer is None:
                return texts_of(request)("gone")
            feedback.add(service.config.index, said_of(opinion, answer, service.index))
        except FootnoteError as error:
            return str(error)
        except (KeyError, TypeError, ValueError):  # Not from our page.
            return texts_of(request)("our_fault")
        return ""

    return say


def _view(shown: Exchange | Sequence[Exchange] | None, texts: Texts, turns: Turns = ()) -> str:
    """Return what static/chat.js shows next, as JSON: one exchange, in place of what it was, or a whole conversation.

    None begins anew. ``turns`` are what the browser is to keep. As a text, since Gradio's client changes the parts of
    anything else in place, and then does not see the change.
    """
    view: dict[str, Any] = {"number": 0, "turns": turns}
    if isinstance(shown, Exchange):
        view["number"] = shown.number
        view["html"] = exchange_html(shown, texts)
        view["say"] = announcement(shown, texts)
        view["working"] = shown.state == "working"
    elif shown is not None:
        view["all"] = [exchange_html(exchange, texts) for exchange in shown]
    view["words"] = {
        "language": texts.language,
        "conversation": texts("conversation"),
        "question": texts("question.number", number="{number}"),
        "sources": texts("sources"),
        "close": texts("close"),
        "opinions": words_of(texts),
    }
    return json.dumps(view).replace("<", "\\u003c")  # Gradio warns of texts that seem to hold a script.


def _starters_head(texts: Texts) -> str:
    return f"<h2>{escape(texts('examples'))}</h2>"


def _state(service: Service, texts: Texts, chosen: Chosen = None) -> str:
    """Return the line that says whether questions can be answered, and from how many documents."""
    if not service.loaded.is_set():
        return f'<p role="status" class="loading">{escape(texts("loading"))}</p>'
    if service.problem:
        problem = texts("our_fault") if service.problem == OUR_FAULT else service.problem
        return f'<p role="status" class="problem">{lines_html(problem)}</p>'
    count = service.documents
    if count is None:
        return '<p role="status"></p>'
    words = texts.count("documents", count)
    if chosen is not None:
        words = texts("documents.chosen", chosen=texts.number(len(chosen)), count=texts.number(count))
    return f'<p role="status"><a href="./documents">{escape(words)}</a></p>'
