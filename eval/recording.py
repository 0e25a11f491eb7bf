"""Stand-ins around the assistant: one records a generator, one replays the recording, one uses given evidence.

They let a run record every prompt and draft, let the evaluation answer from gold passages instead of retrieved ones,
and let recorded drafts go through the current verification without a language model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rag.assistant import Assistant
from rag.errors import GenerationError
from rag.ports import Capabilities, Completion, Generator, Stop
from rag.types import Evidence, Passage, Prompt, Turn

__all__ = ["GivenEvidence", "RecordingGenerator", "ReplayGenerator", "evidence_from", "evidence_row"]


class RecordingGenerator:
    """Forwards to another generator and records each prompt with its output until it is taken."""

    def __init__(self, inner: Generator) -> None:
        self.name, self.fingerprint, self.context = inner.name, inner.fingerprint, inner.context
        self.capabilities = inner.capabilities
        self._inner = inner
        self._calls: list[dict[str, Any]] = []
        self._prompt: Prompt | None = None

    def take(self) -> tuple[Prompt | None, list[dict[str, Any]]]:
        """Return the last prompt and all calls since the last ``take``, and clear both."""
        taken = self._prompt, self._calls
        self._prompt, self._calls = None, []
        return taken

    def measure(self, prompt: Prompt | Completion) -> int:
        """Return the number of tokens (see :class:`rag.ports.Generator`)."""
        return self._inner.measure(prompt)

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield the draft, recorded piece by piece, so that text before a failure is kept."""
        yield from self._heard(prompt, self._inner.stream(prompt, limit, stop))

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield the completion, recorded piece by piece."""
        yield from self._heard(prompt, self._inner.complete(prompt, limit, grammar, stop))

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the log-probabilities of the choices."""
        scores = self._inner.score(prompt, choices, stop)
        self._keep(prompt, _named(prompt) | {"scores": dict(zip(choices, scores, strict=True))})
        return scores

    def _heard(self, prompt: Prompt | Completion, pieces: Iterator[str]) -> Iterator[str]:
        call = _named(prompt) | {"draft": ""}
        self._keep(prompt, call)
        for piece in pieces:
            call["draft"] += piece
            yield piece

    def warm(self, prompt: Prompt, stop: Stop | None = None) -> int:
        """Precompute the attention states for ``prompt``."""
        return self._inner.warm(prompt, stop)

    def close(self) -> None:
        """Close the wrapped generator."""
        self._inner.close()

    def _keep(self, prompt: Prompt | Completion, call: dict[str, Any]) -> None:
        if isinstance(prompt, Prompt):
            self._prompt = prompt
        self._calls.append(call)


def _named(prompt: Prompt | Completion) -> dict[str, Any]:
    """Return the task and the text that identify a call."""
    if isinstance(prompt, Completion):
        return {"task": "complete", "query": prompt.text + prompt.asked}
    return {"task": prompt.task, "query": prompt.query}


class ReplayGenerator:
    """Replays the recording for a question and a task. ``calls`` are those of ``RecordingGenerator`` by query; a
    question that was asked of each document separately has several.

    For a task without a recording, the completion is empty and all choices score the same. Raises ``GenerationError``
    for a question without one.
    """

    context = 1 << 20
    capabilities = Capabilities(warm=False)

    def __init__(self, calls: Mapping[str, Sequence[Mapping[str, Any]]], name: str = "", fingerprint: str = "") -> None:
        self.name, self.fingerprint = name, fingerprint
        self._calls = calls

    def measure(self, _: Prompt | Completion) -> int:
        """Return 0: every recorded prompt fitted."""
        return 0

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield the last recorded draft for the question and the task, or an empty one."""
        yield from self._recorded(prompt, "draft")[-1:]

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield the recorded completion, or an empty one."""
        yield from self._recorded(prompt, "draft")[-1:]

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the recorded scores for the question and the task, or equal ones."""
        scores = self._recorded(prompt, "scores")
        return [scores[-1].get(choice, 0.0) if scores else 0.0 for choice in choices]

    def warm(self, prompt: Prompt, stop: Stop | None = None) -> int:
        """Return 0: nothing is read."""
        return 0

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def _recorded(self, prompt: Prompt | Completion, what: str) -> list[Any]:
        task, query = _named(prompt).values()
        if isinstance(prompt, Prompt) and query not in self._calls:
            raise GenerationError(f"There is no recorded draft for the question “{query}”.")
        return [call[what] for call in self._calls.get(query, ()) if call["task"] == task and what in call]


class GivenEvidence(Assistant):
    """An assistant that doesn't search: it answers from ``evidence``, which is set before each question."""

    evidence: Sequence[Evidence] = ()

    def retrieve(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None = None
    ) -> list[Evidence]:
        """Return the given evidence, limited to ``documents`` if named."""
        return [item for item in self.evidence if documents is None or item.passage.document in documents]


def evidence_row(item: Evidence) -> dict[str, Any]:
    """Return a passage of the evidence as a record: its fields and its scores."""
    table = dataclasses.asdict(item)
    passage = table.pop("passage")
    del passage["id"]
    return {**passage, **table}


def evidence_from(row: Mapping[str, Any]) -> Evidence:
    """Return the evidence of which :func:`evidence_row` made ``row``."""
    scores = {name: row[name] for name in ("score", "rank", "dense", "lexical")}
    return Evidence(Passage(**{name: value for name, value in row.items() if name not in scores}), **scores)
