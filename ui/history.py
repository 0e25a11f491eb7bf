"""Earlier conversations: reopen them from stored answers, or export them to a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from rag.answers import answer_object
from rag.archive import Archive
from rag.ports import Index
from rag.types import Answer, Citation
from ui.conversation import Answered, Exchange
from ui.places import places_of
from ui.plain import narrowed, said
from ui.texts import Texts
from ui.versions import NONE, Newest

__all__ = ["Turns", "exported", "reopened", "turns_of"]

MOST = 200
"""Most turns of a conversation that are reopened, the newest."""
Turns = Sequence[Mapping[str, str]]
"""A conversation as the browser stores it: for each turn, ``question`` and ``answer`` (the id of the stored answer)."""


def turns_of(exchanges: Sequence[Exchange]) -> list[dict[str, str]]:
    """Return a conversation in the form in which the browser stores it."""
    return [{"question": exchange.question, "answer": exchange.kept} for exchange in exchanges if exchange.kept]


def reopened(
    turns: Turns, archive: Archive, index: Index | None, texts: Texts, newest: Newest = NONE
) -> list[Exchange]:
    """Return a conversation with its sources; a deleted answer is replaced by a notice.

    ``newest`` are the newest versions of older documents.
    """
    exchanges = []
    for number, turn in enumerate(turns[-MOST:], 1):
        id, question = str(turn.get("answer", "")), str(turn.get("question", ""))
        answer = archive.get(id)
        if answer is None:
            exchanges.append(Exchange(number, question or "…", "failed", problem=texts("gone"), kept=id))
            continue
        places = places_of(answer, index, newest) if index is not None else {}
        answered = Answered(answer, places)
        exchanges.append(Exchange(number, answer.question, "answered", answered=answered, kept=id))
    return exchanges


def exported(title: str, answers: Sequence[Answer], form: str, texts: Texts) -> dict[str, str]:
    """Return the ``name`` and ``text`` of a file with the conversation, as ``md`` or ``json``."""
    name = re.sub(r"\W+", "-", title).strip("-")[:60] or "footnote"
    if form == "json":
        table = {"title": title, "answers": [answer_object(answer) for answer in answers]}
        return {"name": f"{name}.json", "text": json.dumps(table, ensure_ascii=False, indent=2) + "\n"}
    return {"name": f"{name}.md", "text": _markdown(title, answers, texts)}


def _markdown(title: str, answers: Sequence[Answer], texts: Texts) -> str:
    """Return a conversation as Markdown with its sources as footnotes; every label is unique."""
    parts = [f"# {_plain(title)}"]
    notes: list[str] = []
    for number, answer in enumerate(answers, 1):
        text = re.sub(r"\s*\[(\d+)\]", rf"[^{number}-\1]", said(answer, f"**{texts('unsure')}**"))
        parts += [f"## {_plain(answer.question)}", re.sub(r"[<>]", r"\\\g<0>", text)]
        early = texts("stopped.early") if answer.stopped else ""
        parts += [f"*{note}*" for note in (early, narrowed(answer, texts)) if note]
        notes += [_note(f"{number}-{citation.mark}", citation, texts) for citation in answer.citations]
    return "\n\n".join([*parts, *notes]) + "\n"


def _note(label: str, citation: Citation, texts: Texts) -> str:
    place = [citation.title, citation.document] if citation.title else [citation.document]
    place += [texts("page", page=citation.page)] if citation.page is not None else []
    place.append(texts("characters", start=citation.start, end=citation.end))
    return f"[^{label}]: {', '.join(map(_plain, place))}: “{_plain(citation.quote)}”"


def _plain(text: str) -> str:
    """Return ``text`` on one line, with special characters of Markdown and HTML escaped."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))
