"""Copy the SQLite file with SQLite's backup API, from an index in use or into one.

Both happen while others read. Into an index it is one transaction: readers, in this process and in others, go on with
the old content until it is committed, and find the new one after that, as after any other change.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import IndexDamaged, IndexFault, IndexMissing
from rag.indexes.sqlite import rows
from rag.indexes.sqlite.database import DATABASE, Storage, translated
from rag.indexes.sqlite.dense import VECTORS

__all__ = [
    "ASIDE",
    "copy",
    "drop_vectors",
    "held",
    "make_room",
    "move_source",
    "noted_in",
    "problem_in",
    "set_aside",
    "start_after",
    "take_over",
]

ASIDE = "damaged-"
"""How the names of the folders begin that ``set_aside`` makes."""
APART = 10**9
"""Ids that are left free, so that two indexes in use at the same time give no passage the same one."""


def copy(folder: Path, target: Path) -> None:
    """Write the database in ``folder`` to the file ``target``, as it is at one moment; changes go on meanwhile.

    Raises:
        IndexMissing, IndexFault: there is none, it is damaged, or the disk is full.
    """
    storage = Storage(folder, read_only=True)
    with closing(storage), storage.reading() as source, _plain(target) as copied:
        source.backup(copied)
        copied.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def held(folder: Path) -> Iterator[Storage]:
    """Lend the database in ``folder`` and keep every writer out.

    Raises:
        IndexMissing, IndexDamaged: there is none, or it cannot be opened.
        IndexBusy: another process is changing it.
    """
    with closing(Storage(folder)) as storage, storage.locked():
        yield storage


def drop_vectors(folder: Path) -> None:
    """Delete the copy of the vectors; the next search makes it again."""
    with held(folder) as storage, storage.transaction(counted=False) as connection:
        rows.write_meta(connection, {"saved": ""})
        (folder / VECTORS).unlink(missing_ok=True)


def noted_in(file: Path) -> dict[str, str]:
    """Return what the database in ``file``, a copy, notes about itself."""
    with _plain(file) as connection:
        return rows.read_meta(connection)


def problem_in(file: Path) -> str:
    """Return what is wrong with the database in ``file``, a copy; "" if nothing is."""
    try:
        with _plain(file) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            return "" if found == ["ok"] and rows.read_meta(connection) else "; ".join(found)
    except IndexFault as error:
        return str(error)


def move_source(file: Path, old: str, new: str) -> None:
    """Note in the database in ``file``, a copy, that what came from the folder ``old`` is in the folder ``new`` now."""
    with _plain(file) as connection:
        connection.execute("UPDATE OR IGNORE sources SET path = ? WHERE path = ?", (new, old))


def take_over(live: Storage, staged: Path) -> None:
    """Replace the content of the database ``live`` with that of ``staged``, atomically.

    The generation continues, no passage id is reused, and everything that depends on passages is due for a cleanup.
    """
    with _plain(staged) as source:
        with suppress(IndexFault), live.reading() as connection:  # What is damaged is not followed upon.
            _follow(source, connection)
        live.path.with_name(VECTORS).unlink(missing_ok=True)
        live.overwrite(source)
        live.checkpoint()


def start_after(folder: Path, other: Path) -> None:
    """Let the ids of the new index in ``folder`` start far after those of ``other``, and copy its notes."""
    with closing(Storage(other, read_only=True)) as storage, storage.reading() as connection:
        used, meta = _used(connection), rows.read_meta(connection)
    with closing(Storage(folder)) as storage, storage.transaction() as connection:
        _use(connection, {name: number + APART for name, number in used.items()})
        rows.write_meta(connection, {key: meta[key] for key in ("created", "calibration") if key in meta})


def set_aside(folder: Path) -> Path:
    """Copy the database in ``folder`` with its log into a new folder inside it; return that folder."""
    aside = folder / f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    aside.mkdir()
    for file in folder.glob(DATABASE + "*"):
        shutil.copy2(file, aside)
    return aside


def make_room(folder: Path, keep: bool = True) -> None:
    """See to it that there is a database in ``folder`` to be overwritten: one that cannot be opened makes room.

    A copy of it is kept, unless there is one already.
    """
    try:
        Storage(folder).close()
        return
    except IndexDamaged:
        if keep:
            set_aside(folder)
        for end in ("-wal", "-shm", ""):
            (folder / (DATABASE + end)).unlink(missing_ok=True)
    except IndexMissing:
        pass
    Storage(folder, create=True).close()


def _follow(staged: sqlite3.Connection, live: sqlite3.Connection) -> None:
    """Let ``staged`` follow upon ``live``."""
    old, new = rows.read_meta(live), rows.read_meta(staged)
    later = {key: str(max(int(meta.get(key, 0)) for meta in (old, new)) + 1) for key in ("generation", "removals")}
    drawn = {key: secrets.token_hex(8) for key in ("state", "made")}
    staged.execute("BEGIN IMMEDIATE")
    rows.write_meta(staged, later | drawn | {"saved": "", "purge": "1"})
    _use(staged, _used(live))
    staged.execute("COMMIT")


def _used(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the highest id that was given in each table."""
    return {row["name"]: row["seq"] for row in connection.execute("SELECT name, seq FROM sqlite_sequence")}


def _use(connection: sqlite3.Connection, used: dict[str, int]) -> None:
    """Give no id up to those in ``used`` any more."""
    numbers = {name: max(number, used.get(name, 0)) for name, number in ({**used, **_used(connection)}).items()}
    connection.execute("DELETE FROM sqlite_sequence")
    connection.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", numbers.items())


@contextmanager
def _plain(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that nobody else uses."""
    with translated(file), closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection
