"""Backups: one file with everything that belongs to an index, made and restored while the index is in use.

The file is a ZIP archive; ``manifest.json`` in it names every other file with its size and SHA-256. What can be made
again (the copy of the vectors, attention states) is left out. Put back, all of it is checked first, in a folder of its
own; then that folder gets the name ``restore``, and from this moment on whoever opens the index finishes the work.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from rag import archive, feedback
from rag.errors import BackupError, IndexDamaged, IndexMissing
from rag.indexes import upkeep
from rag.indexes.upkeep import ASIDE, DATABASE, DERIVED, SCHEMA_VERSION

__all__ = ["RESTORING", "Manifest", "back_up", "finish", "restore"]

MANIFEST = "manifest.json"
FORMAT = 1
RESTORING, STAGED = "restore", "restore.new"
"""Folders of what is put back: once it is whole, and while it is being unpacked."""
OWN = (archive.FOLDER, archive.UNANSWERED, feedback.FILE, "gaps.json", "uploads")
"""What a backup without them removes from the index that it is put back into."""
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a backup: ``files`` has the size in bytes and the SHA-256 of each file, by path.

    ``folder`` is where the index was.
    """

    format: int
    made_at: str
    schema: str
    generation: str
    embedder: str
    folder: str
    files: dict[str, tuple[int, str]]


def back_up(folder: Path, target: Path) -> Manifest:
    """Write a backup of the index in ``folder`` to the file ``target``; questions and changes go on meanwhile.

    Raises:
        BackupError: ``target`` exists, lies in the index, or cannot be written.
        IndexFault: there is no index, or it is damaged.
    """
    if target.exists() or not target.parent.is_dir():
        fault = "exists already" if target.exists() else "lies in a folder that does not exist"
        raise BackupError(f"{target} {fault}. Choose another name for the backup.")
    if target.resolve().is_relative_to(folder.resolve()):
        raise BackupError(f"{target} lies in the folder of the index. Choose a place outside.")
    part, database = (target.with_name(f"{target.name}.{end}") for end in ("part", "database"))
    try:
        upkeep.copy(folder, database)
        manifest = _write(folder, database, part)
        part.replace(target)
    except OSError as error:
        raise BackupError(f"The backup {target} cannot be written ({error.strerror or error}).") from error
    finally:
        for file in (part, database):
            file.unlink(missing_ok=True)
    return manifest


