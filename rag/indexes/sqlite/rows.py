"""The rows of the index: how a document, its passages, vectors and words are written and removed.

Every function takes the connection of an open transaction (``database.Storage``), and commits nothing itself.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.indexes.shared import public_name, terms_of
from rag.indexes.sqlite.vectors import VectorIndex
from rag.ports import Content, Filter, PassageId
from rag.types import Document, Heading, Passage

__all__ = [
    "best_windows",
    "content_from",
    "document_from",
    "empty_vectors",
    "find",
    "forget_words",
    "is_taken",
    "known_vectors",
    "passage_from",
    "passage_ids",
    "read_meta",
    "remove_passages",
    "sample_windows",
    "select_in",
    "source_id",
    "stored_vectors",
    "unused_name",
    "update_vectors",
    "write_document",
    "write_lists",
    "write_meta",
    "write_passage",
    "write_terms",
]

STORED = np.float16
"""Half precision: no cosine moves by more than 0.001, and the file is half as large."""
BATCH = 4096
"""Vectors that are read at once."""

Row = sqlite3.Row | Mapping[str, Any]


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Return how the index was made and what state it is in."""
    return {row["key"]: row["value"] for row in connection.execute("SELECT key, value FROM meta")}


def write_meta(connection: sqlite3.Connection, values: Mapping[str, str]) -> None:
    """Set the given values, leaving others as they are."""
    connection.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", values.items())


def source_id(connection: sqlite3.Connection, path: str) -> int:
    """Return the row of the source with this ``path``, made where there is none."""
    connection.execute("INSERT OR IGNORE INTO sources (path) VALUES (?)", (path,))
    return int(connection.execute("SELECT id FROM sources WHERE path = ?", (path,)).fetchone()["id"])


def unused_name(connection: sqlite3.Connection, source: str, path: str) -> str:
    """Return the public name of a new document, which no other one has."""
    query = "SELECT 1 FROM documents WHERE name = ?"
    return public_name(source, path, lambda name: connection.execute(query, (name,)).fetchone() is not None)


def is_taken(connection: sqlite3.Connection, name: str, source: int, path: str) -> bool:
    """Return whether another document has the public ``name``, or that of ``source`` at ``path`` another name."""
    query = "SELECT 1 FROM documents WHERE (name = ?1) <> (source = ?2 AND path = ?3)"
    return connection.execute(query, (name, source, path)).fetchone() is not None


def find(connection: sqlite3.Connection, source: int, path: str) -> sqlite3.Row | None:
    """Return ``id`` and ``name`` of the document that ``source`` has at ``path``."""
    query = "SELECT id, name FROM documents WHERE source = ? AND path = ?"
    row: sqlite3.Row | None = connection.execute(query, (source, path)).fetchone()
    return row


def write_document(
    connection: sqlite3.Connection, source: int, name: str, document: Document, at: str, number: int | None
) -> int:
    """Write ``document``, ingested ``at`` a time, under its public ``name`` into the row ``number`` or a new one.

    Returns the row.
    """
    values: dict[str, Any] = {
        "source": source,
        "path": document.name,
        "name": name,
        "title": document.title,
        "date": document.date,
        "media_type": document.media_type,
        "language": document.language,
        "sha256": document.sha256,
        "headings": json.dumps([asdict(heading) for heading in document.headings]),
        "pages": json.dumps(document.pages),
        "empty_pages": json.dumps(document.empty_pages),
        "recognised_pages": json.dumps(document.recognised_pages),
        "ingested_at": at,
        "characters": len(document.text),
        "text": document.text,
    }
    if number is not None:
        changes = ", ".join(f"{column} = :{column}" for column in values)
        connection.execute(f"UPDATE documents SET {changes} WHERE id = :id", {**values, "id": number})
        return number
    columns, places = ", ".join(values), ", ".join(f":{column}" for column in values)
    return connection.execute(f"INSERT INTO documents ({columns}) VALUES ({places})", values).lastrowid or 0


def write_passage(
    connection: sqlite3.Connection,
    number: int,
    document: Document,
    passage: Passage,
    vectors: NDArray[np.float32],
    text_hash: str,
) -> None:
    """Write one passage of the document in row ``number``, its words and its vectors.

    ``vectors`` has the shape (1 + windows, dimension): that of the passage, then those of its windows.
    """
    row = connection.execute(
        'INSERT INTO passages (document, start, "end", section, header, page, text_hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
        (number, passage.start, passage.end, passage.section, passage.header, passage.page, text_hash),
    ).lastrowid
    stored = np.ascontiguousarray(vectors, dtype=STORED)
    connection.execute("INSERT INTO vectors (passage, vector) VALUES (?, ?)", (row, stored[0].tobytes()))
    connection.execute("INSERT INTO windows (passage, vectors) VALUES (?, ?)", (row, stored[1:].tobytes()))
    write_terms(connection, row or 0, document, passage)


