"""The vectors of all passages in memory (FAISS), and the file they are loaded from: derived, never the truth.

The vectors are kept in half precision, in one list that is searched in full, or in many (an inverted file: Jégou, Douze
and Schmid, "Product Quantization for Nearest Neighbor Search", 2011, section 4) of which those nearest to the
question are. A vector belongs to the list of the centroid nearest to it, so that the same centroids and vectors always
give the same lists, whatever was added and removed on the way.

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
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Ids", "VectorIndex", "unfinished"]

MAGIC = b"FOOTNOTE"
TIE = 1e-6
"""Inner products nearer to each other than this may come in any order out of FAISS (32-bit sums)."""
HASH_TABLE = 2
"""FAISS's name for it, ``DirectMap.Hashtable``, is not in its type stubs: where the row of an id is, by id."""
BLOCK = 1 << 20
"""Bytes that are read and hashed at once."""

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


class VectorIndex:
    """Unit vectors under the ids of their passages, searched by inner product.

    ``centroids`` of shape (lists, dimension) part them into lists, of which the ``probes`` nearest ones are searched;
    without centroids there is one list, and the search is exact. One thread may change it, or any number read.
    """

    def __init__(self, dimension: int, centroids: Floats | None = None, probes: int = 1) -> None:
        import faiss

        self._faiss: Any = faiss
        self.dimension = dimension
        given = np.zeros((1, dimension), dtype=np.float32) if centroids is None else centroids
        quantizer = faiss.IndexFlatIP(dimension)
        quantizer.add(np.ascontiguousarray(given, dtype=np.float32))
        half, product = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexIVFScalarQuantizer(quantizer, dimension, len(given), half, product, False)
        index.is_trained = True  # nothing is left to learn: centroids are given, and half precision has no parameters
        index.set_direct_map_type(HASH_TABLE)
        index.nprobe = probes
        self._index: Any = index
        self.ids: Ids = np.zeros(0, dtype=np.int64)
        """The ids of all passages, ascending."""
        self.unsaved = 0
        """Vectors that were added since the file was read or written."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lists(self) -> int:
        """Return how many lists there are."""
        return int(self._index.nlist)

    @property
    def centroids(self) -> Floats:
        """Return the middles of the lists, of shape (lists, dimension)."""
        found: Floats = self._index.quantizer.reconstruct_n(0, self.lists)
        return found

    @property
    def probes(self) -> int:
        """Return how many lists are searched."""
        return int(self._index.nprobe)

    @probes.setter
    def probes(self, count: int) -> None:
        self._index.nprobe = count

    def add(self, ids: Sequence[int] | Ids, vectors: Floats) -> None:
        """Add ``vectors`` of shape (ids, dimension), none of whose ``ids`` is there yet."""
        new = np.asarray(ids, dtype=np.int64)
        if len(new):
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), new)
            self.ids = np.sort(np.concatenate([self.ids, new]), kind="stable")
            self.unsaved += len(new)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove the vectors of ``ids``; those not there are ignored."""
        asked = np.unique(np.fromiter(ids, dtype=np.int64))
        places, known = self._places(asked)
        gone = np.ascontiguousarray(asked[known])
        if len(gone):
            self._index.remove_ids(self._faiss.IDSelectorArray(len(gone), self._faiss.swig_ptr(gone)))
            self.ids = np.delete(self.ids, places[known])

    def _places(self, asked: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return where each of ``asked`` would be among the ids, and whether it is there."""
        places = np.searchsorted(self.ids, asked)
        return places, np.append(self.ids, -1)[places] == asked

    def held(self, ids: Ids) -> Ids:
        """Return those of ``ids`` that are there."""
        return ids[self._places(ids)[1]]

    def rows(self, ids: Ids) -> Floats:
        """Return the vectors of ``ids``, all of which must be there, of shape (ids, dimension)."""
        found: Floats = self._index.reconstruct_batch(np.ascontiguousarray(ids))
        return found

    def search(
        self, vector: Floats, k: int, probes: int | None = None, allowed: Ids | None = None
    ) -> list[tuple[int, float]]:
        """Return the ``k`` nearest as (id, cosine), sorted by (-cosine, id); ties are seen before they are cut.

        More lists than ``probes`` (those that it was made with) are searched where these hold fewer than ``k``. Only
        ids that are ``allowed`` are found, where they are given.
        """
        among = self.ids if allowed is None else self.held(allowed)
        wanted = min(k, len(among))
        if wanted <= 0:
            return []
        selector = None if allowed is None else self._faiss.IDSelectorBatch(among)
        probes, taken = probes or self.probes, min(len(among), wanted + 16)
        while True:
            near, ids = self._nearest(vector, taken, probes, selector)
            if len(ids) < wanted:
                probes *= 2
            elif len(ids) < taken or taken == len(among) or near[-1] < near[wanted - 1] - TIE:
                break
            else:
                taken = min(len(among), taken * 2)
        found = ids.tolist()
        scored = zip(found, self.scores(vector, found), strict=True)
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:wanted]

    def _nearest(self, vector: Floats, k: int, probes: int, selector: Any) -> tuple[Floats, Ids]:
        """Return up to ``k`` inner products, the highest first, and their ids: fewer where the lists hold no more."""
        settings = self._faiss.SearchParametersIVF(nprobe=min(probes, self.lists), sel=selector)
        near, ids = self._index.search(vector.reshape(1, -1), k, params=settings)
        there = ids[0] >= 0
        return near[0][there], ids[0][there]

    def scores(self, vector: Floats, ids: Sequence[int]) -> list[float]:
        """Return the cosine of ``vector`` with each of ``ids`` (0 for one that is not there).

        The sum is taken in 64 bits, row by row: the score of a passage never depends on what stands beside it.
        """
        asked = np.asarray(ids, dtype=np.int64)
        _, known = self._places(asked)
        scores = np.zeros(len(asked))
        if known.any():
            rows = self.rows(asked[known]).astype(np.float64)
            scores[known] = np.einsum("ij,j->i", rows, vector.astype(np.float64))
        return [float(score) for score in scores]

    def save(self, path: Path, stamp: Mapping[str, str]) -> None:
        """Write the file with ``stamp``, which ``load`` must be given again."""
        beside = unfinished(path)
        digest = hashlib.sha256()
        with beside.open("wb") as file:

            def write(part: bytes) -> None:
                digest.update(part)
                file.write(part)

            self._faiss.write_index(self._index, self._faiss.PyCallbackIOWriter(write))
            trailer = json.dumps({"stamp": dict(stamp), "sha256": digest.hexdigest()}).encode()
            file.write(trailer + len(trailer).to_bytes(8, "big") + MAGIC)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
        self.unsaved = 0

    @classmethod
    def load(cls, path: Path, dimension: int, stamp: Mapping[str, str]) -> VectorIndex | None:
        """Return what ``save`` wrote, or ``None`` where it is missing, torn, or bears another stamp."""
        try:
            with path.open("rb") as file:
                if not _is_whole(file, stamp):
                    return None
                file.seek(0)
                loaded = cls(dimension)
                loaded._index = loaded._faiss.read_index(loaded._faiss.PyCallbackIOReader(file.read))
        except OSError:
            return None
        loaded.ids = loaded._stored_ids()
        return loaded

    def _stored_ids(self) -> Ids:
        lists, faiss = self._index.invlists, self._faiss
        sizes = [lists.list_size(number) for number in range(self.lists)]
        views = [faiss.rev_swig_ptr(lists.get_ids(number), size) for number, size in enumerate(sizes) if size]
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *views]))


def unfinished(path: Path) -> Path:
    """Return where the file at ``path`` is written before it takes its place."""
    return path.with_name(path.name + ".new")


def _is_whole(file: BinaryIO, stamp: Mapping[str, str]) -> bool:
    """Return whether all of ``file`` is as ``save`` wrote it with ``stamp``."""
    try:
        end = file.seek(-16, os.SEEK_END)
        length = int.from_bytes(file.read(8), "big")
        magic = file.read(8)
        size = file.seek(end - length)
        trailer = json.loads(file.read(length))
        if magic != MAGIC or trailer["stamp"] != dict(stamp):
            return False
        expected = trailer["sha256"]
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False
    file.seek(0)
    digest = hashlib.sha256()
    while size > 0:
        part = file.read(min(size, BLOCK))
        digest.update(part)
        size -= len(part)
    return bool(digest.hexdigest() == expected)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power failure; not every system can do that."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
