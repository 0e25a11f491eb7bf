"""A watched folder: its files, compared by size and times, and whether they are complete."""

from __future__ import annotations

import contextlib
import errno
import signal
from collections.abc import Collection, Iterator
from pathlib import Path

from rag import documents
from rag.errors import DocumentError
from rag.ingest import belongs_to_index
from rag.watching.state import Signature

__all__ = ["Folder"]


class Folder:
    """A folder on this machine or on a mounted drive."""

    settles = True

    def __init__(self, path: Path, index_folder: Path) -> None:
        self.path = path.expanduser().resolve()
        self.source = str(self.path)
        self.label = self.path.name or self.source
        self._index_folder = index_folder
        self._device: int | None = None

    @property
    def identity(self) -> tuple[int, int] | None:
        """What tells whether the folder is still the same one; ``None`` if there is none."""
        with contextlib.suppress(OSError):
            status = self.path.stat()
            return status.st_dev, status.st_ino
        return None

    def scan(self, within: Collection[str] | None, known: bool) -> dict[str, Signature]:
        """Return size, time of change and time of status change of each file.

        Raises:
            DocumentError: it can't be opened, or its drive is not mounted.
        """
        self._check(known)
        found = documents.find(self.path, within)
        return {name: _signature(file) for name, file in found if not belongs_to_index(self._index_folder, file)}

    def is_complete(self, name: str) -> bool:
        """Return whether no program has the file open for writing; ``True`` if that is unknown."""
        return not _is_open_for_writing(self.path / name)

    @contextlib.contextmanager
    def files(self, names: Collection[str]) -> Iterator[Path]:
        """Return the folder itself."""
        yield self.path

    def trust(self) -> None:
        """Take an empty folder for empty, and not for a drive that isn't mounted."""
        self._device = self.identity[0] if self.identity else None

    def _check(self, known: bool) -> None:
        try:
            device, is_empty = self.path.stat().st_dev, not any(self.path.iterdir())
        except OSError as error:
            raise DocumentError(f"'{self.path}' can't be opened: {error.strerror}. Its documents stay.") from error
        if known and is_empty and device != self._device:
            raise DocumentError(
                f"'{self.path}' is empty (is its drive mounted?). Its documents stay; 'footnote ingest' or 'Read again "
                "now' removes them."
            )
        self._device = device


def _signature(file: Path) -> Signature:
    try:
        status = file.stat()
    except OSError:
        return (0,)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_open_for_writing(file: Path) -> bool:
    """Return whether a program is writing ``file``. Linux only tells for files of the same user on local drives."""
    try:
        import fcntl

        lease, announce = fcntl.F_SETLEASE, fcntl.F_SETSIG
    except (ImportError, AttributeError):
        return False
    with contextlib.suppress(OSError), file.open("rb") as opened:
        # A lease is refused while somebody writes. Who opens the file meanwhile waits until it ends, which is at once;
        # we would be told by a signal: one that does nothing.
        fcntl.fcntl(opened, announce, signal.SIGURG)
        try:
            fcntl.fcntl(opened, lease, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        fcntl.fcntl(opened, lease, fcntl.F_UNLCK)
    return False
