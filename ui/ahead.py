"""Read ahead: while the server is idle, the language model reads passages that it hasn't read yet.

The attention states are cached (``rag.generators.llama.states``), so the first question about such a passage doesn't
wait for them. Reading pauses as soon as a question arrives and while other processes need the machine, and stops
before it would evict cached states, or after half an hour without a question.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rag.errors import FootnoteError
from rag.ports import PassageId
from ui.idle import Machine
from ui.service import Service

if TYPE_CHECKING:
    from rag.ports import Index

__all__ = ["ReadingAhead"]

PAUSE = 1.0
"""Seconds between two checks for new passages, or whether the machine is free."""
ENOUGH = 1800.0
"""Seconds of reading since the last question after which nobody seems to need it."""

log = logging.getLogger(__name__)


class ReadingAhead:
    """A thread that reads the passages of the service's index while its assistant and the machine are idle.

    ``is_free`` tells whether the machine is; ``enough`` limits the seconds of reading between two questions.
    """

    def __init__(
        self,
        service: Service,
        pause: float = PAUSE,
        is_free: Callable[[], bool] | None = None,
        enough: float = ENOUGH,
    ) -> None:
        self._service = service
        self._pause = pause
        self._is_free = is_free or Machine().is_free
        self._enough = enough
        self._spent = 0.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)

    def start(self) -> None:
        """Start once the assistant is loaded; returns immediately."""
        self._thread.start()

    def close(self, patience: float = 5.0) -> None:
        """Stop, and wait at most ``patience`` seconds for the current passage."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(patience)

    def _work(self) -> None:
        read, generation = set[PassageId](), -1
        while not self._closed.wait(self._pause):
            generator = self._service.generator
            if generator is not None and not generator.capabilities.warm:
                return
            try:
                index = self._service.index
                if index is not None and index.generation != generation:
                    generation, read = index.generation, self._read(index, read)
            except FootnoteError:
                continue  # Whoever asks a question will see this error; it may be fixed by then.
            except Exception:
                log.exception("Reading ahead failed.")
                return

    def _read(self, index: Index, before: set[PassageId]) -> set[PassageId]:
        """Read every passage that is not in ``before``; return the ids of all passages read so far."""
        assistant = self._service.assistant
        ids: list[PassageId] = index.passage_ids()
        read = before & set(ids)
        for number in [id for id in ids if id not in read]:
            interrupted = True
            while interrupted and self._waited():
                begun = time.monotonic()
                assistant.warm(index.passages([number]), self._closed.is_set)
                self._spent += time.monotonic() - begun
                interrupted = not self._service.step_aside(0)  # A question may have interrupted it.
            read.add(number)
        return read

    def _waited(self) -> bool:
        """Wait until there is nothing better to do; return False if it is closed instead."""
        while not self._closed.is_set():
            if not self._service.step_aside(0):
                self._spent = 0.0
                self._service.step_aside()
            elif self._spent < self._enough and self._is_free():
                return True
            else:
                self._closed.wait(self._pause)
        return False
