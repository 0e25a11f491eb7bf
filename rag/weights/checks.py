"""Whether a file of a model is what it should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rag.weights.hashes import Progress, note, noted, sha256, trusted
from rag.weights.registry import File

__all__ = ["expected", "problem"]


def expected(home: Path, file: File) -> File:
    """Return ``file`` with what it is held against: the registered hash, or the one of its first download to ``home``.

    The hash stays empty where there is neither.
    """
    if file.sha256:
        return file
    size, digest = trusted(home, file.name)
    return replace(file, size=file.size or size, sha256=digest)


def problem(home: Path, file: File, progress: Progress | None = None) -> str | None:
    """Return what is wrong with ``file`` in the model folder ``home``, trusting a note of an earlier check."""
    path, right = home / file.name, expected(home, file)
    if not path.is_file():
        return f"{file.name} is missing"
    if not right.sha256:
        return f"{file.name} did not come by a pull, so that no hash of it is known"
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
    what = "what was published" if file.sha256 else "what came at first"
    return f"{file.name} is not {what} (its SHA-256 is {digest[:12]}…)"
