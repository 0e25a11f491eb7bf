"""What searching costs in 10² to 10⁶ passages: time, time to open and memory, beside an exact search with FAISS.

Every size is built in one process and measured in another, so that the memory is that of searching alone.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.bench.cold import child, peak_mb
from eval.bench.samples import Sample
from eval.bench.synthetic import Collection, SyntheticEmbedder
from rag.config import Config
from rag.indexes.opening import create_index, open_index
from rag.ingest import Progress, text_hash
from rag.ports import Index, Vectors

__all__ = ["sizes"]

NEAREST = 10
MOST_WORDS = 100_000
"""Passages beyond which lexical search is not measured: writing them would take longer than everything else."""


def sizes(counts: Sequence[int], candidates: int, queries: int, parent: Path, tell: Progress) -> Iterator[Sample]:
    """Yield what each query and each opening cost at each of ``counts``; the indexes are built below ``parent``."""
    for done, count in enumerate(counts):
        tell("sizes", done, len(counts), f"{count} passages")
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            order = {"folder": folder, "count": count, "candidates": candidates, "queries": queries}
            built = child("eval.bench.sizes", {**order, "step": "build"})
            measured = child("eval.bench.sizes", {**order, "step": "measure"})
        yield Sample("sizes", "footnote", "index", {**built, **measured["index"]}, count)
        for system, rows in measured["queries"].items():
            yield from (Sample("sizes", system, str(n), values, count) for n, values in enumerate(rows))
    tell("sizes", len(counts), len(counts), "")


def _build(order: dict[str, Any]) -> dict[str, float]:
    known = Collection(order["count"])
    words = order["count"] <= MOST_WORDS
    begin = time.perf_counter()
    with create_index(Config(index=Path(order["folder"])), SyntheticEmbedder(known.dimension)) as index:
        with index.writing():
            for document, passages, vectors in known.documents(words):
                hashes = [text_hash([document.name, str(passage.start)]) for passage in passages]
                index.replace("synthetic", document, passages, [vector[None] for vector in vectors], hashes)
        index.organise()  # as footnote ingest does
    size = sum(file.stat().st_size for file in Path(order["folder"]).iterdir())
    return {"build_s": time.perf_counter() - begin, "disk_mb": size / 2**20}


def _measure(order: dict[str, Any]) -> dict[str, Any]:
    known, candidates = Collection(order["count"]), order["candidates"]
    vectors, questions = known.queries(order["queries"]), known.questions(order["queries"])
    rows: list[dict[str, float]] = [{} for _ in vectors]
    before, begin = peak_mb(), time.perf_counter()
    with open_index(Config(index=Path(order["folder"])), SyntheticEmbedder(known.dimension), read_only=True) as index:
        index.search_dense(vectors[0], candidates)
        whole = {"open_s": time.perf_counter() - begin}
        if known.count <= MOST_WORDS:
            for row, question in zip(rows, questions, strict=True):
                row["lexical_s"], _ = _timed(index.search_lexical, question, candidates)
        for vector in vectors:
            index.search_dense(vector, candidates)
        whole["memory_mb"] = peak_mb() - before
        exact, recall = _beside_exact(known, index, vectors, candidates, rows)
    whole["recall"] = statistics.fmean(recall)
    return {"index": whole, "queries": {"footnote": rows, "exact": exact}}


def _beside_exact(
    known: Collection, index: Index, vectors: Vectors, candidates: int, rows: list[dict[str, float]]
) -> tuple[list[dict[str, float]], list[float]]:
    """Search for each vector in ``index`` and in all vectors, in turns.

    Return what the latter took, and the share of its ``NEAREST`` that the index found (recall@10)."""
    import faiss

    flat = faiss.IndexFlatIP(known.dimension)
    for block in known.blocks():
        flat.add(block)
    taken, recall = [], []
    for row, vector in zip(rows, vectors, strict=True):
        row["dense_s"], found = _timed(index.search_dense, vector, candidates)
        seconds, (_, best) = _timed(flat.search, vector[None], candidates)
        taken.append({"dense_s": seconds})
        # Passages are numbered from 1 in the order in which they were written, vectors from 0.
        nearest = {int(number) + 1 for number in best[0][:NEAREST] if number >= 0}
        recall.append(len(nearest & {id_ for id_, _ in found[:NEAREST]}) / len(nearest))
    return taken, recall


def _timed(work: Callable[..., Any], *arguments: object) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - begin, result


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps({"build": _build, "measure": _measure}[given["step"]](given)))
