"""Requests to model servers: to the least busy one, with deadlines, cancelled as soon as nobody waits.

All requests run in an event loop in its own thread, so that a request can be cancelled at any point: while connecting,
while the server computes, or during the reply. Cancelling closes the connection, which tells the server to stop. A
request is only retried if no part of the reply has been passed on.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import ServerError
from rag.ports import Stop
from rag.servers.refusals import Refused, refusal

if TYPE_CHECKING:
    import httpx2

    from rag.config import Config
    from rag.servers.address import Address

__all__ = ["Deadlines", "Servers", "connect"]

ATTEMPTS = 3
"""Most attempts per request."""
BACKOFF_SECONDS = 0.25
"""Pause before the first retry; doubled for each further one."""
REST_SECONDS = 10.0
"""How long a server that failed is only used if all others fail."""
POLL_SECONDS = 0.05
"""Interval of checking whether anybody still waits."""
RETRIED = {429, 500, 502, 503, 504}
LARGEST_REPLY = 64 << 20
"""Largest complete reply, in bytes."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Limits in seconds: to connect, to wait for the next bytes, and for the whole request with its reply."""

    connect: float = 5.0
    read: float = 60.0
    total: float = 180.0


class _Again(Exception):
    """An attempt failed, but a retry after at least ``after`` seconds may succeed."""

    def __init__(self, error: ServerError, after: float = 0.0) -> None:
        super().__init__(str(error))
        self.error, self.after = error, after


