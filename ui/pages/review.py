"""The review page, on which a maintainer decides on reader feedback; the data comes from ``ui.review``."""

from __future__ import annotations

import json

import gradio as gr

from ui.pages.frame import scripted_page
from ui.texts import Texts

__all__ = ["build"]


def build(page: gr.Blocks) -> None:
    """Add the page to ``page``."""
    scripted_page(page, "review", _words, ["review.js"], "review")


def _words(texts: Texts) -> str:
    """Return the JSON for static/review.js."""
    words = texts.under("review")
    kinds = ("wrong_answer", "wrong_source", "should_answer", "should_abstain")
    words |= {kind: texts.table[f"feedback.{kind}"] for kind in kinds}
    words |= {
        "gaps": texts("gaps.title"),
        "token": texts("documents.token"),
        "token_keep": texts("documents.token_keep"),
    }
    return json.dumps({**words, "language": texts.language})
