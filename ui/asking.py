"""One question over HTTP: as a stream of events, or only the last one. Disconnecting cancels the answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ui.conversation import Event, Stopped

__all__ = ["event_stream", "last_event", "streaming"]

T = TypeVar("T")
KEEP_ALIVE = b": keep-alive\n\n"
"""A comment, which clients skip. It is sent at once and during silence, so that proxies keep the connection open."""
QUIET = 10.0
"""Seconds of silence after which it is sent; proxies give up after 15 to 60."""


async def last_event(request: Request, events: AsyncIterator[Event]) -> Event:
    """Return the last of ``events``, or ``Stopped`` if the client disconnected first."""
    answer = asyncio.ensure_future(_last(events))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await answer if answer.done() else Stopped()
    finally:
        await _cancelled(answer, gone)


class EventStream(StreamingResponse):
    """Server-sent events. When the client disconnects, their generator is closed at once, wherever it is suspended.

    Otherwise it would be closed by the garbage collector, perhaps minutes later, and what it started would go on.
    """

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()


async def event_stream(events: AsyncGenerator[T], encode: Callable[[T], Iterator[bytes]]) -> EventStream:
    """Return a response that sends ``events`` as they arrive.

    Raises (before sending anything, so that the response can have an error status):
        TooMany: the queue is full.
    """
    return streaming(_encoded(await anext(events), events, encode))


def streaming(data: AsyncIterator[bytes] | Iterator[bytes]) -> EventStream:
    """Return a response of server-sent events."""
    headers = {"Cache-Control": "no-store"}  # ui.local adds the one that nginx needs.
    return EventStream(data, headers=headers)


async def _encoded(
    first: T, events: AsyncGenerator[T], encode: Callable[[T], Iterator[bytes]]
) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(events):
        yield KEEP_ALIVE
        for data in encode(first):
            yield data
        following = asyncio.ensure_future(_next(events))
        try:
            while True:
                await asyncio.wait({following}, timeout=QUIET)
                if not following.done():
                    yield KEEP_ALIVE
                    continue
                event = await following
                if event is None:
                    return
                for data in encode(event):
                    yield data
                following = asyncio.ensure_future(_next(events))
        finally:
            await _cancelled(following)


async def _next(events: AsyncIterator[T]) -> T | None:
    return await anext(events, None)


async def _last(events: AsyncIterator[Event]) -> Event:
    last: Event = Stopped()
    async for event in events:
        last = event
    return last


async def _gone(request: Request) -> None:
    """Return when the client disconnects. The request body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _cancelled(*futures: asyncio.Future[Any]) -> None:
    """Cancel ``futures`` and wait until they have finished."""
    for future in futures:
        future.cancel()
    for future in futures:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await future
