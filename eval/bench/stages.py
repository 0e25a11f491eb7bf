"""The time of each stage of an answer, from the assistant's events and from timers around its parts.

searching    embed, dense, lexical, and fusion (everything else before the evidence is there) reading      until the
first word of the draft, or until it is clear that there won't be one writing      until the last word checking
until the answer
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from eval.questions import Question
from rag.assistant import Assistant
from rag.ports import Stop
from rag.types import Answer, Evidence, Phase, Token

__all__ = ["SEARCHES", "Laps", "Stopwatch", "Timed", "TimedAnswer"]

SEARCHES = {
    "embed_query": "embed_s",
    "search_dense": "dense_s",
    "scores_dense": "dense_s",
    "search_lexical": "lexical_s",
}
"""The timed methods of embedder and index, and the stage that each belongs to."""


class Laps(defaultdict[str, float]):
    """Seconds by stage, accumulated until they are taken."""

    def __init__(self) -> None:
        super().__init__(float)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add the duration of the block to ``name``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self[name] += time.perf_counter() - begin

    def take(self) -> dict[str, float]:
        """Return the seconds added since the last ``take``."""
        taken = dict(self)
        self.clear()
        return taken


class Timed:
    """Wraps a part of the assistant, and adds the seconds of the methods ``names`` to ``laps``."""

    def __init__(self, inner: object, laps: Laps, names: Mapping[str, str]) -> None:
        self._inner, self._laps, self._names = inner, laps, names

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the part, wrapped in a timer if it is a timed method."""
        value = getattr(self._inner, name)
        if name not in self._names:
            return value

        def timed(*arguments: Any, **options: Any) -> Any:
            with self._laps.timing(self._names[name]):
                return value(*arguments, **options)

        return timed

    def __len__(self) -> int:
        return len(cast(Any, self._inner))


@dataclass(frozen=True, slots=True)
class TimedAnswer:
    """One answer: its measurements, the draft as received (and in how many pieces), and the evidence."""

    values: dict[str, float]
    draft: str
    pieces: int
    evidence: tuple[Evidence, ...]


class Stopwatch:
    """An assistant with timers for every stage. Nothing else may use the assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._laps = Laps()
        for name in ("embedder", "index"):
            setattr(assistant, name, Timed(getattr(assistant, name), self._laps, SEARCHES))

    def search(self, question: Question) -> dict[str, float]:
        """Return the seconds of each part of searching."""
        self._laps.take()
        begin = time.perf_counter()
        self.assistant.retrieve(question.question, question.history)
        return self._searching(time.perf_counter() - begin)

    def found(self, question: Question) -> tuple[Evidence, ...]:
        """Return all passages found for ``question``, including those too far behind the best to be read."""
        usual = self.assistant.config
        self.assistant.config = replace(usual, closeness=0.0)
        try:
            return tuple(self.assistant.retrieve(question.question, question.history))
        finally:
            self.assistant.config = usual

    def ask(self, question: Question, first_only: bool = False) -> TimedAnswer:
        """Return the measurements of the answer to ``question``; ``first_only``: cancel it after its first word."""
        self._laps.take()
        marks = dict[str, float]()
        draft, pieces, evidence = "", 0, tuple[Evidence, ...]()
        stop: Stop | None = (lambda: "first" in marks) if first_only else None
        begin = time.perf_counter()
        for event in self.assistant.stream(question.question, question.history, question.id, stop):
            now = time.perf_counter() - begin
            if isinstance(event, Phase):
                # There may be several drafts: reading counts from the first, checking from the last.
                marks[event.name] = now if event.name == "checking" else marks.get(event.name, now)
                if event.name == "reading":
                    marks.setdefault("found", now)
                    laps = self._searching(marks["found"])
            elif isinstance(event, Token):
                marks.setdefault("first", now)
                draft, pieces = draft + event.text, pieces + 1
            elif isinstance(event, Answer):
                marks["end"], evidence = now, event.evidence
        return TimedAnswer(laps | _stages(marks), draft, pieces, evidence)

    def _searching(self, whole: float) -> dict[str, float]:
        parts = dict.fromkeys(dict.fromkeys(SEARCHES.values()), 0.0) | self._laps.take()
        return {**parts, "fusion_s": max(0.0, whole - sum(parts.values())), "retrieval_s": whole}


def _stages(marks: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds of each stage after searching; without a draft (declined, or no model needed), only their sum.

    >>> _stages({"found": 0.5, "first": 2.0, "checking": 5.0, "end": 5.5})
    {'reading_s': 1.5, 'first_token_s': 2.0, 'writing_s': 3.0, 'checking_s': 0.5, 'total_s': 5.5}
    """
    end = marks["end"]
    if "first" not in marks:
        return {"undrafted_s": end}
    checking = marks.get("checking", end)
    return {
        "reading_s": marks["first"] - marks["found"],
        "first_token_s": marks["first"],
        "writing_s": checking - marks["first"],
        "checking_s": end - checking,
        "total_s": end,
    }
