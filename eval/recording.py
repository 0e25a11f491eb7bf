"""Three stand-ins around the assistant: one listens to a generator, one repeats what was heard, one is given evidence.

With them a run keeps every prompt and draft, the evaluation reads with the gold passages instead of the retrieved ones,
and recorded drafts go through today's verification without a language model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rag.assistant import Assistant
from rag.errors import GenerationError
from rag.ports import Capabilities, Completion, Generator, Stop
from rag.types import Evidence, Prompt, Turn

__all__ = ["GivenEvidence", "RecordingGenerator", "ReplayGenerator"]


class RecordingGenerator:
    """Passes everything on to another generator, and keeps each prompt with what came back, until it is taken."""

    def __init__(self, inner: Generator) -> None:
        self.name, self.fingerprint, self.context = inner.name, inner.fingerprint, inner.context
        self.capabilities = inner.capabilities
        self._inner = inner
        self._calls: list[dict[str, Any]] = []
        self._prompt: Prompt | None = None

    def take(self) -> tuple[Prompt | None, list[dict[str, Any]]]:
        """Return the last prompt and every call since the last ``take``, and forget both."""
        taken = self._prompt, self._calls
        self._prompt, self._calls = None, []
        return taken

    def measure(self, prompt: Prompt | Completion) -> int:
        """Return the number of tokens (see :class:`rag.ports.Generator`)."""
        return self._inner.measure(prompt)

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield the draft, kept as it comes: what was written before a failure is there too."""
        yield from self._heard(prompt, self._inner.stream(prompt, limit, stop))

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield the completion, kept as it comes."""
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
        """Do ahead what reading ``prompt`` will take."""
        return self._inner.warm(prompt, stop)

    def close(self) -> None:
        """Close the generator behind it."""
        self._inner.close()

    def _keep(self, prompt: Prompt | Completion, call: dict[str, Any]) -> None:
        if isinstance(prompt, Prompt):
            self._prompt = prompt
        self._calls.append(call)


def _named(prompt: Prompt | Completion) -> dict[str, Any]:
    """Return the task and the text by which a call is found again."""
    if isinstance(prompt, Completion):
        return {"task": "complete", "query": prompt.text + prompt.asked}
    return {"task": prompt.task, "query": prompt.query}


class ReplayGenerator:
    """Gives back what was recorded for a question and a task. ``calls`` are those of ``RecordingGenerator`` by their
    query: of one question there are several where it was asked of each document by itself.

    Of a task that nothing was recorded for, the reply is empty and all choices are alike. Raises ``GenerationError``
    for a question that was not recorded.
    """

    context = 1 << 20
    capabilities = Capabilities(warm=False)

    def __init__(self, calls: Mapping[str, Sequence[Mapping[str, Any]]], name: str = "", fingerprint: str = "") -> None:
        self.name, self.fingerprint = name, fingerprint
        self._calls = calls

    def measure(self, _: Prompt | Completion) -> int:
        """Return 0: what was recorded fitted."""
        return 0

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield the last draft that was recorded for the question and the task; an empty one where none was made."""
        yield from self._recorded(prompt, "draft")[-1:]

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield the completion that was recorded; an empty one where none was."""
        yield from self._recorded(prompt, "draft")[-1:]

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the scores that were recorded for the question and the task; equal ones where none were."""
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
            raise GenerationError(f"No draft was recorded for the question “{query}”.")
        return [call[what] for call in self._calls.get(query, ()) if call["task"] == task and what in call]


class GivenEvidence(Assistant):
    """An assistant that does not search: it answers from ``evidence``, which is set before each question."""

    evidence: Sequence[Evidence] = ()

    def retrieve(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None = None
    ) -> list[Evidence]:
        """Return the evidence that was given, of ``documents`` alone where they are named."""
        return [item for item in self.evidence if documents is None or item.passage.document in documents]
