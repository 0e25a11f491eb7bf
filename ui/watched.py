"""Watched folders and mailboxes (setting ``watch``): read in the background, shown and controlled over HTTP.

A thread of low priority reads a few files at a time. It pauses while a question is being answered, and makes way for
uploads.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import APIRouter, Response

from rag.config import Config
from rag.errors import DocumentError
from rag.ingest import IngestReport, ingest_some
from rag.reading import FileReader
from rag.watching.mailboxes import Mailbox, is_mailbox
from rag.watching.state import Watched
from rag.watching.watcher import Watching, low_priority, watched
from ui.replies import Json
from ui.service import Service
from ui.uploads import Uploads

__all__ = ["Watches", "router"]

log = logging.getLogger(__name__)


class Watches:
    """Keeps the index up to date with the watched places.

    Raises:
        ConfigError: one of them can't be watched.
    """

    def __init__(self, service: Service, uploads: Uploads, config: Config) -> None:
        self._service, self._uploads, self._config = service, uploads, config
        places = [Mailbox(text, config) if is_mailbox(text) else Path(text) for text in config.watch]
        self.places = watched(places, config)
        self._watching = Watching(self.places, config.watch_every, self._read)
        self._reader = FileReader()
        self._thread = threading.Thread(target=self._work, name="watching", daemon=True)

    def start(self) -> None:
        """Start once the assistant is loaded; returns immediately."""
        if self.places:
            self._thread.start()

    def close(self, patience: float = 5.0) -> None:
        """Stop, and wait at most ``patience`` seconds."""
        self._watching.close()
        self._reader.stop()
        if self._thread.is_alive():
            self._thread.join(patience)

    def again(self, number: int) -> None:
        """Look at a place now, and read what failed again.

        Raises:
            DocumentError: there is no such place.
        """
        self._place(number).again()
        self._watching.wake()

    def stop(self, number: int) -> None:
        """End the reading of a place until ``again``.

        Raises:
            DocumentError: there is no such place.
        """
        one = self._place(number)
        one.stop()
        if one.reading:
            self._reader.stop()

    def _place(self, number: int) -> Watched:
        if not 0 <= number < len(self.places):
            raise DocumentError("There is no such watched folder.")
        return self.places[number]

    def _work(self) -> None:
        low_priority()
        while (index := self._service.index) is None:  # The models are loading, or missing.
            for one in self.places:
                one.problem = self._service.problem
            if self._watching.closed.wait(1):
                return
        try:
            for one in self.places:
                one.know(index.files(one.place.source))
            self._watching.run()
        except Exception:
            log.exception("Watching ended.")

    def _read(self, one: Watched, names: Sequence[str]) -> None:
        """Read ``names``, when no upload is being read."""
        with contextlib.suppress(_MadeWay), self._uploads.turn:
            one.read(names, self._run(one))

    def _run(self, one: Watched) -> Callable[[str, Path, Sequence[str]], IngestReport]:
        """Return the function that reads files of one place."""

        def run(source: str, folder: Path, names: Sequence[str]) -> IngestReport:
            assistant, self._reader, pages = self._service.assistant, FileReader(), 0

            def progress(step: str, done: int, total: int, name: str) -> None:
                nonlocal pages
                if step == "pages":
                    one.noted(done - pages)
                    pages = done
                self._reader.check()
                self._service.step_aside()
                if self._uploads.are_waiting:
                    raise _MadeWay

            return ingest_some(
                source, folder, names, assistant.index, assistant.embedder, self._config, progress, self._reader
            )

        return run


class _MadeWay(Exception):
    """Reading ended because an upload is waiting; what was not read stays due."""


def router(watches: Watches) -> APIRouter:
    """Return the routes; changing something needs an administrator (``ui.access``)."""
    routes = APIRouter()

    @routes.get("/api/watched", include_in_schema=False)
    def state() -> Response:
        return Json({"watched": [dataclasses.asdict(one.state()) for one in watches.places]})

    @routes.post("/api/watched/{number}/again", include_in_schema=False)
    def again(number: int) -> Response:
        watches.again(number)
        return Json({})

    @routes.post("/api/watched/{number}/stop", include_in_schema=False)
    def stop(number: int) -> Response:
        watches.stop(number)
        return Json({})

    return routes
