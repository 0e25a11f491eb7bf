"""Footnote behind a reverse proxy, at the root of a host or under a path (``public_url``).

The proxy may remove the path or leave it in place. Inside, paths never contain it; links in the pages are relative, and
redirects get it back here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from rag.config import Config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["check", "path_of", "put_behind"]

SEGMENT = re.compile(r"(?!\.+$)[\w.~-]+", re.ASCII)
MANIFEST = b'<link rel="manifest" href="/manifest.json" />'
"""Gradio's only link that leaves the path, to a file that we don't have. It also names no icon."""
ICON = b'<link rel="icon" href="./favicon.ico">'.ljust(len(MANIFEST))
"""Takes its place, in the same number of bytes."""


def path_of(config: Config) -> str:
    """Return the path of ``public_url`` without a slash at its end: ``/footnote``, or an empty string.

    Raises:
        ConfigError: ``public_url`` is not an address that Footnote can be served at.
    """
    url = config.public_url
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or parts.username is not None or url.endswith(("?", "#")) or parts.query or parts.fragment:
        raise ConfigError(f"public_url is '{url}'; use an address such as https://ask.example/footnote.")
    path = parts.path.rstrip("/")
    if path and not all(SEGMENT.fullmatch(part) for part in path[1:].split("/")):
        raise ConfigError(
            f"public_url is '{url}'; its path may only consist of names of letters, digits, '.', '_', '~' and '-'."
        )
    return path


def check(config: Config) -> None:
    """Refuse settings that would have no effect.

    Raises:
        ConfigError: with the setting and what to write instead.
    """
    path_of(config)
    if os.environ.get("GRADIO_ROOT_PATH"):
        raise ConfigError("The variable GRADIO_ROOT_PATH has no effect here. Set public_url instead, and remove it.")
    if config.user_header and not config.trusted_proxies:
        raise ConfigError(
            "user_header is set, but trusted_proxies is empty: no proxy may name the user. Add its address."
        )
    for origin in config.origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or f"{parts.path}{parts.query}" not in ("", "/"):
            raise ConfigError(
                f"origins contains '{origin}'; an origin is a scheme and a host without a path, such as "
                "https://intranet.example."
            )


def put_behind(app: FastAPI, config: Config) -> None:
    """Serve ``app``, with all its routes, under the path of ``public_url``, if it has one.

    Raises:
        ConfigError: the path begins like one of the app's own, so they can't be told apart.
    """
    prefix = path_of(config)
    if not prefix:
        return
    app.servers = [{"url": prefix}]  # For readers of openapi.json.
    if prefix.split("/")[1] in {path.split("/")[1] for path in _paths(app)}:
        raise ConfigError(
            f"public_url has the path '{prefix}', which Footnote uses itself. Use another, like /footnote."
        )
    app.add_middleware(_Prefix, prefix=prefix)


def _paths(app: FastAPI) -> Iterator[str]:
    """Yield the paths of the API and of the pages."""
    yield from app.openapi()["paths"]
    for route in app.routes:
        inner = route.routes if isinstance(route, Mount) else [route]
        yield from (each.path for each in inner if isinstance(each, Route))


class _Prefix:
    """ASGI middleware that removes ``prefix`` from paths that have it, and adds it to redirects."""

    def __init__(self, app: Any, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path == self._prefix:  # Relative links need the slash.
            await RedirectResponse(f"{path}/", 308)(scope, receive, send)
            return
        if path.startswith(f"{self._prefix}/"):
            scope = {**scope, "path": path.removeprefix(self._prefix)}

        async def send_outside(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*map(self._outside, message.get("headers", []))]
            elif message.get("body", b"").startswith(b"<!doctype html>"):
                message["body"] = message["body"].replace(MANIFEST, ICON)
            await send(message)

        await self._app(scope, receive, send_outside if scope["type"] == "http" else send)

    def _outside(self, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        """Return a header; a redirect, which always leads to another path inside, as seen from outside."""
        name, value = header
        if name.lower() != b"location":
            return header
        parts = urlsplit(value.decode("latin-1"))
        path = self._prefix + parts.path.removeprefix(self._prefix)
        return name, f"{path}?{parts.query}".rstrip("?").encode("latin-1")
