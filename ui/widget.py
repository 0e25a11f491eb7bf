"""Serve the widget's script, and create the line that includes it in a page (W3C Subresource Integrity)."""

from __future__ import annotations

import base64
import hashlib
import html
from pathlib import Path

from fastapi import APIRouter, Request, Response

from rag.config import Config
from rag.errors import ConfigError
from ui.local import STATIC
from ui.replies import refusal

__all__ = ["integrity", "own_address", "router", "script_line"]

FILE = "widget.js"
TEXTS = STATIC / "texts" / "widget"
"""The widget's texts in other languages than English, one file per language."""


def router() -> APIRouter:
    """Return the routes of the widget's script and of its texts.

    The bytes of the script are served unchanged, so that their hash matches the page.
    """
    routes = APIRouter(tags=["widget"])

    @routes.get(f"/{FILE}")
    def widget(request: Request) -> Response:
        """Return the widget's script."""
        return _file(STATIC / FILE, "text/javascript; charset=utf-8", request)

    @routes.get("/widget/{language}.json")
    def texts(language: str, request: Request) -> Response:
        """Return the widget's texts in a language."""
        files = {file.stem: file for file in TEXTS.glob("*.json")}
        if language not in files:
            return refusal(404, "bad_document", f"The widget has no texts in {language[:20]!r}.")
        return _file(files[language], "application/json", request)

    return routes


def _file(file: Path, media_type: str, request: Request) -> Response:
    """Return the response with ``file``; without its content if the browser has the same."""
    data = file.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",  # Checked on every use, sent only if it has changed.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=media_type)


def integrity(file: Path = STATIC / FILE) -> str:
    """Return the ``integrity`` attribute for ``file``."""
    return "sha384-" + base64.b64encode(hashlib.sha384(file.read_bytes()).digest()).decode()


def own_address(config: Config) -> str:
    """Return the address at which browsers reach the server."""
    return config.public_url or f"http://{config.host}:{config.port}"


def script_line(url: str) -> str:
    """Return the ``<script>`` line for a page, for the widget served at ``url``.

    Raises:
        ConfigError: ``url`` is not the address of a server.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"'{url}' is not the address of a server. Use one such as https://ask.example.")
    base = html.escape(url.rstrip("/"))
    return (
        f'<script src="{base}/{FILE}" data-base-api-url="{base}" integrity="{integrity()}" '
        'crossorigin="anonymous" defer></script>'
    )
