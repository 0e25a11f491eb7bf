"""Brings an index that an earlier version made to today's schema, where its documents need not be read again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from rag.indexes.sqlite import rows
from rag.indexes.sqlite.database import SCHEMA_VERSION, TERMS, Storage
from rag.text.detection import detect

__all__ = ["OLDEST", "migrate"]

OLDEST = "4"
"""The earliest schema from which an index is brought to today's."""


def migrate(storage: Storage) -> None:
    """Note the language of each document, and write the terms of its passages anew; texts and vectors stay.

    All of it is there afterwards, or nothing has changed.
    """
    with storage.transaction() as connection:
        if rows.read_meta(connection)["schema"] != OLDEST:  # another process was quicker
            return
        connection.execute("ALTER TABLE documents ADD COLUMN language TEXT NOT NULL DEFAULT ''")
        connection.execute("DROP TABLE terms")
        connection.execute(TERMS)
        for row in connection.execute("SELECT id FROM documents ORDER BY id").fetchall():
            _write_document(connection, row["id"])
        rows.write_meta(connection, {"schema": SCHEMA_VERSION})


def _write_document(connection: sqlite3.Connection, number: int) -> None:
    stored = connection.execute("SELECT * FROM documents WHERE id = ?", (number,)).fetchone()
    document = rows.document_from(stored)
    document = replace(document, language=detect(document.text))
    connection.execute("UPDATE documents SET language = ? WHERE id = ?", (document.language, number))
    for row in connection.execute("SELECT * FROM passages WHERE document = ? ORDER BY id", (number,)).fetchall():
        rows.write_terms(connection, row["id"], document, rows.passage_from(row, stored))
