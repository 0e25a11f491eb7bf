"""A cache of attention states, in memory and on disk.

A state belongs to the passage it was computed from and is deleted with it. Its key is a hash of everything it depends
on. On disk, each state is a file ``PASSAGE-KEY.state``: a SHA-256, then the state. A damaged or misnamed file counts as
missing.
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

__all__ = ["FOLDER", "Owner", "StateCache", "broken", "listener", "sweep"]

FOLDER = "states"
"""The folder of the files, inside the index folder."""
MIB = 1 << 20
DIGEST = hashlib.sha256().digest_size

Existing = Callable[[Collection[int]], set[int]]


class Owner(Protocol):
    """What the cache needs to know about the :class:`~rag.ports.Index` that holds the passages."""

    @property
    def folder(self) -> Path:
        """The index folder."""
        ...

    @property
    def generation(self) -> int:
        """A number that changes whenever passages change."""
        ...

    def existing(self, ids: Collection[int]) -> set[int]:
        """Return the ``ids`` whose passages are in the index."""
        ...


class StateCache:
    """Caches states: up to ``memory`` MiB in memory and ``disk`` MiB in the folder of ``owner``.

    The least recently used states are evicted first; states of passages that ``owner`` no longer holds are deleted
    before the next lookup. Without an owner, nothing is written to disk. Safe to use from several threads, and from
    several processes with the same owner. A full or read-only disk only costs time.
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
        """Where states were found since the start, by number of lookups."""

    def get(self, passage: int, key: str) -> bytes | None:
        """Return the state ``key`` of the passage with the id ``passage``, if cached."""
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
        """Cache ``state``. Without a passage (id 0), only in memory: nothing would ever delete its file."""
        self._largest = max(self._largest, len(state))
        self._remember(passage, key, state)
        if passage and self._folder and len(state) <= self._disk_budget:
            with suppress(OSError):
                self._write(self._folder, passage, key, state)
                if self._owner and not self._owner.existing([passage]):  # Deleted while it was computed.
                    _file(self._folder, passage, key).unlink(missing_ok=True)

    @property
    def full(self) -> bool:
        """Whether another state might evict one from the disk, or from memory if there is no disk cache."""
        if not self._folder:
            return self._size + self._largest > self._budget
        return sum(stat.st_size for _, stat in _sizes(self._folder)) + self._largest > self._disk_budget

    def _tidy(self) -> None:
        """Delete the states of passages that are no longer in the index, if it has changed."""
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
            os.utime(file)  # Modified means used: see _trim.
        except OSError:
            return None
        return _state_in(data, key)

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
        """Delete the least recently used files until the rest fits into the budget."""
        found = _sizes(folder)
        excess = sum(stat.st_size for _, stat in found) - self._disk_budget
        for file, stat in sorted(found, key=lambda item: item[1].st_mtime_ns):
            if excess <= 0:
                break
            file.unlink(missing_ok=True)
            excess -= stat.st_size


def sweep(folder: Path, existing: Existing) -> None:
    """Delete the files in ``folder`` that don't belong to a passage in the index."""
    owners = {file: _owner(file) for file in _files(folder)}
    kept = existing([passage for passage in owners.values() if passage])
    for file, passage in owners.items():
        if passage not in kept:
            file.unlink(missing_ok=True)


def broken(folder: Path) -> Iterator[Path]:
    """Yield the files in ``folder`` that are damaged, by name."""
    for file in sorted(folder.glob("*.state")):
        if _state_in(file.read_bytes(), file.stem.partition("-")[2]) is None:
            yield file


def listener(folder: Path) -> Listener:
    """Return a listener that deletes the states in an index's ``folder`` together with their passages."""

    def listen(change: Change) -> None:
        if isinstance(change, Removal):
            sweep(folder / FOLDER, change.existing)

    return listen


def _files(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _sizes(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the files in ``folder`` with their metadata, skipping those deleted meanwhile."""
    found = []
    for file in _files(folder):
        with suppress(FileNotFoundError):
            found.append((file, file.stat()))
    return found


def _file(folder: Path, passage: int, key: str) -> Path:
    return folder / f"{passage}-{key}.state"


def _owner(file: Path) -> int:
    """Return the id of the passage that ``file`` belongs to; 0 for leftovers of a killed process."""
    passage, _, rest = file.name.partition("-")
    return int(passage) if passage.isdecimal() and rest.endswith(".state") else 0


def _state_in(data: bytes, key: str) -> bytes | None:
    """Return the state in the ``data`` of the file with the key ``key``, unless that is damaged."""
    state = data[DIGEST:]
    return state if data[:DIGEST] == _digest(key, state) else None


def _digest(key: str, state: bytes) -> bytes:
    return hashlib.sha256(key.encode() + state).digest()
