"""What the pages have in common: the head with the way to the other pages, and how they change."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.markup import escape
from ui.texts import Texts, in_language

__all__ = ["PAGES", "PLAIN", "QUIET", "head_html", "texts_of"]

PAGES = ("", "documents", "search", "settings", "review")
"""The addresses of the pages, relative to the chat's, in the order in which the head shows them."""
PLAIN: dict[str, Any] = {"apply_default_css": False, "js_on_load": None}
"""For what only shows HTML."""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""For what happens without Gradio's own overlays, and without a place in its API."""


def head_html(current: str, texts: Texts) -> str:
    """Return the product's name and the way to the other pages."""
    links = "".join(_link(page, page == current, texts) for page in PAGES)
    return (
        f'<h1 lang="en">Footnote</h1><p>{escape(texts("tagline"))}</p>'
        f'<nav aria-label="{escape(texts("pages"))}">{links}</nav>'
    )


def texts_of(request: gr.Request) -> Texts:
    """Return the words in the language of the browser that sent ``request``."""
    return in_language(request.headers.get("accept-language", ""))


def _link(page: str, is_current: bool, texts: Texts) -> str:
    here = ' aria-current="page"' if is_current else ""
    return f'<a href="./{page}"{here}>{escape(texts("page." + (page or "chat")))}</a>'
