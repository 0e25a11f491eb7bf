"""The documents page: list, add and delete documents, and choose which ones the chat answers from.

The page uses the API like any other client (``ui.changes``). Only the choice of documents goes through Gradio, since it
is stored in the browser for the chat.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import gradio as gr

from rag.formats.registry import BY_SUFFIX, FORMATS
from ui.pages.frame import QUIET, head, head_html, scripted
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


def build(page: gr.Blocks) -> None:
    """Add the page to ``page``."""
    name = head("documents", ENGLISH)
    chosen = chosen_documents()
    shown = scripted(_view(None, ENGLISH), "documents.html", ["uploads.js", "documents.js"], elem_id="library")

    def show(kept: object, request: gr.Request) -> tuple[str, str]:
        texts = texts_of(request)
        return head_html("documents", texts), _view(names_of(kept), texts)

    def choose(event: gr.EventData) -> list[str] | str:
        names = names_of(event.names)
        return ALL if names is None else names

    page.load(show, [chosen], [name, shown], queue=False, **QUIET)
    shown.choose(choose, None, [chosen], queue=False, **QUIET)


def _view(chosen: Sequence[str] | None, texts: Texts) -> str:
    """Return the JSON for static/documents.js."""
    words = texts.under("documents") | {"language": texts.language, "opens_tab": texts("opens_tab")}
    words |= texts.forms("documents")
    words["drop"] = texts("documents.drop", formats=", ".join(format.suffixes[0] for format in FORMATS))
    accept = ",".join(BY_SUFFIX)
    return json.dumps({"words": words, "chosen": chosen, "accept": accept}).replace("<", "\\u003c")
