"""The vectors of all passages in memory (FAISS), and the file they are loaded from: derived, never the truth.

The file is what ``faiss.write_index`` would write, followed by JSON (a stamp and the SHA-256), the length of that in
eight bytes and a magic word. It is written beside its place, forced to the disk and renamed, so that it is
either whole or not there; whatever is torn or of another index is taken as not there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["VectorIndex"]

MAGIC = b"FOOTNOTE"
TIE = 1e-6
"""Inner products nearer to each other than this may come in any order out of FAISS (32-bit sums)."""


class VectorIndex:
    """Unit vectors under the ids of their passages: an exact inner-product search."""

    def __init__(self, dimension: int) -> None:
        import faiss

        self._faiss: Any = faiss
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.dimension = dimension
        self.ids: set[int] = set()

    def add(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Add ``vectors`` of shape (ids, dimension)."""
        if ids:
            self._index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(ids, dtype=np.int64))
            self.ids.update(ids)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove the vectors of ``ids``; those not there are ignored."""
        gone = self.ids.intersection(ids)
        if gone:
            self._index.remove_ids(np.array(sorted(gone), dtype=np.int64))
            self.ids -= gone

    def search(self, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """Return the ``k`` nearest as (id, cosine), sorted by (-cosine, id); ties are seen before they are cut."""
        wanted = min(k, len(self.ids))
        if wanted <= 0:
            return []
        taken = min(len(self.ids), wanted + 16)
        while True:
            near, ids = self._index.search(vector.reshape(1, -1), taken)
            if taken == len(self.ids) or near[0, -1] < near[0, wanted - 1] - TIE:
                break
            taken = min(len(self.ids), taken * 2)
        found = [int(i) for i in ids[0]]
        scored = zip(found, self.scores(vector, found), strict=True)
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:wanted]

    def scores(self, vector: NDArray[np.float32], ids: Sequence[int]) -> list[float]:
        """Return the cosine of ``vector`` with each of ``ids`` (0 for one that is not there).

        The sum is taken in 64 bits, row by row: the score of a passage never depends on what stands beside it.
        """
        known = [i for i in ids if i in self.ids]
        if not known:
            return [0.0] * len(ids)
        rows = self._index.reconstruct_batch(np.array(known, dtype=np.int64)).astype(np.float64)
        products = (rows * vector.astype(np.float64)).sum(axis=1)
        score = dict(zip(known, products.tolist(), strict=True))
        return [score.get(i, 0.0) for i in ids]

    def save(self, path: Path, stamp: Mapping[str, str]) -> None:
        """Write the file with ``stamp``, which ``load`` must be given again."""
        body = self._faiss.serialize_index(self._index).tobytes()
        trailer = json.dumps({"stamp": dict(stamp), "sha256": hashlib.sha256(body).hexdigest()}).encode()
        beside = path.with_name(path.name + ".new")
        with beside.open("wb") as file:
            for part in (body, trailer, len(trailer).to_bytes(8, "big"), MAGIC):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)

    @classmethod
    def load(cls, path: Path, dimension: int, stamp: Mapping[str, str]) -> VectorIndex | None:
        """Return what ``save`` wrote, or ``None`` where it is missing, torn, or bears another stamp."""
        try:
            data = path.read_bytes()
            length = int.from_bytes(data[-16:-8], "big")
            trailer = json.loads(data[-16 - length : -16])
            body = memoryview(data)[: -16 - length]
            if data[-8:] != MAGIC or trailer["stamp"] != dict(stamp):
                return None
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None
        if hashlib.sha256(body).hexdigest() != trailer["sha256"]:
            return None
        loaded = cls(dimension)
        loaded._index = loaded._faiss.deserialize_index(np.frombuffer(body, dtype=np.uint8))
        loaded.ids = set(loaded._faiss.vector_to_array(loaded._index.id_map).tolist())
        return loaded


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power failure; not every system can do that."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
