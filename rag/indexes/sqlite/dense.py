"""The vectors of the present generation: loaded or built, kept up to date, searched, saved and parted into lists.

SQLite says which vectors there are and into which lists they are parted; a passage's id is never used twice and its
vector never changes, so the difference between two sets of ids is all it takes to bring the vectors up to date.
What takes long is done beside the search: the file is written, and other lists are made, while the
vectors in memory go on serving.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from rag.errors import IndexBusy, IndexFault
from rag.indexes.sqlite import rows
from rag.indexes.sqlite.database import Storage
from rag.indexes.sqlite.lists import Cancelled, Source, Stop, is_due, lists_for, part, tune
from rag.indexes.sqlite.vectors import Ids, VectorIndex, unfinished
from rag.ports import Vectors

__all__ = ["VECTORS", "DenseSearch", "stamp"]

VECTORS = "vectors.faiss"
UNSAVED = 16
"""The file is written again when it lacks one of so many vectors; the others are soon read from SQLite."""
QUERIES = 256
"""Windows of passages that stand for questions when it is measured how many lists have to be searched."""

log = logging.getLogger(__name__)

Meta = Mapping[str, str]


class DenseSearch:
    """Searches the vectors of one index. Any number of threads may.

    ``check`` returns what it is given, the notes of the index about itself, or raises where they do not suit.
    """

    def __init__(self, storage: Storage, check: Callable[[dict[str, str]], dict[str, str]]) -> None:
        self._storage = storage
        self._check = check
        self._path = storage.path.with_name(VECTORS)
        self._lock = threading.RLock()
        self._vectors: VectorIndex | None = None
        self._seen: Meta = {}
        self._stopped = threading.Event()
        self._worker: threading.Thread | None = None

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> list[tuple[int, float]]:
        """Return the ``k`` passages nearest to the unit ``vector``, as ``VectorIndex.search`` does."""
        with self._lock:
            return self._current().search(vector, k, allowed=allowed)

    def scores(self, vector: Vectors, ids: Sequence[int]) -> list[float]:
        """Return the cosine of each of ``ids`` with the unit ``vector``; 0 for one that is there no more."""
        with self._lock:
            return self._current().scores(vector, ids)

    def close(self) -> None:
        """Give up making lists."""
        self._stopped.set()
        if self._worker is not None:
            self._worker.join()

    def _current(self) -> VectorIndex:
        """Return the vectors of the present generation: those in memory, brought up to date where it moved on."""
        if self._vectors is not None and self._seen["state"] == self._meta()["state"]:
            return self._vectors
        with self._storage.reading() as connection:
            meta = self._check(rows.read_meta(connection))
            kept = self._vectors if self._continues(meta) else None
            found = kept or self._load(meta)
            vectors = found or rows.empty_vectors(connection, meta)
            rows.update_vectors(connection, vectors, kept is not None and meta["removals"] != self._seen["removals"])
            self._vectors, self._seen = vectors, meta
        if found is None and not self._storage.read_only:
            # Saves the next one the work; whoever is writing right now does it anyway.
            with suppress(IndexBusy), self._storage.locked(wait=0):
                self.save()
        return vectors

    def _continues(self, meta: Meta) -> bool:
        """Return whether the vectors in memory lack nothing but changes since, to be those of ``meta``."""
        seen = self._seen
        same = bool(seen) and (seen["made"], seen["lists"]) == (meta["made"], meta["lists"])
        return same and int(seen["generation"]) <= int(meta["generation"])

    def _load(self, meta: Meta) -> VectorIndex | None:
        return (
            VectorIndex.load(self._path, int(meta["dimension"]), stamp(meta, meta["saved"])) if meta["saved"] else None
        )

    def _meta(self) -> dict[str, str]:
        with self._storage.reading() as connection:
            return rows.read_meta(connection)

    # Changing; the caller keeps other writers out, so that no change can come in between.

    def drop_file(self) -> None:
        """Before the commit that removes passages: a file that outlives them would keep their vectors."""
        for file in (self._path, unfinished(self._path)):
            file.unlink(missing_ok=True)

    def save(self) -> None:
        """Write the file, unless the one that is there lacks little; without room for it, searching goes on without."""
        with self._lock:
            vectors = self._current()
        meta = self._meta()
        if meta["saved"] and self._path.exists() and vectors.unsaved * UNSAVED <= len(vectors):
            return
        token = secrets.token_hex(8)
        try:
            vectors.save(self._path, stamp(meta, token))
            with self._storage.transaction(counted=False) as connection:
                rows.write_meta(connection, {"saved": token})
        except (OSError, IndexFault) as error:  # All that was changed is committed: this only saves time.
            unfinished(self._path).unlink(missing_ok=True)
            log.warning("The vectors cannot be saved in %s (%s).", self._path, error)

    # Making lists.

    def organise_soon(self) -> None:
        """Begin to make other lists, where the number of passages calls for it, beside all else."""
        with self._lock:
            if self._worker is not None and self._worker.is_alive():
                return
            if self._vectors is None or not is_due(len(self._vectors), int(self._seen["organised"])):
                return
            self._worker = threading.Thread(target=self._work, name="lists", daemon=True)
            self._worker.start()

    def _work(self) -> None:
        import faiss

        faiss.omp_set_num_threads(1)  # of this thread: answers come first
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        with suppress(Cancelled):
            self.organise(self._stopped.is_set)

    def organise(self, stop: Stop = lambda: False) -> None:
        """Make other lists, where the number of passages calls for it, and search by them from then on.

        Raises:
            Cancelled: ``stop()`` became true before it was done; nothing has changed.
        """
        with self._lock:
            old, seen = self._current(), self._seen
        if not is_due(len(old), int(seen["organised"])):
            return

        def read(ids: Ids) -> tuple[Ids, Vectors]:
            with self._lock:
                there = old.held(ids)
                return there, old.rows(there)

        made = part(Source(old.ids, read, old.dimension), lists_for(len(old)), stop)
        recall = tune(made, self._queries(made), stop)
        while True:
            if stop():
                raise Cancelled
            with suppress(IndexBusy), self._storage.locked():
                self._adopt(made, recall, seen)
                return

    def _queries(self, vectors: VectorIndex) -> Vectors:
        """Return vectors like those of questions: of windows, which are short, or else of passages."""
        draw = np.random.default_rng(1)
        ids = np.sort(draw.choice(vectors.ids, min(QUERIES, len(vectors)), replace=False))
        with self._storage.reading() as connection:
            found = rows.sample_windows(connection, ids.tolist(), vectors.dimension)
        return found if len(found) else vectors.rows(ids)

    def _adopt(self, made: VectorIndex, recall: float, seen: Meta) -> None:
        """Search by the lists of ``made`` from now on, unless the index has got others since it was ``seen``."""
        with self._storage.reading() as connection:
            meta = self._check(rows.read_meta(connection))
            if (meta["made"], meta["lists"]) != (seen["made"], seen["lists"]):
                return
            rows.update_vectors(connection, made, removals=True)
        token = secrets.token_hex(8)
        made.save(self._path, stamp(meta, token))
        with self._lock:
            with self._storage.transaction() as connection:
                rows.write_lists(connection, made, recall)
                rows.write_meta(connection, {"saved": token})
            self._vectors, self._seen = made, self._meta()


def stamp(meta: Meta, token: str) -> dict[str, str]:
    """Return what the file bears: it fits the index that notes the same token."""
    return {"made": meta["made"], "saved": token}
