"""The page on which a maintainer reviews what readers said about answers; what it shows comes from ``ui.reviewing``."""

from __future__ import annotations

import json

import gradio as gr

from ui.local import STATIC
from ui.pages.frame import PLAIN, QUIET, head_html, texts_of
from ui.texts import ENGLISH, Texts

__all__ = ["build"]

PREFIX = "review."


def build(page: gr.Blocks) -> None:
    """Add the page to ``page``."""
    with gr.Row(elem_id="head"):
        name = gr.HTML(head_html("review", ENGLISH), elem_id="name", **PLAIN)
    shown = gr.HTML(
        _words(ENGLISH),
        html_template=(STATIC / "review.html").read_text(encoding="utf-8"),
        js_on_load=(STATIC / "review.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="review",
    )

    def show(request: gr.Request) -> tuple[str, str]:
        texts = texts_of(request)
        return head_html("review", texts), _words(texts)

    page.load(show, None, [name, shown], queue=False, **QUIET)


def _words(texts: Texts) -> str:
    """Return what static/review.js is given, as JSON."""
    words = {key.removeprefix(PREFIX): text for key, text in texts.table.items() if key.startswith(PREFIX)}
    kinds = ("wrong_answer", "wrong_source", "should_answer", "should_abstain")
    words |= {kind: texts.table[f"feedback.{kind}"] for kind in kinds}
    words |= {"token": texts("documents.token"), "token_keep": texts("documents.token_keep")}
    return json.dumps({**words, "language": texts.language})
