"""Brings an index that an earlier version made to today's schema, where its documents need not be read again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from rag.indexes.sqlite import rows
from rag.indexes.sqlite.database import SCHEMA_VERSION, TERMS, Storage
from rag.text.detection import detect

__all__ = ["OLDEST", "is_due", "migrate"]

OLDEST = "4"
"""The earliest schema from which an index is brought to today's."""
ADDED = {
    "language": "ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT ''",
    "recognised_pages": "ALTER TABLE documents ADD COLUMN recognised_pages TEXT NOT NULL DEFAULT '[]'",
}
"""Columns of documents that came later: some of them even without another number of the schema."""


def is_due(storage: Storage) -> bool:
    """Return whether the index is one of those that ``migrate`` brings to today's schema."""
    with storage.reading() as connection:
        schema = rows.read_meta(connection).get("schema")
        return schema == OLDEST or (schema == SCHEMA_VERSION and bool(_missing(connection)))


def migrate(storage: Storage) -> None:
    """Note the language of each document, and write the terms of its passages anew; texts and vectors stay.

    All of it is there afterwards, or nothing has changed.
    """
    with storage.transaction() as connection:
        for change in _missing(connection):  # None where another process was quicker.
            connection.execute(change)
        connection.execute("DROP TABLE terms")
        connection.execute(TERMS)
        for row in connection.execute("SELECT id FROM documents ORDER BY id").fetchall():
            _write_document(connection, row["id"])
        rows.write_meta(connection, {"schema": SCHEMA_VERSION})


def _missing(connection: sqlite3.Connection) -> list[str]:
    present = {row["name"] for row in connection.execute("PRAGMA table_info(documents)")}
    return [change for column, change in ADDED.items() if column not in present]


def _write_document(connection: sqlite3.Connection, number: int) -> None:
    stored = connection.execute("SELECT * FROM documents WHERE id = ?", (number,)).fetchone()
    document = rows.document_from(stored)
    document = replace(document, language=detect(document.text))
    connection.execute("UPDATE documents SET language = ? WHERE id = ?", (document.language, number))
    for row in connection.execute("SELECT * FROM passages WHERE document = ? ORDER BY id", (number,)).fetchall():
        rows.write_terms(connection, row["id"], document, rows.passage_from(row, stored))
