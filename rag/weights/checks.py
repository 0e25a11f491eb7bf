"""Check the files of a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rag.weights.hashes import Progress, note, noted, sha256, trusted
from rag.weights.registry import File

__all__ = ["expected", "problem"]


def expected(home: Path, file: File) -> File:
    """Return ``file`` with its expected hash: the registered one, or that of its first download to ``home``.

    Without either, the hash stays empty.
    """
    if file.sha256:
        return file
    size, digest = trusted(home, file.name)
    return replace(file, size=file.size or size, sha256=digest)


def problem(home: Path, file: File, progress: Progress | None = None) -> str | None:
    """Return the problem with ``file`` in the model folder ``home``, if any; earlier checks are remembered."""
    path, right = home / file.name, expected(home, file)
    if not path.is_file():
        return f"{file.name} is missing"
    if not right.sha256:
        return f"{file.name} was not downloaded by Footnote, so its hash is unknown"
    size = path.stat().st_size
    if size != (right.size or size):
        return f"{file.name} has {size:,} bytes instead of {right.size:,}"
    digest = noted(home, file.name, path)
    if digest is None:
        digest = sha256(path, progress)
        if digest == right.sha256:
            note(home, file.name, path, digest)
    if digest == right.sha256:
        return None
    what = "the published one" if file.sha256 else "the one downloaded first"
    return f"{file.name} differs from {what} (its SHA-256 is {digest[:12]}…)"
