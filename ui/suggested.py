"""Suggested questions of the server's index: the first ones on the start page, and the next ones below an answer.

They are made by :mod:`rag.suggestions` without the language model: the first ones in the background, once for each
version of the index; those below an answer when the page asks for them, after the answer is complete.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.archive import Archive
from rag.catalogue import title_of
from rag.errors import FootnoteError
from rag.retrieval.hybrid import retrieve
from rag.suggestions import Suggestions
from rag.text.spelling import is_known
from rag.types import Evidence
from ui.service import Service

__all__ = ["Start", "Suggested"]

TITLES = 3
"""Titles named on the start page."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """What the start page shows: the number of documents (``None`` if not known yet), some titles, and questions."""

    documents: int | None = None
    titles: Sequence[str] = ()
    questions: Sequence[str] = ()


class Suggested:
    """Suggested questions about the documents of ``service``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._made: tuple[int, list[str]] = (-1, [])
        self._making = -1

    @property
    def ready(self) -> bool:
        """Whether the questions to begin with are those of the current documents, or can't be made at all."""
        index = self._service.index
        return index is None or self._made[0] == index.generation

    def start(self) -> Start:
        """Return what is known now; questions are made in the background where the documents have changed."""
        index = self._service.index
        if index is None:
            return Start()
        self._begin(index.generation)
        titles = [title_of(info) for info in index.documents()[:TITLES]]
        return Start(self._service.documents, titles, self._made[1] if self.ready else ())

    def after(self, given: Mapping[str, Any], archive: Archive) -> dict[str, Any]:
        """Return ``questions`` that may follow a ``kept`` answer, and the word that was ``meant`` by its question.

        ``given`` also has the ids of the answers ``before`` it. Nothing is suggested if an answer is gone.
        """
        answer, suggestions = archive.get(str(given.get("kept", ""))), self._suggestions(lambda: None)
        if answer is None or suggestions is None:
            return {"questions": []}
        before = [archive.get(str(id)) for id in given.get("before", ())]
        try:
            meant = suggestions.meant(answer)
            asked = [earlier.question for earlier in before if earlier]
            return {"questions": [] if meant else suggestions.after(answer, asked), "meant": meant}
        except FootnoteError:  # A document was deleted meanwhile.
            return {"questions": []}

    def _begin(self, generation: int) -> None:
        with self._lock:
            if generation in (self._made[0], self._making):
                return
            self._making = generation
        threading.Thread(target=self._make, args=(generation,), name="suggestions", daemon=True).start()

    def _make(self, generation: int) -> None:
        questions = list[str]()
        try:
            suggestions = self._suggestions(self._service.step_aside)
            questions = suggestions.first() if suggestions else []
        except FootnoteError:  # A document was deleted meanwhile: the next version of the index has its own questions.
            pass
        except Exception:
            log.exception("No questions could be suggested.")
        self._made = generation, questions

    def _suggestions(self, pause: Callable[[], object]) -> Suggestions | None:
        """Return what makes suggestions, calling ``pause`` before each search; ``None`` without an embedder."""
        index, embedder, config = self._service.index, self._service.embedder, self._service.config
        if index is None or embedder is None:
            return None

        def search(question: str, limit: int) -> list[Evidence]:
            pause()
            return retrieve(question, index, embedder, limit, config.candidates, config.dense_weight)

        return Suggestions(index, search, lambda word: is_known(word, index, embedder))
