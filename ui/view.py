"""What the chat's page shows, as its parts are given it: the conversation for its script, the rest as HTML."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from ui.conversation import Exchange
from ui.history import Turns, turns_of
from ui.markup import escape, lines_html
from ui.problems import OUR_FAULT
from ui.render import announcement, exchange_html
from ui.service import Service
from ui.texts import Texts

__all__ = ["LOST", "conversation_json", "starters_html", "state_html", "turns_in"]


LOST = '{"lost": true}'
"""What static/conversation.js shows where its answer was lost with the connection: it loads the page anew."""


def conversation_json(exchanges: Sequence[Exchange], texts: Texts, whole: bool = False) -> str:
    """Return what static/conversation.js shows next: the last exchange in place of what it was, or all of them.

    All of none begins anew. JSON as a text, since Gradio's client changes the parts of anything else in place, and then
    does not see the change.
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
    }
    return json.dumps(table).replace("<", "\\u003c")  # Gradio warns of texts that seem to hold a script.


def turns_in(shown: str) -> Turns:
    """Return the conversation of a page that was given ``shown``: a server that began anew has forgotten it."""
    try:
        return [turn for turn in json.loads(shown)["turns"] if isinstance(turn, dict)]
    except (ValueError, KeyError, TypeError):  # Not from our page.
        return []


def starters_html(texts: Texts) -> str:
    """Return what stands above the questions to start with."""
    return f"<h2>{escape(texts('examples'))}</h2>"


def state_html(service: Service, texts: Texts, chosen: Collection[str] | None = None) -> str:
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
