"""Move an index of many passages to Milvus and back, and compare every document, passage and vector. Run by hand:

python tests/migrate_at_scale.py --passages 100000
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from test_index_contract import document
from test_ingest import prose

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.indexes.opening import create_index
from rag.ingest import text_hash
from rag.maintenance.migration import migrate
from rag.passages import cut
from rag.ports import WritableIndex

EMBEDDER = HashEmbedder(384)  # its name; the vectors are random
LENGTH = 40  # tokens of a passage


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--passages", type=int, default=100_000)
    given = options.parse_args()
    with TemporaryDirectory() as made:
        start = Config(index=Path(made, "start"), passage_tokens=LENGTH)
        there = replace(start, index=Path(made, "there"), index_url=str(Path(made, "there.db")))
        back = replace(start, index=Path(made, "back"))
        with (
            create_index(start, EMBEDDER) as source,
            create_index(there, EMBEDDER) as moved,
            create_index(back, EMBEDDER) as returned,
        ):
            fill(source, given.passages)
            move(source, moved, "to Milvus")
            move(moved, returned, "back")
            compare(source, moved)
            compare(source, returned)


def fill(index: WritableIndex, passages: int) -> None:
    draw, begun, left = np.random.default_rng(0), time.monotonic(), passages
    with index.writing(), index.transaction():
        for number in count():
            made = document(f"{number:05}.txt", prose(number, 400), "")
            parts = cut(made, EMBEDDER.tokenizer, LENGTH)[:left]
            vectors = [unit(draw.standard_normal((1, EMBEDDER.dimension))) for _ in parts]
            index.replace("/data", made, parts, vectors, [text_hash([part.text]) for part in parts])
            left -= len(parts)
            if not left:
                break
        index.organise()
    told(f"{len(index)} passages of {number + 1} documents made", begun)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def move(source: WritableIndex, target: WritableIndex, where: str) -> None:
    begun = time.monotonic()
    moved = migrate(source, target, lambda *_: None)
    told(f"{moved.passages} passages of {moved.moved} documents moved {where}", begun)


def compare(source: WritableIndex, target: WritableIndex) -> None:
    begun = time.monotonic()
    assert source.documents() == target.documents()
    for info in source.documents():
        one, other = source.content(info.name), target.content(info.name)
        assert (one.document, [*one.passages], [*one.hashes]) == (other.document, [*other.passages], [*other.hashes])
        assert all(np.array_equal(*pair) for pair in zip(one.vectors, other.vectors, strict=True)), info.name
    told(f"{len(target)} passages compared, all are as they were", begun)


def told(what: str, begun: float) -> None:
    print(f"{what} in {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
