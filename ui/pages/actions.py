"""What the buttons of the chat page do, and what the page shows while a question is being answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from rag.archive import Archive, sources
from rag.errors import DocumentError
from rag.types import Answer, Token, Turn
from ui.access import user_of
from ui.conversation import Exchange, Failed, advance, history
from ui.history import Turns, reopened
from ui.pages import conversations
from ui.pages.frame import QUIET, head_html
from ui.pages.scope import names_of
from ui.pages.start import start_json
from ui.render import NOTHING_CHOSEN, announcement
from ui.service import Service
from ui.suggested import Suggested
from ui.texts import Texts, texts_of
from ui.view import LOST, ask_json, conversation_json, state_html, turns_in

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
    start: gr.HTML
    ask: gr.HTML
    anew: gr.Button
    conversations: gr.HTML
    state: gr.HTML
    timer: gr.Timer
    chosen: gr.BrowserState


class Actions:
    """The actions of the page's buttons."""

    def __init__(self, parts: Parts, service: Service, archive: Archive, suggested: Suggested) -> None:
        self._parts = parts
        self._service = service
        self._archive = archive
        self._suggested = suggested

    def connect(self, page: gr.Blocks) -> None:
        """Connect the buttons."""
        parts = self._parts
        given, outputs = [parts.talk, parts.exchanges, parts.chosen], list(parts)
        # Only answers use Gradio's queue: its client may lose an event that starts just as another one ends.
        asking = {**QUIET, "outputs": outputs, "concurrency_limit": None}
        at_once = {**QUIET, "queue": False}
        parts.ask.ask(self.asked, given, **asking)
        parts.talk.listen(self.listen, None, [parts.talk], **at_once)
        parts.conversations.open(self.reopen, None, outputs, trigger_mode="multiple", **at_once)  # Sent again if lost.
        parts.ask.stop(self.stop, None, None, **at_once)
        parts.anew.click(self.anew, None, outputs, **at_once)
        page.load(self.arrive, None, outputs, **at_once)
        looked = [parts.start, parts.state, parts.timer]
        gr.on([page.load, parts.timer.tick], self.look, None, looked, **at_once)
        parts.start.refresh(self.look, None, looked, **at_once)
        page.unload(self.leave)

    # --- asking

    def asked(
        self, shown: str, exchanges: list[Exchange], kept: object, event: gr.EventData, request: gr.Request
    ) -> Iterator[Update]:
        """Answer a question of the text box or of an answer's buttons (see static/ask.js).

        It takes the place of the exchange with the number ``at`` and of those after it; with ``keep``, these stay.
        ``alone`` searches for it exactly as typed, without the earlier questions; ``everywhere`` searches all
        documents, whichever the reader has chosen.
        """
        before, whole = self._known(shown, exchanges, request)
        if any(old.id == event.id for old in before):  # Sent again by a page that missed the answer.
            return
        at = event.at if 1 <= event.at <= len(before) else len(before) + 1
        new, chosen = Exchange(at, event.question.strip(), id=event.id), None if event.everywhere else names_of(kept)
        yield from self._reply(_Submission(new, before, chosen, whole, event.keep, event.alone), request)

    def stop(self, request: gr.Request) -> None:
        """Stop the current answer."""
        self._service.stop(request.session_hash or "")

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
        exchange, chosen, number = submission.exchange, submission.chosen, submission.exchange.number
        session, shown = request.session_hash or "", 0.0
        if not exchange.question or service.busy(session):
            return
        begun = conversation_json(submission.around(exchange), texts, submission.whole, number)
        yield {parts.talk: begun, **_busy(parts)}
        asked = service.ask(exchange.question, submission.past, session, user_of(request), chosen)
        for event in asked if chosen != [] else [Failed(texts("scope.not_one"), NOTHING_CHOSEN)]:
            exchange = advance(exchange, event)
            if exchange.state == "working" and (not isinstance(event, Token) or time.monotonic() - shown > FRAME):
                shown = time.monotonic()
                yield {parts.talk: conversation_json(submission.around(exchange), texts, number=number)}
        if exchange.state == "answered" and exchange.answered:
            exchange = replace(exchange, kept=self._keep(exchange.answered.answer))
        exchanges, whole = submission.outcome(exchange, texts)
        back = exchange.question if exchange.state == "stopped" and not submission.keep else ""
        talk, state = conversation_json(exchanges, texts, whole, number, back), state_html(service, texts)
        free = {parts.anew: gr.update(interactive=True)}
        yield {parts.exchanges: exchanges, parts.talk: talk, parts.state: state, **free}

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
        self._service.retry()
        linked = request.query_params.get("answer", "")
        return _in_words(self._parts, texts) | (self._opened([{"answer": linked}], texts) if linked else {})

    def leave(self, request: gr.Request) -> None:
        """Stop an answer when its page is closed."""
        self._service.stop(request.session_hash or "")

    def look(self, request: gr.Request) -> Update:
        """Show whether questions can be answered and which; check again until that is known."""
        parts, texts = self._parts, texts_of(request)
        timer = gr.Timer(active=not (self._service.loaded.is_set() and self._suggested.ready))
        return {
            parts.start: start_json(self._suggested, texts),
            parts.state: state_html(self._service, texts),
            parts.timer: timer,
        }

    def anew(self, request: gr.Request) -> Update:
        """Start a new conversation."""
        parts, talk = self._parts, conversation_json([], texts_of(request), whole=True)
        return {parts.talk: talk, parts.exchanges: [], parts.anew: gr.update(visible=False)}

    def reopen(self, event: gr.EventData, request: gr.Request) -> Update:
        """Open a conversation stored in the browser; put an unanswered question back into the text box."""
        self._service.stop(request.session_hash or "")
        return self._opened(event.turns, texts_of(request), event.asked)

    def _opened(self, turns: Turns, texts: Texts, asked: str = "") -> Update:
        parts, exchanges = self._parts, self._reopened(turns, texts)
        talk = conversation_json(exchanges, texts, whole=bool(turns), back=asked)
        if not turns:
            return {parts.talk: talk}
        anew = gr.update(visible=True, interactive=True)
        return {parts.talk: talk, parts.exchanges: exchanges, parts.anew: anew}

    def _reopened(self, turns: Turns, texts: Texts) -> list[Exchange]:
        return reopened(turns, self._archive, self._service.index, texts, self._service.newest())


