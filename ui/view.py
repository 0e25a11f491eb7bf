"""The data for the parts of the chat page: JSON for the conversation's script, HTML for the rest."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from ui.conversation import Exchange
from ui.history import Turns, turns_of
from ui.markup import escape, lines_html
from ui.problems import INTERNAL_ERROR
from ui.render import announcement, exchange_html
from ui.service import Service
from ui.texts import Texts

__all__ = ["LOST", "conversation_json", "state_html", "turns_in"]


LOST = '{"lost": true}'
"""Tells static/conversation.js that its answer was lost with the connection; it reloads the page."""


def conversation_json(exchanges: Sequence[Exchange], texts: Texts, whole: bool = False) -> str:
    """Return the next update for static/conversation.js: the last exchange, or the whole conversation.

    The whole of an empty conversation starts a new one. The JSON is passed as text because Gradio's client modifies
    other values in place and then doesn't notice the change.
    """
    last = exchanges[-1] if exchanges else None
    working = last is not None and last.state == "working"
    table: dict[str, Any] = {"number": len(exchanges), "turns": turns_of(exchanges), "working": working}
    table["asked"] = last.question if last else ""
    if whole:
        table["all"] = [exchange_html(exchange, texts) for exchange in exchanges]
    elif last:
        table["html"] = exchange_html(last, texts)
        table["done"] = not working
    if last and (working or not whole):
        table["say"] = announcement(last, texts)
    table["words"] = {
        "language": texts.language,
        "conversation": texts("conversation"),
        "question": texts("question.number", number="{number}"),
        "sources": texts("sources"),
        "close": texts("close"),
        "opinions": texts.under("feedback"),
        "suggestions": texts.under("suggestions"),
    }
    return json.dumps(table).replace("<", "\\u003c")  # Gradio warns about texts that seem to contain a script.


def turns_in(shown: str) -> Turns:
    """Return the conversation of a page that was given ``shown``; needed after the server has restarted."""
    try:
        return [turn for turn in json.loads(shown)["turns"] if isinstance(turn, dict)]
    except (ValueError, KeyError, TypeError):  # Not sent by our page.
        return []


def state_html(service: Service, texts: Texts, chosen: Collection[str] | None = None) -> str:
    """Return the status line: whether questions can be answered, and from how many documents."""
    if not service.loaded.is_set():
        return f'<p role="status" class="loading">{escape(texts("loading"))}</p>'
    if service.problem:
        problem = texts("internal_error") if service.problem == INTERNAL_ERROR else service.problem
        return f'<p role="status" class="problem">{lines_html(problem)}</p>'
    count = service.documents
    if count is None:
        return '<p role="status"></p>'
    words = texts.count("documents", count)
    if chosen is not None:
        words = texts("documents.chosen", chosen=texts.number(len(chosen)), count=texts.number(count))
    return f'<p role="status"><a href="./documents">{escape(words)}</a></p>'
