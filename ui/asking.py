"""One question over HTTP: as a stream of events, or only the last one. Disconnecting cancels the answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse

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


async def event_stream(events: AsyncIterator[T], encode: Callable[[T], Iterator[bytes]]) -> StreamingResponse:
    """Return a response that sends ``events`` as they arrive.

    Raises (before sending anything, so that the response can have an error status):
        TooMany: the queue is full.
    """
    return streaming(_encoded(await anext(events), events, encode))


def streaming(data: AsyncIterator[bytes] | Iterator[bytes]) -> StreamingResponse:
    """Return a response of server-sent events."""
    headers = {"Cache-Control": "no-store"}  # ui.local adds the one that nginx needs.
    return StreamingResponse(data, media_type="text/event-stream", headers=headers)


async def _encoded(first: T, events: AsyncIterator[T], encode: Callable[[T], Iterator[bytes]]) -> AsyncIterator[bytes]:
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
