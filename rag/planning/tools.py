"""What plans are executed with, and what comes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Generator as Steps
from dataclasses import dataclass, field
from typing import Protocol

from rag.catalogue import Titles
from rag.citations import Checked
from rag.ports import Completion, Index
from rag.replies import Replies
from rag.tasks import TaskFile
from rag.types import Evidence, Phase, Token

__all__ = ["Doing", "Outcome", "Tools"]


class Tools(Protocol):
    """The tools to execute a plan; the assistant provides them."""

    @property
    def index(self) -> Index:
        """The index of the documents."""
        ...

    @property
    def summary(self) -> TaskFile:
        """The prompt for summarising a part of a document."""
        ...

    @property
    def replies(self) -> Replies:
        """Footnote's own texts in the language of the question."""
        ...

    @property
    def parts(self) -> int:
        """Most parts of whole documents to read."""
        ...

    @property
    def min_support(self) -> float:
        """Least support of a displayed sentence."""
        ...

    def titles(self) -> Titles:
        """Return the titles of the documents that may be used."""
        ...

    def retrieve(self, question: str, documents: Collection[str]) -> list[Evidence]:
        """Return the evidence for ``question`` from ``documents``."""
        ...

    def read(
        self, question: str, evidence: Sequence[Evidence], before: str = ""
    ) -> Steps[Phase | Token, None, tuple[float, Checked]]:
        """Answer ``question`` from ``evidence``: the probability that it holds an answer, and the claims with their
        spans.

        ``before`` is shown in front of the text.
        """
        ...

    def complete(self, prompt: Completion, limit: int) -> Iterator[str]:
        """Yield the pieces of a completion."""
        ...

    def stopped(self) -> bool:
        """Return whether the answer is no longer wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a plan: ``checked`` claims, the first of which introduces the others if ``intro`` is not empty.

    ``signals`` are the basis of the ``confidence``.
    """

    path: str
    checked: Checked
    confidence: float
    evidence: tuple[Evidence, ...]
    intro: str = ""
    notes: tuple[str, ...] = ()
    signals: Mapping[str, float] = field(default_factory=dict)


Doing = Steps[Phase | Token, None, Outcome | None]
