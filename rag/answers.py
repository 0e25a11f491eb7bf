"""Answers and passages as they leave: one JSON form and one text form, for the command line and every other door."""

from __future__ import annotations

import dataclasses
from typing import Any

from rag.types import Answer, Evidence

__all__ = ["answer_object", "passage_object", "place", "readable"]


def answer_object(answer: Answer) -> dict[str, Any]:
    """Return ``answer`` as JSON's own types; the README documents each field."""
    table = dataclasses.asdict(answer)
    table["evidence"] = [
        {
            "document": item.passage.document,
            "start": item.passage.start,
            "end": item.passage.end,
            "score": round(item.score, 6),
        }
        for item in answer.evidence
    ]
    return table


def passage_object(item: Evidence) -> dict[str, Any]:
    """Return a passage that was found as JSON's own types: its scores, where it stands, and its text."""
    scores = {"rank": item.rank, "score": item.score, "dense": item.dense, "lexical": item.lexical}
    names = ("document", "title", "date", "section", "start", "end", "page", "text")
    return scores | {name: getattr(item.passage, name) for name in names}


def readable(answer: Answer) -> str:
    """Return an answer as a reader of a terminal wants it: the text, then each source with its quote."""
    lines = [answer.answer, ""]
    for citation in answer.citations:
        where = place(citation.document, citation.title, citation.page, citation.start, citation.end)
        lines += [f"[{citation.mark}] {where}", "    “" + citation.quote.replace("\n", "\n    ") + "”"]
    if answer.status == "abstained" and answer.evidence:
        lines.append("Nearest passages, which may not answer it:")
        for item in answer.evidence:
            passage = item.passage
            lines.append("  - " + place(passage.document, passage.title, passage.page, passage.start, passage.end))
    return "\n".join([*lines, *answer.notes]).rstrip()


def place(document: str, title: str, page: int | None, start: int, end: int) -> str:
    """Return where a stretch of text stands, for a reader."""
    parts = [f"{title} ({document})" if title else document]
    if page is not None:
        parts.append(f"page {page}")
    return ", ".join([*parts, f"characters {start}–{end}"])
