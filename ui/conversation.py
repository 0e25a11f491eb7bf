"""The state of a conversation: frozen records, updated by events from the assistant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.ports import DocumentInfo
from rag.types import Answer, Citation, Phase, Token, Turn

__all__ = ["Answered", "Event", "Exchange", "Failed", "Place", "Stopped", "Waiting", "advance", "history"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The question has not started: the assistant is still loading, or ``ahead`` other questions come first.

    ``seconds`` is the expected wait, if known.
    """

    ahead: int = 0
    loading: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """There will be no answer. ``text`` tells the user what to do, ``error`` is a code for programs."""

    text: str
    error: str = "internal"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage is: its document's ISO date and hash, and the text on either side of it.

    ``newest`` is the newest version of its document, if that is an older one.
    """

    date: str = ""
    sha256: str = ""
    before: str = ""
    after: str = ""
    newest: DocumentInfo | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The checked answer, with the places of those passages that are still in the index, by rank."""

    answer: Answer
    places: Mapping[int, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stopped:
    """The user stopped it. Comes last, after an ``Answered`` event if the text so far makes an answer."""


Event = Waiting | Phase | Citation | Token | Answered | Failed | Stopped
"""Events of a question; the last one is ``Answered``, ``Failed`` or ``Stopped``.

A ``Citation`` is the sentence of a source that the draft will be based on.
"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer. ``number`` counts from 1 within its conversation.

    While it is in progress, ``activity`` is the current step, ``found`` the sentence that the answer will be based on,
    and ``draft`` the text that has not been checked. ``problem`` says why there is no answer, or no newer one, and
    ``error`` is the code of :class:`Failed`. ``kept`` is the id under which the answer was stored, if it was; ``id`` is
    that of the attempt, so that the page knows a new one.
    """

    number: int
    question: str
    state: Literal["working", "answered", "stopped", "failed"] = "working"
    activity: Waiting | Phase | None = None
    found: Citation | None = None
    draft: str = ""
    answered: Answered | None = None
    problem: str = ""
    error: str = ""
    kept: str = ""
    id: str = ""


def advance(exchange: Exchange, event: Event) -> Exchange:
    """Return ``exchange`` after ``event``."""
    match event:
        case Waiting() | Phase():
            return replace(exchange, activity=event)
        case Citation():
            return replace(exchange, found=event)
        case Token(text=text):
            return replace(exchange, draft=exchange.draft + text)
        case Answered():
            return replace(exchange, state="answered", answered=event)
        case Failed(text=text, error=error):
            return replace(exchange, state="failed", problem=text, error=error)
        case Stopped():
            return _stopped(exchange)


def _stopped(exchange: Exchange) -> Exchange:
    """Return ``exchange`` as stopped. Having found nothing so far doesn't make it an abstention."""
    has_answer = exchange.answered is not None and exchange.answered.answer.status != "abstained"
    return exchange if has_answer or exchange.state == "failed" else replace(exchange, state="stopped", answered=None)


def history(exchanges: Sequence[Exchange]) -> list[Turn]:
    """Return the conversation for the assistant, oldest turn first, without exchanges that have no answer."""
    turns = []
    for exchange in exchanges:
        if exchange.state == "answered" and exchange.answered:
            turns += [Turn("user", exchange.question), Turn("assistant", exchange.answered.answer.answer)]
    return turns
