"""The documents page: list, add and delete documents.

The page uses the API like any other client (``ui.changes``). Which documents the chat answers from is chosen beside the
chat (``ui.pages.scope``).
"""

from __future__ import annotations

import json

import gradio as gr

from rag.formats.registry import BY_SUFFIX, FORMATS
from ui.pages import watched
from ui.pages.frame import scripted_page
from ui.texts import Texts

__all__ = ["build"]


def build(page: gr.Blocks) -> None:
    """Add the page to ``page``."""
    scripted_page(page, "documents", _view, ["listing.js", "uploads.js", "documents.js"], "library")
    watched.build(page)


def _view(texts: Texts) -> str:
    """Return the JSON for static/documents.js."""
    words = texts.under("documents") | texts.under("listing") | texts.dates
    words |= {"language": texts.language, "opens_tab": texts("opens_tab"), "older": texts.table["older.newest"]}
    words |= texts.forms("documents")
    words["drop"] = texts("documents.drop", formats=", ".join(format.suffixes[0] for format in FORMATS))
    return json.dumps({"words": words, "accept": ",".join(BY_SUFFIX)}).replace("<", "\\u003c")
