"""The index in a folder: documents, passages, vectors and terms, opened, changed and searched.

SQLite holds the truth (modules ``database`` and ``rows`` beside this one); the vectors in memory are derived from it
(``dense``), the full-text index is part of it (``lexical``).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import IndexBusy, IndexFault, IndexMismatch
from rag.indexes.shared import check_embedder, check_passages, missing, now, origin, taken, unknown, weighed
from rag.indexes.sqlite import rows
from rag.indexes.sqlite.database import DATABASE, NOTES, SCHEMA_VERSION, Storage, damaged
from rag.indexes.sqlite.dense import VECTORS, DenseSearch
from rag.indexes.sqlite.lexical import LexicalSearch
from rag.indexes.sqlite.migration import OLDEST, is_due, migrate
from rag.ports import (
    EVERYTHING,
    Change,
    Content,
    Deletion,
    Described,
    DocumentInfo,
    Filter,
    Listener,
    PassageId,
    Removal,
    Scored,
    Vectors,
)
from rag.types import Document, Passage

__all__ = ["SqliteIndex"]


class SqliteIndex:
    """One index folder. Any number of threads and processes may read while one writes.

    Made by ``open`` or ``create``; a context manager. Reads raise IndexFault where the file is damaged, and writes
    IndexBusy where another writer holds the index.
    """

    def __init__(
        self, folder: Path, storage: Storage, embedder: Described | None, listeners: Sequence[Listener] = ()
    ) -> None:
        self.folder = folder
        self._storage = storage
        self._listeners = listeners
        self._embedder = embedder
        self._dense = DenseSearch(storage, self._checked)
        self._lexical = LexicalSearch(storage)
        self._depth = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        embedder: Described | None = None,
        read_only: bool = False,
        listeners: Sequence[Listener] = (),
    ) -> SqliteIndex:
        """Open what is there; without an ``embedder`` for listing, reading and deleting, but not for searching.

        ``listeners`` are told of documents and passages that are removed.

        Raises:
            IndexMissing: there is none.
            IndexMismatch: it was made by another embedder or another version.
        """
        index = cls(folder, Storage(folder, read_only), embedder, listeners)
        try:
            if is_due(index._storage):
                if read_only:
                    raise index._made_by_another_version(OLDEST)
                migrate(index._storage)
            meta = index._checked(index._meta())
        except IndexFault:
            index.close()
            raise
        if meta["purge"] == "1" and not read_only:
            with suppress(IndexBusy), index._storage.locked(wait=0):
                index._settle()
        return index

    @classmethod
    def create(
        cls, folder: Path, embedder: Described, passage_tokens: int, listeners: Sequence[Listener] = ()
    ) -> SqliteIndex:
        """Open the index in ``folder``, made where there is none, whose passages hold up to ``passage_tokens`` tokens.

        Raises:
            IndexMismatch: there is one, made by another embedder or version, or with other passages.
        """
        storage = Storage(folder, create=True)
        with storage.reading() as connection:
            new = not rows.read_meta(connection)
        if new:
            with storage.transaction() as connection:
                if not rows.read_meta(connection):  # Another process may have been quicker.
                    start = {"generation": "0", "state": "", "created": now(), "purge": "0", "removals": "0"}
                    rows.write_meta(connection, start | _made(embedder, passage_tokens))
        storage.close()
        index = cls.open(folder, embedder, listeners=listeners)
        try:
            check_passages(folder, int(index._meta()["passage_tokens"]), passage_tokens)
        except IndexMismatch:
            index.close()
            raise
        return index

    def close(self) -> None:
        """Close the files; nothing that was committed depends on it."""
        self._dense.close()
        self._storage.close()

    def __enter__(self) -> SqliteIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Return the number of passages."""
        with self._storage.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM passages").fetchone()[0])

    def __bool__(self) -> bool:
        """An index without passages is an index all the same."""
        return True

    @property
    def generation(self) -> int:
        """Counts the changes that were committed."""
        return int(self._meta()["generation"])

    @property
    def calibration(self) -> dict[str, Any] | None:
        """What :meth:`calibrate` noted last, or None."""
        noted = self._meta().get("calibration")
        return dict(json.loads(noted)) if noted else None

    # Changing.

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out over several changes, and tidy up once, at the end.

        Each change inside is still a transaction of its own, kept whatever happens later.

        Raises:
            IndexBusy: another process is changing the index.
        """
        with self._storage.locked():
            before = self.generation
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            if self._depth == 0 and self.generation != before:
                self._settle()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside are kept, or none; reads see them only afterwards."""
        with self.writing(), self._storage.transaction():
            yield

    def replace(
        self,
        source: str,
        document: Document,
        passages: Sequence[Passage],
        vectors: Sequence[Vectors],
        hashes: Sequence[str],
    ) -> str:
        """Put ``document`` in place of the one that ``source`` had under its name, and return its public name.

        ``vectors`` holds an array of shape (1 + windows, dimension) for each passage: its own vector, then those of
        its windows; ``hashes`` are those of the texts that were embedded (``text_hash``). One transaction: all of it
        is there afterwards, or nothing has changed.
        """
        content = Content(document, passages, vectors, hashes)
        with self.writing(), self._storage.transaction() as connection:
            key = rows.source_id(connection, source)
            old = rows.find(connection, key, document.name)
            name = str(old["name"]) if old else rows.unused_name(connection, source, document.name)
            self._put(connection, key, name, content, now())
        return name

    def _put(self, connection: Connection, source: int, name: str, content: Content, at: str) -> None:
        """Write a document in place of the one that ``source`` has under its path."""
        document = content.document
        old = rows.find(connection, source, document.name)
        if old is not None:
            self._dense.drop_file()
            rows.remove_passages(connection, old["id"])
        number = rows.write_document(connection, source, name, document, at, old["id"] if old else None)
        for passage, matrix, digest in zip(content.passages, content.vectors, content.hashes, strict=True):
            rows.write_passage(connection, number, document, passage, matrix, digest)

    def content(self, name: str) -> Content:
        """Return what ``replace`` was given for the document with the public ``name``.

        Raises:
            DocumentError: there is none.
        """
        with self._storage.reading() as connection:
            return rows.content_from(connection, _document_row(connection, name))

    def restore(self, info: DocumentInfo, content: Content) -> None:
        """Put a document as another index has it, under the same public name and with the same times.

        Raises:
            DocumentError: the name belongs to a document of another source or path.
        """
        with self.writing(), self._storage.transaction() as connection:
            source = rows.source_id(connection, info.source)
            if rows.is_taken(connection, info.name, source, info.path):
                raise taken(info.name)
            self._put(connection, source, info.name, content, info.ingested_at)

    def delete(self, name: str) -> bool:
        """Remove the document with the public ``name``; return whether there was one. Nothing of it stays on disk."""
        with self.writing(), self._storage.transaction() as connection:
            row = connection.execute("SELECT id, source FROM documents WHERE name = ?", (name,)).fetchone()
            if row is None:
                return False
            self._dense.drop_file()
            rows.remove_passages(connection, row["id"])
            connection.execute("DELETE FROM documents WHERE id = ?", (row["id"],))
            connection.execute("DELETE FROM sources WHERE id NOT IN (SELECT source FROM documents)")
            self._tell(Deletion(name))
        return True

    def adopt(self, embedder: Described, passage_tokens: int) -> None:
        """Drop all passages and vectors, and note that ``embedder`` makes the next ones; the documents stay."""
        with self.transaction(), self._storage.transaction() as connection:
            self._dense.drop_file()
            for row in connection.execute("SELECT id FROM documents").fetchall():
                rows.remove_passages(connection, row["id"])
            connection.execute("DELETE FROM centroids")
            rows.write_meta(connection, _made(embedder, passage_tokens))
            self._embedder = embedder

    def calibrate(self, fitted: Mapping[str, Any]) -> None:
        """Note what decides here whether to answer: ``coefficients``, ``min_confidence``, the models ``made_for``."""
        with self.transaction(), self._storage.transaction() as connection:
            rows.write_meta(connection, {"calibration": json.dumps(fitted)})

    def organise(self) -> None:
        """Part the vectors into other lists now, where the number of passages calls for it.

        It is done beside all else after a change, too, but not by a program that ends at once.
        """
        self._dense.organise()

    def _settle(self) -> None:
        """Leave no word of a removed passage with a listener, in index or log, and write the vectors' file."""
        if self._meta()["purge"] == "1":
            with self._storage.reading() as connection:
                names = {row["name"] for row in connection.execute("SELECT name FROM documents")}
            self._tell(Removal(frozenset(names), self.existing))
            with self._storage.transaction() as connection:
                rows.forget_words(connection)
            # Only when the log is empty, too, is nothing left: a kill before that leaves the note that it is due.
            if self._storage.checkpoint():
                with self._storage.transaction(counted=False) as connection:
                    rows.write_meta(connection, {"purge": "0"})
        self._storage.checkpoint()
        if self._embedder is not None:
            self._dense.save()
            self._dense.organise_soon()

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)

    # Reading.

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of each document, sorted by public name."""
        with self._storage.reading() as connection:
            found = connection.execute(
                "SELECT d.name, d.title, d.date, d.media_type, s.path AS source, d.path, d.sha256, d.characters, "
                "(SELECT count(*) FROM passages p WHERE p.document = d.id) AS passages, "
                "json_array_length(d.pages) AS pages, d.empty_pages, d.ingested_at "
                "FROM documents d JOIN sources s ON s.id = d.source ORDER BY d.name"
            ).fetchall()
        return [
            DocumentInfo(**{**row, "empty_pages": tuple(json.loads(row["empty_pages"]))}) for row in map(dict, found)
        ]

    def document(self, name: str) -> Document:
        """Return the document with the public ``name``, under that name.

        Raises:
            DocumentError: there is none.
        """
        with self._storage.reading() as connection:
            return rows.document_from(_document_row(connection, name))

    def text(self, name: str, start: int = 0, end: int | None = None) -> str:
        """Return the stored text of a document from ``start`` to ``end``, in characters.

        Raises:
            DocumentError: there is no such document.
        """
        return self.document(name).text[start:end]

    def file(self, name: str) -> Path:
        """Return the path of the file that a document was read from; it may have changed since, or gone.

        Raises:
            DocumentError: there is no such document.
        """
        query = "SELECT s.path AS source, d.path FROM documents d JOIN sources s ON s.id = d.source WHERE d.name = ?"
        with self._storage.reading() as connection:
            row = connection.execute(query, (name,)).fetchone()
        if row is None:
            raise unknown(name)
        return origin(row["source"], row["path"])

    def passage_ids(self, within: Filter = EVERYTHING) -> list[PassageId]:
        """Return all passages, document by document, each document's in the order of its text."""
        with self._storage.reading() as connection:
            return rows.passage_ids(connection, within)

    def passages(self, ids: Sequence[PassageId]) -> list[Passage]:
        """Return the passages ``ids`` in that order, without those that no longer exist."""
        with self._storage.reading() as connection:
            spans = rows.select_in(connection, "SELECT * FROM passages WHERE id IN ({})", ids)
            query = "SELECT id, name, title, date, text FROM documents WHERE id IN ({})"
            documents = rows.select_in(connection, query, {row["document"] for row in spans})
        by_id = {row["id"]: row for row in documents}
        found = {row["id"]: rows.passage_from(row, by_id[row["document"]]) for row in spans}
        return [found[i] for i in ids if i in found]

    def neighbours(self, passage: Passage) -> tuple[Passage | None, Passage | None]:
        """Return the passages before and after ``passage`` in its document, where there are any."""
        query = (
            "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE d.name = ? AND p.start {} ? "
            "ORDER BY p.start {} LIMIT 1"
        )
        with self._storage.reading() as connection:
            before = connection.execute(query.format("<", "DESC"), (passage.document, passage.start)).fetchone()
            behind = connection.execute(query.format(">", "ASC"), (passage.document, passage.start)).fetchone()
        found = {p.id: p for p in self.passages([row["id"] for row in (before, behind) if row])}
        return (found.get(before["id"]) if before else None, found.get(behind["id"]) if behind else None)

    def existing(self, ids: Collection[PassageId]) -> set[PassageId]:
        """Return those of ``ids`` that are of passages in the index."""
        with self._storage.reading() as connection:
            return {row["id"] for row in rows.select_in(connection, "SELECT id FROM passages WHERE id IN ({})", ids)}

    def files(self, source: str) -> dict[str, tuple[str, str]]:
        """Return, for each path within ``source``, the public name and the SHA-256 of the document."""
        query = "SELECT d.path, d.name, d.sha256 FROM documents d JOIN sources s ON s.id = d.source WHERE s.path = ?"
        with self._storage.reading() as connection:
            found = connection.execute(query, (source,)).fetchall()
        return {row["path"]: (row["name"], row["sha256"]) for row in found}

    def names_of(self, sha256: str) -> list[str]:
        """Return the public names of the documents with this content, the oldest first."""
        with self._storage.reading() as connection:
            found = connection.execute("SELECT name FROM documents WHERE sha256 = ? ORDER BY id", (sha256,)).fetchall()
        return [row["name"] for row in found]

    def known_vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors that ``replace`` was given with those of ``hashes`` that the index already holds."""
        with self._storage.reading() as connection:
            dimension = int(rows.read_meta(connection)["dimension"])
            return rows.known_vectors(connection, hashes, dimension)

    def stats(self) -> dict[str, Any]:
        """Return counts, the size on disk in bytes, and how the index was made."""
        with self._storage.reading() as connection:
            meta = rows.read_meta(connection)
            row = connection.execute(
                "SELECT (SELECT count(*) FROM sources) AS sources, count(*) AS documents, "
                "(SELECT count(*) FROM passages) AS passages, coalesce(sum(characters), 0) AS characters, "
                "(SELECT count(*) FROM centroids) AS lists FROM documents"
            ).fetchone()
        files = [*self.folder.glob(DATABASE + "*"), *self.folder.glob(VECTORS)]
        return {
            **{key: row[key] for key in ("sources", "documents", "passages", "characters")},
            "bytes": sum(file.stat().st_size for file in files),
            "generation": int(meta["generation"]),
            "embedder": meta["embedder"],
            "fingerprint": meta["fingerprint"],
            "dimension": int(meta["dimension"]),
            "passage_tokens": int(meta["passage_tokens"]),
            "schema": int(meta["schema"]),
            "lists": max(1, row["lists"]),
            "lists_searched": int(meta["probes"]),
            "recall": float(meta["recall"]),
            "created": meta["created"],
        }

    # Searching.

    def search_dense(self, vector: Vectors, k: int, within: Filter = EVERYTHING) -> Scored:
        """Return the ``k`` passages nearest to the unit ``vector`` with their cosine similarity."""
        return self._searchable().search(vector, k, self._allowed(within))

    def scores_dense(self, vector: Vectors, ids: Sequence[PassageId]) -> list[float]:
        """Return for each of ``ids`` the cosine of the unit ``vector`` with the passage and its best window, weighed.

        A passage is about several things, and one of its sentences may answer the question all the same. 0 for a
        passage that no longer exists.
        """
        whole = self._searchable().scores(vector, ids)
        with self._storage.reading() as connection:
            best = rows.best_windows(connection, vector, ids)
        return [weighed(cosine, best.get(i)) for i, cosine in zip(ids, whole, strict=True)]

    def search_lexical(self, question: str, k: int, within: Filter = EVERYTHING) -> Scored:
        """Return the ``k`` passages with the highest BM25, positive here; see ``rag.indexes.sqlite.lexical``."""
        return self._lexical.search(question, k, self._allowed(within))

    def coverage(self, question: str, passage: PassageId) -> float:
        """Return the share of the words of ``question`` that the passage holds, rare ones counting more."""
        return self._lexical.coverage(question, passage)

    def term_frequency(self, term: str) -> int:
        """Return the number of passages with ``term`` in any of its forms; of several words, all must be there."""
        return self._lexical.term_frequency(term)

    def _allowed(self, within: Filter) -> NDArray[np.int64] | None:
        """Return the ids of the passages that a search may find; None for all."""
        return None if within == EVERYTHING else np.sort(np.array(self.passage_ids(within), dtype=np.int64))

    def _searchable(self) -> DenseSearch:
        """Return the vectors, where there is an embedder whose questions they can be compared with."""
        if self._embedder is None:
            raise ValueError("an index opened without an embedder cannot be searched")
        return self._dense

    def _meta(self) -> dict[str, str]:
        with self._storage.reading() as connection:
            return rows.read_meta(connection)

    def _checked(self, meta: dict[str, str]) -> dict[str, str]:
        """Return ``meta``, or raise IndexMismatch where this version and embedder cannot use what it describes."""
        if not meta:
            raise missing(self.folder)
        if meta.get("schema", SCHEMA_VERSION) == SCHEMA_VERSION and not meta.keys() >= NOTES:
            raise damaged(self._storage.path, "its notes are not complete")
        if meta["schema"] != SCHEMA_VERSION:
            raise self._made_by_another_version(meta["schema"])
        check_embedder(self.folder, meta, self._embedder)
        return meta

    def _made_by_another_version(self, schema: str) -> IndexMismatch:
        return IndexMismatch(
            f"The index in {self.folder} was made by another version of Footnote (schema {schema}, not "
            f"{SCHEMA_VERSION}). {_remedy(schema)}"
        )


def _remedy(schema: str) -> str:
    if schema == OLDEST:
        return "Run 'footnote list' once where the folder can be written: it is brought up to date then."
    if schema.isdecimal() and int(schema) > int(SCHEMA_VERSION):
        return "Update Footnote, or restore an older backup: this version cannot read it, and leaves it as it is."
    return "Run 'footnote reindex': it embeds the stored texts again, and nothing has to be read anew."


def _made(embedder: Described, passage_tokens: int) -> dict[str, str]:
    """Return what the index notes about how it is made; ``made`` tells apart any two makings."""
    return {
        "schema": SCHEMA_VERSION,
        "made": secrets.token_hex(8),
        "embedder": embedder.name,
        "fingerprint": embedder.fingerprint,
        "dimension": str(embedder.dimension),
        "passage_tokens": str(passage_tokens),
        "saved": "",
        "lists": "",
        "organised": "0",
        "probes": "1",
        "recall": "1",
    }


def _document_row(connection: Connection, name: str) -> Row:
    """Return the row of the document with the public ``name``. Raises DocumentError if there is none."""
    row: Row | None = connection.execute("SELECT * FROM documents WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise unknown(name)
    return row
