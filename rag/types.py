"""What flows through Footnote, in the order in which it flows: frozen records without behaviour.

Offsets are counts of Unicode characters into the extracted text of a document, ``start`` inclusive and
``end`` exclusive, so that ``document.text[start:end]`` is always the passage, span or quote that is meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

__all__ = [
    "Answer",
    "Citation",
    "Document",
    "Evidence",
    "Heading",
    "Passage",
    "Phase",
    "Prompt",
    "Sentence",
    "Status",
    "Task",
    "Token",
    "Turn",
    "Wording",
]


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of a document that names what follows it; ``level`` 1 is the outermost."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Document:
    """The text that was read out of one file.

    ``name`` is the file's path within its source, with ``/`` between the parts; ``sha256`` is of the file's
    bytes; ``date`` is ISO 8601 (``2011-03-11``, or ``2011`` where no more is known) or empty; ``pages`` holds
    the offset at which each page begins (page 1 first) and is empty where the format has no pages;
    ``empty_pages`` are the numbers of the pages on which no text was found; ``language`` is a code of ISO 639-1, or
    empty where there is too little text to tell.
    """

    name: str
    text: str
    sha256: str
    media_type: str
    title: str = ""
    date: str = ""
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    empty_pages: tuple[int, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document that is retrieved and read as a whole: ``document.text[start:end] == text``.

    ``id`` is the row of the passage in the index (0 before it has one). ``document`` is the public name
    of its document, ``title`` and ``date`` are its document's. ``section`` holds the headings above it, outermost
    first, joined by `` > ``. ``page`` is the number of the page on which it begins, where its document has pages.
    ``header`` is the header row of the table in the middle of which it begins, if it does.
    """

    document: str
    start: int
    end: int
    text: str
    title: str = ""
    section: str = ""
    page: int | None = None
    id: int = 0
    date: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that was retrieved for a question.

    ``score`` is the fused score (0 to 1 within one question), ``dense`` the cosine similarity to the question,
    ``lexical`` the BM25 score (0 where no word matches, unbounded), ``rank`` counts from 1.
    """

    passage: Passage
    score: float
    rank: int
    dense: float = 0.0
    lexical: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation so far."""

    role: Literal["user", "assistant"]
    content: str


Task = Literal["question", "answerable"]
"""What a model may be asked: the names of sections of the prompt file."""


class Wording(Protocol):
    """How the parts of a prompt are written out; :class:`rag.prompts.PromptFile` is one."""

    def passage(self, evidence: Evidence) -> str:
        """Return the text of one passage."""
        ...

    def asked(self, prompt: Prompt, task: Task) -> str:
        """Return what comes last: the question, as ``task`` asks it."""
        ...

    def exchange(self, prompt: Prompt) -> tuple[str, ...]:
        """Return the question before, as it was asked, and the reply to it; nothing where it does not matter."""
        ...


class PlainWording:
    """The passage and the question as they are."""

    def passage(self, evidence: Evidence) -> str:
        """Return the text of the passage, on lines of its own."""
        return f"{evidence.passage.text}\n"

    def asked(self, prompt: Prompt, task: Task) -> str:
        """Return the question behind those that it refers back to."""
        return prompt.query

    def exchange(self, prompt: Prompt) -> tuple[str, ...]:
        """Return nothing: the questions before are in what is asked."""
        return ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a generator is asked, kept in its parts until it is inside a generator.

    The order in which a generator writes them out is: instructions, evidence (the best first), question.
    ``task`` says what is wanted: an answer, or whether the evidence holds one. ``earlier`` are the questions that the
    question refers back to, ``exchange`` is the last of them with the reply to it. ``wording`` writes the parts out: it
    travels with them, so that a generator has none of its own.
    """

    instructions: str
    evidence: tuple[Evidence, ...]
    question: str
    task: Task = "question"
    earlier: str = ""
    exchange: tuple[Turn, ...] = ()
    wording: Wording = field(default_factory=PlainWording, compare=False, repr=False)

    @property
    def messages(self) -> tuple[Turn, ...]:
        """All of it as the turns of a chat, the first of which begins with the sources."""
        sources = "".join([self.instructions, *map(self.wording.passage, self.evidence)])
        first, *others = (*self.wording.exchange(self), self.wording.asked(self, self.task))
        reply = tuple(Turn("assistant", text) for text in others[:-1])
        return (Turn("user", sources + first), *reply, *(Turn("user", text) for text in others[-1:]))

    @property
    def text(self) -> str:
        """All of it as one text, without a model's own chat template."""
        return "\n".join(turn.content for turn in self.messages)

    @property
    def query(self) -> str:
        """The question behind those that it refers back to: all words that the evidence was searched with."""
        return f"{self.earlier} {self.question}".strip()


@dataclass(frozen=True, slots=True)
class Citation:
    """A span of stored text that stands behind a sentence; ``quote`` is cut from that text, never generated."""

    mark: int
    document: str
    title: str
    start: int
    end: int
    quote: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without its marks; ``support`` is between 0 (none found) and 1 (all of it)."""

    text: str
    citations: tuple[int, ...]
    support: float


Status = Literal["answered", "unsure", "abstained"]
"""The outcomes of a question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant says, and everything that is needed to check it.

    ``status`` is one of three outcomes: ``answered``; ``unsure``, where ``sentences`` are the sentences of the
    documents that may answer the question, verbatim and cited (a draft that its sources support comes before them);
    ``abstained``, where nothing is claimed. ``answer`` is the text with its marks; ``confidence`` is the probability,
    between 0 and 1, that a draft is a right answer (where none was written: that the documents hold one). ``path``
    names how it was answered: ``read`` from passages, or the operation of a plan over the collection. ``query`` is what
    was searched for, where that is not the question as it was asked. ``notes`` tell the reader what could not be taken
    into account (evidence that did not fit). ``receipt`` says what produced the answer; ``timings`` are seconds.
    """

    id: str
    question: str
    status: Status
    confidence: float
    answer: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    query: str = ""
    path: str = "read"
    notes: tuple[str, ...] = ()
    receipt: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phase:
    """What the assistant is doing now, as a user would say it: ``Reading 4 passages``."""

    name: Literal["searching", "reading", "writing", "checking"]
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of a draft that has not been checked yet."""

    text: str
