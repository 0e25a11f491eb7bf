"""Model servers for the tests: llama-cpp-python's own with a small model, and one that can misbehave in many ways."""

from __future__ import annotations

import json
import math
import select
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rag import models
from rag.config import Config

SMALL = "smollm2-135m-instruct"
REPLY = ["In ", "the ", "Cardiff ", "Millennium ", "Centre ", "[1]."]
PATIENCE = 180
"""Seconds for a model to be loaded on a machine that does other things too."""


@contextmanager
def llama_cpp_server(context: int = 1024) -> Iterator[str]:
    """Run llama-cpp-python's server with SmolLM2 in a process of its own, and give the URL of its API."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "model": models.locate(SMALL, Config().models),
        "model_alias": SMALL,
        "port": port,
        "host": "127.0.0.1",
        "n_ctx": context,
        "n_threads": 1,
        "n_threads_batch": 1,
        "verbose": "false",
    }
    command = [sys.executable, "-m", "llama_cpp.server"]
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}/v1"
            _wait_for(f"{url}/models", process)
            yield url
        finally:
            process.kill()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start (exit code {process.poll()}).")


class ModelServer(ThreadingHTTPServer):
    """Speaks OpenAI's API and TEI's, and misbehaves as ``mode`` says whenever it is to stream a reply.

    ``abilities`` are those of some real server: ``scores``, the name of its field for a grammar, ``completions``,
    ``thoughts`` (it takes fields that it does not know). ``embedder`` is what embeds for it, or
    reranks.
    """

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, mode: str = "", abilities: tuple[str, ...] = ("thoughts",), embedder=None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode, self.abilities, self.embedder = mode, abilities, embedder
        self.models = [{"id": "small", "created": 1}]
        self.requests: list[tuple[str, dict]] = []
        self.keys: list[str] = []
        self.streams = 0
        self.left = threading.Event()
        """Set as soon as a client closes its connection before the reply has ended."""
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Say nothing: connections are closed on purpose."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_GET(self) -> None:
        self.server.keys.append(self.headers.get("Authorization", ""))
        if self.server.mode == "key refused":
            return self._send(401, {"error": {"message": f"wrong key {self.headers.get('Authorization')}"}})
        if self.path.endswith("/models"):
            return self._send(200, {"object": "list", "data": self.server.models})
        if self.path == "/info" and self.server.embedder:
            told = {"model_id": "maker/all-MiniLM-L6-v2", "model_sha": "abc", "max_input_length": 256}
            return self._send(200, told)
        return self._send(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.requests.append((self.path, body))
        if self.path.endswith(("/embeddings", "/embed")):
            return self._embed(body)
        if self.path.endswith("/rerank"):
            return self._rerank(body)
        if self.path.endswith("/chat/completions"):
            return self._stream() if body.get("stream") else self._chat(body)
        if self.path.endswith("/completions") and "completions" in server.abilities:
            tops = [{" count": -0.1, " none": -3.0}] if "scores" in server.abilities else None
            choice = {"text": " 4", "logprobs": {"top_logprobs": tops}, "finish_reason": "length"}
            return self._send(200, {"choices": [choice]})
        return self._send(404, {"detail": "Not Found"})

    def _chat(self, body: dict) -> None:
        if "chat_template_kwargs" in body and "thoughts" not in self.server.abilities:
            return self._send(400, {"error": {"message": "unknown field chat_template_kwargs"}})
        tops = [{"token": token, "logprob": score} for token, score in (("Yes", -0.2), ("no", -2.0))]
        choice: dict = {"message": {"content": "Hello."}, "finish_reason": "length"}
        if body.get("logprobs") and "scores" in self.server.abilities:
            choice["logprobs"] = {"content": [{"top_logprobs": tops}]}
        return self._send(200, {"choices": [choice]})

    def _embed(self, body: dict) -> None:
        texts = body.get("inputs", body.get("input"))
        if self.server.mode == "no vectors":
            return self._send(200, {"data": [{"embedding": "none", "index": 0}]})
        vectors = [[float(number) * 3 for number in vector] for vector in self.server.embedder.embed_passages(texts)]
        if self.path.endswith("/embed"):
            return self._send(200, vectors)
        entries = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        return self._send(200, {"data": entries[::-1]})  # In any order: the index tells.

    def _rerank(self, body: dict) -> None:
        texts = body.get("texts", body.get("documents"))
        logits = list(enumerate(self.server.embedder.score(body["query"], texts)))[::-1]
        if "texts" in body:
            return self._send(200, [{"index": index, "score": logit} for index, logit in logits])
        results = [{"index": index, "relevance_score": 1 / (1 + math.exp(-logit))} for index, logit in logits]
        return self._send(200, {"results": results})

    def _stream(self) -> None:
        server = self.server
        server.streams += 1
        bound = next((f for f in server.requests[-1][1] if f in server.abilities and f != "thoughts"), "")
        if bound:
            return self._events(["qzqz"], done=True)
        return getattr(self, f"_{server.mode.replace(' ', '_')}")() if server.mode else self._events(REPLY, done=True)

    # --- ways to misbehave

    def _slow(self) -> None:
        self._hold(30)

    def _stalls(self) -> None:
        self._events(REPLY[:2])
        self._hold(30)

    def _cut_off(self) -> None:
        self._events(REPLY[:2])
        self.close_connection = True

    def _too_many(self) -> None:
        self._send(429, {"error": {"message": "slow down"}})

    def _busy_once(self) -> None:
        if self.server.streams == 1:
            return self._send(429, {"error": {"message": "slow down"}}, {"Retry-After": "0"})
        return self._events(REPLY, done=True)

    def _broken(self) -> None:
        self._send(500, {"error": {"message": "out of memory"}})

    def _drops_once(self) -> None:
        if self.server.streams == 1:
            self.close_connection = True
            return None
        return self._events(REPLY, done=True)

    def _no_json(self) -> None:
        self._start()
        self._write(b"data: {broken\n\n")

    def _a_page(self) -> None:
        self._send(200, "<html>Welcome</html>")

    def _no_choices(self) -> None:
        self._start()
        self._write(b'data: {"hello": 1}\n\n')

    def _an_error(self) -> None:
        self._events(REPLY[:1])
        self._write(b'data: {"error": {"message": "out of memory"}}\n\n')

    def _endless(self) -> None:
        self._start()
        while not self.server.left.is_set():
            self._piece("word ")
            time.sleep(0.01)

    def _only_pings(self) -> None:
        self._start()
        while not self.server.left.is_set():
            self._write(b": ping\n\n")
            time.sleep(0.05)

    def _held(self) -> None:
        self.server.release.wait(30)
        self._events(REPLY, done=True)

    def _whole(self) -> None:
        choice = {"message": {"content": "".join(REPLY)}, "finish_reason": "stop"}
        self._send(200, {"choices": [choice]})

    # --- writing

    def _hold(self, seconds: float) -> None:
        """Wait until the client closes its connection."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if select.select([self.connection], [], [], 0.05)[0] and not self.connection.recv(1, socket.MSG_PEEK):
                self.server.left.set()
                self.close_connection = True
                return

    def _start(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def _events(self, pieces: list[str], done: bool = False) -> None:
        self._start()
        for piece in pieces:
            self._piece(piece)
        if done:
            self._write(b"data: [DONE]\n\n")

    def _piece(self, text: str) -> None:
        event = {"choices": [{"delta": {"content": text}, "finish_reason": None}]}
        self._write(f"data: {json.dumps(event)}\n\n".encode())

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            self.server.left.set()

    def _send(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        told = {"Content-Type": "text/html" if isinstance(body, str) else "application/json"}
        for name, value in {**told, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(mode: str = "", abilities: tuple[str, ...] = ("thoughts",), embedder=None) -> Iterator[ModelServer]:
    """Run a model server in a thread."""
    server = ModelServer(mode, abilities, embedder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.left.set()
        server.shutdown()
        server.server_close()
        thread.join()
