"""The sources of an answer by passage: one card for all quotes from it."""

from __future__ import annotations

from dataclasses import dataclass

from rag.types import Answer, Citation, Evidence

__all__ = ["Card", "cards_of"]


@dataclass(frozen=True, slots=True)
class Card:
    """The citations of one passage, by mark; ``evidence`` is ``None`` if the answer doesn't hold the passage."""

    citations: tuple[Citation, ...]
    evidence: Evidence | None

    @property
    def title(self) -> str:
        """The title of the document, or its name."""
        return self.citations[0].title or self.citations[0].document


def cards_of(answer: Answer) -> list[Card]:
    """Return the cards of ``answer``, in the order of their first marks."""
    groups: dict[object, list[Citation]] = {}
    behind = {citation.mark: _behind(citation, answer) for citation in answer.citations}
    for citation in answer.citations:
        evidence = behind[citation.mark]
        key = evidence.rank if evidence else (citation.document, citation.start, citation.end)
        groups.setdefault(key, []).append(citation)
    return [Card(tuple(group), behind[group[0].mark]) for group in groups.values()]


def _behind(citation: Citation, answer: Answer) -> Evidence | None:
    """Return the evidence that ``citation`` was cut from."""
    return next((item for item in answer.evidence if _holds(item, citation)), None)


def _holds(evidence: Evidence, citation: Citation) -> bool:
    passage = evidence.passage
    start, end = citation.start - passage.start, citation.end - passage.start
    return passage.document == citation.document and start >= 0 and passage.text[start:end] == citation.quote
