"""A generator that replies from a script: for tests, and for measurements without a language model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from rag.errors import GenerationError
from rag.ports import Capabilities, Completion, Stop
from rag.types import Prompt

__all__ = ["ScriptedGenerator"]

Scripted = TypeVar("Scripted", str, float)
CAPABLE = Capabilities(warm=False)


class ScriptedGenerator:
    """A fake: replies from a script, word by word, and records every prompt.

    ``replies`` maps a part of a question to the reply; ``scores`` maps it to the probability of the first choice in
    :meth:`score` (the others share the rest). ``completions`` maps a part of a :class:`Completion` to its reply,
    regardless of the grammar; the choice that this reply starts with is the most likely one. Each word is a token.
    ``capabilities`` are what it claims to have.
    """

    name = "scripted"
    fingerprint = "0" * 64

    def __init__(
        self,
        replies: Mapping[str, str],
        scores: Mapping[str, float] | None = None,
        context: int = 4096,
        completions: Mapping[str, str] | None = None,
        capabilities: Capabilities = CAPABLE,
    ) -> None:
        self.context = context
        self.capabilities = capabilities
        self.prompts: list[Prompt] = []
        self.completions: list[Completion] = []
        self._replies = dict(replies)
        self._completed = dict(completions or {})
        self._scores = dict(scores or {})

    def warm(self, prompt: Prompt, stop: Stop | None = None) -> int:
        """Return 0: there is nothing to prepare."""
        return 0

    def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def measure(self, prompt: Prompt | Completion) -> int:
        """Return the number of words in all parts of ``prompt``."""
        if isinstance(prompt, Completion):
            return len(f"{prompt.instructions} {prompt.text} {prompt.asked}".split())
        parts = [prompt.instructions, prompt.question]
        parts += [item.passage.text for item in prompt.evidence]
        return sum(len(part.split()) for part in parts)

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield the words of the scripted reply (see :meth:`rag.ports.Generator.stream`)."""
        self._take(prompt, limit)
        yield from _words(_first(self._replies, prompt.question, ""), limit, stop)

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield the words of the scripted completion (see :meth:`rag.ports.Generator.complete`)."""
        self._take(prompt, limit)
        yield from _words(_first(self._completed, prompt.text + prompt.asked, ""), limit, stop)

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the logarithms of the scripted probabilities (see :meth:`rag.ports.Generator.score`)."""
        self._take(prompt, 1)
        likeliest, scripted = 0, 0.97
        if isinstance(prompt, Completion):
            reply = _first(self._completed, prompt.text + prompt.asked, "")
            likeliest = next((i for i, choice in enumerate(choices) if reply.startswith(choice)), 0)
        else:
            scripted = _first(self._scores, prompt.question, scripted)
        best = min(max(scripted, 1e-6), 1 - 1e-6)
        others = (1 - best) / max(len(choices) - 1, 1)
        return [math.log(best if i == likeliest else others) for i in range(len(choices))]

    def _take(self, prompt: Prompt | Completion, room: int) -> None:
        if self.measure(prompt) + room > self.context:
            raise GenerationError(f"The prompt and an answer of {room} tokens don't fit into {self.context} tokens.")
        if isinstance(prompt, Completion):
            self.completions.append(prompt)
        else:
            self.prompts.append(prompt)


def _first(script: Mapping[str, Scripted], text: str, default: Scripted) -> Scripted:
    """Return the entry of ``script`` for the first of its keys that ``text`` contains."""
    return next((value for key, value in script.items() if key in text), default)


def _words(reply: str, limit: int, stop: Stop | None) -> Iterator[str]:
    """Yield the first ``limit`` words of ``reply`` until ``stop()``."""
    for word in re.findall(r"\S+\s*", reply)[:limit]:
        if stop and stop():
            return
        yield word
