"""Watch folders and mailboxes, and read changes soon after they happen, a few files at a time."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rag.config import Config
from rag.documents import in_composed_form
from rag.errors import Cancelled, ConfigError, FootnoteError
from rag.ingest import IngestReport, ingest_some
from rag.ports import Embedder, WritableIndex
from rag.watching.folders import Folder
from rag.watching.state import MOST_FILES, Place, Watched

__all__ = ["Watching", "follow", "low_priority", "seconds_of", "watched"]

log = logging.getLogger(__name__)

REST = 3.0
"""Rest after reading, as a multiple of the time that it took; at most ``LONGEST_REST`` seconds."""
LONGEST_REST = 30.0
RETRY = 10.0
"""Seconds after which a place that can't be reached, or an index that is busy, is tried again."""
TICK, IDLE_TICK = 0.25, 2.0
"""Seconds between two looks at what waits to be read, and while nothing waits."""
LOW = 5
"""How much priority is given up (nice)."""


class Watching:
    """Looks after several places until it is closed: ``read`` is called with what is to be read of one of them.

    ``every`` is the number of seconds between two full looks at each place.
    """

    def __init__(
        self, watched: Sequence[Watched], every: float, read: Callable[[Watched, Sequence[str]], object]
    ) -> None:
        self.watched = watched
        self._every = every
        self._reader = read
        self.closed, self._wake = threading.Event(), threading.Event()

    def close(self) -> None:
        """End ``run``."""
        self.closed.set()
        self._wake.set()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def run(self) -> None:
        """Look after the places until ``close`` is called."""
        listening = threading.Thread(target=self._listen, name="events", daemon=True)
        listening.start()
        try:
            next_look = time.monotonic() + self._every
            while not self.closed.is_set():
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + self._every
                    for one in self.watched:
                        one.touch()
                for one in self.watched:
                    self._attend(one)
                busy = any(one.pending and not one.stopped for one in self.watched)
                self._wake.wait(min(TICK if busy else IDLE_TICK, self._every))
                self._wake.clear()
        finally:
            self.close()
            listening.join(5)

    def _attend(self, one: Watched) -> None:
        """Look at one place, and read what is to be read."""
        if one.is_resting:
            return
        try:
            one.look()
            if names := one.ripe():
                begun = time.monotonic()
                self._reader(one, names)
                rest = REST * (time.monotonic() - begun)
                one.wait(min(rest, LONGEST_REST) if one.pending < MOST_FILES else 0)
        except Cancelled:
            one.stop()
        except FootnoteError as error:
            if one.problem != str(error):
                log.warning("%s", error)
            one.problem = str(error)
            one.wait(min(RETRY, self._every))

    def _listen(self) -> None:
        """Note what the operating system tells of changes, until closed."""
        while not self.closed.is_set():
            folders = [one for one in self.watched if isinstance(one.place, Folder) and one.place.identity]
            if folders:
                with contextlib.suppress(OSError):  # No events, or no more of them: the full looks remain.
                    self._follow(folders)
            self.closed.wait(IDLE_TICK)

    def _follow(self, folders: Sequence[Watched]) -> None:
        """Note changes until closed, or until one of the folders is another one than before."""
        from watchfiles import watch

        places = {one.place.source: one for one in folders}
        before = [_identity(one) for one in self.watched]
        first = True
        for changes in watch(
            *places,
            watch_filter=None,
            stop_event=self.closed,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
            debounce=400,
            rust_timeout=500,
        ):
            if first:  # From here on nothing is missed; what happened before is found by looking.
                first = False
                for one in folders:
                    one.touch()
                self._wake.set()
            if [_identity(one) for one in self.watched] != before:
                return
            for _, path in changes:
                _touch(places, path)
            if changes:
                self._wake.set()


def _identity(one: Watched) -> tuple[int, int] | None:
    return one.place.identity if isinstance(one.place, Folder) else None


def _touch(places: dict[str, Watched], path: str) -> None:
    """Note a change of the file or folder at ``path`` for every place that it lies in."""
    for source, one in places.items():
        if path == source:
            one.touch()
        elif path.startswith(f"{source.rstrip('/')}/"):
            one.touch(in_composed_form(path.removeprefix(source).lstrip("/")))


def watched(places: Sequence[Path | Place], config: Config) -> list[Watched]:
    """Return what is to be known of ``places``; paths are folders.

    Raises:
        ConfigError: one of them is a file.
    """
    for place in places:
        if isinstance(place, Path) and place.is_file():
            raise ConfigError(f"'{place}' is a file; only folders and mailboxes can be watched.")
    return [Watched(Folder(place, config.index) if isinstance(place, Path) else place) for place in places]


def follow(
    watched: Sequence[Watched],
    index: WritableIndex,
    embedder: Embedder,
    config: Config,
    every: float,
    tell: Callable[[IngestReport], None],
) -> None:
    """Read what changes until Ctrl-C; ``tell`` gets the result each time."""

    def read(one: Watched, names: Sequence[str]) -> None:
        tell(one.read(names, partial(ingest_some, index=index, embedder=embedder, config=config)))

    low_priority()
    print(f"Watching {', '.join(one.place.label for one in watched)}. Press Ctrl-C to end.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        Watching(watched, every, read).run()


def low_priority() -> None:
    """Give the current thread, and all threads and processes it starts, a low priority if the system supports it."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW)


def seconds_of(text: str) -> float:
    """Return the seconds of a duration such as ``90s``, ``15m`` or ``2h``.

    >>> seconds_of("15m"), seconds_of("2h"), seconds_of("90")
    (900.0, 7200.0, 90.0)

    Raises:
        ConfigError: it is none, or less than a second.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    seconds = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if seconds < 1:
        raise ConfigError(f"'{text}' is not a duration; write one such as 90s, 15m or 2h.")
    return seconds
