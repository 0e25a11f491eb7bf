"""Read a prompt into a context, reusing attention states that were computed before.

The keys and values of a passage depend on what precedes it. Every prompt begins with the same instructions, so the
passage right after them has the same state for every question: it is computed once, and a prompt with that passage
costs no more than its question (Prompt Cache, arXiv 2311.04934). Further passages depend on the ones before them and
are computed each time.

The same prompt always gives the same logits, bit for bit, whether its states were just computed, cached or loaded: each
part is decoded as its own batch, a state is only computed in the cells right after the instructions, and everything
read occupies the first cells, in order and without gaps.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.generators.llama.binding import Interrupted, Llama, Run
from rag.generators.llama.states import StateCache
from rag.ports import Stop
from rag.types import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Part", "Parts", "Reader"]

READ, ASIDE, SPARE = 0, 1, 2
"""The sequences: the prompt with the reply; the second task's question; a state being loaded or saved."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens that are decoded together; ``passage`` is the id of their passage, or 0."""

    tokens: tuple[int, ...]
    passage: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """A prompt in tokens: instructions, evidence, and the question in the form of each task; see :class:`Prompt`."""

    instructions: tuple[int, ...]
    evidence: tuple[Part, ...]
    asked: dict[Task, tuple[int, ...]]

    @property
    def size(self) -> int:
        """Number of cells for all of it."""
        shared = _shared(self.asked)
        tails = sum(len(tokens) - shared for tokens in self.asked.values()) + shared
        return len(self.instructions) + sum(len(part.tokens) for part in self.evidence) + tails


