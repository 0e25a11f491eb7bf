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

__all__ = ["integrity", "own_address", "router", "script_line"]

FILE = "widget.js"


def router() -> APIRouter:
    """Return the route of the widget's script. The bytes are served unchanged, so that their hash matches the page."""
    routes = APIRouter(tags=["widget"])

    @routes.get(f"/{FILE}")
    def widget(request: Request) -> Response:
        """Return the widget's script."""
        data = (STATIC / FILE).read_bytes()
        tag = f'"{hashlib.sha256(data).hexdigest()}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "no-cache",  # Checked on every use, sent only if it has changed.
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type="text/javascript; charset=utf-8")

    return routes


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
