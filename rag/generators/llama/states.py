"""Attention states that were computed once and are worth keeping: in memory, and on disk behind that.

A state belongs to the passage whose words it was computed from and goes with it. Which state it is, is said by the key:
a hash of all that it depends on. On disk each is a file, ``PASSAGE-KEY.state``: a SHA-256, then the bytes it is of. A
file that is torn, or is not what its name says, is as good as none.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from rag.ports import Change, Listener, Removal

__all__ = ["FOLDER", "Owner", "StateCache", "listener", "sweep"]

FOLDER = "states"
"""Folder of the files, in that of the index."""
MIB = 1 << 20
DIGEST = hashlib.sha256().digest_size

Existing = Callable[[Collection[int]], set[int]]


class Owner(Protocol):
    """What passages are in: an :class:`~rag.ports.Index`."""

    @property
    def folder(self) -> Path:
        """Folder for what belongs to the index."""
        ...

    @property
    def generation(self) -> int:
        """Another number whenever the passages are others."""
        ...

    def existing(self, ids: Collection[int]) -> set[int]:
        """Return those of ``ids`` that are of passages in the index."""
        ...


class StateCache:
    """Keeps states: up to ``memory`` MiB in memory and ``disk`` MiB in the folder of ``owner``.

    What was used the longest ago goes first; what is of a passage that ``owner`` no longer holds goes before anything
    else is asked. Without an owner nothing is written. Safe for any number of threads, and for processes with the same
    owner. A disk that is full or cannot be written is done without: nothing is lost but time.
    """

    def __init__(self, memory: int, disk: int = 0, owner: Owner | None = None) -> None:
        self._budget = memory * MIB
        self._disk_budget = disk * MIB
        self._owner = owner
        self._folder = owner.folder / FOLDER if owner and disk else None
        self._generation: int | None = None
        self._states: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self._size = 0
        self._largest = 0
        self._lock = threading.Lock()
        self.counts = {"memory": 0, "disk": 0, "miss": 0}
        """Where states were found since the start."""

    def get(self, passage: int, key: str) -> bytes | None:
        """Return the state ``key`` of the passage with the id ``passage``, where it is kept."""
        self._tidy()
        with self._lock:
            if state := self._states.get((passage, key)):
                self._states.move_to_end((passage, key))
                self.counts["memory"] += 1
                return state
        state = self._read(passage, key)
        self.counts["miss" if state is None else "disk"] += 1
        if state is not None:
            self._remember(passage, key, state)
        return state

    def put(self, passage: int, key: str, state: bytes) -> None:
        """Keep ``state``. A passage that is in no index (id 0) is kept in memory alone: nothing would end its file."""
        self._largest = max(self._largest, len(state))
        self._remember(passage, key, state)
        if passage and self._folder and len(state) <= self._disk_budget:
            with suppress(OSError):
                self._write(self._folder, passage, key, state)
                if self._owner and not self._owner.existing([passage]):  # Deleted while it was computed.
                    _file(self._folder, passage, key).unlink(missing_ok=True)

    @property
    def full(self) -> bool:
        """Whether another state might push out one that is kept on disk, or in memory where there is none."""
        if not self._folder:
            return self._size + self._largest > self._budget
        return sum(stat.st_size for _, stat in _sizes(self._folder)) + self._largest > self._disk_budget

    def _tidy(self) -> None:
        """Forget the states of passages that are in the index no more, if it has changed."""
        if self._owner is None or self._owner.generation == self._generation:
            return
        self._generation = self._owner.generation
        with self._lock:
            kept = self._owner.existing([passage for passage, _ in self._states])
            for passage, key in [place for place in self._states if place[0] and place[0] not in kept]:
                self._size -= len(self._states.pop((passage, key)))
        if self._folder:
            with suppress(OSError):
                sweep(self._folder, self._owner.existing)

    def _remember(self, passage: int, key: str, state: bytes) -> None:
        with self._lock:
            self._size += len(state) - len(self._states.pop((passage, key), b""))
            self._states[passage, key] = state
            while self._size > self._budget:
                self._size -= len(self._states.popitem(last=False)[1])

    def _read(self, passage: int, key: str) -> bytes | None:
        if not (passage and self._folder):
            return None
        file = _file(self._folder, passage, key)
        try:
            data = file.read_bytes()
            os.utime(file)  # The time of change is the time of use: see _trim.
        except OSError:
            return None
        state = data[DIGEST:]
        return state if data[:DIGEST] == _digest(key, state) else None

    def _write(self, folder: Path, passage: int, key: str, state: bytes) -> None:
        folder.mkdir(exist_ok=True)
        file = _file(folder, passage, key)
        part = file.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        try:
            part.write_bytes(_digest(key, state) + state)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        self._trim(folder)

    def _trim(self, folder: Path) -> None:
        """Remove the files that were used the longest ago, until the rest is within the budget."""
        found = _sizes(folder)
        excess = sum(stat.st_size for _, stat in found) - self._disk_budget
        for file, stat in sorted(found, key=lambda item: item[1].st_mtime_ns):
            if excess <= 0:
                break
            file.unlink(missing_ok=True)
            excess -= stat.st_size


def sweep(folder: Path, existing: Existing) -> None:
    """Remove the files in ``folder`` that belong to no passage in the index, or to nothing at all."""
    owners = {file: _owner(file) for file in _files(folder)}
    kept = existing([passage for passage in owners.values() if passage])
    for file, passage in owners.items():
        if passage not in kept:
            file.unlink(missing_ok=True)


def listener(folder: Path) -> Listener:
    """Return what keeps the states in an index's ``folder`` to those of passages in the index."""

    def listen(change: Change) -> None:
        if isinstance(change, Removal):
            sweep(folder / FOLDER, change.existing)

    return listen


def _files(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _sizes(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the files in ``folder`` that have not gone meanwhile, with what is known of each."""
    found = []
    for file in _files(folder):
        with suppress(FileNotFoundError):
            found.append((file, file.stat()))
    return found


def _file(folder: Path, passage: int, key: str) -> Path:
    return folder / f"{passage}-{key}.state"


def _owner(file: Path) -> int:
    """Return the id of the passage that ``file`` belongs to; 0 for what a killed process left behind."""
    passage, _, rest = file.name.partition("-")
    return int(passage) if passage.isdecimal() and rest.endswith(".state") else 0


def _digest(key: str, state: bytes) -> bytes:
    return hashlib.sha256(key.encode() + state).digest()