def _write(folder: Path, database: Path, part: Path) -> Manifest:
    meta = upkeep.noted_in(database)
    files = dict[str, tuple[int, str]]()
    with part.open("wb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            files[DATABASE] = _add(made, database, DATABASE)
            for file in _belongings(folder):
                name = file.relative_to(folder).as_posix()
                with suppress(FileNotFoundError):  # Deleted meanwhile.
                    files[name] = _add(made, file, name)
            at = datetime.now(UTC).isoformat(timespec="seconds")
            manifest = Manifest(
                FORMAT, at, meta["schema"], meta["generation"], meta["embedder"], str(folder.resolve()), files
            )
            made.writestr(MANIFEST, json.dumps(asdict(manifest)))
        stream.flush()
        os.fsync(stream.fileno())
    return manifest


def _add(made: zipfile.ZipFile, file: Path, name: str) -> tuple[int, str]:
    with file.open("rb") as source, made.open(name, "w", force_zip64=True) as target:
        return _copy(source, target)


def _copy(source: Any, target: Any) -> tuple[int, str]:
    """Copy ``source`` to ``target``, and return the number of bytes and their SHA-256."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        target.write(block)
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def _belongings(folder: Path) -> Iterator[Path]:
    """Yield every file of the index but the database, what is made of it, and other indexes inside the folder."""
    for entry in sorted(folder.iterdir()):
        if entry.name in (*DERIVED, RESTORING, STAGED) or entry.name.startswith((DATABASE, ASIDE, ".")):
            continue
        if entry.is_dir() and not (entry / DATABASE).exists():
            yield from sorted(file for file in entry.rglob("*") if file.is_file() and not file.is_symlink())
        elif entry.is_file() and entry.suffix not in (".lock", ".new", ".part"):
            yield entry


def restore(folder: Path, source: Path) -> Manifest:
    """Check the backup in the file ``source``, then replace the index in ``folder`` with it.

    A running server continues with it, as after any other change.

    Raises:
        BackupError: it cannot be read, is damaged, or a newer version made it; nothing has changed.
        IndexBusy: another process is changing the index.
    """
    staged = folder / STAGED
    finish(folder)
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        manifest = _unpack(source, staged)
        if problem := upkeep.problem_in(staged / DATABASE):
            raise BackupError(f"The backup {source} holds a damaged index ({problem}). Use an older one.")
        # Uploads are in the folder of the index, wherever that is now.
        places = (str(place.resolve() / "uploads") for place in (Path(manifest.folder), folder))
        upkeep.move_source(staged / DATABASE, *places)
        with _others_out(folder):
            staged.rename(folder / RESTORING)
    except OSError as error:
        raise BackupError(f"The backup {source} cannot be put back ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    finish(folder)
    return manifest


@contextmanager
def _others_out(folder: Path) -> Iterator[None]:
    """Lock the index against other writers, if there is one."""
    with ExitStack() as stack:
        with suppress(IndexMissing, IndexDamaged):
            stack.enter_context(upkeep.held(folder))
        yield


def _unpack(source: Path, staged: Path) -> Manifest:
    try:
        with zipfile.ZipFile(source) as made:
            table = json.loads(made.read(MANIFEST))
            manifest = Manifest(**{**table, "files": {name: tuple(file) for name, file in table["files"].items()}})
            _check(source, manifest)
            for name, (size, digest) in manifest.files.items():
                file = staged / name
                file.parent.mkdir(parents=True, exist_ok=True)
                with made.open(name) as packed, file.open("wb") as target:
                    if _copy(packed, target) != (size, digest):
                        raise BackupError(f"The backup {source} is damaged: '{name}' is not what was saved.")
                    _flush(target)
            (staged / MANIFEST).write_bytes(made.read(MANIFEST))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError) as error:
        raise BackupError(f"{source} is not a backup of an index, or a damaged one ({error}).") from error
    return manifest


def _check(source: Path, manifest: Manifest) -> None:
    if manifest.format > FORMAT or int(manifest.schema) > int(SCHEMA_VERSION):
        raise BackupError(f"A newer version of Footnote made the backup {source}. Update Footnote to use it.")
    for name in manifest.files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            raise ValueError(f"'{name}' would lie outside the index")
    if DATABASE not in manifest.files:
        raise KeyError(DATABASE)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def finish(folder: Path) -> None:
    """Do what is left to do of putting a backup back: all of it, or what a killed process left.

    Raises:
        IndexBusy: another process is changing the index, or is at it already.
    """
    restoring = folder / RESTORING
    if not (restoring / MANIFEST).is_file():
        return
    upkeep.make_room(folder)
    with upkeep.held(folder) as live:
        if not (restoring / MANIFEST).is_file():  # Another process was quicker.
            return
        names = {PurePosixPath(name).parts[0] for name in json.loads((restoring / MANIFEST).read_bytes())["files"]}
        if (restoring / DATABASE).exists():
            upkeep.take_over(live, restoring / DATABASE)
            (restoring / DATABASE).unlink()
        for name in {*names, *OWN} - {DATABASE}:
            _put_back(restoring / name, folder / name, name in names)
        for derived in ("states", upkeep.BESIDE):
            shutil.rmtree(folder / derived, ignore_errors=True)
        (restoring / MANIFEST).unlink()
    shutil.rmtree(restoring, ignore_errors=True)


def _put_back(source: Path, target: Path, kept: bool) -> None:
    """Put ``source`` in place of ``target``; without a source that was done before, if it was ``kept`` at all."""
    if kept and not source.exists():
        return
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    if kept:
        source.rename(target)
