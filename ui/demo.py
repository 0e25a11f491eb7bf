"""Demo of the widget: a page of an imaginary intranet, served on its own port so that browsers treat it as another
site.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rag.config import Config
from ui import local, server
from ui.jobs import Answerer
from ui.widget import own_address, script_line

__all__ = ["pages", "serve"]

LINE = "<!-- the widget's line -->"


def serve(load: Callable[[], Answerer], config: Config) -> None:
    """Serve the API on ``config.port`` and the page on the next port until Ctrl-C; print both addresses.

    Raises:
        ConfigError: one of the ports is in use.
    """
    with pages(config) as address:
        print(f"The intranet page is at {address}", flush=True)
        server.serve(load, replace(config, origins=(*config.origins, address.rstrip("/"))))


@contextmanager
def pages(config: Config) -> Iterator[str]:
    """Serve the page in the background and return its address.

    Raises:
        ConfigError: the port is in use.
    """
    listener = local.listen(config.host, config.port + 1)
    page = (local.STATIC / "demo.html").read_text(encoding="utf-8").replace(LINE, script_line(own_address(config)))
    web = ThreadingHTTPServer(listener.getsockname()[:2], _handler(page.encode()), bind_and_activate=False)
    web.socket.close()
    web.socket = listener
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        yield local.address(listener)
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def _handler(page: bytes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.partition("?")[0] == "/"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if found else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    return Handler