def write_terms(connection: sqlite3.Connection, row: int, document: Document, passage: Passage) -> None:
    """Write the terms by which the passage in ``row`` is found."""
    connection.execute(
        "INSERT INTO terms (rowid, title, section, text) VALUES (?, ?, ?, ?)",
        (row, *map(" ".join, terms_of(document, passage))),
    )


def remove_passages(connection: sqlite3.Connection, number: int) -> None:
    """Remove all passages of the document in row ``number``, their vectors and words.

    The full-text index only marks what is removed, hence the note that ``forget_words`` is due.
    """
    connection.execute("DELETE FROM terms WHERE rowid IN (SELECT id FROM passages WHERE document = ?)", (number,))
    connection.execute("DELETE FROM passages WHERE document = ?", (number,))
    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'removals'")
    write_meta(connection, {"purge": "1", "saved": ""})


def forget_words(connection: sqlite3.Connection) -> None:
    """Merge all parts of the full-text index, which drops the words of removed passages."""
    connection.execute("INSERT INTO terms (terms) VALUES ('optimize')")


def document_from(row: Row) -> Document:
    """Return the document that ``write_document`` wrote, under its public name."""
    return Document(
        name=row["name"],
        text=row["text"],
        sha256=row["sha256"],
        media_type=row["media_type"],
        title=row["title"],
        date=row["date"],
        headings=tuple(Heading(**heading) for heading in json.loads(row["headings"])),
        pages=tuple(json.loads(row["pages"])),
        empty_pages=tuple(json.loads(row["empty_pages"])),
        recognised_pages=tuple((page, confidence) for page, confidence in json.loads(row["recognised_pages"])),
        language=row["language"],
    )


def passage_from(row: Row, document: Row) -> Passage:
    """Return the passage in ``row``, its text cut from the stored text of its ``document``."""
    return Passage(
        document=document["name"],
        start=row["start"],
        end=row["end"],
        text=document["text"][row["start"] : row["end"]],
        title=document["title"],
        date=document["date"],
        section=row["section"],
        header=row["header"],
        page=row["page"],
        id=row["id"],
    )


def content_from(connection: sqlite3.Connection, document: Row) -> Content:
    """Return what the document in the row ``document`` was put into the index with."""
    query = (
        "SELECT p.*, v.vector, w.vectors FROM passages p JOIN vectors v ON v.passage = p.id "
        "JOIN windows w ON w.passage = p.id WHERE p.document = ? ORDER BY p.id"
    )
    found = connection.execute(query, (document["id"],)).fetchall()
    dimension = int(read_meta(connection)["dimension"])
    return Content(
        replace(document_from(document), name=document["path"]),
        [replace(passage_from(row, document), document=document["path"], id=0) for row in found],
        [_matrix(row["vector"] + row["vectors"], dimension) for row in found],
        [row["text_hash"] for row in found],
    )


def passage_ids(connection: sqlite3.Connection, within: Filter) -> list[PassageId]:
    """Return the passages that ``within`` lets through. Ids grow as documents are written and as their texts go."""
    query = "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document JOIN sources s ON s.id = d.source"
    given = {"d.name": within.documents, "s.path": within.sources}
    wanted = {column: json.dumps(sorted(values)) for column, values in given.items() if values is not None}
    tests = " AND ".join(f"{column} IN (SELECT value FROM json_each(?))" for column in wanted)
    where = f" WHERE {tests}" if tests else ""
    return [row["id"] for row in connection.execute(f"{query}{where} ORDER BY p.id", tuple(wanted.values()))]


def empty_vectors(connection: sqlite3.Connection, meta: Mapping[str, str]) -> VectorIndex:
    """Return vectors without any, in the lists that the index has."""
    dimension = int(meta["dimension"])
    if not meta["lists"]:
        return VectorIndex(dimension)
    found = connection.execute("SELECT vector FROM centroids ORDER BY list").fetchall()
    centroids = np.frombuffer(b"".join(row["vector"] for row in found), dtype=np.float32).reshape(-1, dimension)
    return VectorIndex(dimension, centroids, int(meta["probes"]))


