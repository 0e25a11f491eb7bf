"""Keeps the pages local: environment variables, the listening socket, security headers, and the server itself."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.config import Config
from rag.errors import ConfigError

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["HEADERS", "STATIC", "address", "listen", "protect", "run", "stay_local"]

STATIC = Path(__file__).parent / "static"

HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio inlines one script and compiles others.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        ]
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every response: the browser lets the page talk to no other server."""


def stay_local() -> None:
    """Tell Gradio and the hub client, before they are imported, not to contact any server or collect statistics."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to ``host`` and ``port`` (0: any free port).

    Raises:
        ConfigError: the port is in use or not allowed, or the host is not an address of this machine.
    """
    try:
        family, *_, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(
            f"Can't listen on '{host}' ({error.strerror}). Choose another address with --host."
        ) from error
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"Can't use port {port} on {host} ({error.strerror}). Choose another one, such as "
            f"--port {port + 1 if port < 65535 else 8080}, or --port 0 for any free port."
        ) from error
    return listener


def address(listener: socket.socket) -> str:
    """Return the address of the chat for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def protect(app: FastAPI, config: Config) -> None:
    """Add security headers, and refuse requests for other host names (DNS rebinding)."""
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    app.add_middleware(_Headers)
    if config.host in ("127.0.0.1", "localhost"):
        public = urlsplit(config.public_url).hostname
        names = ["127.0.0.1", "localhost", *([public] if public else [])]
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)


class _Headers:
    """ASGI middleware that adds ``HEADERS``."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                new = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                if (b"content-type", b"text/event-stream; charset=utf-8") in message.get("headers", []):
                    new.append((b"x-accel-buffering", b"no"))  # Or nginx would collect a stream until it ends.
                message["headers"] = [*message.get("headers", []), *new]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def run(app: FastAPI, listener: socket.socket, started: Callable[[], None], open_browser: bool) -> None:
    """Serve ``app`` until Ctrl-C or a termination signal; call ``started`` once it accepts connections."""
    import uvicorn

    where = address(listener)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"The chat is at {where}", flush=True)
            if where.split("//")[1].split(":")[0] != listener.getsockname()[0]:
                print("Other machines that can connect to this one can use it too.", flush=True)
            started()
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(where,), daemon=True).start()

    # Open pages hold a connection each, which would keep the server from stopping. ui.access decides which proxies to
    # trust.
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, proxy_headers=False)
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])
