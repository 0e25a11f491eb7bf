"""The ports: the protocols of Footnote's engines, and the records that they exchange.

Only the configuration chooses an engine, in :mod:`rag.embedders`, :mod:`rag.generators`, :mod:`rag.rerankers` and
:mod:`rag.indexes.opening`. All other code depends on these protocols alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.types import Document, Passage, Prompt

__all__ = [
    "EVERYTHING",
    "Capabilities",
    "Change",
    "Completion",
    "Content",
    "Deletion",
    "Described",
    "DocumentInfo",
    "Embedder",
    "Filter",
    "Generator",
    "Index",
    "Listener",
    "PassageId",
    "Progress",
    "Removal",
    "Reranker",
    "Scored",
    "Stop",
    "Tokenizer",
    "Vectors",
    "WritableIndex",
]

# --- embedder

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]


class Tokenizer(Protocol):
    """Splits text into the tokens of an embedder."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token of ``text``, in order, without special tokens."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors, so that an inner product is a cosine similarity."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would: a hash of the weights, or of a server's description of its model."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def limit(self) -> int:
        """Most tokens of a text that are read, without special tokens; the rest is cut off."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own tokenizer, or one that counts at least as many tokens."""
        ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Return unit vectors of shape (texts, dimension); ``progress`` is called with texts done and total.

        Raises:
            ModelError: the weights can't be read, or the server doesn't respond.
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
    """Writes text for prompts. ``context`` is the limit for a prompt with its reply, in tokens.

    ``name`` and ``fingerprint`` identify the model: the fingerprint is a hash of the weights, or of a server's address
    and what the server says about its model. A prompt stays in its parts until it is inside a generator.
    """

    name: str
    fingerprint: str
    context: int

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities beyond writing text."""
        ...

    def measure(self, prompt: Prompt | Completion) -> int:
        """Return the number of tokens in ``prompt``, including the chat template; never too few."""
        ...

    def stream(self, prompt: Prompt, limit: int, stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of text, always the most likely one; ends within a token of ``stop()``.

        Raises:
            GenerationError: the prompt and ``limit`` don't fit into the context, or the model failed.
        """

    def complete(self, prompt: Completion, limit: int, grammar: str = "", stop: Stop | None = None) -> Iterator[str]:
        """Yield at most ``limit`` tokens of the reply, always the most likely one that ``grammar`` (GBNF) allows.

        Without a grammar, all are allowed. With a ``limit`` of 0, only the instructions are prepared.

        Raises:
            GenerationError: the prompt and ``limit`` do not fit the context, or the model or the grammar failed.
        """

    def score(self, prompt: Prompt | Completion, choices: Sequence[str], stop: Stop | None = None) -> list[float]:
        """Return the natural logarithm of the probability that the reply to ``prompt`` begins with each choice."""
        ...

    def warm(self, prompt: Prompt, stop: Stop | None = None) -> int:
        """Prepare reading the evidence of ``prompt``; return for how many passages that was necessary.

        For idle times: it ends right after ``stop()`` or another call, and if there is no space for the results.
        """
        ...

    def close(self) -> None:
        """Free the model's memory, or close the connections to its server."""


# --- reranker


class Reranker(Protocol):
    """Scores how well texts answer a question."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the scores would: a hash of the weights, or of a server's description of its model."""
        ...

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a logit of any size for each of ``texts``: the higher, the better it answers ``question``."""
        ...


# --- index

PassageId = int
"""Names a passage in one index. Opaque: it says nothing about order or place, and is never used for another passage."""

Scored = list[tuple[PassageId, float]]
"""Passages with scores, sorted by (-score, id)."""


class Described(Protocol):
    """The properties of an embedder that an index records."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document as listed; ``source`` is the folder or file it came from, ``path`` its place in there."""

    name: str
    title: str
    date: str
    media_type: str
    source: str
    path: str
    sha256: str
    characters: int
    passages: int
    pages: int
    empty_pages: tuple[int, ...]
    ingested_at: str


@dataclass(frozen=True, slots=True)
class Filter:
    """The passages that a search may find: those of the given ``documents`` (public names) and ``sources``.

    ``None`` means any. An engine applies the filter inside its search, so it returns ``k`` results if there are that
    many.
    """

    documents: frozenset[str] | None = None
    sources: frozenset[str] | None = None

    @classmethod
    def of(cls, documents: Collection[str] | None) -> Filter:
        """Return the filter for ``documents``."""
        return cls(None if documents is None else frozenset(documents))


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Content:
    """A document as it is put into an index, ``document.name`` being its path within its source.

    ``vectors`` has an array of shape (1 + windows, dimension) for each passage: its own vector, then those of its
    windows. ``hashes`` are those of the texts that were embedded.
    """

    document: Document
    passages: Sequence[Passage]
    vectors: Sequence[Vectors]
    hashes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Deletion:
    """The document with this public name is about to be deleted. Sent before the deletion is committed."""

    document: str


@dataclass(frozen=True, slots=True)
class Removal:
    """Passages were removed; delete everything that depends on others than these. Sent again after a crash.

    ``documents`` are the public names of all documents; ``existing`` returns those of given ids that are in the index.
    """

    documents: frozenset[str]
    existing: Callable[[Collection[PassageId]], set[PassageId]]


Change = Deletion | Removal
Listener = Callable[[Change], None]
"""Is told of changes by the process that makes them."""


