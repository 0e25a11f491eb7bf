"""The language model, run in this process by llama.cpp.

Each part of a :class:`~rag.types.Prompt` is tokenised on its own (instructions, every passage, the question). So text
from a document is never read as a control token, token counts are exact, and the attention state of a part is computed
once and reused (see :mod:`rag.generators.llama.reading`).
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from rag.config import usable_cores
from rag.errors import GenerationError
from rag.generators.llama.binding import Interrupted, Llama
from rag.generators.llama.lookup import Lookup
from rag.generators.llama.reading import Part, Parts, Reader
from rag.generators.llama.states import StateCache
from rag.ports import Capabilities, Completion, Stop
from rag.types import Evidence, Prompt, Task, Wording

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LlamaGenerator"]

TASKS: tuple[Task, ...] = get_args(Task)
"""The answer first: its question stays in the context."""
MEMORY = 64
"""MiB of states kept in memory by default."""
REMEMBERED = 512
"""Texts whose tokens are cached: each part of a prompt is needed several times."""


class LlamaGenerator:
    """A GGUF model in its own llama.cpp context, decoded greedily (temperature 0).

    It answers one question at a time; other threads wait. Closing it frees the weights.

    Raises:
        ModelDamaged: the file can't be loaded as a model.
    """

    capabilities = Capabilities()

    def __init__(
        self,
        file: Path,
        *,
        name: str = "",
        fingerprint: str = "",
        context: int = 4096,
        threads: int = 0,
        gpu_layers: int = 0,
        states: StateCache | None = None,
    ) -> None:
        self.name = name or file.stem
        self.fingerprint = fingerprint
        self.context = context
        self.states = states or StateCache(MEMORY)
        self._lock = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._llama = Llama(file, context, threads or usable_cores(), gpu_layers)
        self._reader = Reader(self._llama, self.states, fingerprint)
        self._before, self._after, self._between = self._llama.template()
        self._tokens = functools.lru_cache(REMEMBERED)(self._tokenised)

    def close(self) -> None:
        """Free the context and the weights; the generator can't be used afterwards."""
        with self._lock:
            self._llama.close()

    def __enter__(self) -> LlamaGenerator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def measure(self, prompt: Prompt | Completion) -> int:
        """Return the exact number of tokens in ``prompt``."""
        return self._parts(prompt).size

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of text (see :meth:`rag.ports.Generator.stream`)."""
        yield from self._reply(prompt, limit, "", stop or _never)

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of the reply (see :meth:`rag.ports.Generator.complete`)."""
        yield from self._reply(prompt, limit, grammar, stop or _never)

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the log-probability of each choice, by its first token (see :meth:`rag.ports.Generator.score`).

        If stopped, all are equally likely. The same decode yields the first token of the answer, so a ``stream`` right
        afterwards starts at once.
        """
        with self._turn():
            try:
                logits = self._reader.read(self._fitting(prompt, 1), stop or _never)[_task(prompt)]
            except Interrupted:
                return [-float(np.log(len(choices)))] * len(choices)
            top = float(np.max(logits))
            total = top + float(np.log(np.sum(np.exp(logits - top, dtype=np.float64))))
            return [float(logits[self._tokens(choice)[0]]) - total for choice in choices]

    def warm(self, prompt: Prompt, stop: Stop | None = None) -> int:
        """Compute the states that ``prompt`` needs (see :meth:`rag.ports.Generator.warm`)."""
        stop = stop or _never

        def giving_way() -> bool:
            return self._waiting > 0 or stop()

        count = 0
        with contextlib.suppress(Interrupted):
            for item in prompt.evidence:
                if self.states.full:
                    break
                instructions, part = self._opening(prompt.instructions), self._passage(prompt.wording, item)
                with self._lock:
                    count += self._reader.warm(instructions, part, giving_way)
        return count

    # --- parts

    def _tokenised(self, text: str, special: bool = False) -> tuple[int, ...]:
        return tuple(self._llama.tokens(text, special))

    def _parts(self, prompt: Prompt | Completion) -> Parts:
        """Return the tokens of each part of ``prompt``, in reading order."""
        if isinstance(prompt, Completion):
            return self._parts_of_completion(prompt)
        passages = tuple(self._passage(prompt.wording, item) for item in prompt.evidence)
        after = self._tokens(self._after, special=True)
        exchange = self._exchange(prompt)
        asked = {task: exchange + self._tokens(prompt.wording.asked(prompt, task)) + after for task in TASKS}
        return Parts(self._opening(prompt.instructions), passages, asked)

    def _exchange(self, prompt: Prompt) -> tuple[int, ...]:
        """Return the tokens of the previous question and reply, which come between the evidence and the question."""
        if not (turns := prompt.wording.exchange(prompt)):
            return ()
        question, reply = map(self._tokens, turns)
        after, between = (self._tokens(text, special=True) for text in (self._after, self._between))
        return question + after + reply + between

    def _parts_of_completion(self, prompt: Completion) -> Parts:
        before, after = (self._before, self._after) if prompt.chat else ("", "")
        opening = self._tokens(before, special=True) + self._tokens(prompt.instructions)
        text, asked = self._tokens(prompt.text), self._tokens(prompt.asked) + self._tokens(after, special=True)
        # Without a fingerprint or a passage, the state can't be identified later: decode everything in one batch.
        if prompt.passage and self.fingerprint:
            return Parts(opening, (Part(text, prompt.passage),), {TASKS[0]: asked})
        return Parts(opening, (), {TASKS[0]: text + asked})

    def _opening(self, instructions: str) -> tuple[int, ...]:
        return self._tokens(self._before, special=True) + self._tokens(instructions)

    def _passage(self, wording: Wording, item: Evidence) -> Part:
        # Without a fingerprint, its states can't be told apart from those of another model: don't store them (id 0).
        return Part(self._tokens(wording.passage(item)), item.passage.id if self.fingerprint else 0)

    def _fitting(self, prompt: Prompt | Completion, room: int) -> Parts:
        parts = self._parts(prompt)
        if parts.size + room > self.context:
            raise GenerationError(f"The prompt and an answer of {room} tokens don't fit into {self.context} tokens.")
        return parts

    # --- the reply

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the model; warming pauses meanwhile."""
        with self._count:
            self._waiting += 1
        try:
            with self._lock:
                yield
        finally:
            with self._count:
                self._waiting -= 1

    def _reply(self, prompt: Prompt | Completion, limit: int, grammar: str, stop: Stop) -> Iterator[str]:
        """Yield at most ``limit`` tokens of the reply to ``prompt``, as text."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with self._turn(), contextlib.suppress(Interrupted):
            parts = self._fitting(prompt, limit)
            logits = self._reader.read(parts, stop)[TASKS[0]]
            try:
                for token in self._draft(logits, parts, limit, grammar, stop) if limit else ():
                    if piece := decoder.decode(self._llama.piece(token)):
                        yield piece
            finally:
                self._reader.forget_reply()

    def _draft(self, logits: NDArray[np.float32], parts: Parts, limit: int, grammar: str, stop: Stop) -> Iterator[int]:
        """Yield the most likely tokens one by one until the reply ends."""
        source = [token for part in parts.evidence for token in part.tokens]
        written: list[int] = []
        tokens = self._allowed(logits, grammar) if grammar else self._likeliest(logits, Lookup(source))
        for token in tokens:
            if self._llama.ends(token) or _loops(written):
                return
            written.append(token)
            yield token
            if len(written) >= limit or stop():
                return

    def _likeliest(self, logits: NDArray[np.float32], lookup: Lookup) -> Iterator[int]:
        """Yield the token with the highest of ``logits``, then the most likely next one, and so on without end.

        The guesses of ``lookup`` are decoded together with the token before them; wrong ones are undone.
        """
        while True:
            token = int(np.argmax(logits))
            yield token
            guess = lookup.guess(token)[: self._reader.room - 1]
            rows = self._reader.follow([token, *guess])
            right = 0
            while right < len(guess) and int(np.argmax(rows[right])) == guess[right]:
                yield guess[right]
                lookup.guess(guess[right])
                right += 1
            self._reader.take_back(len(guess) - right)
            logits = rows[right]

    def _allowed(self, logits: NDArray[np.float32], text: str) -> Iterator[int]:
        """Yield the most likely tokens that the grammar in ``text`` allows, one by one, until it allows none."""
        grammar = self._llama.grammar(text)
        try:
            while (token := grammar.choose(logits)) is not None:
                yield token
                grammar.accept(token)
                (logits,) = self._reader.follow([token])
        finally:
            grammar.free()


def _task(prompt: Prompt | Completion) -> Task:
    return TASKS[0] if isinstance(prompt, Completion) else prompt.task


def _never() -> bool:
    return False


def _loops(tokens: Sequence[int], length: int = 24) -> bool:
    """Return whether the last ``length`` tokens repeat those before them: a small model that doesn't stop."""
    return len(tokens) >= 2 * length and tokens[-length:] == tokens[-2 * length : -length]
