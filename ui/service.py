"""The assistant behind every interface: loaded once, in the background, and used for one question at a time.

One thread owns the assistant, loads it and answers with it; users take turns (``ui.fair_queue``). Disconnecting,
stopping or running out of time only sets a flag; the thread ends that answer within a token, so nobody has to wait for
a client.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.archive import UNANSWERED, Archive
from rag.config import Config, changed
from rag.errors import DeadlinePassed, FootnoteError, ModelMissing, QuestionError, TooMany
from rag.ports import Embedder, Generator, WritableIndex
from rag.retrieval.hybrid import retrieve
from rag.retrieval.nearness import is_near
from rag.types import Answer, Evidence, Turn
from ui.conversation import Answered, Event, Failed, Stopped, Waiting
from ui.fair_queue import FairQueue, Full
from ui.jobs import Answerer, Inquiry, Job, Watcher
from ui.limits import check_lengths
from ui.places import places_of
from ui.problems import INTERNAL_ERROR, code
from ui.versions import Newest, Versions

__all__ = ["Service"]

WEIGHT = 0.2
"""Weight of the last answer in the running mean of answer times."""

log = logging.getLogger(__name__)


class Service:
    """Loads an assistant and answers questions one at a time, with users taking turns."""

    def __init__(self, load: Callable[[], Answerer], config: Config | None = None) -> None:
        self.config = config or Config()
        self._changes: dict[str, Any] = {}
        self._load = load
        self._assistant: Answerer | None = None
        self._queue: FairQueue[Job] = FairQueue(self.config.queue_length, self.config.queue_per_user)
        self._running: Job | None = None
        self._begun_at = 0.0
        self._mean: float | None = None
        self._by_session: dict[str, Job] = {}
        self._idle = threading.Event()
        self._idle.set()
        self.watcher: Watcher | None = None
        self.versions = Versions(self.step_aside)
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="answers", daemon=True)
        self.loaded = threading.Event()
        self.problem = ""

    def start(self) -> None:
        """Start loading the assistant; returns immediately."""
        self._thread.start()

    def retry(self) -> None:
        """Load the assistant in the background, if that failed before: what was missing may be there now."""
        if self.problem and not self.is_ready and not self._loading.locked():
            self.loaded.clear()
            threading.Thread(target=self._ready, name="loading", daemon=True).start()

    def close(self, patience: float = 5.0) -> None:
        """Stop every answer and the thread, waiting at most ``patience`` seconds."""
        with self._lock:
            jobs = [*self._queue.order(), *filter(None, [self._running])]
        for job in jobs:
            self.leave(job)
        self._queue.close()
        if self._thread.is_alive():
            self._thread.join(patience)

    @property
    def assistant(self) -> Answerer:
        """The assistant.

        Raises:
            ModelMissing: it is not loaded.
        """
        if self._assistant is None:
            raise ModelMissing(self.problem or "The language model is still loading. Try again in a moment.")
        return self._assistant

    @property
    def is_ready(self) -> bool:
        """Whether questions can be answered."""
        return self._assistant is not None

    @property
    def generator(self) -> Generator | None:
        """The language model, if loaded."""
        return getattr(self._assistant, "generator", None)

    @property
    def embedder(self) -> Embedder | None:
        """The embedder, if loaded."""
        return getattr(self._assistant, "embedder", None)

    @property
    def index(self) -> WritableIndex | None:
        """The index, once it is open; otherwise ``None``."""
        return getattr(self._assistant, "index", None)

    @property
    def documents(self) -> int | None:
        """The number of documents, if known."""
        return int(self.index.stats()["documents"]) if self.index is not None else None

    @property
    def waiting(self) -> int:
        """The number of waiting questions."""
        return len(self._queue)

    def newest(self) -> Newest:
        """Return the newest version of each document that is known to be an older one."""
        return self.versions.newest(self.index) if self.index is not None else {}

    # --- settings

    @property
    def settings(self) -> Config:
        """The settings that the next question is answered with; thresholds may come from a calibration."""
        with self._lock:
            return replace(getattr(self._assistant, "config", self.config), **self._changes)

    def change(self, values: Mapping[str, Any]) -> Config:
        """Use other ``values`` of settings from the next question on; return all settings.

        Raises:
            ConfigError: a value is not understood, or its setting can't change while the server runs.
        """
        with self._lock:
            new = changed(self.settings, values)
            self._changes |= {name: getattr(new, name) for name in values}
            self.config = replace(self.config, **self._changes)
            return new

    def _adopt_changes(self) -> None:
        """Pass on changed settings to the assistant, between two answers: one answer has one set of settings."""
        with self._lock:
            if self._changes and self._assistant is not None and hasattr(self._assistant, "config"):
                self._assistant.config = self.settings
                self._changes = {}

    # --- asking

    def submit(self, inquiry: Inquiry, tell: Callable[[Event | None], None]) -> Job:
        """Queue a question. ``tell`` is called from other threads and must return immediately.

        Raises:
            QuestionError: the question is too long, or too many turns come before it.
            TooMany: the queue is full, or the user has too many questions in it.
        """
        check_lengths(inquiry.question, len(inquiry.history))
        now = time.monotonic()
        job = Job(inquiry, now, now + self.config.deadline, tell)
        with self._lock:
            try:
                self._queue.put(inquiry.user, job)
            except Full as error:
                if self.watcher:
                    self.watcher.refused(inquiry.interface)
                raise self._refusal(error.crowded) from None
            self._idle.clear()
            self._announce()
        return job

    def leave(self, job: Job) -> None:
        """Cancel ``job``: remove it from the queue, or end it within a token."""
        job.stop.set()
        with self._lock:
            if self._queue.remove(job):
                self._end(job, None)
                self._announce()

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        session: str = "",
        user: str = "",
        documents: Collection[str] | None = None,
    ) -> Iterator[Event]:
        """Yield the events of ``question``. In a session, a new question cancels the previous one."""
        self.stop(session)
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        try:
            job = self.submit(Inquiry(question, tuple(history), user or session, documents=documents), events.put)
        except FootnoteError as error:
            yield Failed(str(error), code(error))
            return
        self._by_session[session] = job
        try:
            while (event := events.get(timeout=job.left())) is not None:
                yield event
            if job.stop.is_set():
                yield Stopped()
        except queue.Empty:
            yield _late(self.config)
        finally:
            self.leave(job)
            with self._lock:
                if self._by_session.get(session) is job:
                    del self._by_session[session]

    async def follow(self, inquiry: Inquiry) -> AsyncGenerator[Event, None]:
        """Yield the events of a question in an event loop; closing the iterator cancels it.

        Raises:
            QuestionError, TooMany: before anything is yielded.
        """
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event | None] = asyncio.Queue()

        def tell(event: Event | None) -> None:
            with contextlib.suppress(RuntimeError):  # The loop has ended, and its readers with it.
                loop.call_soon_threadsafe(events.put_nowait, event)

        job = self.submit(inquiry, tell)
        try:
            while (event := await asyncio.wait_for(events.get(), job.left())) is not None:
                yield event
            if job.stop.is_set():
                yield Stopped()
        except TimeoutError:
            yield _late(self.config)
        finally:
            self.leave(job)

    def search(self, question: str, limit: int, documents: Collection[str] | None = None) -> list[Evidence]:
        """Return the passages for ``question``, best first, without the language model and its queue.

        If ``documents`` are given (public names), only those are searched.

        Raises:
            QuestionError: the question is empty.
            ModelMissing: the models are not loaded yet.
        """
        if not question.strip():
            raise QuestionError("The question is empty; ask something.")
        config, parts = self.config, self.assistant
        candidates = max(config.candidates, limit)
        found = question, parts.index, parts.embedder, limit, candidates, config.dense_weight, documents
        return retrieve(*found, getattr(parts, "reranker", None), config.reranked)

    def is_near(self, question: str, found: Sequence[Evidence]) -> bool:
        """Return whether anything that ``search`` has ``found`` comes close to ``question``."""
        return is_near(question, found, self.assistant.index, self.assistant.embedder)

    def busy(self, session: str) -> bool:
        """Return whether a question of ``session`` is being answered."""
        return session in self._by_session

    def stop(self, session: str) -> bool:
        """Stop the answer for ``session``; return whether there was one."""
        with self._lock:
            job = self._by_session.get(session)
        if job:
            self.leave(job)
        return job is not None

    def step_aside(self, seconds: float = 5.0) -> bool:
        """Wait at most ``seconds`` while questions are being answered; call it between steps of background work.

        Return whether the service is idle.
        """
        return self._idle.wait(seconds)

    # --- waiting

    def _announce(self) -> None:
        """Tell every waiting question what it is waiting for, if that has changed."""
        with self._lock:
            first = self._running is not None
            for ahead, job in enumerate(self._queue.order(), start=first):
                reason = self._reason(ahead)
                if reason != job.said and (ahead or job.said or not self.loaded.is_set()):
                    job.said = reason
                    job.tell(reason)

    def _reason(self, ahead: int) -> Waiting:
        if not self.loaded.is_set():
            return Waiting(loading=True)
        return Waiting(ahead, seconds=self._seconds(ahead))

    def _seconds(self, ahead: int) -> float | None:
        """Return how long ``ahead`` answers are likely to take, including the current one."""
        if self._mean is None or not ahead:
            return None
        spent = time.monotonic() - self._begun_at if self._running else 0.0
        return round(self._mean * ahead - min(spent, self._mean), 1)

    def _refusal(self, crowded: bool) -> TooMany:
        seconds = self._seconds(self.waiting) or 5.0
        who = "Too many questions are waiting" if crowded else "You have too many questions waiting"
        return TooMany(f"{who}. Ask again in a moment.", max(1, round(seconds)), crowded)

    # --- answering, in the service's own thread

    def _work(self) -> None:
        self._ready()
        while (job := self._queue.get()) is not None:
            with self._lock:
                self._running, self._begun_at, job.begun = job, time.monotonic(), True
                self._announce()
            event = None
            for event in self._answer(job):
                job.tell(event)
            self._keep(job, event)
            with self._lock:
                self._running = None
                self._learn(time.monotonic() - self._begun_at)
                self._end(job, event)

    def _end(self, job: Job, event: Event | None) -> None:
        """Record that ``job`` ended with ``event``, and signal that no more events follow."""
        if self._running is None and not self.waiting:
            self._idle.set()
        if self.watcher:
            begun = self._begun_at if job.begun else time.monotonic()
            self.watcher.ended(job.inquiry.interface, begun - job.since, None if job.stop.is_set() else event)
        job.tell(None)

    def _learn(self, seconds: float) -> None:
        self._mean = seconds if self._mean is None else (1 - WEIGHT) * self._mean + WEIGHT * seconds

    def _ready(self) -> bool:
        """Load the assistant if necessary; a failed attempt is repeated with the next question."""
        with self._loading:
            if self._assistant is None:
                try:
                    self._assistant = self._load()
                    self.problem = ""
                except FootnoteError as error:
                    self.problem = str(error)
                except Exception:
                    log.exception("The assistant could not be loaded.")
                    self.problem = INTERNAL_ERROR
                self.loaded.set()
                self._announce()
        return self._assistant is not None

    def _answer(self, job: Job) -> Iterator[Event]:
        if job.over():
            return
        try:
            if not self._ready() or self._assistant is None:
                yield Failed(self.problem, "model")
                return
            self._adopt_changes()
            question, history, documents = job.inquiry.question, job.inquiry.history, job.inquiry.documents
            stream = self._assistant.stream(question, history, stop=job.over, documents=documents)
            for event in stream:
                if isinstance(event, Answer) and not job.left():
                    yield _late(self.config)
                else:
                    yield self._placed(event) if isinstance(event, Answer) else event
        except FootnoteError as error:
            yield Failed(str(error), code(error))
        except Exception:
            log.exception("A question could not be answered.")
            yield Failed(INTERNAL_ERROR)

    def _keep(self, job: Job, event: Event | None) -> None:
        """Keep a question without a sure answer, where that is wanted; the chat keeps its answers itself."""
        wanted = self.config.keep_unanswered and job.inquiry.interface != "chat" and not job.stop.is_set()
        if wanted and isinstance(event, Answered) and event.answer.status != "answered":
            Archive(self.config.index, folder=UNANSWERED).put(event.answer)

    def _placed(self, answer: Answer) -> Answered:
        """Return ``answer`` with the places of its passages."""
        return Answered(answer, places_of(answer, self.index, self.newest()) if self.index is not None else {})


def _late(config: Config) -> Failed:
    """Return the message for a missed deadline."""
    error = DeadlinePassed(
        f"There was no answer within {config.deadline:g} s. Try again later, or ask a shorter question."
    )
    return Failed(str(error), code(error))
