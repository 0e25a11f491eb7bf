"""The weights: which are known, where they lie, and whether they are what they should be.

A model's files are ``<models folder>/<model name>/<file name>``. How they get there is told in
:mod:`rag.weights.download`.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rag.errors import ModelDamaged, ModelMissing, ModelUnknown
from rag.weights.hashes import Progress, forget, note, noted, sha256, trusted

__all__ = [
    "File",
    "HubSource",
    "IndexSource",
    "Model",
    "PathSource",
    "Progress",
    "Source",
    "expected",
    "fingerprint",
    "installed",
    "locate",
    "model",
    "problem",
    "pull",
    "registry",
    "verify",
]

REGISTRY = Path(__file__).parent / "data" / "models.toml"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model: its path within the model's folder, with ``/``; size in bytes; hexadecimal SHA-256.

    Without a ``sha256`` the file is trusted at its first download: what came then is recorded beside it, and it is
    held against that ever after. A ``size`` of 0 is not known; ``about`` is what to expect then, and is not checked.
    """

    name: str
    size: int = 0
    sha256: str = ""
    about: int = 0


@dataclass(frozen=True, slots=True)
class PathSource:
    """A folder or file of the user's own, named by the environment variable ``path``."""

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

    ``prompts`` are what an embedder is to be given in front of a text: ``query`` before a question, ``passage`` before
    anything else.
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
        """Bytes of all files together, as far as they are known."""
        return sum(file.size or file.about for file in self.files)

    @property
    def weights(self) -> File:
        """The main file: the first."""
        return self.files[0]

    @property
    def unpinned(self) -> tuple[File, ...]:
        """The files that are trusted at their first download."""
        return tuple(file for file in self.files if not file.sha256)


def registry() -> dict[str, Model]:
    """Return every registered model by its name, in the order of the data file."""
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
        ModelUnknown: there is none, and the message names the closest; or it is of another kind.
    """
    known = registry()
    if name in known and kind in ("", known[name].kind):
        return known[name]
    if name in known:
        fitting = ", ".join(other for other, found in known.items() if found.kind == kind)
        raise ModelUnknown(f"The {known[name].kind} '{name}' can't be used as {kind}. Choose one of: {fitting}.")
    within = [k for k in known if name and name.lower() in k.lower()]
    close = within or difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    hint = "did you mean " + " or ".join(f"'{c}'" for c in close) if close else "known are: " + ", ".join(known)
    raise ModelUnknown(f"There is no model '{name}'; {hint}. 'footnote models list' shows all models.")


def pull(name: str, folder: Path, progress: Progress | None = None, source: Path | None = None) -> Path:
    """Bring the model ``name`` into ``folder`` and return where it is: :func:`rag.weights.download.pull`."""
    from rag.weights import download

    return download.pull(name, folder, progress, source)


def locate(name: str, folder: Path, kind: str = "") -> Path:
    """Return the folder of an embedder or a reranker, or the GGUF file of a generator, known to be whole.

    ``name`` is a registered model, of the ``kind`` that is wanted if one is given, or the path of a GGUF file, which is
    returned as it is.

    Raises:
        ModelUnknown, ModelMissing, ModelDamaged: each says what to do.
    """
    if name.endswith(".gguf") and kind in ("", "generator"):
        return _own(Path(name).expanduser())
    found = model(name, kind)
    home = folder / name
    present = [file for file in found.files if (home / file.name).is_file()]
    if not present:
        begun = " (a part is; the download continues from there)" if any(home.glob("**/*.part")) else ""
        raise ModelMissing(
            f"The weights of {name} are not in {folder}{begun}. Download them with 'footnote models pull {name}'."
        )
    problems = [fault for file in found.files if (fault := problem(home, file))]
    if problems:
        raise ModelDamaged(
            f"The weights of {name} are damaged: {'; '.join(problems)}. "
            f"Download them again with 'footnote models pull {name}'."
        )
    return home / found.weights.name if found.kind == "generator" else home


def _own(file: Path) -> Path:
    if not file.is_file():
        raise ModelMissing(f"There is no file {file}. Choose a GGUF file, or a name from 'footnote models list'.")
    return file


def fingerprint(name: str, folder: Path) -> str:
    """Return the hexadecimal SHA-256 of the model's main file, known to be what lies on disk.

    Raises:
        ModelUnknown, ModelMissing, ModelDamaged: as :func:`locate`.
    """
    path = locate(name, folder)
    if not name.endswith(".gguf"):
        return expected(folder / name, model(name).weights).sha256
    path = path.resolve()
    digest = noted(folder, str(path), path)
    if digest is None:
        digest = sha256(path)
        note(folder, str(path), path, digest)
    return digest


def verify(name: str, folder: Path, progress: Progress | None = None) -> list[str]:
    """Hash every file of the model ``name`` again and return what is wrong, nothing if it is whole.

    Raises:
        ModelUnknown: no such model.
    """
    found = model(name)
    home = folder / name
    problems, done = [], 0
    for file in found.files:
        forget(home, file.name)
        if fault := problem(home, file, _counter(progress, done, found.size)):
            problems.append(fault)
        done += file.size or file.about
    return problems


def installed(folder: Path) -> set[str]:
    """Return the names of the models whose files are all in ``folder`` with the right size; nothing is hashed."""

    def there(home: Path, file: File) -> bool:
        path, size = home / file.name, expected(home, file).size
        return path.is_file() and size in (0, path.stat().st_size)

    return {name for name, model in registry().items() if all(there(folder / name, file) for file in model.files)}


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
    what = "what was published" if file.sha256 else "what was downloaded first"
    return f"{file.name} is not {what} (its SHA-256 is {digest[:12]}…)"


def _counter(progress: Progress | None, before: int, whole: int) -> Progress | None:
    """Return a progress for one of several files: ``before`` bytes were done before it, ``whole`` are to be."""
    if progress is None:
        return None
    inner = progress

    def count(step: str, done: int, total: int) -> None:
        inner(step, before + done, whole)

    return count
