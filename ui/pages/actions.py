"""What the buttons of the chat page do, and what the page shows while a question is being answered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from rag.archive import Archive, sources
from rag.errors import DocumentError
from rag.types import Answer, Token, Turn
from ui.access import user_of
from ui.conversation import Exchange, advance, history
from ui.history import Turns, reopened
from ui.pages import conversations
from ui.pages.documents import names_of
from ui.pages.frame import QUIET, head_html
from ui.service import Service
from ui.texts import Texts, texts_of
from ui.view import LOST, conversation_json, starters_html, state_html, turns_in

__all__ = ["Actions", "Parts"]

FRAME = 0.05
"""Shortest time between two updates of a growing draft, in seconds."""

Update = dict[Any, Any]
"""The components to update, with their new values."""
Chosen = list[str] | None
"""The names of the documents to answer from; ``None`` for all."""


class Parts(NamedTuple):
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


class Actions:
    """The actions of the page's buttons."""

    def __init__(self, parts: Parts, service: Service, archive: Archive, has_examples: bool) -> None:
        self._parts = parts
        self._service = service
        self._archive = archive
        self._has_examples = has_examples

    def connect(self, page: gr.Blocks, examples: Sequence[gr.Button]) -> None:
        """Connect the buttons."""
        parts = self._parts
        given, outputs = [parts.talk, parts.exchanges, parts.chosen], list(parts)
        # Only answers use Gradio's queue: its client may lose an event that starts just as another one ends.
        asking = {**QUIET, "outputs": outputs, "concurrency_limit": None}
        at_once = {**QUIET, "queue": False}
        gr.on([parts.question.submit, parts.send.click], self.answer, [*given, parts.question], **asking)
        for button in examples:
            button.click(self.answer, [*given, button], **asking)
        parts.talk.alone(self.alone, given, **asking)
        parts.talk.listen(self.listen, None, [parts.talk], **at_once)
        parts.conversations.open(self.reopen, None, outputs, **at_once)
        parts.stop.click(self.stop, None, [parts.stop], **at_once)
        parts.anew.click(self.anew, None, outputs, **at_once)
        page.load(self.arrive, None, outputs, **at_once)
        gr.on([page.load, parts.timer.tick], self.look, [parts.chosen], [parts.state, parts.timer], **at_once)
        page.unload(self.leave)

    # --- asking

    def answer(
        self, shown: str, exchanges: list[Exchange], kept: object, question: str, request: gr.Request
    ) -> Iterator[Update]:
        """Answer a question, as a follow-up if there are earlier ones."""
        before, whole = self._known(shown, exchanges, request)
        yield from self._reply(_Submission(question.strip(), before, history(before), names_of(kept), whole), request)

    def alone(
        self, shown: str, exchanges: list[Exchange], kept: object, event: gr.EventData, request: gr.Request
    ) -> Iterator[Update]:
        """Answer a question again exactly as typed, without the earlier ones."""
        before, whole = self._known(shown, exchanges, request)
        if 1 <= event.number <= len(before):
            question = before[event.number - 1].question
            yield from self._reply(_Submission(question, before, [], names_of(kept), whole), request)

    def stop(self, request: gr.Request) -> Update:
        """Stop the current answer."""
        self._service.stop(request.session_hash or "")
        return {self._parts.stop: gr.update(value=texts_of(request)("stopping"), interactive=False)}

    def listen(self, request: gr.Request) -> Update:
        """Tell a page that has heard nothing for a while that its answer was lost."""
        return {self._parts.talk: gr.skip() if self._service.busy(request.session_hash or "") else LOST}

    def _known(self, shown: str, exchanges: list[Exchange], request: gr.Request) -> tuple[list[Exchange], bool]:
        """Return the conversation, and whether the page must show all of it because the server had forgotten it."""
        forgotten = [] if exchanges else self._reopened(turns_in(shown), texts_of(request))
        return exchanges or forgotten, bool(forgotten)

    def _reply(self, submission: _Submission, request: gr.Request) -> Iterator[Update]:
        """Yield the updates of the page while a question is being answered."""
        parts, service, texts = self._parts, self._service, texts_of(request)
        question, exchanges, past, chosen, whole = submission
        session = request.session_hash or ""
        if not question or service.busy(session):
            return
        exchange, shown = Exchange(len(exchanges) + 1, question), 0.0
        yield {parts.talk: conversation_json([*exchanges, exchange], texts, whole), **_busy(parts, texts)}
        for event in service.ask(question, past, session, user_of(request), chosen):
            exchange = advance(exchange, event)
            if exchange.state == "working" and (not isinstance(event, Token) or time.monotonic() - shown > FRAME):
                shown = time.monotonic()
                yield {parts.talk: conversation_json([*exchanges, exchange], texts)}
        if exchange.state == "answered" and exchange.answered:
            exchange = replace(exchange, kept=self._keep(exchange.answered.answer))
        exchanges = [*exchanges, exchange]
        talk, state = conversation_json(exchanges, texts), state_html(service, texts, chosen)
        yield {parts.exchanges: exchanges, parts.talk: talk, parts.state: state, **_free(parts)}

    def _keep(self, answer: Answer) -> str:
        """Store ``answer`` and return its id; empty if one of its documents was deleted while it was written."""
        id, index = self._archive.put(answer), self._service.index
        try:
            if index is not None:
                for name in sources(answer):
                    index.file(name)
        except DocumentError:
            self._archive.remove([id])
            return ""
        return id

    # --- opening, leaving, starting again

    def arrive(self, request: gr.Request) -> Update:
        """Translate the page into the reader's language, and open the answer named in its address."""
        texts = texts_of(request)
        linked = request.query_params.get("answer", "")
        return _in_words(self._parts, texts) | (self._opened([{"answer": linked}], texts) if linked else {})

    def leave(self, request: gr.Request) -> None:
        """Stop an answer when its page is closed."""
        self._service.stop(request.session_hash or "")

    def look(self, kept: object, request: gr.Request) -> Update:
        """Show whether questions can be answered, and check again until the models are loaded."""
        state = state_html(self._service, texts_of(request), names_of(kept))
        return {self._parts.state: state, self._parts.timer: gr.Timer(active=not self._service.loaded.is_set())}

    def anew(self, request: gr.Request) -> Update:
        """Start a new conversation."""
        parts, talk = self._parts, conversation_json([], texts_of(request), whole=True)
        begin, hidden = gr.update(visible=self._has_examples), gr.update(visible=False)
        return {parts.talk: talk, parts.exchanges: [], parts.anew: hidden, parts.starters: begin}

    def reopen(self, event: gr.EventData, request: gr.Request) -> Update:
        """Open a conversation stored in the browser; put an unanswered question back into the text box."""
        self._service.stop(request.session_hash or "")
        view = self._opened(event.turns, texts_of(request)) if event.turns else {}
        return {**view, self._parts.question: event.asked}

    def _opened(self, turns: Turns, texts: Texts) -> Update:
        parts, exchanges = self._parts, self._reopened(turns, texts)
        talk, hidden = conversation_json(exchanges, texts, whole=True), gr.update(visible=False)
        anew = gr.update(visible=True, interactive=True)
        return {parts.talk: talk, parts.exchanges: exchanges, parts.starters: hidden, parts.anew: anew}

    def _reopened(self, turns: Turns, texts: Texts) -> list[Exchange]:
        return reopened(turns, self._archive, self._service.index, texts)


