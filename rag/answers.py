"""Output of answers and passages: one JSON form and one text form for all interfaces."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rag.text.statements import cells
from rag.types import Answer, Citation, Evidence, Sentence

__all__ = ["answer_from", "answer_object", "draft_and_quotes", "passage_object", "place", "readable"]

MARKS = re.compile(r"(?:[ \t]*\[\d+\])*")


def answer_object(answer: Answer) -> dict[str, Any]:
    """Return ``answer`` as JSON types; rag/README.md documents each field."""
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


def answer_from(table: Mapping[str, Any], evidence: Iterable[Evidence]) -> Answer:
    """Return the answer of which ``answer_object`` or ``dataclasses.asdict`` made ``table``, with its ``evidence``."""
    parts = {
        "sentences": tuple(Sentence(**{**item, "citations": tuple(item["citations"])}) for item in table["sentences"]),
        "citations": tuple(Citation(**item) for item in table["citations"]),
        "evidence": tuple(evidence),
        "notes": tuple(table["notes"]),
    }
    return Answer(**{**table, **parts})


def passage_object(item: Evidence) -> dict[str, Any]:
    """Return a retrieved passage as JSON types: scores, position, and text."""
    scores = {"rank": item.rank, "score": item.score, "dense": item.dense, "lexical": item.lexical}
    names = ("document", "title", "date", "section", "start", "end", "page", "text")
    return scores | {name: getattr(item.passage, name) for name in names}


def readable(answer: Answer) -> str:
    """Return an answer for a terminal: the text, then each source with its quote."""
    lines = [*_opening(answer), answer.answer, ""]
    for citation in answer.citations:
        where = place(citation.document, citation.title, citation.page, citation.start, citation.end)
        lines += [f"[{citation.mark}] {where}"]
        lines += [f"    {' | '.join(cells(citation.header))}:"] if citation.header else []
        lines += ["    “" + citation.quote.replace("\n", "\n    ") + "”"]
    if answer.status == "abstained" and answer.evidence:
        lines.append("Closest passages (may not contain the answer):")
        for item in answer.evidence:
            passage = item.passage
            lines.append("  - " + place(passage.document, passage.title, passage.page, passage.start, passage.end))
    return "\n".join([*lines, *answer.notes]).rstrip()


def draft_and_quotes(answer: Answer) -> tuple[str, tuple[Sentence, ...]]:
    """Return the two parts of an ``unsure`` answer, without its introduction.

    The draft has its marks; the quotes have no quotation marks. One of them may be empty.
    """
    words = [_quoted(sentence.text, answer.answer) for sentence in answer.sentences]
    pairs = list(zip(answer.sentences, words, strict=True))
    quotes = tuple(dataclasses.replace(sentence, text=quoted) for sentence, quoted in pairs if quoted)
    draft = _stretch(answer.answer, [sentence.text for sentence, quoted in pairs if not quoted])
    return (draft, quotes) if draft or quotes else (answer.answer, ())


def _opening(answer: Answer) -> list[str]:
    """Return the heading of an unsure answer, unless the text starts with an introduction."""
    draft = draft_and_quotes(answer)[0] if answer.status == "unsure" else ""
    return ["The documents may answer this:", ""] if draft and answer.answer.startswith(draft) else []


def _quoted(text: str, shown: str) -> str:
    """Return the text of the sentence if ``shown`` contains it as a quote, otherwise an empty string."""
    if f"“{text}”" in shown:
        return text
    return text[1:-1] if text.startswith("“") and text.endswith("”") else ""


def _stretch(text: str, sentences: Sequence[str]) -> str:
    """Return the part of ``text`` from the first to the last of ``sentences``, with bullets and marks."""
    first, end = -1, 0
    for sentence in sentences:
        start = text.find(sentence, end)
        if start >= 0:
            first, end = (first if first >= 0 else start), start + len(sentence)
    if first < 0:
        return ""
    line, marks = text.rfind("\n", 0, first) + 1, MARKS.match(text, end)
    begin = first if any(character.isalnum() for character in text[line:first]) else line
    return text[begin : marks.end() if marks else end]


def place(document: str, title: str, page: int | None, start: int, end: int) -> str:
    """Return the position of a span for readers."""
    parts = [f"{title} ({document})" if title else document]
    if page is not None:
        parts.append(f"page {page}")
    return ", ".join([*parts, f"characters {start}–{end}"])