class _Submission(NamedTuple):
    """A new question, the conversation so far, and whether the page must show all of it.

    See ``Actions.asked`` for ``keep`` and ``alone``.
    """

    exchange: Exchange
    before: list[Exchange]
    chosen: Chosen
    whole: bool
    keep: bool = False
    alone: bool = False

    @property
    def past(self) -> list[Turn]:
        """The turns that the assistant sees."""
        return [] if self.alone else history(self.before[: self.exchange.number - 1])

    def around(self, exchange: Exchange) -> list[Exchange]:
        """Return the conversation with ``exchange`` in it."""
        number = exchange.number
        return [*self.before[: number - 1], exchange, *(self.before[number:] if self.keep else [])]

    def outcome(self, exchange: Exchange, texts: Texts) -> tuple[list[Exchange], bool]:
        """Return the conversation afterwards, and whether the page must show all of it.

        A question without an answer takes no answer away: then the conversation is as before, with the reason.
        """
        replaced = self.before[exchange.number - 1 :]
        if exchange.answered or not any(old.answered for old in replaced):
            return self.around(exchange), False
        problem = announcement(exchange, texts)
        why = texts("stopped.kept") if exchange.state == "stopped" else texts("act.failed", problem=problem)
        told = replace(replaced[0], problem=why, id=exchange.id)
        return [*self.before[: exchange.number - 1], told, *replaced[1:]], True


def _busy(parts: Parts) -> Update:
    """Return what the page hides or disables while a question is being answered."""
    return {parts.anew: gr.update(visible=True, interactive=False)}


def _in_words(parts: Parts, texts: Texts) -> Update:
    """Return the page's labels in the reader's language."""
    return {
        parts.name: head_html("", texts),
        parts.conversations: conversations.words_of(texts, ready=True),
        parts.talk: conversation_json([], texts),
        parts.ask: ask_json(texts),
        parts.anew: gr.update(value=texts("anew")),
    }
