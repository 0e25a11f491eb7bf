"""Local HTTP servers for the tests: a package index that can be made to misbehave, and a model hub."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PIECE = 4096


def wheel(name: str, version: str, members: dict[str, bytes]) -> tuple[str, bytes]:
    """Return the file name and the bytes of a minimal wheel that holds ``members``."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = {
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*members, *info, f"{stem}.dist-info/RECORD"]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**members, **info, f"{stem}.dist-info/RECORD": record}.items():
            archive.writestr(path, data)
    return f"{stem}-py3-none-any.whl", out.getvalue()


class Server(ThreadingHTTPServer):
    """Serves ``files`` (path to bytes) and notes what it served; see the attributes for how it misbehaves."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.ranges = True
        self.credentials = ""
        self.cuts: list[int] = []
        """For each further answer longer than that, the number of bytes after which the connection is cut."""
        self.hold_at: tuple[str, int] | None = None
        """A path and an offset in it; an answer that passes it stops, sets ``held`` and waits for ``release``."""
        self.held, self.release = threading.Event(), threading.Event()
        self.served: Counter[str] = Counter()
        self.requests: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add_wheel(self, name: str, version: str, members: dict[str, bytes]) -> str:
        """Publish a wheel; return the path at which it is served."""
        file, data = wheel(name, version, members)
        path = f"/files/{file}"
        self.files[path] = data
        page = f'<!DOCTYPE html><html><body><a href="{path}">{file}</a></body></html>'
        self.files[f"/simple/{name}/"] = page.encode()
        return path

    def add_hub_file(self, repository: str, revision: str, file: str, data: bytes, large: bool = True) -> str:
        """Publish a file on the hub, which tells the hash of a ``large`` one; return the path at which it is served."""
        path = f"/{repository}/resolve/{revision}/{file}"
        self.files[path] = data
        tag = hashlib.sha256(data).hexdigest() if large else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        self.headers[path] = {"ETag": f'"{tag}"', "X-Repo-Commit": "c" * 40}
        return path

    def become_the_hub(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        """Let ``huggingface_hub`` ask this server, and keep what it keeps in ``home``."""
        monkeypatch.setenv("HF_ENDPOINT", self.url)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)  # The chat sets it, and its tests may have come before.
        monkeypatch.setenv("HF_HOME", str(home))
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", self.url)
        template = self.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients are killed and connections cut on purpose."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        server, path = self.server, self.path
        asked = self.headers.get("Range", "")
        server.requests.append((self.command, path, asked))
        secret = "Basic " + base64.b64encode(server.credentials.encode()).decode()
        if server.credentials and self.headers.get("Authorization") != secret:
            return self._short(401, {"WWW-Authenticate": 'Basic realm="index"'})
        if path not in server.files:
            return self._short(404, {})
        data = server.files[path]
        start, end = 0, len(data)
        if server.ranges and (found := re.fullmatch(r"bytes=(\d*)-(\d*)", asked)):
            first, last = found.groups()
            start = int(first) if first else max(0, len(data) - int(last))
            end = min(len(data), int(last) + 1) if first and last else len(data)
            if start >= len(data):
                return self._short(416, {"Content-Range": f"bytes */{len(data)}"})
        partial = (start, end) != (0, len(data)) or (server.ranges and bool(asked))
        self.send_response(206 if partial else 200)
        self.send_header("Content-Length", str(end - start))
        if server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        if partial:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        if path.endswith("/"):
            self.send_header("Content-Type", "text/html")
        for name, value in server.headers.get(path, {}).items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self._send(path, data, start, end)
        return None

    def _send(self, path: str, data: bytes, start: int, end: int) -> None:
        server = self.server
        cut = None
        if server.cuts and end - start > server.cuts[0]:
            cut = start + server.cuts.pop(0)
        for offset in range(start, end, PIECE):
            if server.hold_at and path == server.hold_at[0] and start < server.hold_at[1] <= offset:
                server.hold_at = None
                server.held.set()
                server.release.wait(60)
            piece = data[offset : min(end, offset + PIECE)]
            if cut is not None and offset >= cut:
                self.close_connection = True
                return
            self.wfile.write(piece)
            server.served[path] += len(piece)

    def _short(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
