"""The SQLite file behind the index: schema, connections, transactions and the lock between writers.

``synchronous=FULL`` makes each commit reach the disk before it is reported: in WAL mode the weaker ``NORMAL`` may
lose the last commits when the power fails. ``secure_delete`` writes zeros over what was deleted.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import IndexDamaged, IndexFault
from rag.indexes.shared import busy, missing

__all__ = ["DATABASE", "NOTES", "SCHEMA_VERSION", "TERMS", "Storage", "damaged", "translated"]

DATABASE = "footnote.db"
SCHEMA_VERSION = "5"

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE,
    path TEXT NOT NULL, name TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, date TEXT NOT NULL, language TEXT NOT NULL, media_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    headings TEXT NOT NULL, pages TEXT NOT NULL, empty_pages TEXT NOT NULL,
    recognised_pages TEXT NOT NULL DEFAULT '[]',
    ingested_at TEXT NOT NULL, characters INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (source, path));
CREATE INDEX IF NOT EXISTS documents_sha256 ON documents (sha256);
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, section TEXT NOT NULL, header TEXT NOT NULL,
    page INTEGER, text_hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS passages_document ON passages (document);
CREATE INDEX IF NOT EXISTS passages_text_hash ON passages (text_hash);
CREATE TABLE IF NOT EXISTS vectors (
    passage INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS windows (
    passage INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE, vectors BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS centroids (list INTEGER PRIMARY KEY, vector BLOB NOT NULL);
"""

TERMS = """
CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5(title, section, text, tokenize='ascii');
"""
"""Holds what ``rag.text.terms`` makes of the texts, with spaces between: letters beyond ASCII part no words here."""

NOTES = frozenset(
    "schema made embedder fingerprint dimension passage_tokens "
    "generation state removals purge saved lists probes".split()
)
"""What every index notes about itself."""

NEXT_GENERATION = """
UPDATE meta SET value = CASE key WHEN 'generation' THEN CAST(value AS INTEGER) + 1 ELSE lower(hex(randomblob(8))) END
WHERE key IN ('generation', 'state')
"""
"""The generation counts; the state is drawn, so that it also differs after an older copy was put back."""

WAIT = 5.0
"""Seconds that a writer waits for another one before it gives up."""


class Storage:
    """Connections to one SQLite file: as many readers as there are threads, and one writer.

    Raises:
        IndexMissing: there is no file and ``create`` is not set.
        IndexFault: the file cannot be opened, or is not a database.
    """

    def __init__(self, folder: Path, read_only: bool = False, create: bool = False) -> None:
        self.path = folder / DATABASE
        self.read_only = read_only
        self._idle: list[sqlite3.Connection] = []
        self._pool = threading.Lock()
        self._turn = threading.RLock()
        self._lock = FileLock(folder / "lock", thread_local=False)
        self._writer: sqlite3.Connection | None = None
        self._query = "mode=ro" if read_only else "mode=rw"
        if not create and not self.path.is_file():
            raise missing(folder)
        with translated(self.path):
            if create:
                self._create(folder)
            self._probe(folder)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to this thread; all reads inside see the same state of the index."""
        with translated(self.path):
            with self._pool:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._connect(self._query)
            connection.execute("BEGIN")
            try:
                yield connection
            except (ValueError, KeyError, TypeError, IndexError) as error:  # Rows that were written are understood.
                raise damaged(self.path, error) from error
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                with self._pool:
                    self._idle.append(connection)

    @contextmanager
    def locked(self, wait: float | None = None) -> Iterator[None]:
        """Keep every other writer out, in this process and in others. May be nested.

        Raises:
            IndexBusy: another writer holds the lock for longer than ``wait`` seconds (``WAIT``).
        """
        wait = WAIT if wait is None else wait
        if self.read_only:
            raise IndexFault(f"The index in {self.path.parent} was opened for reading only.")
        if not self._turn.acquire(timeout=wait):
            raise busy(self.path.parent)
        try:
            with self._lock.acquire(timeout=wait):
                yield
        except Timeout:
            raise busy(self.path.parent) from None
        finally:
            self._turn.release()

    @contextmanager
    def transaction(self, counted: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend the writing connection: all changes inside are kept, or none. Nested, it joins the outer one.

        What is not ``counted`` changes nothing that a search depends on, and leaves the generation as it is.
        """
        with self.locked(), translated(self.path):
            self._writer = self._writer or self._connect("mode=rw")
            if self._writer.in_transaction:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                if counted:
                    self._writer.execute(NEXT_GENERATION)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # A full disk has ended it already.
                    self._writer.execute("ROLLBACK")
                raise

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database and empty it; return False where a reader still needs it."""
        with self.locked(), translated(self.path):
            self._writer = self._writer or self._connect("mode=rw")
            (hindered, _, _) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not hindered

    def overwrite(self, source: sqlite3.Connection) -> None:
        """Put the content of the database behind ``source`` in place of all that is here: all of it, or nothing."""
        with self.locked(), translated(self.path), closing(self._connect("mode=rw")) as connection:
            source.backup(connection)

    def close(self) -> None:
        """Close every connection; the last one of all processes removes the write-ahead log."""
        with self._pool:
            for connection in [*self._idle, *filter(None, [self._writer])]:
                connection.close()
            self._idle.clear()
            self._writer = None

    def _create(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexFault(f"The folder {folder} cannot be made: {error.strerror}.") from error
        with self.locked():
            connection = self._connect("mode=rwc")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(f"BEGIN;{SCHEMA}{TERMS}COMMIT;")
            connection.close()

    def _probe(self, folder: Path) -> None:
        """See that the file is a database with our tables; fall back to a medium that cannot be written."""
        try:
            with self.reading() as connection:
                tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        except IndexFault:
            if not self.read_only or "immutable" in self._query:
                raise
            self.close()
            self._query = "mode=ro&immutable=1"
            self._probe(folder)
            return
        if tables is None:
            raise missing(folder)

    def _connect(self, query: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?{query}",
            uri=True,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys=ON")
        if query != "mode=ro" and "immutable" not in query:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA secure_delete=ON")
        return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite says into what a user can do about it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "decode" in str(error):
            raise damaged(path, error) from error
        raise IndexFault(
            f"The index {path} cannot be used ({error}). Check that its folder can be written, that the disk "
            "is not full and that no other program holds the file."
        ) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # The latter for a damaged schema.
        if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
            raise
        raise damaged(path, error) from error


def damaged(path: Path, error: object) -> IndexDamaged:
    """Return the error for a database in which something else stands than was written."""
    return IndexDamaged(
        f"The index {path} is damaged ({error}). Run 'footnote doctor --repair': it keeps a copy of the damaged file "
        "and saves what can be read, or restore a backup with 'footnote restore FILE'."
    )
