"""Read what can be read from a damaged database, or from one with any earlier schema.

Each document is asked for by its id, so that one that cannot be read costs no other. Its passages and vectors come
along where they are whole and of today's kind; otherwise the text has to be cut and embedded again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexFault
from rag.indexes.sqlite import rows
from rag.indexes.sqlite.database import SCHEMA_VERSION, Storage
from rag.indexes.sqlite.migration import OLDEST
from rag.ports import Content, DocumentInfo
from rag.text.detection import detect

__all__ = ["Kept", "Lost", "meta_of", "salvage", "versions"]

LENGTH = 0.01
"""By how much the length of a vector may differ from one, in half precision and normalised before."""
BROKEN = (IndexFault, sqlite3.Error, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What reading a row may raise in which something else stands than was written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that could be read. Without ``vectors`` its passages have to be cut and embedded again."""

    info: DocumentInfo
    content: Content
    embedded: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """A document that couldn't be read: where it came from, as far as known."""

    source: str = ""
    path: str = ""


def meta_of(folder: Path) -> dict[str, str]:
    """Return the notes of the database in ``folder``; empty if they can't be read."""
    with suppress(*BROKEN), closing(Storage(folder, read_only=True)) as storage, storage.reading() as connection:
        return rows.read_meta(connection)
    return {}


def salvage(folder: Path, dimension: int = 0) -> Iterator[Kept | Lost]:
    """Yield all documents of the database in ``folder``, with their vectors if these have this ``dimension``.

    Nothing is written, and no read takes longer than one document.
    """
    try:
        storage = Storage(folder, read_only=True)
    except IndexFault:
        return
    with closing(storage):
        for number, there in _numbers(storage).items():
            found: Kept | Lost | None
            try:
                with storage.reading() as connection:
                    found = _document(connection, number, dimension)
            except BROKEN:
                found = None
                there = True
            if found is None and there:
                found = _place(storage, number)
            if found is not None:
                yield found


def versions(folder: Path, name: str | None = None) -> dict[str, tuple[str, str]]:
    """Return by public name the SHA-256 of each document of the database in ``folder`` and when it was ingested.

    With a ``name``, of that one alone.
    """
    query = "SELECT name, sha256, ingested_at FROM documents"
    with closing(Storage(folder, read_only=True)) as storage, storage.reading() as connection:
        found = connection.execute(
            query if name is None else f"{query} WHERE name = ?", [name] * (name is not None)
        ).fetchall()
    return {row["name"]: (row["sha256"], row["ingested_at"]) for row in found}


def _numbers(storage: Storage) -> dict[int, bool]:
    """Return the ids of all documents; if they can't be listed reliably, all ids that were ever used.

    The value is whether the document certainly exists.
    """
    found = dict[int, bool]()
    listed = 0
    for order in ("NOT INDEXED", "INDEXED BY sqlite_autoindex_documents_1", "INDEXED BY sqlite_autoindex_documents_2"):
        with suppress(*BROKEN), storage.reading() as connection:
            found |= {row["id"]: True for row in connection.execute(f"SELECT id FROM documents {order}").fetchall()}
            listed += 1
    if listed < len(("table", "names", "places")):
        with suppress(*BROKEN), storage.reading() as connection:
            (last,) = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'documents'").fetchone()
            found = dict.fromkeys(range(1, int(last) + 1), False) | found
    return dict(sorted(found.items()))


def _document(connection: sqlite3.Connection, number: int, dimension: int) -> Kept | None:
    row = connection.execute("SELECT * FROM documents WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    found: dict[str, Any] = {"language": detect(row["text"]), "recognised_pages": "[]", **dict(row)}
    if found["characters"] != len(found["text"]):
        raise ValueError("the text is not as long as it was")
    (source,) = connection.execute("SELECT path FROM sources WHERE id = ?", (found["source"],)).fetchone()
    document = replace(rows.document_from(found), name=found["path"])
    content = _content(connection, found, dimension) if dimension else None
    info = DocumentInfo(
        **{key: found[key] for key in ("name", "title", "date", "media_type", "path", "sha256", "characters")},
        source=source,
        passages=len(content.passages) if content else 0,
        pages=len(document.pages),
        empty_pages=document.empty_pages,
        ingested_at=found["ingested_at"],
    )
    return Kept(info, content or Content(document, (), (), ()), content is not None)


def _content(connection: sqlite3.Connection, found: dict[str, Any], dimension: int) -> Content | None:
    """Return the document with its passages and vectors, or ``None`` if they aren't complete."""
    with suppress(*BROKEN):
        meta = rows.read_meta(connection)
        if meta["schema"] not in (OLDEST, SCHEMA_VERSION) or int(meta["dimension"]) != dimension:
            return None
        content = rows.content_from(connection, found)
        (there,) = connection.execute("SELECT count(*) FROM passages WHERE document = ?", (found["id"],)).fetchone()
        spans = [(passage.start, passage.end) for passage in content.passages]
        fit = all(0 <= start < end <= len(found["text"]) for start, end in spans) and spans == sorted(spans)
        return content if 0 < there == len(spans) and fit and all(map(_is_whole, content.vectors)) else None
    return None


def _is_whole(vectors: Any) -> bool:
    return bool(np.all(np.abs(np.linalg.norm(vectors, axis=1) - 1) < LENGTH))


def _place(storage: Storage, number: int) -> Lost:
    """Return where a document came from, using the index of places, which may be intact when the row isn't."""
    query = (
        "SELECT s.path AS source, d.path FROM documents d INDEXED BY sqlite_autoindex_documents_2 "
        "JOIN sources s ON s.id = d.source WHERE d.id = ?"
    )
    with suppress(*BROKEN), storage.reading() as connection:
        row = connection.execute(query, (number,)).fetchone()
        return Lost(row["source"], row["path"])
    return Lost()
