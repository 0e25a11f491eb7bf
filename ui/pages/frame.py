"""Shared by all pages: the header with its links, and components in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ui.local import STATIC
from ui.markup import escape
from ui.texts import Texts

__all__ = ["PAGES", "PLAIN", "QUIET", "head", "head_html", "scripted"]

PAGES = ("", "documents", "search", "settings", "review")
"""Addresses of the pages, relative to the chat, in the order of the header."""
PLAIN: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}
"""Options of components that only show HTML."""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""Options of events without Gradio's overlays and without an API endpoint."""


def head(current: str, texts: Texts) -> gr.HTML:
    """Add the header of a page."""
    with gr.Row(elem_id="head"):
        return gr.HTML(head_html(current, texts), elem_id="name", **PLAIN)


def scripted(value: str, template: str, scripts: Sequence[str], **more: Any) -> gr.HTML:
    """Add a component that runs in the browser: HTML and scripts from ``ui/static``, in one scope.

    ``value`` is the JSON passed to the scripts.
    """
    html, *code = ((STATIC / name).read_text(encoding="utf-8") for name in (template, "elements.js", *scripts))
    return gr.HTML(value, html_template=html, js_on_load="\n".join(code), apply_default_css=False, **more)


def head_html(current: str, texts: Texts) -> str:
    """Return the product name and the links to the other pages."""
    links = "".join(_link(page, page == current, texts) for page in PAGES)
    return (
        f'<h1 lang="en">Footnote</h1><p>{escape(texts("tagline"))}</p>'
        f'<nav aria-label="{escape(texts("pages"))}">{links}</nav>'
    )


def _link(page: str, is_current: bool, texts: Texts) -> str:
    here = ' aria-current="page"' if is_current else ""
    return f'<a href="./{page}"{here}>{escape(texts("page." + (page or "chat")))}</a>'
