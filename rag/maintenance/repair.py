"""Check all files of an index, and repair damage.

What can be made again is made again: the copy of the vectors, the words of the texts, the attention states. Of a
damaged database everything that can still be read is moved into a new one, documents that cannot be read are read from
their files again, and the damaged database is kept in a folder of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rag import documents
from rag.config import Config
from rag.errors import DocumentError, FootnoteError, IndexDamaged, IndexMismatch, IndexMissing, ModelError
from rag.indexes import upkeep
from rag.indexes.opening import broken_states
from rag.indexes.shared import origin
from rag.indexes.upkeep import ASIDE, DATABASE, SCHEMA_VERSION, Kept, Lost
from rag.ingest import Progress, embedded
from rag.maintenance import backup
from rag.maintenance.migration import Maker
from rag.ports import Content, Described, Embedder, WritableIndex
from rag.reading import FileReader
from rag.types import Document
from rag.weights.hashes import sha256

__all__ = ["Repaired", "checks", "repair"]

REPAIR = "repair"
"""Folder, in that of the index, in which what can be saved is brought together."""
COMMAND = "run 'footnote doctor --repair'"

Check = tuple[str, str | None]


@dataclass(slots=True)
class Repaired:
    """What was done, in lines for a user, and what is lost."""

    done: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


# --- checking


def checks(folder: Path) -> Iterator[Check]:
    """Yield (what was checked in the index in ``folder``, how to fix it), the latter ``None`` if it is fine.

    Raises:
        IndexMissing: there is no index.
    """
    if (folder / backup.RESTORING).exists():
        yield "backup being put back", "it was interrupted: run 'footnote list' once, which finishes it"
    schema = upkeep.meta_of(folder).get("schema", SCHEMA_VERSION)
    if schema == SCHEMA_VERSION:
        for name, problem in upkeep.database_problems(folder):
            yield name, f"{problem}: {COMMAND}" if problem else None
        yield "copy of the vectors", _copy_of_vectors(folder)
    broken = len(broken_states(folder))
    yield "attention states", f"{broken} damaged files, which are not used: {COMMAND}" if broken else None
    left = list(_leftovers(folder))
    yield "leftovers of interrupted work", f"{left[0].name} and others: {COMMAND}" if left else None
    if (folder / upkeep.BESIDE).exists():
        yield "reindex", f"it was interrupted: run 'footnote reindex' to go on, or delete {folder / upkeep.BESIDE}"
    for aside in sorted(folder.glob(f"{ASIDE}*")):
        yield "damaged files kept", f"{aside} may hold documents that were deleted since: delete it when all is well"
    if schema == SCHEMA_VERSION:
        yield from _originals(folder)


def _copy_of_vectors(folder: Path) -> str | None:
    try:
        problem = upkeep.vectors_problem(folder)
    except FootnoteError as error:
        problem = str(error)
    return f"{problem}: {COMMAND}" if problem else None


def _leftovers(folder: Path) -> Iterator[Path]:
    """Yield files that killed processes left behind."""
    yield from (place for name in (REPAIR, backup.STAGED) if (place := folder / name).exists())
    for pattern in ("*.new", "*.part", "answers/*.new", "uploads/**/.*"):
        yield from (file for file in sorted(folder.glob(pattern)) if file.is_file())


def _originals(folder: Path) -> Iterator[Check]:
    """Compare each document with the file it was read from, if that still exists."""
    changed: dict[str, list[str]] = {}
    for item in upkeep.salvage(folder):
        if isinstance(item, Kept):
            file = origin(item.info.source, item.info.path)
            if file.is_file() and sha256(file) != item.info.sha256:
                changed.setdefault(item.info.source, []).append(item.info.name)
    if not changed:
        yield "files that the documents came from", None
    for source, names in changed.items():
        yield f"files in {source}", f"{names[0]} and others have changed: run 'footnote ingest {source}'"


# --- repairing


def repair(config: Config, embedder: Callable[[], Embedder], progress: Progress) -> Repaired:
    """Repair the index in the folder that ``config`` names. ``embedder`` is called if vectors have to be made.

    Raises:
        IndexMissing: there is nothing to repair.
        IndexBusy: another process is changing the index.
        IndexMismatch: another version made it.
    """
    folder = upkeep.folder_of(config, "repair")
    if not (folder / DATABASE).exists():
        raise IndexMissing(f"There is no index in {folder}. Run 'footnote ingest PATH' to make one.")
    backup.finish(folder)
    report = Repaired()
    for file in [*_leftovers(folder), *broken_states(folder)]:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
        report.done.append(f"deleted {file.relative_to(folder)}, which nothing needs")
    meta = upkeep.meta_of(folder)
    if meta.get("schema", SCHEMA_VERSION) != SCHEMA_VERSION:
        raise IndexMismatch("Another version of Footnote made this index. Run 'footnote reindex'.")
    problems = [f"{name}: {problem}" for name, problem in upkeep.database_problems(folder) if problem]
    if problems:
        report.done += problems
        _save(folder, config, meta, embedder, progress, report)
    elif problem := upkeep.vectors_problem(folder):
        upkeep.drop_vectors(folder)
        report.done.append(f"copy of the vectors: {problem}; it is made again")
    return report


def _save(
    folder: Path,
    config: Config,
    meta: dict[str, str],
    embedder: Callable[[], Embedder],
    progress: Progress,
    report: Repaired,
) -> None:
    """Bring what can be read of the damaged database in ``folder`` into a new one, and put that in its place."""
    rescue = _Rescue(config, meta, embedder, report)
    with ExitStack() as stack:
        live = None
        with suppress(IndexDamaged):  # What cannot be opened cannot be written by others, either.
            live = stack.enter_context(upkeep.held(folder))
        aside = upkeep.set_aside(folder)
        with upkeep.build_beside(folder, REPAIR, rescue.maker, rescue.passage_tokens) as beside:
            for item in upkeep.salvage(aside, rescue.maker.dimension):
                rescue.put(beside, item)
                progress("save", rescue.saved, rescue.saved, "")
            if not rescue.saved:
                report.lost.append("all documents that were not uploaded: run 'footnote ingest PATH' for their folders")
            for item in _uploads(folder):
                rescue.put(beside, item)
        if live is None:
            upkeep.make_room(folder, keep=False)
            live = stack.enter_context(upkeep.held(folder))
        upkeep.take_over(live, folder / REPAIR / DATABASE)
    for derived in (REPAIR, "states", upkeep.BESIDE):
        shutil.rmtree(folder / derived, ignore_errors=True)
    report.done.append(f"{rescue.saved} documents saved; the damaged files are kept in {aside}")


def _uploads(folder: Path) -> Iterator[Lost]:
    """Yield every uploaded file as one that may be lost."""
    uploads = folder / "uploads"
    if uploads.is_dir():
        yield from (Lost(str(uploads.resolve()), name) for name, _ in documents.find(uploads))


class _Rescue:
    """Brings documents into a new index, each in the best way that is left."""

    def __init__(
        self, config: Config, meta: dict[str, str], embedder: Callable[[], Embedder], report: Repaired
    ) -> None:
        self._open = embedder
        self._report = report
        self._embedder: Embedder | None = None
        self._there = set[tuple[str, str]]()
        self.passage_tokens = int(meta.get("passage_tokens") or config.passage_tokens)
        self.maker = self._maker(meta)
        self.saved = 0

    def _maker(self, meta: dict[str, str]) -> Described:
        """Return the embedder that made the index, if it is still recorded; otherwise the current one."""
        try:
            return Maker(meta["embedder"], meta["fingerprint"], int(meta["dimension"]), self.passage_tokens)
        except (KeyError, ValueError):
            return self._opened()

    def _opened(self) -> Embedder:
        self._embedder = self._embedder or self._open()
        return self._embedder

    def put(self, index: WritableIndex, item: Kept | Lost) -> None:
        """Put a document into ``index``: as it is, embedded again, or read again from its file."""
        source, path = (item.info.source, item.info.path) if isinstance(item, Kept) else (item.source, item.path)
        # The folder of the index may have been moved, and that of the uploads with it.
        place = ("uploads" if Path(source).name == "uploads" else source, path)
        if place in self._there:
            return
        try:
            if isinstance(item, Kept):
                index.restore(item.info, item.content if item.embedded else self._embed(item.content.document))
            else:
                content = self._embed(_read_again(item))
                index.replace(item.source, content.document, content.passages, content.vectors, content.hashes)
                self._report.done.append(f"{item.path}: read again from its file")
        except (DocumentError, ModelError) as error:
            self._report.lost.append(f"{path or 'a document whose name cannot be read'}: {error}")
            return
        self._there.add(place)
        self.saved += 1

    def _embed(self, document: Document) -> Content:
        embedder = self._opened()
        if embedder.fingerprint != self.maker.fingerprint:
            raise ModelError(f"only the embedder {self.maker.name} fits this index: set it in the configuration")
        return embedded(document, embedder, self.passage_tokens)


def _read_again(item: Lost) -> Document:
    """Read a document that is lost from the file that it came from, or lay in.

    Raises:
        DocumentError: the file is not there, or cannot be read.
    """
    whole = PurePosixPath(item.path)
    for outer in (whole, *whole.parents)[:-1] if item.path else ():
        file = origin(item.source, str(outer))
        if file.is_file():
            with FileReader() as reader:
                for found in reader.read(file, str(outer)):
                    if isinstance(found, Document) and found.name == item.path:
                        return found
    raise DocumentError("its file is not there any more, or not known: run 'footnote ingest PATH' for its folder")
