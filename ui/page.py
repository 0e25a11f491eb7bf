"""Build and mount the pages.

This module and ``ui.pages`` import Gradio, which takes seconds and reads the environment that ``ui.local`` prepares.
Import it where it is needed.
"""

from __future__ import annotations

import warnings
from functools import partial

import gradio as gr
from fastapi import FastAPI

from rag.config import Config
from ui import reader
from ui.local import STATIC
from ui.pages import chat, documents, gaps, review, search, settings
from ui.proxy import path_of
from ui.service import Service

__all__ = ["TITLE", "build", "mount"]

TITLE = "Footnote"
STYLES = (
    "frame",
    "conversation",
    "start",
    "ask",
    "evidence",
    "opinions",
    "history",
    "scope",
    "documents",
    "watched",
    "settings",
    "review",
    "gaps",
)
"""Stylesheets in ``static``, shared ones first."""


def build(service: Service) -> gr.Blocks:
    """Return the pages. A visitor's data stays in the page's own session and in the visitor's browser."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        chat.build(page, service)
    for address, build_page in (
        ("documents", documents.build),
        ("search", partial(search.build, service=service)),
        ("settings", partial(settings.build, service=service)),
        ("review", review.build),
        ("gaps", gaps.build),
    ):
        with page.route(address.capitalize(), address):
            build_page(page)
    return page


def _theme() -> gr.Theme:
    """Return a theme with the reader's system fonts; the colours are in static/frame.css."""
    sans = ["system-ui", "-apple-system", '"Segoe UI"', "Roboto", '"Noto Sans"', '"Liberation Sans"', "sans-serif"]
    mono = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", '"Liberation Mono"', "monospace"]
    return gr.themes.Base(font=sans, font_mono=mono)


def _head() -> str:
    """Return what stands in the head of every page: what has to work before Gradio has loaded."""
    style, script = ((STATIC / f"root.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return f"<style>{style}</style><script>{script}</script>"


def mount(app: FastAPI, blocks: gr.Blocks, service: Service, config: Config) -> FastAPI:
    """Return ``app`` with the pages at its root: no sharing, no analytics, no external links."""
    reader.add_routes(app, lambda: service.index, service.newest)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "SSR mode is not supported")  # We don't ask for it.
        return _mounted(app, blocks, config)


def _mounted(app: FastAPI, blocks: gr.Blocks, config: Config) -> FastAPI:
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=path_of(config),
        server_name=config.host,
        server_port=config.port,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(STATIC / "favicon.png"),
        theme=_theme(),
        css_paths=[STATIC / f"{name}.css" for name in STYLES],
        head=_head(),
    )
    return mounted
