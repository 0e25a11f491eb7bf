"""Many vectors are parted into lists, so that a search reads a few of them: how many, where, and how many are read.

The centroids are found by spherical k-means (Dhillon and Modha, "Concept Decompositions for Large Sparse Text Data
Using Clustering", 2001) on a sample. How many lists a search reads is measured: as few as find, for texts like
questions, what a search of all lists finds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rag.indexes.sqlite.vectors import Floats, Ids, VectorIndex

__all__ = ["FLAT", "Cancelled", "Source", "batches", "find_centroids", "is_due", "lists_for", "part", "tune"]

FLAT = 30_000
"""Vectors up to which all are searched: that takes few milliseconds, and is exact."""
LISTS = 4.0
"""Lists for each square root of the number of vectors: choosing a list and reading one then cost about as much."""
SAMPLE = 32
"""Vectors in the sample for each list."""
FEWEST = 8
"""A centroid is the mean of at least so many vectors, and so no copy of one."""
ITERATIONS = 8
BATCH = 8192
"""Vectors that are worked on at once; between two batches others have their turn."""
NEAREST, RECALL = 30, 0.985
"""Of the nearest, as many as retrieval takes, the share that a search of a few lists must find."""

Stop = Callable[[], bool]


class Cancelled(Exception):
    """The work was given up because it was asked to stop."""


def is_due(count: int, organised: int) -> bool:
    """Return whether ``count`` vectors should be parted anew that were so when they were ``organised`` many (0: never).

    It is due when their number has doubled or halved since.

    >>> is_due(30_000, 0), is_due(30_001, 0), is_due(80_000, 40_000), is_due(80_001, 40_000), is_due(19_999, 40_000)
    (False, True, False, True, True)
    """
    return count > FLAT if organised <= FLAT else not organised <= 2 * count <= 4 * organised


def lists_for(count: int) -> int:
    """Return how many lists ``count`` vectors should have.

    >>> [lists_for(count) for count in (30_000, 40_000, 1_000_000)]
    [1, 800, 4000]
    """
    return 1 if count <= FLAT else round(LISTS * math.sqrt(count))


def batches(count: int, stop: Stop) -> Iterator[slice]:
    """Yield ``count`` in slices. Raises Cancelled as soon as ``stop()`` is true."""
    for first in range(0, count, BATCH):
        if stop():
            raise Cancelled
        yield slice(first, min(first + BATCH, count))


@dataclass(frozen=True, slots=True)
class Source:
    """Where the vectors are: ``read`` returns, of given ids, those that are there still, and their vectors."""

    ids: Ids
    read: Callable[[Ids], tuple[Ids, Floats]]
    dimension: int


def part(source: Source, lists: int, stop: Stop) -> VectorIndex:
    """Return the vectors of ``source`` in about so many ``lists``. Raises Cancelled as soon as ``stop()`` is true."""
    centroids = None if lists == 1 else find_centroids(_sample(source, lists * SAMPLE, stop), lists, stop)
    made = VectorIndex(source.dimension, centroids)
    for batch in batches(len(source.ids), stop):
        made.add(*source.read(source.ids[batch]))
    return made


def _sample(source: Source, count: int, stop: Stop) -> Floats:
    """Return ``count`` vectors, drawn in the same way from the same ids."""
    draw = np.random.default_rng(0)
    ids = np.sort(draw.choice(source.ids, min(count, len(source.ids)), replace=False))
    return np.concatenate([source.read(ids[batch])[1] for batch in batches(len(ids), stop)])


def find_centroids(rows: Floats, lists: int, stop: Stop) -> Floats:
    """Return up to ``lists`` centroids of unit length for the unit vectors ``rows``: spherical k-means.

    Raises Cancelled if ``stop()`` is true between two iterations.
    """
    import faiss

    count = min(lists, len(rows))
    bounds = {"min_points_per_centroid": 1, "max_points_per_centroid": len(rows)}  # The sample is taken already.
    clustering = faiss.Kmeans(rows.shape[1], count, niter=1, spherical=True, **bounds)
    centroids = rows[np.random.default_rng(0).choice(len(rows), count, replace=False)]
    for _ in range(ITERATIONS):
        if stop():
            raise Cancelled
        clustering.train(rows, init_centroids=centroids)
        centroids = np.asarray(clustering.centroids)
    counts = np.bincount(clustering.assign(rows)[1], minlength=count)
    kept: Floats = centroids[counts >= FEWEST]
    return kept if len(kept) else centroids[counts.argmax()][None]


def tune(index: VectorIndex, queries: Floats, stop: Stop) -> float:
    """Have ``index`` search as many lists as ``queries`` need, and return the share of the nearest that are found.

    Half as many again are tried until the share is ``RECALL``, measured against a search of all lists, which is exact.
    """
    exact = [_nearest(index, query, index.lists) for query in _until(queries, stop)]
    probes, recall = 4, 0.0
    while True:
        probes = min(index.lists, probes + probes // 2)
        found = [_nearest(index, query, probes) for query in _until(queries, stop)]
        hits = sum(len(a & b) for a, b in zip(exact, found, strict=True))
        recall = hits / max(1, sum(map(len, exact)))
        if recall >= RECALL or probes == index.lists:
            index.probes = probes
            return recall


def _nearest(index: VectorIndex, query: Floats, probes: int) -> set[int]:
    return {i for i, _ in index.search(query, NEAREST, probes)}


def _until(queries: Floats, stop: Stop) -> Iterator[Floats]:
    for query in queries:
        if stop():
            raise Cancelled
        yield query
