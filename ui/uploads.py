"""Add and delete documents through the server. Files are stored in a folder next to the index and ingested from there.

One thread processes one document at a time. It pauses after every few passages while a question is being answered, so
that uploads don't slow down answers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, TypeVar

from rag import documents
from rag.config import Config
from rag.documents import Failure
from rag.errors import Cancelled, DocumentError
from rag.ingest import IngestReport, ingest, remove
from rag.ports import WritableIndex
from rag.reading import FileReader
from ui.service import Service

__all__ = ["Added", "Uploads"]

T = TypeVar("T")

FOLDER = "uploads"
LONGEST = 200
"""Longest part of a file name, in bytes."""
PATIENCE = 60.0
"""Seconds that a document waits for the models to be loaded."""

Tell = Callable[[str, int, int], None]
"""Receives a step of ``rag.ingest.Progress``, how much of it is done, and the total."""


@dataclass(frozen=True, slots=True)
class Added:
    """The result of adding a document: its public ``id``, and what needs attention."""

    id: str
    change: str
    empty_pages: tuple[int, ...] = ()
    same_as: str = ""


class Uploads:
    """Adds and deletes documents, one at a time."""

    def __init__(self, service: Service, config: Config) -> None:
        self._service = service
        self._config = config
        self.folder = config.index / FOLDER
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="uploads")
        self._wanted: set[Future[Any]] = set()
        self.turn = threading.Lock()
        """Held by whoever changes the index in this process."""

    def close(self) -> None:
        """Finish the current document and accept no more."""
        self._worker.shutdown(cancel_futures=True)

    def add(
        self, name: str, content: BinaryIO, tell: Tell | None = None, reader: FileReader | None = None
    ) -> Future[Added]:
        """Add a document, or replace the one uploaded under the same name. ``name`` may contain folders.

        The future raises:
            Cancelled: another thread stopped the ``reader``; everything is as before.
            DocumentError: the file can't be read or its name is not allowed; an existing document stays unchanged.
            IndexBusy: another process is changing the index.
            ModelMissing: the models are not loaded yet.
        """
        return self._submit(self._add, name, content, tell or _silent, reader or FileReader())

    def delete(self, id: str) -> Future[bool]:
        """Delete a document, wherever it came from; the future returns whether it existed."""
        return self._submit(self._delete, id)

    @property
    def are_waiting(self) -> bool:
        """Whether somebody waits for a document to be added or deleted."""
        return bool(self._wanted)

    def _submit(self, act: Callable[..., T], *given: Any) -> Future[T]:
        def in_turn() -> T:
            with self.turn:
                return act(*given)

        future = self._worker.submit(in_turn)
        self._wanted.add(future)
        future.add_done_callback(self._wanted.discard)
        return future

    def _add(self, name: str, content: BinaryIO, tell: Tell, reader: FileReader) -> Added:
        reader.check()
        self._service.retry()
        self._service.loaded.wait(PATIENCE)
        index = self._service.assistant.index
        target = self.folder / checked(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._staged(content, target) as staged:
            self._check(staged, target.name, reader)
            try:
                with _in_place(staged, target):
                    report = self._ingest(tell, reader)
            except Cancelled:
                self._ingest(_silent, FileReader())  # Undoes what came in already.
                raise
        return self._added(index, target.relative_to(self.folder).as_posix(), report)

    def _ingest(self, tell: Tell, reader: FileReader) -> IngestReport:
        """Bring the index up to date, making way for answers."""
        assistant = self._service.assistant

        def progress(step: str, done: int, total: int, name: str) -> None:
            tell(step, done, total)
            self._service.step_aside()
            reader.check()

        return ingest([self.folder], assistant.index, assistant.embedder, self._config, progress, reader=reader)

    def _check(self, file: Path, name: str, reader: FileReader) -> None:
        """Raise DocumentError where ``file`` cannot be read, so that it does not come in place of one that can be."""
        with reader:
            for item in reader.read(file, name):
                if isinstance(item, Failure) and item.name == name:
                    raise DocumentError(item.reason)

    def _added(self, index: WritableIndex, path: str, report: IngestReport) -> Added:
        """Return what ``report`` says about the file at ``path``."""
        id, _ = index.files(str(self.folder.resolve()))[path]
        change = next((kind for kind in ("added", "changed") if id in getattr(report, kind)), "unchanged")
        return Added(id, change, dict(report.pages_without_text).get(id, ()), dict(report.duplicates).get(id, ""))

    def _delete(self, id: str) -> bool:
        return remove(self._service.assistant.index, id)

    @contextlib.contextmanager
    def _staged(self, content: BinaryIO, target: Path) -> Iterator[Path]:
        """Write the content to a hidden file, which ingest ignores, with the right suffix and flushed to disk."""
        with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=target.suffix, delete=False) as file:
            staged = Path(file.name)
            try:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
                yield staged
            finally:
                staged.unlink(missing_ok=True)


@contextlib.contextmanager
def _in_place(staged: Path, target: Path) -> Iterator[None]:
    """Put ``staged`` in place of ``target``, and put back what was there if what follows is cancelled."""
    kept = staged.with_name(f"{staged.name}.kept")
    if target.exists():
        shutil.copy2(target, kept)
    staged.replace(target)
    try:
        yield
    except Cancelled:
        if kept.exists():
            kept.replace(target)
        else:
            target.unlink()
        raise
    finally:
        kept.unlink(missing_ok=True)


def _silent(step: str, done: int, total: int) -> None:
    """Ignore progress."""


def checked(name: str) -> PurePosixPath:
    """Return ``name`` as a relative path.

    Raises:
        DocumentError: the name leads outside the folder, is hidden, or is not a valid file name.
    """
    path = PurePosixPath(unicodedata.normalize("NFC", name))
    fine = path.parts and not path.is_absolute() and "\\" not in name
    if not fine or any(_is_odd(part) for part in path.parts) or len(path.parts) > 20:
        raise DocumentError("has a name that is not allowed; use a plain one such as report.pdf")
    if not documents.supported(Path(path)):
        raise DocumentError(f"is not a supported file type; supported: {', '.join(documents.SUFFIXES)}")
    return path


def _is_odd(part: str) -> bool:
    printable = all(unicodedata.category(character)[0] != "C" for character in part)
    return part.startswith(".") or not printable or len(part.encode()) > LONGEST
