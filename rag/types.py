"""The records that flow through Footnote, in the order of the stages: frozen, without behaviour.

Offsets count Unicode characters in the extracted text of a document, ``start`` inclusive and ``end`` exclusive, so that
``document.text[start:end]`` is always the passage, span or quote.
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
    """A heading of a document; ``level`` 1 is the outermost."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Document:
    """The text extracted from one file.

    ``name`` is the file's path within its source, with ``/`` between the parts; ``sha256`` is of the file's
    bytes; ``date`` is ISO 8601 (``2011-03-11``, or ``2011`` where no more is known) or empty; ``pages`` holds
    the offset at which each page begins (page 1 first) and is empty where the format has no pages;
    ``empty_pages`` are the numbers of the pages on which no text was found; ``recognised_pages`` those that are
    pictures of text, each with the mean confidence, 0 to 1, with which it was recognised; ``language`` is a code of
    ISO 639-1, or empty where there is too little text to tell.
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
    recognised_pages: tuple[tuple[int, float], ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a document that is retrieved and read as a whole: ``document.text[start:end] == text``.

    ``id`` is the row of the passage in the index (0 before it has one). ``document`` is the public name of its
    document, ``title`` and ``date`` are its document's. ``section`` holds its headings, outermost first, joined by `` >
    ``. ``page`` is the number of the page on which it starts, if its document has pages. ``header`` is the header row
    of the table in the middle of which it starts, if any.
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
    """A retrieved passage.

    ``score`` is the fused score (0 to 1 within one question), ``dense`` the cosine similarity to the question,
    ``lexical`` the BM25 score (unbounded; 0 if no word matches); ``rank`` counts from 1.
    """

    passage: Passage
    score: float
    rank: int
    dense: float = 0.0
    lexical: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


Task = Literal["question", "answerable"]
"""Questions to the model: names of sections of the prompt file."""


class Wording(Protocol):
    """The wording of a prompt; :class:`rag.prompts.PromptFile` implements it."""

    def passage(self, evidence: Evidence) -> str:
        """Return the text of one passage."""
        ...

    def asked(self, prompt: Prompt, task: Task) -> str:
        """Return the last part: the question in the form ``task`` needs."""
        ...

    def exchange(self, prompt: Prompt) -> tuple[str, ...]:
        """Return the previous question and its reply; empty if the question doesn't refer to it."""
        ...


class PlainWording:
    """The passage and the question, unchanged."""

    def passage(self, evidence: Evidence) -> str:
        """Return the text of the passage on separate lines."""
        return f"{evidence.passage.text}\n"

    def asked(self, prompt: Prompt, task: Task) -> str:
        """Return the question, preceded by those it refers to."""
        return prompt.query

    def exchange(self, prompt: Prompt) -> tuple[str, ...]:
        """Return nothing: the earlier questions are part of the question."""
        return ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in parts, which only the generator puts together.

    A generator writes them in this order: instructions, evidence (the best first), question. ``task`` asks for an
    answer, or whether the evidence holds one. ``earlier`` holds the questions that the question refers to, ``exchange``
    the last of them with its reply. ``translated`` are words of the question in the language of the evidence, if
    that is another one. ``wording`` turns the parts into text; generators have none of their own.
    """

    instructions: str
    evidence: tuple[Evidence, ...]
    question: str
    task: Task = "question"
    earlier: str = ""
    exchange: tuple[Turn, ...] = ()
    translated: tuple[str, ...] = ()
    wording: Wording = field(default_factory=PlainWording, compare=False, repr=False)

    @property
    def messages(self) -> tuple[Turn, ...]:
        """The prompt as chat turns; the first one starts with the sources."""
        sources = "".join([self.instructions, *map(self.wording.passage, self.evidence)])
        first, *others = (*self.wording.exchange(self), self.wording.asked(self, self.task))
        reply = tuple(Turn("assistant", text) for text in others[:-1])
        return (Turn("user", sources + first), *reply, *(Turn("user", text) for text in others[-1:]))

    @property
    def text(self) -> str:
        """The prompt as one text, without a chat template."""
        return "\n".join(turn.content for turn in self.messages)

    @property
    def query(self) -> str:
        """The question, preceded by those it refers to."""
        return f"{self.earlier} {self.question}".strip()

    @property
    def searched(self) -> str:
        """All words that the evidence was searched with, in its language."""
        return " ".join(self.translated) or self.query


@dataclass(frozen=True, slots=True)
class Citation:
    """A span of stored text that supports a sentence; ``quote`` is cut from that text, never generated.

    ``header`` is the header row of the table of which the quote is a row, if it is one: it names the columns.
    """

    mark: int
    document: str
    title: str
    start: int
    end: int
    quote: str
    page: int | None = None
    header: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, without its marks; ``support`` is between 0 (none) and 1 (all of it)."""

    text: str
    citations: tuple[int, ...]
    support: float


Status = Literal["answered", "unsure", "abstained"]
"""The outcomes of a question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and everything needed to check it.

    ``status`` is one of three outcomes: ``answered``; ``unsure``, where ``sentences`` are cited verbatim sentences of
    the documents that may answer the question (after a draft, if its sources support one); ``abstained``, where nothing
    is claimed. ``answer`` is the text with its marks; ``confidence`` is the probability, between 0 and 1, that a draft
    is a right answer (without a draft, that the documents hold one). ``path`` is how it was answered: ``read`` from
    passages, the operation of a plan, or a plain ``reply``. ``query`` is the search query, if it differs from the
    question. ``notes`` tell the reader what could not be considered (evidence that did not fit). ``stopped`` says that
    the user stopped it: it holds the sentences that were complete by then. ``receipt`` says what produced the answer;
    ``timings`` are seconds.
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
    stopped: bool = False
    receipt: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phase:
    """The current step, in words for the user: ``Reading 4 passages``."""

    name: Literal["searching", "reading", "writing", "checking"]
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of a draft, not checked yet."""

    text: str
