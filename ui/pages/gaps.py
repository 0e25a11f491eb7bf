"""The page of questions without a sure answer, for administrators; the data comes from ``ui.gaps``."""

from __future__ import annotations

import json

import gradio as gr

from ui.pages.frame import scripted_page
from ui.texts import Texts

__all__ = ["build"]


def build(page: gr.Blocks) -> None:
    """Add the page to ``page``."""
    scripted_page(page, "gaps", _words, ["gaps.js"], "gaps")


def _words(texts: Texts) -> str:
    """Return the JSON for static/gaps.js."""
    words = texts.under("gaps") | texts.dates
    words |= {"token_keep": texts("documents.token_keep"), "opens_tab": texts("opens_tab")}
    return json.dumps({**words, "review": texts("page.review"), "language": texts.language})
