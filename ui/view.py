"""The data for the parts of the chat page: JSON for the conversation's script, HTML for the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ui.conversation import Exchange
from ui.history import Turns, turns_of
from ui.limits import EARLIER, QUESTION
from ui.markup import escape, lines_html
from ui.problems import INTERNAL_ERROR
from ui.render import announcement, exchange_html
from ui.service import Service
from ui.texts import Texts

__all__ = ["LOST", "ask_json", "conversation_json", "state_html", "turns_in"]


LOST = '{"lost": true}'
"""Tells static/conversation.js that its answer was lost with the connection; it reloads the page."""


def conversation_json(
    exchanges: Sequence[Exchange], texts: Texts, whole: bool = False, number: int = 0, back: str = ""
) -> str:
    """Return the next update for static/conversation.js: one exchange, the last without ``number``, or all of them.

    The whole of an empty conversation starts a new one. ``back`` is a question that goes back into the text box. The
    JSON is passed as text because Gradio's client modifies other values in place and then doesn't notice the change.
    """
    number = number or len(exchanges)
    last = exchanges[number - 1] if exchanges else None
    working = last is not None and last.state == "working"
    table: dict[str, Any] = {"number": number, "total": len(exchanges), "turns": turns_of(exchanges), "back": back}
    table |= {"working": working, "asked": last.question if last else "", "id": last.id if last else ""}
    table["left"] = EARLIER + 1 - sum(exchange.answered is not None for exchange in exchanges)
    if whole:
        table["all"] = [exchange_html(exchange, texts) for exchange in exchanges]
    elif last:
        table["html"] = exchange_html(last, texts)
        table["done"] = not working
    if last and (working or last.problem or not whole):
        table["say"] = announcement(last, texts)
    table["words"] = {
        "language": texts.language,
        "conversation": texts("conversation"),
        "question": texts("question.number", number="{number}"),
        "sources": texts("sources"),
        "close": texts("close"),
        "opinions": texts.under("feedback"),
        "act": texts.under("act"),
        "suggestions": texts.under("suggestions"),
    }
    return json.dumps(table).replace("<", "\\u003c")  # Gradio warns about texts that seem to contain a script.


def ask_json(texts: Texts) -> str:
    """Return the texts and the limit for static/ask.js."""
    words = {key: texts(key) for key in ("question", "ask", "stop", "stopping", "language")}
    return json.dumps({**texts.under("ask"), **words, "hint": texts("question.hint"), "longest": QUESTION})


def turns_in(shown: str) -> Turns:
    """Return the conversation of a page that was given ``shown``; needed after the server has restarted."""
    try:
        return [turn for turn in json.loads(shown)["turns"] if isinstance(turn, dict)]
    except (ValueError, KeyError, TypeError):  # Not sent by our page.
        return []


def state_html(service: Service, texts: Texts) -> str:
    """Return the status line, empty once questions can be answered."""
    if not service.loaded.is_set():
        return f'<p role="status" class="loading">{escape(texts("loading"))}</p>'
    if service.problem:
        problem = texts("internal_error") if service.problem == INTERNAL_ERROR else service.problem
        return f'<p role="status" class="problem">{lines_html(problem)}</p>'
    return '<p role="status"></p>'
