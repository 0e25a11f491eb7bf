"""Feedback given in the chat, saved for review (the form is in ``ui/static/opinions.js``)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from rag import feedback
from rag.archive import Archive
from rag.errors import FootnoteError
from rag.feedback import Feedback
from rag.ports import Index
from rag.types import Answer, Turn
from ui.service import Service
from ui.texts import Texts

__all__ = ["LONGEST", "Opinion", "save_opinion"]

LONGEST = 8_000
"""Longest text of a field, in characters."""


class Opinion(BaseModel):
    """Feedback on a stored answer; ``before`` holds the earlier questions of the conversation."""

    kept: str = Field(max_length=64)
    kind: feedback.Kind
    before: list[str] = Field(default_factory=list, max_length=100)
    right_answer: str = Field("", max_length=LONGEST)
    comment: str = Field("", max_length=LONGEST)
    passages: list[tuple[str, int, int]] = Field(default_factory=list, max_length=20)


def save_opinion(given: dict[str, Any], service: Service, archive: Archive, texts: Texts) -> str:
    """Add feedback to the review queue; return an error message for the user, or an empty string."""
    try:
        before = [kept.question for id in given["before"] if (kept := archive.get(str(id)))]
        opinion = Opinion(**{**given, "before": before})
        answer = archive.get(opinion.kept)
        if answer is None:
            return texts("gone")
        feedback.add(service.config.index, _said(opinion, answer, service.assistant.index))
    except FootnoteError as error:
        return str(error)
    except (KeyError, TypeError, ValueError):  # Not sent by our page.
        return texts("internal_error")
    return ""


def _said(opinion: Opinion, answer: Answer, index: Index) -> Feedback:
    """Return the feedback, with the text of every span taken from the stored document.

    Raises:
        DocumentError: a document is no longer in the index.
    """

    def span(document: str, start: int, end: int) -> feedback.Span:
        text = index.document(document).text
        first = min(max(start, 0), len(text))
        last = min(max(end, first), len(text))
        return feedback.Span(document, first, last, text[first:last])

    return Feedback(
        kind=opinion.kind,
        question=answer.question,
        history=tuple(Turn("user", question[:LONGEST]) for question in opinion.before),
        answer_id=opinion.kept,
        status=answer.status,
        answer=answer.answer,
        citations=tuple(span(cited.document, cited.start, cited.end) for cited in answer.citations),
        right_answer=opinion.right_answer.strip(),
        passages=tuple(span(*place) for place in opinion.passages),
        comment=opinion.comment.strip(),
    )
