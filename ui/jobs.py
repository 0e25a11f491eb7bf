"""A question on its way through the service, and who answers it and counts it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rag.ports import Embedder, Generator, Reranker, Stop
from rag.types import Answer, Citation, Passage, Phase, Token, Turn
from ui.conversation import Event, Waiting

if TYPE_CHECKING:
    from rag.ports import WritableIndex

__all__ = ["Answerer", "Asked", "Job", "Watcher"]


class Answerer(Protocol):
    """What is needed of an assistant; ``rag.assistant.Assistant`` is one."""

    index: WritableIndex
    embedder: Embedder
    generator: Generator
    reranker: Reranker | None

    def warm(self, passages: Sequence[Passage], stop: Stop | None = None) -> int:
        """Read ``passages`` ahead until ``stop()``; return how many were new."""
        ...

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        id: str = "",
        stop: Stop | None = None,
        documents: Collection[str] | None = None,
    ) -> Iterator[Phase | Citation | Token | Answer]:
        """Yield what is being done, the sentence it will rest on, the draft token by token, and last the answer."""
        ...


class Watcher(Protocol):
    """Who counts the questions; ``ui.metrics.Metrics`` is one."""

    def ended(self, door: str, waited: float, event: Event | None) -> None:
        """Take note that a question that ``waited`` so many seconds ended with ``event``, ``None`` where stopped."""

    def refused(self, door: str) -> None:
        """Take note that there was no room for a question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came in: through which door, and from which user, as well as can be told.

    Where ``documents`` are given, by their public names, it is answered from them alone.
    """

    question: str
    history: Sequence[Turn] = ()
    user: str = ""
    door: str = "chat"
    documents: Collection[str] | None = None


@dataclass(eq=False, slots=True)
class Job:
    """A question on its way, times on the monotonic clock. ``tell`` is given each event, and last ``None``."""

    asked: Asked
    since: float
    until: float
    tell: Callable[[Event | None], None]
    stop: threading.Event = field(default_factory=threading.Event)
    begun: bool = False
    said: Waiting | None = None

    def left(self) -> float:
        """Return the seconds until the deadline, at least 0."""
        return max(0.0, self.until - time.monotonic())

    def over(self) -> bool:
        """Return whether nobody wants the answer any more."""
        return self.stop.is_set() or not self.left()