class _Background:
    """An event loop in its own thread, with its open connections."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.loop = asyncio.new_event_loop()
        self._headers = headers
        self._client: httpx2.AsyncClient | None = None
        self._thread = threading.Thread(target=self._run, name="model servers", daemon=True)
        self._thread.start()

    def http(self) -> httpx2.AsyncClient:
        """Return the client; only use it inside the loop."""
        if self._client is None:
            import httpx2

            self._client = httpx2.AsyncClient(headers=self._headers)
        return self._client

    def end(self) -> None:
        """Close the connections and end the thread; may be called from any thread."""
        if threading.current_thread() is self._thread:
            self._ending = self.loop.create_task(self._end())
        else:
            asyncio.run_coroutine_threadsafe(self._end(), self.loop)
            self._thread.join(5)

    def _run(self) -> None:
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
        self.loop.stop()


class Servers:
    """The servers of one model. Any number of threads may use it at once; ``key`` is sent to them but never shown.

    Every method raises ``ServerError`` if the servers can't be reached, refuse, are too slow or send invalid replies.
    """

    def __init__(
        self, urls: Sequence[str], key: str = "", key_setting: str = "", deadlines: Deadlines | None = None
    ) -> None:
        self.urls = tuple(urls)
        self.deadlines = deadlines or Deadlines()
        self._key, self._key_setting = key, key_setting
        self._busy = dict.fromkeys(self.urls, 0)
        self._failed = dict.fromkeys(self.urls, float("-inf"))
        self._background = _Background({"Authorization": f"Bearer {key}"} if key else {})
        self._loop = self._background.loop
        self.close = weakref.finalize(self, self._background.end)
        """Close all connections for good. Happens automatically when the object is no longer used."""

    def get(self, path: str, url: str = "") -> Any:
        """Return the JSON at ``path``, from the server ``url`` if given."""
        (reply,) = self._replies("GET", path, None, None, url)
        return reply

    def post(self, path: str, body: Body, stop: Stop | None = None) -> Any:
        """Return the JSON reply to ``body``; ``None`` if ``stop()`` became true first."""
        replies = list(self._replies("POST", path, body, stop))
        return replies[0] if replies else None

    def events(self, path: str, body: Body, stop: Stop | None = None) -> Generator[Any, None, None]:
        """Yield the JSON of each event of the reply to ``body``, until it ends or ``stop()`` becomes true."""
        return self._replies("POST", path, {**body, "stream": True}, stop)

    # --- the caller's thread

    def _replies(
        self, method: str, path: str, body: Body | None, stop: Stop | None, url: str = ""
    ) -> Generator[Any, None, None]:
        """Yield the values of the reply; closing the iterator closes the connection."""
        came: queue.SimpleQueue[Any] = queue.SimpleQueue()
        request = self._request(method, path, body, url, came.put)
        sent = asyncio.run_coroutine_threadsafe(request, self._loop)
        sent.add_done_callback(lambda _: came.put(END))
        try:
            while (value := _next(came, stop)) is not END and value is not STOPPED:
                yield value
            if value is END:
                sent.result()
        finally:
            sent.cancel()

    # --- the loop's thread

    async def _request(self, method: str, path: str, body: Body | None, url: str, put: Callable[[Any], None]) -> None:
        """Pass each JSON value of the reply to ``put``; retry if that is safe, if possible on another server."""
        try:
            async with asyncio.timeout(self.deadlines.total) as limit:
                for attempt in range(ATTEMPTS):
                    try:
                        return await self._attempt(method, path, body, url, put)
                    except _Again as failure:
                        pause = max(failure.after, BACKOFF_SECONDS * 2**attempt)
                        if attempt == ATTEMPTS - 1 or self._loop.time() + pause >= (limit.when() or 0.0):
                            raise failure.error from failure
                        await asyncio.sleep(pause)
        except TimeoutError as error:
            raise ServerError(
                f"The model server did not finish within {self.deadlines.total:g} s. Ask again when it is less busy, "
                "or set 'server_total_seconds' higher."
            ) from error

    async def _attempt(self, method: str, path: str, body: Body | None, url: str, put: Callable[[Any], None]) -> None:
        url = url or min(self.urls, key=self._load)
        self._busy[url] += 1
        passed_on = False
        try:
            async for value in self._values(url, method, path, body):
                passed_on = True
                put(value)
        except _Again as failure:
            self._failed[url] = self._loop.time()
            if passed_on:
                raise failure.error from failure
            raise
        finally:
            self._busy[url] -= 1

    def _load(self, url: str) -> tuple[bool, int]:
        """Return what the least busy server has the least of: a failure just now, requests under way."""
        return self._loop.time() - self._failed[url] < REST_SECONDS, self._busy[url]

    async def _values(self, url: str, method: str, path: str, body: Body | None) -> AsyncIterator[Any]:
        """Yield the JSON of each event, or the one of a reply without events."""
        import httpx2

        async with self._opened(url, method, path, body) as response:
            if response.status_code >= 400:
                raise await self._refused(url, response)
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                async for event in httpx2.EventSource(response):
                    if event.data.strip() == "[DONE]":
                        return
                    yield self._json(url, event.data)
                raise _Again(ServerError(f"The model server at {url} broke off in the middle of its reply. Ask again."))
            yield self._json(url, await _whole(url, response))

    @asynccontextmanager
    async def _opened(self, url: str, method: str, path: str, body: Body | None) -> AsyncIterator[httpx2.Response]:
        import httpx2

        limits = self.deadlines
        timeout = httpx2.Timeout(limits.read, connect=limits.connect, pool=limits.total)
        try:
            async with self._background.http().stream(method, f"{url}/{path}", json=body, timeout=timeout) as response:
                yield response
        except httpx2.ReadTimeout as error:
            raise ServerError(
                f"The model server at {url} sent nothing for {self.deadlines.read:g} s. Ask again later, "
                "or set 'server_read_seconds' higher."
            ) from error
        except httpx2.SSEError as error:
            raise ServerError(f"The model server at {url} sent a reply that makes no sense ({error}).") from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            reason = str(error) or type(error).__name__
            raise _Again(
                ServerError(
                    f"The model server at {url} cannot be reached ({reason}). Check that it runs, and its address."
                )
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _Again(
                ServerError(f"The connection to the model server at {url} broke ({type(error).__name__}). Ask again.")
            ) from error

    async def _refused(self, url: str, response: httpx2.Response) -> Exception:
        text = await _whole(url, response)
        error = refusal(url, response.status_code, text, self._key, self._key_setting)
        if response.status_code not in RETRIED:
            return error
        after = response.headers.get("retry-after", "")
        return _Again(error, float(after) if after.isdigit() else 0.0)

    def _json(self, url: str, text: str) -> Any:
        try:
            value = json.loads(text)
        except ValueError:
            raise Refused(f"The model server at {url} sent what is not JSON: “{text[:80]}”.") from None
        if isinstance(value, dict) and value.get("error"):
            raise refusal(url, 500, text, self._key, self._key_setting)
        return value


def connect(address: Address, config: Config, key_setting: str) -> Servers:
    """Return the servers at ``address``, with the deadlines of ``config`` and the key in its field ``key_setting``."""
    seconds = config.server_connect_seconds, config.server_read_seconds, config.server_total_seconds
    return Servers(address.urls, getattr(config, key_setting), key_setting, Deadlines(*seconds))


END, STOPPED = object(), object()
"""What stands behind the last value of a reply, and in its place where nobody waits any more."""


def _next(came: queue.SimpleQueue[Any], stop: Stop | None) -> Any:
    """Return the next value, or ``STOPPED`` as soon as ``stop()`` is true."""
    while not (stop and stop()):
        try:
            return came.get(timeout=POLL_SECONDS if stop else None)
        except queue.Empty:
            continue
    return STOPPED


async def _whole(url: str, response: httpx2.Response) -> str:
    """Return the text of a reply, up to the largest size."""
    data = bytearray()
    async for block in response.aiter_bytes():
        data += block
        if len(data) > LARGEST_REPLY:
            raise ServerError(f"The model server at {url} sent more than {LARGEST_REPLY >> 20} MiB. Check its address.")
    return data.decode("utf-8", "replace")
