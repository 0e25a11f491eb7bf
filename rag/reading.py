"""Files are read in a separate process with limits on time and memory, so that no file can do harm.

A bomb, a crash or a hang ends that process and costs one file, which is named with its reason; the next one is read by
a new process. What is small and plain text is read here, at once. ``python -m rag.reading FD`` is that process: it
takes requests ``(path, name, skip)`` from a socket and sends messages ``(kind, value)`` back.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType
from typing import Any

from rag import documents
from rag.documents import Failure
from rag.errors import Cancelled, DocumentError
from rag.types import Document

__all__ = ["FileReader", "Limits", "serve"]

MOST_CRASHES = 20
"""Files inside one file that may end the process before the rest of them are given up."""
GRACE = 30
"""Seconds after its time is up in which a process that nobody watches any more ends itself."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for reading one file: ``memory`` and ``output`` in bytes, ``seconds`` (more for a large file)."""

    seconds: float = 120.0
    bytes_per_second: int = 50_000
    memory: int = 2 << 30
    output: int = 1 << 30

    def time(self, path: Path) -> float:
        """Return the seconds that reading the file at ``path`` may take."""
        try:
            return self.seconds + path.stat().st_size / self.bytes_per_second
        except OSError:
            return self.seconds


class FileReader:
    """Reads files. The process is started for the first file that needs it, and again after a file has ended it."""

    def __init__(self, limits: Limits | None = None, module: str = "rag.reading") -> None:
        self.limits = limits or Limits()
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._stopped = False

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if any."""
        if self._process is not None and self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.wait()
            self._process = self._connection = None

    def stop(self) -> None:
        """End the reading that another thread is in: it raises ``Cancelled``, and so does every later one."""
        self._stopped = True
        if (process := self._process) is not None:
            process.kill()

    def read(self, path: Path, name: str) -> Iterator[Document | Failure]:
        """Yield the documents in the file at ``path``: those inside it, then itself under ``name``.

        Raises:
            Cancelled: another thread called ``stop``.
        """
        self.check()
        if documents.is_plain(path):
            yield _read_here(path, name)
            return
        done = set[str]()
        for _ in range(MOST_CRASHES):
            try:
                for item in self._ask(path, name, done):
                    done.add(item.name)
                    yield item
                return
            except _Ended as ended:
                self.check()
                done.add(ended.name)
                yield Failure(ended.name, ended.reason)
                if ended.name == name:
                    return
        yield Failure(name, f"holds {MOST_CRASHES} files that cannot be read; the rest of it was left out")

    def check(self) -> None:
        """Raise ``Cancelled`` if ``stop`` was called."""
        if self._stopped:
            raise Cancelled("Cancelled. What was read before is in the index.")

    def _ask(self, path: Path, name: str, skip: set[str]) -> Iterator[Document | Failure]:
        """Yield the process's results for one file.

        Raises:
            _Ended: the process ended, or was killed, while reading.
        """
        connection, seconds, reading = self._started(), self.limits.time(path), name
        finished = False
        try:
            connection.send((str(path.absolute()), name, skip, seconds))
            while True:
                if not connection.poll(seconds):
                    raise _Ended(reading, f"was not read after {seconds:.0f} seconds: split it into smaller files")
                kind, value = pickle.loads(connection.recv_bytes(self.limits.output))
                if kind == "end":
                    finished = True
                    return
                if kind == "begin":
                    reading = value
                else:
                    yield value
        except (EOFError, ConnectionError) as error:
            raise _Ended(reading, self._cause(seconds)) from error
        except OSError as error:
            raise _Ended(reading, f"holds more than {self.limits.output >> 20} MiB of text: split it") from error
        finally:
            if not finished:
                self.close()

    def _started(self) -> Connection:
        if self._connection is None:
            self._connection, theirs = Pipe()
            root = str(Path(__file__).parent.parent)
            search = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module, str(theirs.fileno()), str(self.limits.memory)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": search},
                start_new_session=True,  # Ctrl-C is for us, and ends it through us.
            )
            theirs.close()
            self.check()  # It may have been stopped meanwhile, when there was no process yet.
        return self._connection

    def _cause(self, seconds: float) -> str:
        """Return why the process ended by itself."""
        code = self._process.wait() if self._process else 0
        if code in (-signal.SIGALRM, -signal.SIGXCPU):
            return f"was not read after {seconds:.0f} seconds: split it into smaller files"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"broke the program that read it ({how}): it is damaged, or takes more memory than a file may"


class _Ended(Exception):
    """The reading process ended while reading ``name``."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


def _read_here(path: Path, name: str) -> Document | Failure:
    try:
        return documents.read(path, name)
    except DocumentError as error:
        return Failure(name, str(error))


def serve(connection: Connection, memory: int) -> None:
    """Read requested files until the pipe is closed, using at most ``memory`` bytes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    while True:
        try:
            path, name, skip, seconds = connection.recv()
        except EOFError:
            return
        _answer(connection, Path(path), name, skip, round(seconds) + GRACE)


def _answer(connection: Connection, path: Path, name: str, skip: set[str], seconds: int) -> None:
    def send(kind: str, value: Any) -> None:
        signal.alarm(0)  # The other side takes its time.
        connection.send_bytes(pickle.dumps((kind, value)))
        signal.alarm(seconds)

    for item in documents.read_all(path, name, skip, lambda reading: send("begin", reading)):
        send("document", item)
    send("end", None)
    signal.alarm(0)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