class _Submission(NamedTuple):
    """A question, its conversation, the turns that the assistant sees, and whether to show all of it."""

    question: str
    exchanges: list[Exchange]
    history: list[Turn]
    chosen: Chosen
    whole: bool


def _busy(parts: Parts, texts: Texts) -> Update:
    """Return the buttons that are enabled while a question is being answered."""
    hidden, disabled = gr.update(visible=False), gr.update(visible=True, interactive=False)
    stop = gr.update(visible=True, value=texts("stop"), interactive=True)
    buttons = {parts.send: hidden, parts.stop: stop, parts.anew: disabled, parts.starters: hidden}
    return {parts.question: "", **buttons}


def _free(parts: Parts) -> Update:
    """Return the buttons that are enabled afterwards."""
    send, stop = gr.update(visible=True), gr.update(visible=False)
    return {parts.send: send, parts.stop: stop, parts.anew: gr.update(interactive=True)}


def _in_words(parts: Parts, texts: Texts) -> Update:
    """Return the page's labels in the reader's language."""
    return {
        parts.name: head_html("", texts),
        parts.conversations: conversations.words_of(texts, ready=True),
        parts.talk: conversation_json([], texts),
        parts.starters_head: starters_html(texts),
        parts.question: gr.update(label=texts("question"), placeholder=texts("question.hint")),
        parts.send: gr.update(value=texts("ask")),
        parts.stop: gr.update(value=texts("stop")),
        parts.anew: gr.update(value=texts("anew")),
    }
