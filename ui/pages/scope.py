"""The documents beside the chat: which of them it answers from, and an overview of each.

The list and the overviews come from the API (``ui.api``). Only the choice goes through Gradio, since it is stored in
the browser for the chat and the search.
"""

from __future__ import annotations

import json

import gradio as gr

from ui.pages.frame import QUIET, scripted
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build", "chosen_documents", "names_of"]

ALL = "all"
"""Stored in the browser for "all documents": it would not store an empty value."""


def chosen_documents() -> gr.BrowserState:
    """Return the browser storage for the names of the chosen documents; see ``names_of``."""
    return gr.BrowserState(ALL, storage_key="footnote.documents", secret="footnote")


def names_of(chosen: object) -> list[str] | None:
    """Return the names of the chosen documents from the browser's storage; ``None`` for all."""
    return [str(name) for name in chosen] if isinstance(chosen, list) else None


def build(page: gr.Blocks, chosen: gr.BrowserState) -> None:
    """Add the button and the list of documents to ``page``; ``chosen`` receives the choice."""
    shown = scripted(_view(None, ENGLISH), "scope.html", ["listing.js", "scope.js"], elem_id="documents")

    def show(kept: object, request: gr.Request) -> str:
        return _view(names_of(kept), texts_of(request), ready=True)

    def choose(event: gr.EventData) -> list[str] | str:
        names = names_of(event.names)
        return ALL if names is None else names

    page.load(show, [chosen], [shown], queue=False, **QUIET)
    shown.choose(choose, None, [chosen], queue=False, **QUIET)


def _view(chosen: list[str] | None, texts: Texts, ready: bool = False) -> str:
    """Return the JSON for static/scope.js; ``ready`` once ``chosen`` is what the browser has stored."""
    words = texts.under("scope") | texts.under("listing") | texts.dates
    words |= {"language": texts.language, "opens_tab": texts("opens_tab"), "older": texts.table["older.newest"]}
    words |= {key: texts(f"documents.{key}") for key in ("find", "none", "none_found", "more")}
    words |= {key.removeprefix("documents."): text for key, text in texts.forms("documents.pages").items()}
    return json.dumps({"words": words, "chosen": chosen, "ready": ready}).replace("<", "\\u003c")
