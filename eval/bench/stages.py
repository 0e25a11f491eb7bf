"""How long each stage of an answer takes, seen from outside: the assistant's own events, and its parts behind a watch.

searching    embed, dense, lexical, and fusion (whatever else it takes until the evidence is there)
reading      until the first word of the draft, or until it is clear that there will be none
writing      until the last word
checking     until the answer
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

__all__ = ["SEARCHES", "Laps", "Timed", "Watch", "Watched"]

SEARCHES = {
    "embed_query": "embed_s",
    "search_dense": "dense_s",
    "scores_dense": "dense_s",
    "search_lexical": "lexical_s",
}
"""The methods of embedder and index that are timed, and the stage that each belongs to."""


class Laps(defaultdict[str, float]):
    """Seconds by stage, added up until they are taken."""

    def __init__(self) -> None:
        super().__init__(float)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add the seconds that the block takes to ``name``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self[name] += time.perf_counter() - begin

    def take(self) -> dict[str, float]:
        """Return what was added since the last ``take``."""
        taken = dict(self)
        self.clear()
        return taken


class Timed:
    """Stands before a part of the assistant, and adds the seconds of the methods ``names`` to ``laps``."""

    def __init__(self, inner: object, laps: Laps, names: Mapping[str, str]) -> None:
        self._inner, self._laps, self._names = inner, laps, names

    def __getattr__(self, name: str) -> Any:
        """Return what the part has under this name; a method that is timed in a watch."""
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
class Watched:
    """One answer: what it took, the draft as it came (with how many pieces), and the evidence that was read."""

    values: dict[str, float]
    draft: str
    pieces: int
    evidence: tuple[Evidence, ...]


class Watch:
    """An assistant whose every answer is timed by stage. The assistant must be nobody else's."""

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
        """Return all passages found for ``question``, also those too far behind the best to be read."""
        usual = self.assistant.config
        self.assistant.config = replace(usual, closeness=0.0)
        try:
            return tuple(self.assistant.retrieve(question.question, question.history))
        finally:
            self.assistant.config = usual

    def ask(self, question: Question, first_only: bool = False) -> Watched:
        """Return what the answer to ``question`` took; ``first_only``: it is given up after its first word."""
        self._laps.take()
        marks = dict[str, float]()
        draft, pieces, evidence = "", 0, tuple[Evidence, ...]()
        stop: Stop | None = (lambda: "first" in marks) if first_only else None
        begin = time.perf_counter()
        for event in self.assistant.stream(question.question, question.history, question.id, stop):
            now = time.perf_counter() - begin
            if isinstance(event, Phase):
                # A draft may be begun again: reading counts from the first time, checking from the last.
                marks[event.name] = now if event.name == "checking" else marks.get(event.name, now)
                if event.name == "reading":
                    marks.setdefault("found", now)
                    laps = self._searching(marks["found"])
            elif isinstance(event, Token):
                marks.setdefault("first", now)
                draft, pieces = draft + event.text, pieces + 1
            elif isinstance(event, Answer):
                marks["end"], evidence = now, event.evidence
        return Watched(laps | _stages(marks), draft, pieces, evidence)

    def _searching(self, whole: float) -> dict[str, float]:
        parts = dict.fromkeys(dict.fromkeys(SEARCHES.values()), 0.0) | self._laps.take()
        return {**parts, "fusion_s": max(0.0, whole - sum(parts.values())), "retrieval_s": whole}


def _stages(marks: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds of each stage after searching; without a draft (declined, or a line answered), only their sum.

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
