"""The assistant behind the page: loaded once, in the background, and lent to one question at a time.

One thread owns the assistant, loads it and answers with it, in the order in which questions come. A reader who leaves
or stops only sets a flag; the thread ends that answer by itself, so that nobody else ever waits for a reader.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rag.errors import DocumentError, FootnoteError
from rag.types import Answer, Phase, Token, Turn
from ui.conversation import Answered, Event, Failed, Stopped, Waiting

__all__ = ["Answerer", "Service"]

LOADING = "Opening the documents and loading the language model"
OUR_FAULT = "Something went wrong on our side, and the terminal says what. The question can be asked again."
PATIENCE = 0.25
"""Seconds between two looks at what a waiting question is waiting for."""

log = logging.getLogger(__name__)


class Answerer(Protocol):
    """What is needed of an assistant; ``rag.assistant.Assistant`` is one."""

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        id: str = "",
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[Phase | Token | Answer]:
        """Yield what is being done, the draft token by token, and last the checked answer."""
        ...


@dataclass(eq=False, slots=True)
class _Job:
    """A question on its way. ``events`` ends with ``None``."""

    question: str
    history: Sequence[Turn]
    stop: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    events: queue.SimpleQueue[Event | None] = field(default_factory=queue.SimpleQueue)


class Service:
    """Loads an assistant and answers questions with it, one after the other."""

    def __init__(self, load: Callable[[], Answerer]) -> None:
        self._load = load
        self._assistant: Answerer | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._line: list[_Job] = []
        self._by_session: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="answers", daemon=True)
        self.loaded = threading.Event()
        self.problem = ""

    def start(self) -> None:
        """Begin to load the assistant; returns at once."""
        self._thread.start()

    def close(self, patience: float = 5.0) -> None:
        """Stop every answer and the thread, waiting at most ``patience`` seconds for it."""
        with self._lock:
            for job in self._line:
                job.stop.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(patience)

    @property
    def documents(self) -> int | None:
        """How many documents answers are taken from, where that can be told."""
        index = getattr(self._assistant, "index", None)
        return int(index.stats()["documents"]) if index is not None else None

    def ask(self, question: str, history: Sequence[Turn] = (), session: str = "") -> Iterator[Event]:
        """Yield what happens to ``question``. A session asks one at a time: the one before is stopped."""
        self.stop(session)
        job = _Job(question, tuple(history))
        with self._lock:
            self._line.append(job)
            self._by_session[session] = job
        self._jobs.put(job)
        try:
            yield from self._wait(job)
            while job.begun.is_set() and (event := job.events.get()) is not None:
                yield event
            if job.stop.is_set():
                yield Stopped()
        finally:
            job.stop.set()
            with self._lock:
                if self._by_session.get(session) is job:
                    del self._by_session[session]

    def busy(self, session: str) -> bool:
        """Return whether a question of ``session`` is being answered."""
        return session in self._by_session

    def stop(self, session: str) -> bool:
        """Stop what is being answered for ``session``; return whether there was anything."""
        with self._lock:
            job = self._by_session.get(session)
        if job:
            job.stop.set()
        return job is not None

    def _wait(self, job: _Job) -> Iterator[Waiting]:
        """Yield what ``job`` waits for, until it is begun or stopped."""
        said = ""
        while not job.begun.wait(PATIENCE if said else 0.01) and not job.stop.is_set():
            text = self._reason(job)
            if text != said:
                said = text
                yield Waiting(text)

    def _reason(self, job: _Job) -> str:
        if not self.loaded.is_set():
            return LOADING
        with self._lock:
            before = self._line[: self._line.index(job)] if job in self._line else []
        ahead = sum(not other.stop.is_set() for other in before)
        if not ahead:
            return "Starting"
        return "Waiting: one question is ahead" if ahead == 1 else f"Waiting: {ahead} questions are ahead"

    def _work(self) -> None:
        self._ready()
        while (job := self._jobs.get()) is not None:
            for event in self._answer(job):
                job.events.put(event)
            job.events.put(None)
            with self._lock:
                self._line.remove(job)

    def _ready(self) -> bool:
        """Load the assistant where there is none; a failed attempt is made again with the next question."""
        if self._assistant is None:
            try:
                self._assistant = self._load()
                self.problem = ""
            except FootnoteError as error:
                self.problem = str(error)
            except Exception:
                log.exception("The assistant could not be loaded.")
                self.problem = OUR_FAULT
            self.loaded.set()
        return self._assistant is not None

    def _answer(self, job: _Job) -> Iterator[Event]:
        if job.stop.is_set():
            return
        job.begun.set()
        try:
            if not self._ready() or self._assistant is None:
                yield Failed(self.problem)
                return
            for event in self._assistant.stream(job.question, job.history, stop=job.stop.is_set):
                yield self._dated(event) if isinstance(event, Answer) else event
        except FootnoteError as error:
            yield Failed(str(error))
        except Exception:
            log.exception("A question could not be answered.")
            yield Failed(OUR_FAULT)

    def _dated(self, answer: Answer) -> Answered:
        """Return ``answer`` with the dates of its documents, which it does not carry itself."""
        index: Any = getattr(self._assistant, "index", None)
        dates = {}
        for name in {item.passage.document for item in answer.evidence} if index is not None else ():
            try:
                dates[name] = index.document(name).date
            except DocumentError:  # Removed since it was found; its passages are still shown.
                continue
        return Answered(answer, {name: date for name, date in dates.items() if date})
