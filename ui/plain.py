"""An answer as plain text with its sources, to paste elsewhere."""

from __future__ import annotations

from rag.answers import draft_and_quotes
from rag.types import Answer, Citation
from ui.texts import Texts

__all__ = ["narrowed", "plain_text", "said"]


def plain_text(answer: Answer, texts: Texts) -> str:
    """Return the text of ``answer`` with its marks, then each source with its quote."""
    notes = [texts("stopped.early")] if answer.stopped else []
    notes += filter(None, [narrowed(answer, texts)])
    sources = "\n".join(_source(citation, texts) for citation in answer.citations)
    listed = [f"{texts('sources')}:\n{sources}"] if sources else []
    return "\n\n".join([said(answer, f"{texts('unsure')}:"), *notes, *answer.notes, *listed])


def narrowed(answer: Answer, texts: Texts) -> str:
    """Return how many documents were searched for ``answer``, if not all of them; otherwise an empty string."""
    documents = answer.receipt.get("documents")
    if not isinstance(documents, dict):
        return ""
    searched, of = int(documents["searched"]), int(documents["of"])
    numbers = {"chosen": texts.number(searched), "count": texts.number(of)}
    return texts("scope.only", **numbers) if searched < of else ""


def said(answer: Answer, heading: str) -> str:
    """Return the text of ``answer`` with its marks; an unsure one gets its ``heading`` in the reader's language."""
    if answer.status != "unsure":
        return answer.answer
    draft, quotes = draft_and_quotes(answer)
    lines = [f"- “{quote.text}” {''.join(f'[{mark}]' for mark in quote.citations)}" for quote in quotes]
    return "\n\n".join(filter(None, [heading, draft, "\n".join(lines)]))


def _source(citation: Citation, texts: Texts) -> str:
    place = [citation.title, citation.document] if citation.title else [citation.document]
    place += [texts("page", page=citation.page)] if citation.page is not None else []
    return f"[{citation.mark}] {', '.join(place)}: “{' '.join(citation.quote.split())}”"
