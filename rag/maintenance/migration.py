"""Moves an index into another engine: documents, passages and vectors as they are, without embedding again.

A document at a time is put into the target under its name and with its times; one that is already there is passed over,
so that a move that was cut off goes on where it stopped.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.errors import IndexFault, IndexMismatch
from rag.ingest import Progress
from rag.ports import Content, DocumentInfo, WritableIndex

__all__ = ["Maker", "Moved", "maker_of", "migrate"]

BATCH = 1000
"""Passages after which what was moved is committed."""
SAMPLE = 20
"""Documents that are compared word for word and number for number afterwards."""


@dataclass(frozen=True, slots=True)
class Maker:
    """What an index notes of the embedder that made it: enough to make another index like it."""

    name: str
    fingerprint: str
    dimension: int
    passage_tokens: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a move: the documents that were moved, those already there, all passages, documents compared."""

    moved: int
    present: int
    passages: int
    compared: int


def maker_of(index: WritableIndex) -> Maker:
    """Return who made ``index``."""
    stats = index.stats()
    return Maker(stats["embedder"], stats["fingerprint"], stats["dimension"], stats["passage_tokens"])


def migrate(source: WritableIndex, target: WritableIndex, progress: Progress) -> Moved:
    """Bring everything that is in ``source`` into ``target``, and compare the two.

    Raises:
        IndexMismatch: another embedder made the target, or it holds documents that the source does not have.
        IndexFault: the two differ afterwards.
        IndexBusy: another process is changing one of them.
    """
    _check(source, target)
    with source.writing(), target.writing():
        infos = sorted(source.documents(), key=lambda info: (info.ingested_at, info.name))
        present = {info.name: info for info in target.documents()}
        missing = [info for info in infos if present.get(info.name) != info]
        done = len(infos) - len(missing)
        progress("move", done, len(infos), "")
        for batch in _batches(missing):
            with target.transaction():
                for info in batch:
                    target.restore(info, source.content(info.name))
            done += len(batch)
            progress("move", done, len(infos), batch[-1].name)
        if source.calibration and source.calibration != target.calibration:
            target.calibrate(source.calibration)
        target.organise()
        compared = _compare(source, target, infos, progress)
    return Moved(len(missing), len(infos) - len(missing), len(target), compared)


def _check(source: WritableIndex, target: WritableIndex) -> None:
    if maker_of(source) != maker_of(target):
        raise IndexMismatch("The index to move to was made by another embedder. Choose an empty place.")
    others = {info.name for info in target.documents()} - {info.name for info in source.documents()}
    if others:
        raise IndexMismatch(
            f"The index to move to holds other documents, such as '{min(others)}'. Choose an empty place."
        )


def _batches(infos: Sequence[DocumentInfo]) -> list[list[DocumentInfo]]:
    """Return the documents in groups of about ``BATCH`` passages."""
    groups, passages = list[list[DocumentInfo]](), BATCH
    for info in infos:
        if passages >= BATCH:
            groups.append([])
            passages = 0
        groups[-1].append(info)
        passages += info.passages
    return groups


def _compare(source: WritableIndex, target: WritableIndex, infos: Sequence[DocumentInfo], progress: Progress) -> int:
    """Compare all counts and the contents of a sample; return its size."""
    if source.documents() != target.documents() or len(source) != len(target):
        raise IndexFault(
            "The two indexes differ in their documents. Run the command again; it goes on where it stopped."
        )
    sample = random.Random(0).sample(list(infos), min(SAMPLE, len(infos)))
    for number, info in enumerate(sample, start=1):
        if not _is_same(source.content(info.name), target.content(info.name)):
            raise IndexFault(
                f"'{info.name}' differs in the two indexes. Remove it from the new one and run this again."
            )
        progress("compare", number, len(sample), info.name)
    return len(sample)


def _is_same(one: Content, other: Content) -> bool:
    same = (one.document, list(one.passages), list(one.hashes)) == (
        other.document,
        list(other.passages),
        list(other.hashes),
    )
    return same and all(np.array_equal(a, b) for a, b in zip(one.vectors, other.vectors, strict=True))
