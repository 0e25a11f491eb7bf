"""A question on its way through the service, and the interfaces of what answers and counts it."""

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

__all__ = ["Answerer", "Inquiry", "Job", "Watcher"]


class Answerer(Protocol):
    """What the service needs from an assistant; ``rag.assistant.Assistant`` implements it."""

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
        """Yield phases, the sentence the draft will be based on, the draft token by token, and the answer last."""
        ...


class Watcher(Protocol):
    """What the service needs from metrics; ``ui.metrics.Metrics`` implements it."""

    def ended(self, interface: str, waited: float, event: Event | None) -> None:
        """Count a question that waited ``waited`` seconds and ended with ``event`` (``None`` if stopped)."""

    def refused(self, interface: str) -> None:
        """Count a question that the queue refused."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question as received: through which interface, and from which user, as far as known.

    If ``documents`` are given (public names), only those are used to answer it.
    """

    question: str
    history: Sequence[Turn] = ()
    user: str = ""
    interface: str = "chat"
    documents: Collection[str] | None = None


@dataclass(eq=False, slots=True)
class Job:
    """A question in progress, times on the monotonic clock. ``tell`` receives each event, then ``None``."""

    inquiry: Inquiry
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
        """Return whether the answer is no longer wanted."""
        return self.stop.is_set() or not self.left()
