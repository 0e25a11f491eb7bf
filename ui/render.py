"""From a conversation to the HTML of the page. Pure functions; all text from outside is escaped, none is interpreted.

Questions, drafts, answers, passages, titles and names may hold anything, also markup. Of an answer only line
breaks, list items and its own marks become elements; everything else is shown as the characters that it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from rag.citations import without_marks
from rag.types import Answer, Citation
from ui.conversation import Exchange
from ui.markup import duration, escape, folded_table, lines_html, text_html
from ui.sources import nearest_html, source_id, sources_html

__all__ = ["announcement", "exchange_html"]

MARKS = re.compile(r"(\S*)((?:[ \t]*\[\d+\])+)")


def exchange_html(exchange: Exchange) -> str:
    """Return one question with what came of it."""
    reply = {"working": _working, "answered": _answered, "stopped": _stopped, "failed": _failed}[exchange.state]
    return (
        f'<h2 class="question" dir="auto"><span class="hidden">You asked: </span>{lines_html(exchange.question)}</h2>'
        f'<div class="reply {exchange.state}">{reply(exchange)}</div>'
    )


def announcement(exchange: Exchange) -> str:
    """Return the plain text that a screen reader says now: few and short, and the answer once, when it is checked."""
    if exchange.state == "working":
        return exchange.activity
    if exchange.state == "failed":
        return exchange.problem
    if exchange.state == "stopped" or not exchange.answered:
        return "Stopped."
    answer = exchange.answered.answer
    return f"{without_marks(answer.answer)} {_sources_count(answer)}".strip()


# --- the states of a reply


def _working(exchange: Exchange) -> str:
    activity = escape(exchange.activity or "Starting")
    line = f'<p class="activity" aria-hidden="true">{activity}<span class="elapsed"></span></p>'
    draft = without_marks(re.sub(r"\[[^\]]*$", "", exchange.draft.replace("**", ""))).strip()
    if not draft:
        return line
    text = text_html(draft, lambda start, end: escape(draft[start:end]))
    return f'<div class="draft" aria-label="Draft, not checked yet" role="group">{text}</div>{line}'


def _stopped(exchange: Exchange) -> str:
    what = "before an answer was written" if not exchange.draft.strip() else "before anything could be checked"
    return f'<p class="calm">Stopped {what}.</p>'


def _failed(exchange: Exchange) -> str:
    return f'<div class="calm"><h3>No answer</h3><p>{lines_html(exchange.problem)}</p></div>'


def _answered(exchange: Exchange) -> str:
    assert exchange.answered is not None
    answer, dates = exchange.answered.answer, exchange.answered.dates
    body = _abstention if answer.status == "abstained" else _cited
    notes = ["Stopped early; what had been written was checked."] if exchange.stopped else []
    return body(exchange.number, answer, dates) + _notes([*notes, *answer.notes]) + _facts(answer)


def _cited(number: int, answer: Answer, dates: Mapping[str, str]) -> str:
    return f'<div class="answer">{_answer_text(number, answer)}</div>{sources_html(number, answer, dates)}'


def _abstention(number: int, answer: Answer, dates: Mapping[str, str]) -> str:
    reason = re.sub(r"^The documents do not answer this( question)?\.?\s*", "", answer.answer)
    box = "<h3>The documents do not answer this</h3>" + (f'<p dir="auto">{lines_html(reason)}</p>' if reason else "")
    return f'<div class="calm">{box}</div>{nearest_html(number, answer, dates)}'


# --- text


def _answer_text(number: int, answer: Answer) -> str:
    """Return the text of an answer with its marks as buttons, and its unsupported sentences visibly marked."""
    cited = {citation.mark: citation for citation in answer.citations}
    weak, seen = _unsupported(answer), set[int]()

    def inline(start: int, end: int) -> str:
        cuts = sorted({start, end, *(min(max(cut, start), end) for span in weak for cut in span)})
        return "".join(piece(first, last) for first, last in pairwise(cuts))

    def piece(first: int, last: int) -> str:
        shown = _marked(answer.answer[first:last], number, cited, seen)
        is_weak = any(begin <= first and last <= end for begin, end in weak)
        return f'<span class="weak">{shown}<span class="note"> (no source found)</span></span>' if is_weak else shown

    return text_html(answer.answer, inline)


def _unsupported(answer: Answer) -> list[tuple[int, int]]:
    """Return the offsets into the answer of the sentences behind which nothing stands."""
    spans, position = [], 0
    for sentence in answer.sentences:
        start = answer.answer.find(sentence.text, position)
        if start >= 0:
            position = start + len(sentence.text)
            if not sentence.citations:
                spans.append((start, position))
    return spans


def _marked(text: str, number: int, cited: Mapping[int, Citation], seen: set[int]) -> str:
    """Return ``text`` escaped, with a button for each mark that points somewhere, kept on the line of its word."""
    pieces, position = [], 0
    for match in MARKS.finditer(text):
        marks = [int(digits) for digits in re.findall(r"\d+", match[2])]
        if not all(mark in cited for mark in marks):
            continue
        pieces.append(escape(text[position : match.start()]))
        buttons = "".join(_mark(number, cited[mark], seen) for mark in marks)
        word = escape(match[1])
        pieces.append(f'<span class="together">{word}{buttons}</span>' if len(match[1]) < 25 else word + buttons)
        position = match.end()
    return "".join(pieces) + escape(text[position:])


def _mark(number: int, citation: Citation, seen: set[int]) -> str:
    mark, target = citation.mark, source_id(number, citation.mark)
    identity = "" if mark in seen else f' id="{target}-mark"'
    seen.add(mark)
    name = escape(f"Source {mark}: {citation.title or citation.document}")
    return f'<button type="button" class="mark"{identity} data-to="{target}" aria-label="{name}">{mark}</button>'


# --- what stands below


def _notes(notes: list[str]) -> str:
    return "".join(f'<p class="note">{lines_html(note)}</p>' for note in notes)


def _facts(answer: Answer) -> str:
    """Return how many sources, how long it took, and folded away what the answer was made with."""
    seconds = answer.timings.get("total_s")
    parts = [_sources_count(answer), duration(seconds) if seconds is not None else ""]
    line = "".join(f"<span>{part}</span>" for part in parts if part)
    rows = {"Confidence that the documents answer it": f"{answer.confidence:.0%}"}
    if "first_token_s" in answer.timings and answer.status == "answered":
        rows["First word after"] = duration(answer.timings["first_token_s"])
    generator = answer.receipt.get("generator")
    if isinstance(generator, dict) and generator.get("name"):
        rows["Language model"] = str(generator["name"])
    if "index_generation" in answer.receipt:
        rows["State of the index"] = f"generation {answer.receipt['index_generation']}"
    return f'<div class="facts">{line}{folded_table("Details", rows)}</div>'


def _sources_count(answer: Answer) -> str:
    count = len(answer.citations)
    if answer.status == "abstained" or not count:
        return ""
    return "1 source, quoted exactly" if count == 1 else f"{count} sources, quoted exactly"
