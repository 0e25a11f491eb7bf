"""The ports: what Footnote asks of its engines, and the records that pass between them.

An engine is chosen by configuration alone, in :mod:`rag.embedders`, :mod:`rag.generators` and :mod:`rag.rerankers`.
Everything else knows these protocols and nothing behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.types import Prompt

__all__ = [
    "Capabilities",
    "Completion",
    "Embedder",
    "Generator",
    "Progress",
    "Reranker",
    "Stop",
    "Tokenizer",
    "Vectors",
]

# --- embedder

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]


class Tokenizer(Protocol):
    """Counts in the units of an embedder."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token of ``text``, in order, without special tokens."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors of length one, so that an inner product is a cosine similarity."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would: a hash of the weights, or of what a server says about its model."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def limit(self) -> int:
        """Tokens of a text that are read, special tokens left out; the rest would be cut off."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer, or one that counts at least as many tokens."""
        ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return unit vectors of shape (texts, dimension); ``progress`` is called with texts done and texts in all.

        Raises:
            ModelError: the weights cannot be read, or the server does not answer.
        """
        ...

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question, of shape (dimension,); raises as ``embed_passages`` does."""
        ...


# --- generator

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a generator can do beyond writing text. Callers do without what is missing, as described here.

    - ``exact_measure``: ``measure`` is exact. Otherwise it is an estimate on the safe side, and less evidence may fit.
    - ``scores``: ``score`` gives log-probabilities. Otherwise it must not be called: whether the evidence holds an
      answer is asked as a plain yes-or-no question (:mod:`rag.answerability`), and no question is planned.
    - ``grammar``: a completion keeps to a grammar. Otherwise ``complete`` ignores it, and a plan is checked instead.
    - ``warm``: ``warm`` saves time later. Otherwise it does nothing.
    """

    exact_measure: bool = True
    scores: bool = True
    grammar: bool = True
    warm: bool = True


@dataclass(frozen=True, slots=True)
class Completion:
    """A task of its own, beside the answering of questions: how a question is planned, what a part of a document says.

    ``instructions`` are the same each time, with examples where they help, and are computed once. ``text`` is what they
    are applied to; ``passage`` is the id of the passage that it begins with, where its state is worth keeping (0: it is
    not). ``asked`` comes last. Without ``chat`` it is read as one text that goes on, not as a message to be answered:
    the better way where examples show what is wanted.
    """

    instructions: str
    text: str
    asked: str = ""
    passage: int = 0
    chat: bool = True


class Generator(Protocol):
    """Writes text for prompts. ``context`` is in tokens: a prompt and its reply together.

    ``name`` and ``fingerprint`` identify the model: the fingerprint is a hash of the weights, or of a server's address
    and what the server says about its model. A prompt stays in its parts until it is inside a generator.
    """

    name: str
    fingerprint: str
    context: int

    @property
    def capabilities(self) -> Capabilities:
        """What it can do beyond writing text."""
        ...

    def measure(self, prompt: Prompt | Completion) -> int:
        """Return the number of tokens that ``prompt`` takes up, the chat template included; never too few."""
        ...

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of text, the likeliest each time; ends within a token of ``stop()``.

        Raises:
            GenerationError: the prompt and ``limit`` do not fit the context, or the model failed.
        """

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of the reply, the likeliest each time that ``grammar`` (GBNF) allows.

        Without a grammar all are allowed. With a ``limit`` of 0 nothing comes, but what the instructions take is done.

        Raises:
            GenerationError: the prompt and ``limit`` do not fit the context, or the model or the grammar failed.
        """

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the natural logarithm of the probability that the reply to ``prompt`` begins with each choice."""
        ...

    def warm(self, prompt: Prompt, stop: Stop | None = None) -> int:
        """Do ahead what reading the evidence of ``prompt`` will take; return of how many passages it had to be done.

        For idle times: it ends within a moment of ``stop()``, or of another call, or where there is no room to keep it.
        """
        ...

    def close(self) -> None:
        """Free what the model takes up, or close the connections to its server."""


# --- reranker


class Reranker(Protocol):
    """Tells how well texts answer a question."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the scores would: a hash of the weights, or of what a server says about its model."""
        ...

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a logit for each of ``texts``: the higher, the better it answers ``question``; of any size."""
        ...
