"""What a reader says about an answer in the chat, taken down for the review (the form: ``ui/static/opinions.js``)."""

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

__all__ = ["LONGEST", "Opinion", "take_down"]

LONGEST = 8_000
"""Characters of the longest text that is taken."""


class Opinion(BaseModel):
    """What a reader says in the chat about a kept answer; ``before`` are the conversation's questions before it."""

    kept: str = Field(max_length=64)
    kind: feedback.Kind
    before: list[str] = Field(default_factory=list, max_length=100)
    right_answer: str = Field("", max_length=LONGEST)
    comment: str = Field("", max_length=LONGEST)
    passages: list[tuple[str, int, int]] = Field(default_factory=list, max_length=20)


def take_down(given: dict[str, Any], service: Service, archive: Archive, texts: Texts) -> str:
    """Put what a reader says into the review queue; return what is wrong with it for a user, else nothing."""
    try:
        before = [kept.question for id in given["before"] if (kept := archive.get(str(id)))]
        opinion = Opinion(**{**given, "before": before})
        answer = archive.get(opinion.kept)
        if answer is None:
            return texts("gone")
        feedback.add(service.config.index, _said(opinion, answer, service.assistant.index))
    except FootnoteError as error:
        return str(error)
    except (KeyError, TypeError, ValueError):  # Not from our page.
        return texts("our_fault")
    return ""


def _said(opinion: Opinion, answer: Answer, index: Index) -> Feedback:
    """Return what a reader says, with the words of every span cut from the stored text.

    Raises:
        DocumentError: a document is not in the index any more.
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
