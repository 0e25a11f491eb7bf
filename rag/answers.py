"""Answers and passages as they leave: one JSON form and one text form, for the command line and every other door."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rag.types import Answer, Citation, Evidence, Sentence

__all__ = ["answer_from", "answer_object", "draft_and_quotes", "passage_object", "place", "readable"]

MARKS = re.compile(r"(?:[ \t]*\[\d+\])*")


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
    """Return a passage that was found as JSON's own types: its scores, where it stands, and its text."""
    scores = {"rank": item.rank, "score": item.score, "dense": item.dense, "lexical": item.lexical}
    names = ("document", "title", "date", "section", "start", "end", "page", "text")
    return scores | {name: getattr(item.passage, name) for name in names}


def readable(answer: Answer) -> str:
    """Return an answer as a reader of a terminal wants it: the text, then each source with its quote."""
    lines = [*_opening(answer), answer.answer, ""]
    for citation in answer.citations:
        where = place(citation.document, citation.title, citation.page, citation.start, citation.end)
        lines += [f"[{citation.mark}] {where}", "    “" + citation.quote.replace("\n", "\n    ") + "”"]
    if answer.status == "abstained" and answer.evidence:
        lines.append("Closest passages (may not contain the answer):")
        for item in answer.evidence:
            passage = item.passage
            lines.append("  - " + place(passage.document, passage.title, passage.page, passage.start, passage.end))
    return "\n".join([*lines, *answer.notes]).rstrip()


def draft_and_quotes(answer: Answer) -> tuple[str, tuple[Sentence, ...]]:
    """Return the two parts of an answer that is ``unsure``, without the words that introduce them.

    The draft has its marks; the quotes come without quotation marks. Either may be empty, not both.
    """
    words = [_quoted(sentence.text, answer.answer) for sentence in answer.sentences]
    pairs = list(zip(answer.sentences, words, strict=True))
    quotes = tuple(dataclasses.replace(sentence, text=quoted) for sentence, quoted in pairs if quoted)
    draft = _stretch(answer.answer, [sentence.text for sentence, quoted in pairs if not quoted])
    return (draft, quotes) if draft or quotes else (answer.answer, ())


def _opening(answer: Answer) -> list[str]:
    """Return what stands above an answer: that it is unsure, where it does not begin by saying so itself."""
    draft = draft_and_quotes(answer)[0] if answer.status == "unsure" else ""
    return ["The documents may answer this:", ""] if draft and answer.answer.startswith(draft) else []


def _quoted(text: str, shown: str) -> str:
    """Return the words of the sentence ``text`` where ``shown`` has it as a quote, else nothing."""
    if f"“{text}”" in shown:
        return text
    return text[1:-1] if text.startswith("“") and text.endswith("”") else ""


def _stretch(text: str, sentences: Sequence[str]) -> str:
    """Return the part of ``text`` from the first of ``sentences`` to the last one, with its bullets and marks."""
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
    """Return where a stretch of text stands, for a reader."""
    parts = [f"{title} ({document})" if title else document]
    if page is not None:
        parts.append(f"page {page}")
    return ", ".join([*parts, f"characters {start}–{end}"])