class Reader:
    """Reads prompts into the context of ``llama`` and caches states in ``states``; ``model`` is its fingerprint.

    After an error it starts with an empty context.
    """

    def __init__(self, llama: Llama, states: StateCache, model: str) -> None:
        self._llama = llama
        self._states = states
        self._made = f"{model} {llama.identity}"
        self._kept: list[tuple[int, ...]] = []
        self._end = 0
        self._ready: tuple[Parts, dict[Task, NDArray[np.float32]]] | None = None

    def read(self, parts: Parts, stop: Stop) -> Mapping[Task, NDArray[np.float32]]:
        """Return for each task the logits (vocabulary,) of the reply's first token, all from one decode.

        The question of the first task stays in the context, for ``follow``.

        Raises:
            Interrupted: ``stop()`` became true.
            GenerationError: the prompt doesn't fit into the context.
        """
        if stop():
            raise Interrupted
        if self._ready and self._ready[0] == parts:
            return self._ready[1]
        try:
            self.forget_reply()
            self._read(parts, stop)
            self._ready = parts, self._ask(parts.asked, stop)
        except BaseException:
            self._reset()
            raise
        return self._ready[1]

    def follow(self, tokens: Sequence[int]) -> list[NDArray[np.float32]]:
        """Append ``tokens``; return the logits after each of them, valid until the next call."""
        self._ready = None
        try:
            logits = self._llama.decode([Run(tokens, self._end, (READ,), len(tokens))])
        except BaseException:
            self._reset()
            raise
        self._end += len(tokens)
        return logits

    @property
    def room(self) -> int:
        """How many more tokens fit."""
        return self._llama.context - self._end

    def take_back(self, count: int) -> None:
        """Remove the last ``count`` appended tokens."""
        self._end -= count
        self._llama.remove(READ, self._end)

    def forget_reply(self) -> None:
        """Remove everything after the evidence."""
        self._ready = None
        self._keep(len(self._kept))

    def warm(self, instructions: tuple[int, ...], part: Part, stop: Stop) -> bool:
        """Compute and cache the state of ``part``; return False if it already was. Raises as ``read`` does."""
        if self._states.get(part.passage, self._key(instructions, part)) is not None:
            return False
        try:
            self._ready = None
            self._keep(int(self._kept[:1] == [instructions]))
            self._instructions(instructions, stop)
            self._computed(instructions, part, stop)
        except BaseException:
            self._reset()
            raise
        return True

    # --- the contents of the context

    def _reset(self) -> None:
        self._llama.clear()
        self._kept, self._end, self._ready = [], 0, None

    def _keep(self, count: int) -> None:
        """Remove everything after the first ``count`` parts."""
        del self._kept[count:]
        self._end = sum(map(len, self._kept))
        self._llama.remove(READ, self._end)

    def _read(self, parts: Parts, stop: Stop) -> None:
        """Read everything but the question into the context, reusing the parts that are already there."""
        self._keep(_same(self._kept, [parts.instructions, *(part.tokens for part in parts.evidence)]))
        self._instructions(parts.instructions, stop)
        for part in parts.evidence[len(self._kept) - 1 :]:
            if len(self._kept) == 1:
                self._load(self._state(parts.instructions, part, stop))
            else:
                self._llama.decode([Run(part.tokens, self._end, (READ,), 0)], stop)
            self._note(part.tokens)

    def _note(self, tokens: tuple[int, ...]) -> None:
        self._kept.append(tokens)
        self._end += len(tokens)

    def _instructions(self, tokens: tuple[int, ...], stop: Stop) -> None:
        if self._kept:
            return
        key = self._key(tokens, None)
        state = self._states.get(0, key)
        if state:
            self._llama.load(READ, state)
        else:
            self._llama.decode([Run(tokens, 0, (READ,), 0)], stop)
            self._states.put(0, key, self._llama.state(READ))
        self._note(tokens)

    def _state(self, instructions: tuple[int, ...], part: Part, stop: Stop) -> bytes:
        """Return the state of ``part`` after the instructions, from the cache if possible."""
        state = self._states.get(part.passage, self._key(instructions, part))
        return self._computed(instructions, part, stop) if state is None else state

    def _computed(self, instructions: tuple[int, ...], part: Part, stop: Stop) -> bytes:
        """Compute the state of ``part`` after the instructions, which must be all that is in the context."""
        begin = len(instructions)
        self._llama.copy(READ, SPARE, begin)
        self._llama.decode([Run(part.tokens, begin, (SPARE,), 0)], stop)
        self._llama.remove(SPARE, 0, begin)
        state = self._llama.state(SPARE)
        self._llama.remove(SPARE)
        self._states.put(part.passage, self._key(instructions, part), state)
        return state

    def _load(self, state: bytes) -> None:
        """Load the state of a passage after the instructions."""
        self._llama.load(SPARE, state)
        self._llama.copy(SPARE, READ)
        self._llama.remove(SPARE)

    def _ask(self, asked: Mapping[Task, tuple[int, ...]], stop: Stop) -> dict[Task, NDArray[np.float32]]:
        """Decode the questions of one or two tasks in one batch: their common beginning once, then the rest of each.

        The tasks don't see each other; the first one stays in the context.
        """
        shared, first = _shared(asked), next(iter(asked.values()))
        self._llama.copy(READ, ASIDE)
        runs = [Run(first[:shared], self._end, (READ, ASIDE), 0)] if shared else []
        for sequence, tokens in zip((READ, ASIDE), asked.values(), strict=False):
            runs.append(Run(tokens[shared:], self._end + shared, (sequence,)))
        logits = self._llama.decode(runs, stop)
        self._llama.remove(ASIDE)
        self._end += len(first)
        return {task: row.copy() for task, row in zip(asked, logits, strict=True)}

    def _key(self, instructions: tuple[int, ...], part: Part | None) -> str:
        """Return a hash of everything that a state depends on."""
        parts = [self._made.encode(), array("i", instructions).tobytes()]
        if part:
            parts.append(array("i", part.tokens).tobytes())
        return hashlib.sha256(b"\0".join(hashlib.sha256(text).digest() for text in parts)).hexdigest()[:40]


def _shared(asked: Mapping[Task, tuple[int, ...]]) -> int:
    """Return the number of tokens that both of ``asked`` begin with, at least one less than the shorter has."""
    first, *others = asked.values()
    return min((min(_same(first, other), len(first) - 1, len(other) - 1) for other in others), default=0)


def _same(one: Sequence[object], other: Sequence[object]) -> int:
    """Return the length of the common beginning."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