class Index(Protocol):
    """An index for reading and searching, by any number of threads while another process writes.

    Every method raises IndexFault if the engine can't be reached or its data is damaged.
    """

    @property
    def folder(self) -> Path:
        """Local folder for everything that belongs to the index: answers, feedback, attention states, uploads."""
        ...

    @property
    def generation(self) -> int:
        """The number of committed changes."""
        ...

    @property
    def calibration(self) -> dict[str, Any] | None:
        """The latest record of :meth:`WritableIndex.calibrate`, or ``None``."""
        ...

    def close(self) -> None:
        """Free all resources. Committed changes don't depend on this."""
        ...

    def __len__(self) -> int:
        """Return the number of passages."""
        ...

    def stats(self) -> dict[str, Any]:
        """Return counts, size, and properties: ``embedder``, ``fingerprint``, ``dimension``, …"""
        ...

    def documents(self) -> list[DocumentInfo]:
        """Return all documents, sorted by public name."""
        ...

    def document(self, name: str) -> Document:
        """Return the document with the public ``name``.

        Raises:
            DocumentError: there is none.
        """
        ...

    def text(self, name: str, start: int = 0, end: int | None = None) -> str:
        """Return the text of a document from ``start`` to ``end``, in characters.

        Raises:
            DocumentError: there is no such document.
        """
        ...

    def file(self, name: str) -> Path:
        """Return the path of the file that a document was read from; it may have changed or been deleted.

        Raises:
            DocumentError: there is no such document.
        """
        ...

    def passage_ids(self, within: Filter = EVERYTHING) -> list[PassageId]:
        """Return all passages, by document and in text order."""
        ...

    def passages(self, ids: Sequence[PassageId]) -> list[Passage]:
        """Return the passages ``ids`` in that order, without those that no longer exist."""
        ...

    def neighbours(self, passage: Passage) -> tuple[Passage | None, Passage | None]:
        """Return the passages before and after ``passage`` in its document, if any."""
        ...

    def existing(self, ids: Collection[PassageId]) -> set[PassageId]:
        """Return the ``ids`` that are in the index."""
        ...

    def search_dense(self, vector: Vectors, k: int, within: Filter = EVERYTHING) -> Scored:
        """Return the ``k`` passages nearest to the unit ``vector`` with their cosine similarity."""
        ...

    def scores_dense(self, vector: Vectors, ids: Sequence[PassageId]) -> list[float]:
        """Return for each of ``ids`` a weighted cosine of the unit ``vector`` with the passage and its best window; 0
        for a passage that no longer exists."""
        ...

    def search_lexical(self, question: str, k: int, within: Filter = EVERYTHING) -> Scored:
        """Return the ``k`` passages with the highest BM25 for the words of ``question``, all above 0."""
        ...

    def coverage(self, question: str, passage: PassageId) -> float:
        """Return the share of the words of ``question`` that are in the passage, 0 to 1; rare words count more."""
        ...

    def term_frequency(self, term: str) -> int:
        """Return the number of passages with ``term`` in any of its forms; of several words, with all of them."""
        ...


class WritableIndex(Index, Protocol):
    """An index that can be changed, by one writer at a time.

    A document is identified by its source and its path within it; its ``sha256`` shows whether it changed. Its public
    name never changes.
    """

    def __enter__(self) -> WritableIndex: ...

    def __exit__(self, *_: object) -> None: ...

    def writing(self) -> AbstractContextManager[None]:
        """Lock the index for several changes, and tidy up once, at the end.

        Each change inside is still committed individually and survives later failures.

        Raises:
            IndexBusy: another process is changing the index.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all changes inside, or none; reads only see them afterwards."""
        ...

    def replace(
        self,
        source: str,
        document: Document,
        passages: Sequence[Passage],
        vectors: Sequence[Vectors],
        hashes: Sequence[str],
    ) -> str:
        """Add ``document``, replacing the one that ``source`` had under its name; return its public name.

        The arguments are those of :class:`Content`. The change is atomic.
        """
        ...

    def content(self, name: str) -> Content:
        """Return the arguments of :meth:`replace` for the document with the public ``name``.

        Raises:
            DocumentError: there is none.
        """
        ...

    def restore(self, info: DocumentInfo, content: Content) -> None:
        """Add a document as it is in another index, with the same public name and times.

        Raises:
            DocumentError: the name belongs to a document of another source or path.
        """
        ...

    def delete(self, name: str) -> bool:
        """Delete the document with the public ``name``; return whether there was one."""
        ...

    def adopt(self, embedder: Described, passage_tokens: int) -> None:
        """Delete all passages and vectors, and record ``embedder`` for new ones; the documents stay."""
        ...

    def calibrate(self, fitted: Mapping[str, Any]) -> None:
        """Record the calibration of this index: ``coefficients``, ``min_confidence``, the models ``made_for``."""
        ...

    def organise(self) -> None:
        """Arrange the vectors for fast search now, if there are enough of them."""
        ...

    def files(self, source: str) -> dict[str, tuple[str, str]]:
        """Return for each path within ``source`` the public name and the SHA-256 of the document."""
        ...

    def names_of(self, sha256: str) -> list[str]:
        """Return the public names of the documents with this content, the oldest first."""
        ...

    def known_vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors already in the index for ``hashes``, as passed to :meth:`replace`."""
        ...
