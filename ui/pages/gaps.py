"""The page of questions without a sure answer, for administrators; the data comes from ``ui.gaps``."""

from __future__ import annotations

import json

import gradio as gr

from ui.pages.frame import QUIET, head, head_html, scripted
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build"]


def build(page: gr.Blocks) -> None:
    """Add the page to ``page``."""
    name = head("gaps", ENGLISH)
    shown = scripted(_words(ENGLISH), "gaps.html", ["gaps.js"], elem_id="gaps")

    def show(request: gr.Request) -> tuple[str, str]:
        texts = texts_of(request)
        return head_html("gaps", texts), _words(texts)

    page.load(show, None, [name, shown], queue=False, **QUIET)


def _words(texts: Texts) -> str:
    """Return the JSON for static/gaps.js."""
    words = texts.under("gaps") | {"token_keep": texts("documents.token_keep"), "opens_tab": texts("opens_tab")}
    return json.dumps({**words, "review": texts("page.review"), "language": texts.language})
