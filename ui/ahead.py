"""Reading ahead: while nobody asks, the language model reads the passages that it has not read yet.

What it computes of a passage is kept (``rag.generators.llama.states``), and the first question answered from there
need not wait for it. It gives way within a moment to any question, and ends where what it computes would push out what
is kept.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from rag.errors import FootnoteError
from rag.ports import PassageId
from ui.service import Service

if TYPE_CHECKING:
    from rag.ports import Index

__all__ = ["ReadingAhead"]

PAUSE = 1.0
"""Seconds between two looks at whether there is something new to read."""

log = logging.getLogger(__name__)


class ReadingAhead:
    """A thread that reads passages of the index of ``service`` while its assistant is idle."""

    def __init__(self, service: Service, pause: float = PAUSE) -> None:
        self._service = service
        self._pause = pause
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)

    def start(self) -> None:
        """Begin as soon as the assistant is loaded; returns at once."""
        self._thread.start()

    def close(self, patience: float = 5.0) -> None:
        """End, waiting at most ``patience`` seconds for what is being read."""
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
                continue  # Whoever asks will hear of it; it may be mended by then.
            except Exception:
                log.exception("Passages could not be read ahead.")
                return

    def _read(self, index: Index, before: set[PassageId]) -> set[PassageId]:
        """Read every passage that is not among ``before``; return the ids of those that are read now."""
        assistant = self._service.assistant
        ids: list[PassageId] = index.passage_ids()
        read = before & set(ids)
        for number in [id for id in ids if id not in read]:
            asked = True
            while asked and not self._closed.is_set():
                self._service.step_aside()
                assistant.warm(index.passages([number]), self._closed.is_set)
                asked = not self._service.step_aside(0)  # Then it gave way, perhaps.
            read.add(number)
        return read