def write_lists(connection: sqlite3.Connection, vectors: VectorIndex, recall: float) -> None:
    """Note how ``vectors`` are parted into lists, and the share of the nearest that was found so."""
    connection.execute("DELETE FROM centroids")
    many = vectors.lists > 1
    if many:
        blobs = ((number, row.tobytes()) for number, row in enumerate(vectors.centroids))
        connection.executemany("INSERT INTO centroids (list, vector) VALUES (?, ?)", blobs)
    noted = {"organised": len(vectors), "probes": vectors.probes, "recall": round(recall, 4)}
    token = secrets.token_hex(8) if many else ""
    write_meta(connection, {"lists": token, **{key: str(value) for key, value in noted.items()}})


def update_vectors(connection: sqlite3.Connection, vectors: VectorIndex, removals: bool) -> None:
    """Bring ``vectors`` to the state of the database: remove what is gone, add what is new.

    Ids only grow, so that what is new lies above what is there. Without ``removals`` nothing else has changed.
    """
    if removals:
        (listed,) = connection.execute("SELECT group_concat(id) FROM passages").fetchone()
        there = np.fromstring(listed or "", dtype=np.int64, sep=",")
        vectors.remove(np.setdiff1d(vectors.ids, there, assume_unique=True))
    query = "SELECT passage, vector FROM vectors WHERE passage > ? ORDER BY passage"
    new = connection.execute(query, (int(vectors.ids[-1]) if len(vectors) else 0,))
    while found := new.fetchmany(BATCH):
        matrix = _matrix(b"".join(row["vector"] for row in found), vectors.dimension)
        vectors.add([row["passage"] for row in found], matrix)


def sample_windows(connection: sqlite3.Connection, ids: Sequence[int], dimension: int) -> NDArray[np.float32]:
    """Return the vector of the first window of each passage of ``ids`` that has one, shape (windows, dimension)."""
    found = select_in(connection, "SELECT vectors FROM windows WHERE passage IN ({}) ORDER BY passage", ids)
    size = dimension * STORED().itemsize
    return _matrix(b"".join(row["vectors"][:size] for row in found), dimension)


def known_vectors(
    connection: sqlite3.Connection, hashes: Iterable[str], dimension: int
) -> dict[str, NDArray[np.float32]]:
    """Return what ``write_passage`` was given as vectors, by the hash it was given with them."""
    query = (
        "SELECT p.text_hash, v.vector, w.vectors FROM passages p JOIN vectors v ON v.passage = p.id "
        "JOIN windows w ON w.passage = p.id WHERE p.text_hash IN ({})"
    )
    found = select_in(connection, query, set(hashes))
    return {row["text_hash"]: _matrix(row["vector"] + row["vectors"], dimension) for row in found}


def stored_vectors(
    connection: sqlite3.Connection, ids: Sequence[int], dimension: int
) -> dict[int, NDArray[np.float32]]:
    """Return the vector of each passage of ``ids`` that has one."""
    found = select_in(connection, "SELECT passage, vector FROM vectors WHERE passage IN ({})", ids)
    return {row["passage"]: _matrix(row["vector"], dimension)[0] for row in found}


def best_windows(connection: sqlite3.Connection, vector: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
    """Return for each passage of ``ids`` the highest cosine of the unit ``vector`` with one of its windows."""
    found = select_in(connection, "SELECT passage, vectors FROM windows WHERE passage IN ({})", ids)
    found = [row for row in found if row["vectors"]]
    if not found:
        return {}
    matrix = _matrix(b"".join(row["vectors"] for row in found), len(vector))
    # Row by row in 64 bits: a cosine never depends on what stands beside it.
    cosines = np.einsum("ij,j->i", matrix.astype(np.float64), vector.astype(np.float64))
    sizes = [len(row["vectors"]) // (len(vector) * STORED().itemsize) for row in found]
    starts = np.cumsum([0, *sizes[:-1]])
    best = np.maximum.reduceat(cosines, starts)
    return {row["passage"]: float(cosine) for row, cosine in zip(found, best, strict=True)}


def _matrix(data: bytes, dimension: int) -> NDArray[np.float32]:
    return np.frombuffer(data, dtype=STORED).reshape(-1, dimension).astype(np.float32)


def select_in(connection: sqlite3.Connection, query: str, values: Iterable[int | str]) -> list[sqlite3.Row]:
    """Return the rows of ``query``, whose ``{}`` stands for the ``values`` of an IN list, of any length."""
    rest: Sequence[int | str] = list(values)
    rows: list[sqlite3.Row] = []
    for first in range(0, len(rest), 500):
        part = rest[first : first + 500]
        rows += connection.execute(query.format(", ".join("?" * len(part))), part).fetchall()
    return rows
