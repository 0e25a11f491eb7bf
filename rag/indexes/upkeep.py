"""Upkeep of an index in a folder: copies of its database, checks, and recovery of damaged ones.

An index in Milvus is kept by its server, with that server's own tools.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from rag.config import Config
from rag.errors import IndexDamaged, IndexFault, IndexMismatch, IndexMissing
from rag.indexes.sqlite.checks import database_problems, vectors_problem
from rag.indexes.sqlite.copies import (
    ASIDE,
    copy,
    drop_vectors,
    held,
    make_room,
    move_source,
    noted_in,
    problem_in,
    set_aside,
    start_after,
    take_over,
)
from rag.indexes.sqlite.database import DATABASE, SCHEMA_VERSION, damaged
from rag.indexes.sqlite.dense import VECTORS
from rag.indexes.sqlite.index import SqliteIndex
from rag.indexes.sqlite.salvage import Kept, Lost, meta_of, salvage, versions
from rag.indexes.sqlite.vectors import unfinished
from rag.ports import Change, Described, Listener, Removal

__all__ = [
    "ASIDE",
    "BESIDE",
    "DATABASE",
    "DERIVED",
    "SCHEMA_VERSION",
    "Kept",
    "Lost",
    "build_beside",
    "copy",
    "damaged",
    "database_problems",
    "drop_vectors",
    "folder_of",
    "held",
    "listener",
    "make_room",
    "meta_of",
    "move_source",
    "noted_in",
    "problem_in",
    "prune",
    "salvage",
    "set_aside",
    "take_over",
    "unfinished",
    "vectors_problem",
    "versions",
]

BESIDE = "reindex"
"""Folder, in that of the index, in which another one is built from its documents."""
DERIVED = (VECTORS, "states", BESIDE, "lock")
"""What in the folder of an index can be made again, or says nothing."""


def folder_of(config: Config, what: str) -> Path:
    """Return the folder of the index.

    Raises:
        IndexFault: the index is in Milvus, for which Footnote doesn't do ``what``.
    """
    if config.index_url:
        raise IndexFault(
            f"The index is in Milvus ({config.index_url}), and Footnote cannot {what} it there. Use Milvus's own "
            "tools, or move it into a folder with 'footnote index migrate --to DIR' and set index to that folder."
        )
    return config.index


def build_beside(folder: Path, name: str, embedder: Described, passage_tokens: int) -> SqliteIndex:
    """Open the index ``name`` inside ``folder``, which is built from the documents of the index in ``folder``.

    If there is none that can be continued, it starts empty.

    Raises:
        IndexFault: it can't be written.
    """
    beside = folder / name
    made = meta_of(beside)
    wanted = (SCHEMA_VERSION, embedder.fingerprint, str(passage_tokens))
    if (made.get("schema"), made.get("fingerprint"), made.get("passage_tokens")) != wanted:
        shutil.rmtree(beside, ignore_errors=True)
    SqliteIndex.create(beside, embedder, passage_tokens).close()
    with suppress(IndexFault):  # What is damaged says nothing about itself.
        start_after(beside, folder)
    return SqliteIndex.open(beside)  # Without an embedder it keeps no copy of its vectors.


def prune(folder: Path, beside: SqliteIndex) -> None:
    """Remove from ``beside`` what the index in ``folder`` no longer has, or has in another version."""
    present, made = versions(folder), versions(beside.folder)
    stale = [name for name, version in made.items() if present.get(name) != version]
    with beside.writing():
        for name in stale:
            beside.delete(name)


def listener(folder: Path) -> Listener:
    """Return what removes a deleted document from an index that is being built beside the one in ``folder``, too.

    One that holds nothing yet is left alone. One of another version or a damaged one is deleted: it can't be continued.
    """

    def listen(change: Change) -> None:
        if not isinstance(change, Removal) or not (folder / BESIDE / DATABASE).exists():
            return
        try:
            with suppress(IndexMissing), SqliteIndex.open(folder / BESIDE) as beside:
                prune(folder, beside)
        except (IndexMismatch, IndexDamaged):
            shutil.rmtree(folder / BESIDE, ignore_errors=True)

    return listen
