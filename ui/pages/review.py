"""The review page, on which a maintainer decides on reader feedback; the data comes from ``ui.review``."""

from __future__ import annotations

import json

import gradio as gr

from ui.pages.frame import QUIET, head, head_html, scripted
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build"]


def build(page: gr.Blocks) -> None:
    """Add the page to ``page``."""
    name = head("review", ENGLISH)
    shown = scripted(_words(ENGLISH), "review.html", ["review.js"], elem_id="review")

    def show(request: gr.Request) -> tuple[str, str]:
        texts = texts_of(request)
        return head_html("review", texts), _words(texts)

    page.load(show, None, [name, shown], queue=False, **QUIET)


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
