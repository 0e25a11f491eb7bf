"""Shared by all pages: the header with its links, and components in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from ui.local import STATIC
from ui.markup import escape
from ui.texts import ENGLISH, Texts, languages, texts_of

__all__ = ["PAGES", "PLAIN", "QUIET", "head", "head_html", "scripted", "scripted_page"]

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


def scripted_page(page: gr.Blocks, name: str, view: Callable[[Texts], str], scripts: Sequence[str], id: str) -> None:
    """Add the header and one component to ``page``; ``view`` returns the component's JSON in the reader's language.

    ``name`` is both the address of the page and the name of its template in ``ui/static``.
    """
    header = head(name, ENGLISH)
    shown = scripted(view(ENGLISH), f"{name}.html", scripts, elem_id=id)

    def show(request: gr.Request) -> tuple[str, str]:
        texts = texts_of(request)
        return head_html(name, texts), view(texts)

    page.load(show, None, [header, shown], queue=False, **QUIET)


def head_html(current: str, texts: Texts) -> str:
    """Return the product name, the links to the other pages, and the choice of theme and language.

    Links and choice are popovers, opened without a script; on a wide page the links are always shown.
    """
    links = "".join(_link(page, page == current, texts) for page in PAGES)
    name, display = escape(texts("pages")), escape(texts("display"))
    return (
        f'<h1 lang="en" title="{escape(texts("tagline"))}">Footnote</h1>'
        f'<button type="button" class="icon pages-button" popovertarget="pages">{name}</button>'
        f'<nav id="pages" popover aria-label="{name}">{links}'
        f'<button type="button" class="display-button" popovertarget="display">{display}</button></nav>'
        f'<div id="display" popover role="group" aria-label="{display}">{_themes(texts)}{_languages(texts)}</div>'
    )


def _link(page: str, is_current: bool, texts: Texts) -> str:
    here = ' aria-current="page"' if is_current else ""
    return f'<a href="./{page}"{here}>{escape(texts("page." + (page or "chat")))}</a>'


def _themes(texts: Texts) -> str:
    """Return the choice of theme; static/root.js ticks the current one and keeps it."""
    radios = "".join(
        f'<label><input type="radio" name="footnote-theme" value="{value}"> {escape(texts(f"display.{key}"))}</label>'
        for value, key in (("", "system"), ("light", "light"), ("dark", "dark"))
    )
    return f"<fieldset><legend>{escape(texts('display.theme'))}</legend>{radios}</fieldset>"


def _languages(texts: Texts) -> str:
    options = "".join(
        f'<option value="{code}" lang="{code}"{" selected" if code == texts.language else ""}>{escape(name)}</option>'
        for code, name in ((code, other("display.name")) for code, other in languages().items())
    )
    label = escape(texts("display.language"))
    return f'<label>{label} <select name="footnote-language" autocomplete="off">{options}</select></label>'
