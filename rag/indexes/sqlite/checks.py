"""Check that the parts of an index agree: the database with itself, texts with words, vectors with their copy.

SQLite notices when its pages make no sense, but not when a letter inside a text has changed: what is stored twice, as a
text and as its words, is compared for that.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from rag.errors import IndexBusy, IndexMissing
from rag.indexes.shared import terms_of
from rag.indexes.sqlite import rows
from rag.indexes.sqlite.database import NOTES, Storage
from rag.indexes.sqlite.dense import VECTORS, stamp
from rag.indexes.sqlite.salvage import BROKEN, Kept, salvage
from rag.indexes.sqlite.vectors import VectorIndex

__all__ = ["database_problems", "vectors_problem"]

SAMPLE = 500
"""Documents whose words, and passages whose vectors, are compared."""


def database_problems(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield for each part of the database in ``folder`` its name, and what is wrong with it ("": nothing)."""
    parts: dict[str, Callable[[sqlite3.Connection], str]]
    parts = {"database": _structure, "words of the texts": _words}
    for name, check in parts.items():
        try:
            with closing(Storage(folder, read_only=True)) as storage, storage.reading() as connection:
                yield name, check(connection)
        except IndexMissing:
            raise
        except BROKEN as error:
            yield name, f"cannot be read ({error})"
    yield "index of the words", _index_of_words(folder)
    yield "documents and vectors", _documents(folder)


def _structure(connection: sqlite3.Connection) -> str:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        return "; ".join(found)
    if not rows.read_meta(connection).keys() >= NOTES:
        return "its notes are not complete"
    strays = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    return f"{strays} rows belong to nothing" if strays else ""


def _documents(folder: Path) -> str:
    """Read every document with its passages and vectors."""
    try:
        with closing(Storage(folder, read_only=True)) as storage, storage.reading() as connection:
            dimension = int(rows.read_meta(connection)["dimension"])
        found = [isinstance(item, Kept) and item.embedded for item in salvage(folder, dimension)]
    except BROKEN as error:
        return f"cannot be read ({error})"
    return f"{found.count(False)} of {len(found)} documents cannot be read as they were written" * (False in found)


def _words(connection: sqlite3.Connection) -> str:
    """Compare the words in the full-text index with the texts, those of a sample of documents."""
    query = "SELECT (SELECT count(*) FROM passages), (SELECT count(*) FROM terms), (SELECT count(*) FROM terms_docsize)"
    if len(set(connection.execute(query).fetchone())) > 1:
        return "there are more or fewer than there are passages"
    numbers = [row["id"] for row in connection.execute("SELECT id FROM documents")]
    wrong = 0
    for number in random.sample(numbers, min(SAMPLE, len(numbers))):
        stored = connection.execute("SELECT * FROM documents WHERE id = ?", (number,)).fetchone()
        document = rows.document_from(stored)
        for row in connection.execute("SELECT * FROM passages WHERE document = ?", (number,)).fetchall():
            kept = connection.execute("SELECT title, section, text FROM terms WHERE rowid = ?", (row["id"],)).fetchone()
            made = map(" ".join, terms_of(document, rows.passage_from(row, stored)))
            wrong += kept is None or tuple(kept) != tuple(made)
    return f"{wrong} passages have other words than their text" if wrong else ""


def _index_of_words(folder: Path) -> str:
    """Let SQLite compare the index of the words with the words; that is not possible without writing."""
    if not os.access(folder, os.W_OK):
        return ""
    try:
        with closing(Storage(folder)) as storage, storage.transaction(counted=False) as connection:
            connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")
    except IndexBusy:
        return ""
    except BROKEN as error:
        return f"does not fit the words ({error})"
    return ""


def vectors_problem(folder: Path) -> str:
    """Return the problem with the copy of the vectors in ``folder``; empty if there is no copy yet."""
    with closing(Storage(folder, read_only=True)) as storage, storage.reading() as connection:
        meta = rows.read_meta(connection)
        if not meta.get("saved"):
            return ""
        loaded = VectorIndex.load(folder / VECTORS, int(meta["dimension"]), stamp(meta, meta["saved"]))
        if loaded is None:
            return "is not the one that was written"
        ids = np.array([row[0] for row in connection.execute("SELECT passage FROM vectors")], dtype=np.int64)
        if not set(loaded.ids.tolist()) <= set(ids.tolist()):
            return "holds vectors of passages that are not there"
        sample = random.sample(loaded.ids.tolist(), min(SAMPLE, len(loaded)))
        rest = rows.stored_vectors(connection, sample, loaded.dimension)
        copies = loaded.rows(np.array(sorted(rest), dtype=np.int64)) if rest else np.zeros((0, loaded.dimension))
        same = all(np.array_equal(copy, rest[number]) for number, copy in zip(sorted(rest), copies, strict=True))
    return "" if same else "differs from the database"
