"""Where the passages of an answer are: their documents, and the text around them."""

from __future__ import annotations

import contextlib

from rag.errors import DocumentError
from rag.ports import DocumentInfo, Index
from rag.types import Answer, Document, Passage
from ui.conversation import Place
from ui.versions import NONE, Newest

__all__ = ["places_of"]

AROUND = 700
"""Characters shown on either side of a passage."""


def places_of(answer: Answer, index: Index, newest: Newest = NONE) -> dict[int, Place]:
    """Return the places of an answer's passages, by rank; ``newest`` are the newest versions of older documents."""
    documents: dict[str, Document] = {}
    for name in {item.passage.document for item in answer.evidence}:
        with contextlib.suppress(DocumentError):  # Deleted since; the passage is still shown.
            documents[name] = index.document(name)
    return {
        item.rank: _place(item.passage, documents[item.passage.document], newest.get(item.passage.document))
        for item in answer.evidence
        if item.passage.document in documents
    }


def _place(passage: Passage, document: Document, newest: DocumentInfo | None) -> Place:
    """Return the place of ``passage``; with the surrounding text only if the document still holds it there."""
    start, end, text = passage.start, passage.end, document.text
    if text[start:end] != passage.text:
        return Place(document.date, newest=newest)
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    if start > AROUND:
        before = "… " + before[before.find(" ") + 1 :]
    if end + AROUND < len(text):
        after = after[: after.rfind(" ") + 1] + "…"
    return Place(document.date, document.sha256, before, after, newest)
