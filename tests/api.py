"""What the tests of the API share: a server on a real socket, and clients with addresses of their own."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.indexes.opening import create_index
from rag.ingest import ingest
from ui import local
from ui.jobs import Answerer
from ui.server import application
from ui.service import Service


@dataclass
class Reply:
    """A response: ``headers`` with small names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """A running application."""

    port: int
    service: Service
    config: Config

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, address: str = "127.0.0.1") -> http.client.HTTPConnection:
        """Return a connection that comes from ``address``, which may be any of 127.0.0.0/8."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(address, 0))

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> Reply:
        """Return the response; ``body`` is sent as JSON, unless it is bytes."""
        connection = self.connect(address)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            given = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, path, data, {**given, **(headers or {})})
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Reply:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Reply:
        return self.request("POST", path, body, **options)

    def events(self, body: dict[str, Any], address: str = "127.0.0.1", path: str = "/api/ask") -> Iterator[Any]:
        """Yield (name, data) of each server-sent event as it comes; to close it is to go away."""
        connection = self.connect(address)
        try:
            headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            yield from parsed(response)
        finally:
            connection.close()


def parsed(lines: Any) -> Iterator[tuple[str, Any]]:
    """Yield the events of a stream of lines, as the standard has it read."""
    name, data = "message", list[str]()
    for line in lines:
        text = line.decode().rstrip("\n")
        if not text and data:
            yield name, json.loads("\n".join(data))
            name, data = "message", []
        elif text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            data.append(text.removeprefix("data: "))


def indexed(folder: Path, documents: dict[str, str], **settings: Any) -> Config:
    """Return the settings for an index of ``documents``, made with the embedder that needs no weights."""
    for name, text in documents.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_text(text, encoding="utf-8")
    config = Config(index=folder / "index", **settings)
    embedder = HashEmbedder()
    with create_index(config, embedder) as index:
        ingest([folder / "in"], index, embedder, config)
    return config


@contextmanager
def running(load: Callable[[], Answerer], config: Config, wait: bool = True) -> Iterator[Running]:
    """Serve the application on a free port of 127.0.0.1 from a thread of this process."""
    import uvicorn

    listener = local.listen("127.0.0.1", 0)
    config = replace(config, port=listener.getsockname()[1])
    service = Service(load, config)
    app = application(service, config)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    service.start()
    if wait:
        service.loaded.wait(120)
    try:
        yield Running(config.port, service, config)
    finally:
        server.should_exit = True
        thread.join(10)
        service.close()
        listener.close()
        assert not thread.is_alive()
