"""What the pages have in common: the head with the way to the other pages, and how they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ui.local import STATIC
from ui.markup import escape
from ui.texts import Texts

__all__ = ["PAGES", "PLAIN", "QUIET", "head", "head_html", "scripted"]

PAGES = ("", "documents", "search", "settings", "review")
"""The addresses of the pages, relative to the chat's, in the order in which the head shows them."""
PLAIN: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}
"""For what only shows HTML."""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""For what happens without Gradio's own overlays, and without a place in its API."""


def head(current: str, texts: Texts) -> gr.HTML:
    """Add the head of a page that has nothing more in it."""
    with gr.Row(elem_id="head"):
        return gr.HTML(head_html(current, texts), elem_id="name", **PLAIN)


def scripted(value: str, template: str, scripts: Sequence[str], **more: Any) -> gr.HTML:
    """Add a part of a page that lives in the browser: files of ``ui/static``, its HTML and its scripts in one scope.

    ``value`` is the JSON that the scripts are given.
    """
    html, *code = ((STATIC / name).read_text(encoding="utf-8") for name in (template, "elements.js", *scripts))
    return gr.HTML(value, html_template=html, js_on_load="\n".join(code), apply_default_css=False, **more)


def head_html(current: str, texts: Texts) -> str:
    """Return the product's name and the way to the other pages."""
    links = "".join(_link(page, page == current, texts) for page in PAGES)
    return (
        f'<h1 lang="en">Footnote</h1><p>{escape(texts("tagline"))}</p>'
        f'<nav aria-label="{escape(texts("pages"))}">{links}</nav>'
    )


def _link(page: str, is_current: bool, texts: Texts) -> str:
    here = ' aria-current="page"' if is_current else ""
    return f'<a href="./{page}"{here}>{escape(texts("page." + (page or "chat")))}</a>'
