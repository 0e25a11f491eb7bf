"""The answers that a maintainer should read first, with everything needed to see what went wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eval.answer_metrics import facts_found, said_anyway
from eval.runs import Run
from rag.citations import without_marks

__all__ = ["worst", "worst_answers"]

SHOWN = 24


def worst(run: Run) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the problem of each bad answer, worst first: (fault, row of ``questions.jsonl``).

    Failures first; then forbidden phrases, false answers, wrong answers, wrong citations and refusals. More confident
    answers come earlier (of refusals the less confident, which were closer to being right).
    """
    found = [(fault, row) for row in run.questions.values() if (fault := _fault(row))]
    return sorted(found, key=lambda item: (FAULTS.index(item[0]), -(item[1]["confidence"] or 0.0), item[1]["id"]))


FAULTS = (
    "failed",
    "says something forbidden",
    "answered, though the documents do not say",
    "wrong answer",
    "right, but cites another place",
    "unsure, and quotes another place",
    "declined, though the passage was there",
)


def _fault(row: Mapping[str, Any]) -> str | None:
    scores = row["scores"]
    if row["status"] == "failed":
        return "failed"
    if row["status"] == "unsure" and row["lost"] in ("refusal", "retrieval"):
        return "unsure, and quotes another place"
    if row["status"] == "answered":
        if scores.get("answer.forbidden"):
            return "says something forbidden"
        if not row["answerable"]:
            return "answered, though the documents do not say"
        if row["lost"] in ("reading", "retrieval"):
            return "wrong answer"
        if row["lost"] == "citation":
            return "right, but cites another place"
    return "declined, though the passage was there" if row["lost"] == "refusal" else None


def worst_answers(run: Run) -> str:
    """Return the worst answers as HTML."""
    found, answers = worst(run), run.answers()
    if not found:
        return ""
    shown = found[:SHOWN]
    # Refusals come last and would never be shown if there are many other problems.
    shown += [item for item in found[SHOWN:] if item[0] == FAULTS[-1]][: SHOWN // 4]
    cards = "".join(_card(fault, row, answers[row["id"]]) for fault, row in shown)
    more = f" {len(shown)} of {len(found)} are shown." if len(shown) < len(found) else ""
    return (
        "<section><h2>The worst answers</h2><p class=intro>False and confident ones first."
        f"{more} In the evidence, the gold is <mark>marked</mark>.</p>{cards}</section>"
    )


def _card(fault: str, row: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    history = "".join(
        f'<p class="turn"><span class="faint">{escape(turn["role"])}:</span> {escape(turn["content"])}</p>'
        for turn in record["history"]
    )
    sure = "" if row["confidence"] is None else f'<span class="faint">confidence {row["confidence"]:.2f}</span>'
    return (
        f'<article class="card"><p class="meta"><span class="fault">{escape(fault)}</span> '
        f'<span class="tag">{escape(row["kind"])}</span> <span class="faint id">{escape(row["id"])}</span> {sure}</p>'
        f"{history}<h3>{escape(row['question'])}</h3>{_said(record)}{_expected(row, record)}{_evidence(row, record)}"
        "</article>"
    )


def _said(record: Mapping[str, Any]) -> str:
    answer = record["answer"]
    if answer is None:
        return f'<p class="said">{escape(record["error"])}</p>'
    quotes = "".join(
        f"<blockquote><p>{escape(BLANK.sub(LINE, citation['quote']))}</p><footer>[{citation['mark']}] "
        f"{_place(citation)}</footer></blockquote>"
        for citation in answer["citations"]
    )
    draft = next((call["draft"] for call in reversed(record["calls"]) if call.get("draft")), "")
    unsaid = ""
    if draft and answer["status"] != "answered":
        unsaid = (
            f'<details><summary>The draft that was not shown</summary><p class="said">{escape(draft)}</p></details>'
        )
    return f'<p class="said">{escape(answer["answer"])}</p>{quotes}{unsaid}'


BLANK, LINE = re.compile(r"\n\s*\n"), "\n"
"""Blank lines are left out of quotes, since quotes of lists are long."""


def _expected(row: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    text = without_marks(record["answer"]["answer"]) if record["answer"] else ""
    match = row.get("match", "words")
    found = facts_found(text, row["facts"], match)
    missing = [fact[0] for fact, said in zip(row["facts"], found, strict=True) if not said]
    wanted = " / ".join(row["answers"]) or "the gold passages"
    if not row["answerable"]:
        wanted = "that the documents do not say."
    parts = [f'<span class="faint">Expected:</span> {escape(wanted)}']
    if forbidden := said_anyway(text, row["never"], match):
        parts.append(f'<span class="fault">Forbidden:</span> {escape("; ".join(forbidden))}')
    if missing:
        parts.append(f'<span class="faint">Missing:</span> {escape("; ".join(missing))}')
    return f'<p class="expected">{"<br>".join(parts)}</p>'


def _evidence(row: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    passages = "".join(
        f'<li><p class="faint">{_place(item)} · score {item["score"]:.2f}</p><p>{_marked(item, row["gold"])}</p></li>'
        for item in record["evidence"]
    )
    if not passages:
        return ""
    return f"<details><summary>{_summary(row, record)}</summary><ol class=evidence>{passages}</ol></details>"


def _summary(row: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Return how many passages were read, and which of them contain the gold."""
    number = len(record["evidence"])
    words = f"The evidence: {number} passage{'' if number == 1 else 's'}"
    if not row["gold"]:
        return words
    holding = [str(at) for at, item in enumerate(record["evidence"], start=1) if "<mark>" in _marked(item, row["gold"])]
    return f"{words}, gold in {' and '.join(holding) or 'none'}"


def _place(item: Mapping[str, Any]) -> str:
    page = f", page {item['page']}" if item.get("page") is not None else ""
    return f"{escape(item['document'])}{page}, characters {item['start']}–{item['end']}"


def _marked(item: Mapping[str, Any], gold: Sequence[Sequence[Any]]) -> str:
    """Return the passage with the gold in it marked."""
    inside = sorted(
        (max(start, item["start"]), min(end, item["end"]))
        for document, start, end in gold
        if document == item["document"] and start < item["end"] and end > item["start"]
    )
    text, at, parts = item["text"], item["start"], []
    for start, end in inside:
        start = max(start, at)
        if start < end:
            plain, marked = (
                text[at - item["start"] : start - item["start"]],
                text[start - item["start"] : end - item["start"]],
            )
            parts.append(f"{escape(plain)}<mark>{escape(marked)}</mark>")
            at = end
    return "".join(parts) + escape(text[at - item["start"] :])
