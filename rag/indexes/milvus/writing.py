"""How an index in Milvus is changed, so that every reader sees a change as a whole or not at all.

Milvus has no transactions. One row therefore decides what is valid: the notes of the index, with the ``generation``
and the ``next`` number to give out. A version of a document is valid where its number is below ``next`` and it ends
after ``generation``. What a change writes has higher numbers, and what it replaces ends in the following generation;
writing the notes makes all of it valid at once. What a killed writer leaves behind is found by the same rule, and
deleted.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.indexes.milvus.rows import FOREVER, Snapshot, Version, blob_rows, facts_of, passage_rows
from rag.indexes.milvus.snapshots import Snapshots
from rag.indexes.milvus.store import Store
from rag.indexes.shared import busy, now, taken
from rag.ports import Content, DocumentInfo

__all__ = ["Draft", "Writer"]

WAIT = 5.0
"""Seconds that a writer waits for another one before it gives up."""


@dataclass(slots=True)
class Draft:
    """A change that is being made: what will be valid, and the versions that will end."""

    meta: dict[str, Any]
    versions: dict[str, Version]
    ended: list[Version] = field(default_factory=list)

    def number(self, count: int) -> int:
        """Give out ``count`` numbers and return the first one."""
        first = int(self.meta["next"])
        self.meta["next"] = first + count
        return first

    def find(self, source: str, path: str) -> Version | None:
        """Return the document that ``source`` has at ``path``."""
        found = (v for v in self.versions.values() if (v.info.source, v.info.path) == (source, path))
        return next(found, None)

    def end(self, version: Version) -> None:
        """End a version."""
        del self.versions[version.info.name]
        self.ended.append(version)
        self.meta["purge"] = True


class Writer:
    """Changes the collections of ``store``; one at a time of all threads, and of all processes of this machine."""

    def __init__(self, store: Store, folder: Path, snapshots: Snapshots) -> None:
        self._store = store
        self._snapshots = snapshots
        self._turn = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        place = hashlib.sha256(store.url.encode()).hexdigest()[:12]  # The folder may hold an index of its own.
        self._lock = FileLock(folder / f"milvus-{place}.lock", thread_local=False)
        self._draft: Draft | None = None
        self._swept = False

    @contextmanager
    def locked(self, wait: float | None = None) -> Iterator[None]:
        """Keep every other writer on this machine out. May be nested.

        Raises:
            IndexBusy: another writer holds the lock for longer than ``wait`` seconds (``WAIT``).
        """
        wait = WAIT if wait is None else wait
        if not self._turn.acquire(timeout=wait):
            raise busy(self._store.url)
        try:
            with self._lock.acquire(timeout=wait):
                yield
        except Timeout:
            raise busy(self._store.url) from None
        finally:
            self._turn.release()

    @contextmanager
    def change(self) -> Iterator[Draft]:
        """Lend a draft: all changes of it are kept, or none. Nested, it joins the outer one."""
        with self.locked():
            if self._draft is not None:
                yield self._draft
                return
            if not self._swept:
                self._sweep()
            before = self._snapshots.now()
            self._draft = Draft(dict(before.meta), dict(before.versions))
            try:
                self._swept = False
                yield self._draft
                self._commit(self._draft)
                self._swept = True
            finally:
                self._draft = None

    def _commit(self, draft: Draft) -> None:
        draft.meta["generation"] += 1
        self._store.put("documents", [version.row(draft.meta["generation"]) for version in draft.ended])
        self._snapshots.write(Snapshot(draft.meta, draft.versions))

    def begin(self, schema: int, made: dict[str, Any]) -> None:
        """Make an index, where there is none, whose passages are ``made`` so."""
        with self.locked():
            self._store.create()
            if not self._snapshots.notes():
                draft = Draft({"schema": schema, "generation": 0, "next": 1, "created": now()}, {})
                self.remake(draft, made)
                self._snapshots.write(Snapshot({**draft.meta, "purge": False}, {}))

    def put(self, draft: Draft, source: str, name: str, content: Content, at: str) -> None:
        """Write a document in place of the one that ``source`` has under its path.

        Raises:
            DocumentError: another document has the ``name``, or this one has another; or a part of it is too long.
        """
        document, old = content.document, draft.find(source, content.document.name)
        if (old and old.info.name != name) or (not old and name in draft.versions):
            raise taken(name)
        passages, facts = list(content.passages), facts_of(document)
        info = DocumentInfo(
            name,
            document.title,
            document.date,
            document.media_type,
            source,
            document.name,
            document.sha256,
            len(document.text),
            len(passages),
            len(document.pages),
            document.empty_pages,
            at,
        )
        number = draft.number(1 + len(passages))
        version = Version(number, old.first if old else number, draft.meta["made"], len(facts), document.language, info)
        rows = list(passage_rows(version, content))
        texts = [*blob_rows(f"t{number}", number, document.text), *blob_rows(f"f{number}", number, facts)]
        self._store.put("blobs", [*texts, *(blob for _, blobs in rows for blob in blobs)])
        self._store.put(f"passages_{version.made}", (row for row, _ in rows))
        self._store.put("documents", [version.row()])
        if old:
            draft.end(old)
        draft.versions[name] = version

    def remake(self, draft: Draft, made: dict[str, Any]) -> None:
        """Begin a collection for passages that are ``made`` in another way, in place of the present one."""
        token = secrets.token_hex(8)
        self._store.create_passages(token, made["dimension"])
        draft.meta |= {**made, "made": token, "purge": True}

    # --- what nobody sees any more

    def purge(self) -> None:
        """Delete the rows of versions that have ended, and collections of earlier makings."""
        snapshot = self._snapshots.now()
        meta = snapshot.meta
        ended = [row["id"] for row in self._store.select("documents", f"died <= {meta['generation']}", ())]
        if ended:
            for collection in (f"passages_{meta['made']}", "blobs"):
                self._store.delete(collection, f"revision in {ended}")
            self._store.delete("documents", f"id in {ended}")
        self._drop_others(meta["made"])
        self._snapshots.write(Snapshot({**meta, "purge": False}, snapshot.versions))

    def _sweep(self) -> None:
        """Delete what a change that was never finished has written, and take back what it has ended."""
        meta = self._snapshots.now().meta
        revived = self._store.select("documents", f"died > {meta['generation']} and died < {FOREVER}", ("data",))
        self._store.put("documents", [Version.of(row).row() for row in list(revived)])
        for collection in (f"passages_{meta['made']}", "blobs"):
            self._store.delete(collection, f"revision >= {meta['next']}")
        self._store.delete("documents", f"id >= {meta['next']}")
        self._drop_others(meta["made"])

    def _drop_others(self, made: str) -> None:
        for name in self._store.passage_collections():
            if name != f"passages_{made}":
                self._store.drop(name)
