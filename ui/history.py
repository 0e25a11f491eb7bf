"""Conversations again: opened from the answers that were kept, and taken along as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from rag.answers import answer_object, draft_and_quotes
from rag.archive import Archive
from rag.ports import Index
from rag.types import Answer, Citation
from ui.conversation import Answered, Exchange
from ui.places import places_of
from ui.texts import Texts

__all__ = ["Turns", "exported", "reopened", "turns_of"]

MOST = 200
"""Turns that are opened of a conversation, the newest."""
Turns = Sequence[Mapping[str, str]]
"""A conversation as a browser keeps it: each turn's ``question``, and ``answer``, the id under which it was kept."""


def turns_of(exchanges: Sequence[Exchange]) -> list[dict[str, str]]:
    """Return what a browser keeps of a conversation."""
    return [{"question": exchange.question, "answer": exchange.kept} for exchange in exchanges if exchange.kept]


def reopened(turns: Turns, archive: Archive, index: Index, texts: Texts) -> list[Exchange]:
    """Return a conversation with its sources; an answer that is gone says so in its place."""
    exchanges = []
    for number, turn in enumerate(turns[-MOST:], 1):
        id, question = str(turn.get("answer", "")), str(turn.get("question", ""))
        answer = archive.get(id)
        if answer is None:
            exchanges.append(Exchange(number, question or "…", "failed", problem=texts("gone"), kept=id))
            continue
        places = places_of(answer, index) if index is not None else {}
        answered = Answered(answer, places)
        exchanges.append(Exchange(number, answer.question, "answered", answered=answered, kept=id))
    return exchanges


def exported(title: str, answers: Sequence[Answer], form: str, texts: Texts) -> dict[str, str]:
    """Return the ``name`` and ``text`` of a file that holds a conversation, as ``md`` or ``json``."""
    name = re.sub(r"\W+", "-", title).strip("-")[:60] or "footnote"
    if form == "json":
        table = {"title": title, "answers": [answer_object(answer) for answer in answers]}
        return {"name": f"{name}.json", "text": json.dumps(table, ensure_ascii=False, indent=2) + "\n"}
    return {"name": f"{name}.md", "text": _markdown(title, answers, texts)}


def _markdown(title: str, answers: Sequence[Answer], texts: Texts) -> str:
    """Return a conversation in Markdown, its sources as footnotes; a label is never used twice."""
    parts = [f"# {_plain(title)}"]
    notes: list[str] = []
    for number, answer in enumerate(answers, 1):
        text = re.sub(r"\s*\[(\d+)\]", rf"[^{number}-\1]", _text(answer, texts))
        parts += [f"## {_plain(answer.question)}", re.sub(r"[<>]", r"\\\g<0>", text)]
        notes += [_note(f"{number}-{citation.mark}", citation, texts) for citation in answer.citations]
    return "\n\n".join([*parts, *notes]) + "\n"


def _text(answer: Answer, texts: Texts) -> str:
    """Return what an answer says, with its marks; one that is unsure has its heading in the reader's language."""
    if answer.status != "unsure":
        return answer.answer
    draft, quotes = draft_and_quotes(answer)
    lines = [f"- “{quote.text}” {''.join(f'[{mark}]' for mark in quote.citations)}" for quote in quotes]
    return "\n\n".join(filter(None, [f"**{texts('unsure')}**", draft, "\n".join(lines)]))


def _note(label: str, citation: Citation, texts: Texts) -> str:
    place = [citation.title, citation.document] if citation.title else [citation.document]
    place += [texts("page", page=citation.page)] if citation.page is not None else []
    place.append(texts("characters", start=citation.start, end=citation.end))
    return f"[^{label}]: {', '.join(map(_plain, place))}: “{_plain(citation.quote)}”"


def _plain(text: str) -> str:
    """Return ``text`` on one line, with what Markdown or HTML would make something of as characters."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))
