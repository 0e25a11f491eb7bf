"""Limits, the same for every interface: lengths, turns, requests per minute, and bytes per request."""

from __future__ import annotations

import time
from typing import Any

from starlette.exceptions import HTTPException

from rag.errors import QuestionError, TooMany

__all__ = ["EARLIER", "QUESTION", "TURN", "TURNS", "Rates", "check_lengths", "limited_body"]

QUESTION = 8_000
"""Longest question in characters; the assistant refuses questions that don't fit the context."""
TURN = 100_000
"""Longest turn of a conversation, in characters."""
TURNS = 200
"""Most turns of a conversation before a question."""
EARLIER = TURNS // 2
"""Most answered questions before a question."""


def check_lengths(question: str, turns: int) -> None:
    """Check the length of a question, and the number of turns before it.

    Raises:
        QuestionError: one of them is above the limit.
    """
    if len(question) > QUESTION:
        raise QuestionError(f"The question has {len(question):,} characters. At most {QUESTION:,} are possible.")
    if turns > TURNS:
        raise QuestionError(f"The conversation has {turns} turns. At most {TURNS} are possible; start a new one.")


class Rates:
    """A token bucket per user that refills within a minute (Turner, 1986)."""

    MOST = 10_000
    """Number of users above which those with a full bucket are forgotten."""

    def __init__(self, per_minute: int) -> None:
        self._size = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, user: str, now: float | None = None) -> None:
        """Take one token of ``user`` at time ``now``, in seconds.

        Raises:
            TooMany: the bucket is empty.
        """
        now = time.monotonic() if now is None else now
        level = self._level(user, now)
        if level < 1:
            wait = (1 - level) * 60 / self._size
            raise TooMany("Too many requests in a minute. Try again in a moment.", max(1, round(wait)))
        if len(self._buckets) >= self.MOST:
            self._buckets = {u: b for u, b in self._buckets.items() if self._level(u, now) < self._size}
        self._buckets[user] = level - 1, now

    def _level(self, user: str, now: float) -> float:
        level, then = self._buckets.get(user, (self._size, now))
        return min(self._size, level + (now - then) * self._size / 60)


def limited_body(receive: Any, most: int) -> Any:
    """Return ``receive`` that aborts a request with status 413 if its body exceeds ``most`` bytes."""
    came = 0

    async def receive_limited() -> Any:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise HTTPException(413, f"The request is too large. The limit is {most} bytes.")
        return message

    return receive_limited
