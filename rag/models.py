"""The weights on this machine: where they are, and whether they are what they should be.

A model's files are ``<models folder>/<model name>/<file name>``. Which models there are is in
:mod:`rag.weights.registry`; how their files get there, in :mod:`rag.weights.download`.
"""

from __future__ import annotations

from pathlib import Path

from rag.errors import ModelDamaged, ModelMissing
from rag.weights.checks import expected, problem
from rag.weights.hashes import Progress, forget, note, noted, sha256
from rag.weights.registry import File, model, registry

__all__ = ["Progress", "fingerprint", "installed", "locate", "model", "pull", "registry", "verify"]


def pull(name: str, folder: Path, progress: Progress | None = None, source: Path | None = None) -> Path:
    """Download the model ``name`` into ``folder`` and return what :func:`locate` returns.

    ``source`` and the errors are those of :func:`rag.weights.download.pull`.
    """
    from rag.weights import download

    download.pull(name, folder, progress, source)
    return locate(name, folder)


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
        begun = " (a part of them is; the pull goes on from there)" if any(home.glob("**/*.part")) else ""
        raise ModelMissing(
            f"The weights of {name} are not in {folder}{begun}. Run 'footnote models pull {name}' to bring them."
        )
    problems = [fault for file in found.files if (fault := problem(home, file))]
    if problems:
        raise ModelDamaged(
            f"The weights of {name} are damaged: {'; '.join(problems)}. "
            f"'footnote models pull {name}' brings them again."
        )
    return home / found.weights.name if found.kind == "generator" else home


def _own(file: Path) -> Path:
    if not file.is_file():
        raise ModelMissing(
            f"There is no file {file}. Give the path of a GGUF file, or a name from 'footnote models list'."
        )
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


def _counter(progress: Progress | None, before: int, whole: int) -> Progress | None:
    """Return a progress for one of several files: ``before`` bytes were done before it, ``whole`` are to be."""
    if progress is None:
        return None
    inner = progress

    def count(step: str, done: int, total: int) -> None:
        inner(step, before + done, whole)

    return count
