"""How a prompt is read: into the cells of a context, with the attention states that were computed before.

The keys and values of a passage depend on what stands before it. A prompt begins with the instructions, the same for
every question, and a passage that comes next has the same state whatever is asked: it is computed once, ever, and a
prompt with that passage costs no more than its question (Prompt Cache, arXiv 2311.04934). Further passages are
read in the light of all that stands before them, each time.

The same prompt always gives the same logits, bit for bit, whether its states were computed now, kept or loaded: each
part is decoded as a batch of its own, a state is computed in the cells that follow the instructions and nowhere else,
and what is read stands in the first cells, in order, without a gap.
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
"""The sequences: what is read, with the reply; what is asked beside it; a state on its way in or out."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens that are decoded together; ``passage`` is the id of the passage that they are of, 0 where of none."""

    tokens: tuple[int, ...]
    passage: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """A prompt in tokens: instructions, evidence, then what is asked for each task; see :class:`Prompt`."""

    instructions: tuple[int, ...]
    evidence: tuple[Part, ...]
    asked: dict[Task, tuple[int, ...]]

    @property
    def size(self) -> int:
        """Number of cells that all of it takes up."""
        shared = _shared(self.asked)
        tails = sum(len(tokens) - shared for tokens in self.asked.values()) + shared
        return len(self.instructions) + sum(len(part.tokens) for part in self.evidence) + tails


class Reader:
    """Reads prompts into the context of ``llama``, whose states it keeps in ``states``; ``model`` is its fingerprint.

    After any error it begins anew with the next prompt.
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

        What the first task asks stays in the context, for ``follow``.

        Raises:
            Interrupted: ``stop()`` became true.
            GenerationError: it does not fit the context.
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
            self._begin_anew()
            raise
        return self._ready[1]

    def follow(self, tokens: Sequence[int]) -> list[NDArray[np.float32]]:
        """Put ``tokens`` behind what was read; return the logits behind each, valid until the next call."""
        self._ready = None
        try:
            logits = self._llama.decode([Run(tokens, self._end, (READ,), len(tokens))])
        except BaseException:
            self._begin_anew()
            raise
        self._end += len(tokens)
        return logits

    @property
    def room(self) -> int:
        """How many tokens still fit behind what was read."""
        return self._llama.context - self._end

    def take_back(self, count: int) -> None:
        """Remove the last ``count`` tokens that were put behind what was read."""
        self._end -= count
        self._llama.remove(READ, self._end)

    def forget_reply(self) -> None:
        """Remove everything behind the evidence."""
        self._ready = None
        self._keep(len(self._kept))

    def warm(self, instructions: tuple[int, ...], part: Part, stop: Stop) -> bool:
        """Compute the state of ``part`` where it is not kept; return whether it was not. Raises as ``read`` does."""
        if self._states.get(part.passage, self._key(instructions, part)) is not None:
            return False
        try:
            self._ready = None
            self._keep(int(self._kept[:1] == [instructions]))
            self._instructions(instructions, stop)
            self._computed(instructions, part, stop)
        except BaseException:
            self._begin_anew()
            raise
        return True

    # --- what stands in the context

    def _begin_anew(self) -> None:
        self._llama.clear()
        self._kept, self._end, self._ready = [], 0, None

    def _keep(self, count: int) -> None:
        """Remove everything behind the first ``count`` parts."""
        del self._kept[count:]
        self._end = sum(map(len, self._kept))
        self._llama.remove(READ, self._end)

    def _read(self, parts: Parts, stop: Stop) -> None:
        """Bring all but what is asked into the context, behind what is there of it already."""
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
        """Return the state of ``part`` behind the instructions, computed where it is not kept."""
        state = self._states.get(part.passage, self._key(instructions, part))
        return self._computed(instructions, part, stop) if state is None else state

    def _computed(self, instructions: tuple[int, ...], part: Part, stop: Stop) -> bytes:
        """Return the state of ``part`` behind the instructions, which alone are in the context."""
        begin = len(instructions)
        self._llama.copy(READ, SPARE, begin)
        self._llama.decode([Run(part.tokens, begin, (SPARE,), 0)], stop)
        self._llama.remove(SPARE, 0, begin)
        state = self._llama.state(SPARE)
        self._llama.remove(SPARE)
        self._states.put(part.passage, self._key(instructions, part), state)
        return state

    def _load(self, state: bytes) -> None:
        """Put the state of a passage behind the instructions."""
        self._llama.load(SPARE, state)
        self._llama.copy(SPARE, READ)
        self._llama.remove(SPARE)

    def _ask(self, asked: Mapping[Task, tuple[int, ...]], stop: Stop) -> dict[Task, NDArray[np.float32]]:
        """Decode what is asked in one batch: what all tasks begin with, once; then the rest of each, unseen by others.

        There are two tasks, or one; the first one stays in the context.
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
        """Return the hash of all that a state depends on."""
        parts = [self._made.encode(), array("i", instructions).tobytes()]
        if part:
            parts.append(array("i", part.tokens).tobytes())
        return hashlib.sha256(b"\0".join(hashlib.sha256(text).digest() for text in parts)).hexdigest()[:40]


def _shared(asked: Mapping[Task, tuple[int, ...]]) -> int:
    """Return how many tokens both of ``asked`` begin with, one less than the shorter has at most; of one task, none."""
    first, *others = asked.values()
    return min((min(_same(first, other), len(first) - 1, len(other) - 1) for other in others), default=0)


def _same(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many items both begin with."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
