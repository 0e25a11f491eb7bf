"""The watched folders on the documents page: their state, and buttons to read again and to stop. See ``ui.watched``."""

from __future__ import annotations

import json

import gradio as gr

from ui.pages.frame import QUIET, scripted
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build"]


def build(page: gr.Blocks) -> None:
    """Add the section to ``page``; it stays empty where nothing is watched."""
    shown = scripted(_words(ENGLISH), "watched.html", ["watched.js"], elem_id="watched")

    def show(request: gr.Request) -> str:
        return _words(texts_of(request))

    page.load(show, None, [shown], queue=False, **QUIET)


def _words(texts: Texts) -> str:
    """Return the JSON for static/watched.js."""
    token = {key: texts(f"documents.{key}") for key in ("token", "token_keep", "token_kept")}
    words = {**texts.under("watched"), **texts.dates, **token, "language": texts.language}
    return json.dumps(words).replace("<", "\\u003c")
