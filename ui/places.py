"""Where the passages of an answer stand: what the index knows of their documents, and the text around them."""

from __future__ import annotations

import contextlib

from rag.errors import DocumentError
from rag.ports import Index
from rag.types import Answer, Document, Passage
from ui.conversation import Place

__all__ = ["places_of"]

AROUND = 700
"""Characters of a document that are shown on either side of a passage."""


def places_of(answer: Answer, index: Index) -> dict[int, Place]:
    """Return what ``index`` knows about the passages of ``answer``, by rank."""
    documents: dict[str, Document] = {}
    for name in {item.passage.document for item in answer.evidence}:
        with contextlib.suppress(DocumentError):  # Removed since it was found; its passages are still shown.
            documents[name] = index.document(name)
    return {
        item.rank: _place(item.passage, documents[item.passage.document])
        for item in answer.evidence
        if item.passage.document in documents
    }


def _place(passage: Passage, document: Document) -> Place:
    """Return the place of ``passage``; the text around it only where the document still holds the passage there."""
    start, end, text = passage.start, passage.end, document.text
    if text[start:end] != passage.text:
        return Place(document.date)
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    if start > AROUND:
        before = "… " + before[before.find(" ") + 1 :]
    if end + AROUND < len(text):
        after = after[: after.rfind(" ") + 1] + "…"
    return Place(document.date, document.sha256, before, after)
