"""A fair queue: users take turns, and each user's questions keep their order.

Round robin over users with waiting items (Nagle, "On Packet Switches with Infinite Storage", RFC 970, 1985): somebody
who asks a hundred questions delays somebody who asks one by a single answer.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Generic, TypeVar

__all__ = ["FairQueue", "Full"]

T = TypeVar("T")


class Full(Exception):
    """The queue is full; ``crowded`` if all users together fill it, rather than this user alone."""

    def __init__(self, crowded: bool) -> None:
        super().__init__("full")
        self.crowded = crowded


class FairQueue(Generic[T]):
    """A thread-safe queue of at most ``length`` items, at most ``per_user`` of them from one user."""

    def __init__(self, length: int, per_user: int) -> None:
        self._length, self._per_user = length, per_user
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._waiting.values()))

    def put(self, user: str, item: T) -> None:
        """Add ``item`` after the user's other waiting items.

        Raises:
            Full: there is no space for it.
        """
        with self._changed:
            if len(self._waiting.get(user, ())) >= self._per_user:
                raise Full(crowded=False)
            if len(self) >= self._length:
                raise Full(crowded=True)
            self._waiting.setdefault(user, deque()).append(item)
            self._changed.notify()

    def get(self) -> T | None:
        """Remove and return the next item, waiting for one; ``None`` once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            user, items = next(iter(self._waiting.items()))
            item = items.popleft()
            if items:
                self._waiting.move_to_end(user)
            else:
                del self._waiting[user]
            return item

    def remove(self, item: T) -> bool:
        """Remove ``item`` from anywhere in the queue; return whether it was there."""
        with self._changed:
            for user, items in self._waiting.items():
                if item in items:
                    items.remove(item)
                    if not items:
                        del self._waiting[user]
                    return True
        return False

    def order(self) -> list[T]:
        """Return all waiting items, in the order in which they would be taken."""
        with self._changed:
            users = list(self._waiting.values())
            rounds = max(map(len, users), default=0)
            return [items[turn] for turn in range(rounds) for items in users if turn < len(items)]

    def close(self) -> None:
        """Make every ``get`` return ``None`` from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
