"""The state of one watched folder or mailbox: its files, what was read, what is due and what failed.

The contents of a place are compared with what was read. Events of the operating system only say where to look; changes
that they miss (a network drive sends none) are found by the next full look. So nothing is missed or read twice, in
whatever order events arrive. A file is read once it is stable and no program is writing it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from rag.documents import containers
from rag.ingest import IngestReport

__all__ = ["MOST_FILES", "Place", "Signature", "State", "Watched"]

SETTLE = 1.0
"""Seconds without a change after which a file counts as complete."""
PATIENCE = 60.0
"""Seconds without a change after which a file is read although a program has it open for writing."""
LONGEST = 900.0
"""Seconds after which a file that keeps changing is read as it is."""
MOST_FILES, MOST_BYTES = 100, 20_000_000
"""What is read at once, so that others get their turn."""

Signature = tuple[int, ...]
"""What tells a file from an earlier state of it; the first number is its size."""
UNKNOWN: Signature = (-1,)


class Place(Protocol):
    """A folder or mailbox."""

    @property
    def source(self) -> str:
        """Its name in the index."""
        ...

    @property
    def label(self) -> str:
        """Its name for readers."""
        ...

    @property
    def settles(self) -> bool:
        """Whether its files may still be written when they are first seen."""
        ...

    def scan(self, within: Collection[str] | None, known: bool) -> dict[str, Signature]:
        """Return the signature of each file, or only of those ``within``; ``known``: the index has documents of it.

        Raises:
            DocumentError: it can't be opened now.
        """
        ...

    def is_complete(self, name: str) -> bool:
        """Return whether no program is writing the file, as far as can be told."""
        ...

    def files(self, names: Collection[str]) -> AbstractContextManager[Path]:
        """Return a folder with the files ``names`` under these names while the context is open."""
        ...

    def trust(self) -> None:
        """Believe that the place is empty if it seems to be."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """The state of a watched place; ``left`` are the seconds until all is read, if known."""

    label: str
    last: str
    pending: int
    done: int
    pages: int
    left: float | None
    reading: bool
    stopped: bool
    problem: str
    failures: dict[str, str]


@dataclass(slots=True)
class _Due:
    """A file that is to be read: since when that is known, and since when it stays as it is."""

    noticed: float
    since: float


@dataclass(slots=True)
class _Count:
    """What was read since nothing was pending."""

    began: float = 0.0
    done: int = 0
    pages: int = 0


@dataclass
class Watched:
    """What is known of one place: what it holds, what was read, what is due, what failed."""

    place: Place
    problem: str = ""
    stopped: bool = False
    reading: bool = False
    last: str = ""
    failures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._there: dict[str, Signature] = {}
        self._read: dict[str, Signature] = {}
        self._due: dict[str, _Due] = {}
        self._gone: dict[str, float] = {}
        self._count = _Count()
        self._touched: set[str] | None = None
        """Where to look; ``None``: everywhere."""
        self._not_before = 0.0

    def know(self, names: Collection[str]) -> None:
        """Note which documents of the place the index holds: whether a file is unchanged shows when it is read."""
        there = set(names)
        outer = [name for name in there if there.isdisjoint(containers(name)[1:])]
        with self._lock:
            self._read |= dict.fromkeys(outer, UNKNOWN if self.place.settles else ())

    def assume_read(self, index: Collection[str]) -> None:
        """Note that all that was there at the last look was read since; ``index`` names what the index has now."""
        self.know(index)
        with self._lock:
            self._read |= self._there
            self._due.clear()

    def touch(self, name: str | None = None) -> None:
        """Look at the file or folder ``name`` next time, or everywhere."""
        with self._lock:
            if name is None:
                self._touched = None
            elif self._touched is not None:
                self._touched.add(name)

    def again(self) -> None:
        """Read what failed again, and look everywhere, even if it was stopped or the folder seems to be empty."""
        with self._lock:
            for name in {outer for failed in self.failures for outer in containers(failed)} & self._there.keys():
                self._read.pop(name, None)
                self._due.setdefault(name, _Due(0.0, 0.0))
            self.stopped, self._not_before, self._touched = False, 0.0, None
        self.place.trust()

    def stop(self) -> None:
        """Read nothing more until ``again``."""
        self.stopped = True

    def wait(self, seconds: float) -> None:
        """Do nothing for ``seconds``."""
        self._not_before = time.monotonic() + seconds

    @property
    def is_resting(self) -> bool:
        """Whether nothing is to be done now."""
        return self.stopped or time.monotonic() < self._not_before

    @property
    def pending(self) -> int:
        """The number of files that are to be read or removed."""
        with self._lock:
            return len(self._due) + len(self._gone)

    def look(self) -> None:
        """Find out what changed.

        Raises:
            DocumentError: the place can't be opened now.
        """
        with self._lock:
            touched, self._touched = self._touched, set()
            known = bool(self._read)
        if touched is not None and not touched:
            return
        try:
            self._compare(self.place.scan(touched, known), touched)
        except BaseException:
            self.touch()
            raise
        self.problem = ""

    def ripe(self) -> list[str]:
        """Return the files that are to be read or removed now: they stay as they are, and nobody is writing them."""
        now = time.monotonic()
        if not self.place.settles:
            with self._lock:
                return [*self._due, *self._gone][:MOST_FILES]
        still = self._of_a_size([name for name, due in self._due.items() if now - due.since >= SETTLE])
        if still:
            self._compare(self.place.scan(still, True), set(still))
        with self._lock:
            ready = [name for name in still if name in self._due and self._is_ready(name, self._due[name], now)]
            ready += [name for name, due in self._due.items() if now - due.noticed >= LONGEST and name not in ready]
            waiting = any(now - due.noticed < PATIENCE for name, due in self._due.items() if name not in ready)
            # What moved is read under its new name before it is removed under the old one, and keeps its vectors.
            gone = [name for name, since in self._gone.items() if now - since >= (PATIENCE if waiting else 2 * SETTLE)]
        return [*ready, *gone[:MOST_FILES]]

    def read(self, names: Sequence[str], run: Callable[[str, Path, Sequence[str]], IngestReport]) -> IngestReport:
        """Let ``run`` read ``names`` (source, folder, names), and note the outcome; what raises stays due."""
        with self._lock:
            if not self._count.done:
                self._count = _Count(time.monotonic())
            signatures = {name: self._there.get(name) for name in names}
        self.reading = True
        try:
            with self.place.files([name for name in names if signatures[name] is not None]) as folder:
                report = run(self.place.source, folder, names)
        finally:
            self.reading = False
        self._note(signatures, report)
        return report

    def noted(self, pages: int) -> None:
        """Count ``pages`` that were read."""
        self._count.pages += pages

    def state(self) -> State:
        """Return the state."""
        with self._lock:
            count, pending = self._count, self.pending
            spent = time.monotonic() - count.began
            left = spent * pending / count.done if count.done and pending else None
            return State(
                label=self.place.label,
                last=self.last,
                pending=pending,
                done=count.done if pending else 0,
                pages=count.pages if pending else 0,
                left=left,
                reading=self.reading,
                stopped=self.stopped,
                problem=self.problem,
                failures=dict(self.failures),
            )

    def _compare(self, found: dict[str, Signature], within: Collection[str] | None) -> None:
        """Note what of ``found`` is new or changed, and what is no longer there."""
        now = time.monotonic()
        with self._lock:
            for name, signature in found.items():
                self._gone.pop(name, None)
                if self._there.get(name) != signature:
                    self._there[name] = signature
                    due = self._due.setdefault(name, _Due(now, now))
                    due.since = now
                if self._read.get(name) == signature:
                    self._due.pop(name, None)
            looked = None if within is None else set(within)
            for name in [*self._there, *(self._read.keys() - self._there.keys())]:
                if name not in found and (looked is None or not looked.isdisjoint(containers(name))):
                    self._there.pop(name, None)
                    self._due.pop(name, None)
                    if name in self._read:
                        self._gone.setdefault(name, now)
                    else:
                        self._forget_failures(name)

    def _of_a_size(self, names: Sequence[str]) -> list[str]:
        """Return the first of ``names``, as many as are read at once."""
        chosen, size = list[str](), 0
        for name in names[:MOST_FILES]:
            if size > MOST_BYTES:
                break
            chosen.append(name)
            size += self._there.get(name, (0,))[0]
        return chosen

    def _is_ready(self, name: str, due: _Due, now: float) -> bool:
        quiet = now - due.since
        return quiet >= PATIENCE or (quiet >= SETTLE and self.place.is_complete(name))

    def _note(self, signatures: dict[str, Signature | None], report: IngestReport) -> None:
        with self._lock:
            for name, signature in signatures.items():
                self._forget_failures(name)
                self._gone.pop(name, None)
                if signature is None:
                    self._read.pop(name, None)
                    continue
                self._read[name] = signature
                if self._there.get(name) == signature:
                    self._due.pop(name, None)
            self.failures |= dict(report.failed)
            self._count.done += len(signatures)
            if not self.pending:
                self._count = _Count()
            if report.added or report.changed or report.removed:
                self.last = datetime.now(UTC).isoformat(timespec="seconds")

    def _forget_failures(self, name: str) -> None:
        for failed in [failed for failed in self.failures if name in containers(failed)]:
            del self.failures[failed]
