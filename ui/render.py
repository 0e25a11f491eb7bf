"""From a conversation to the HTML of the page. Pure functions; all text from outside is escaped, none is interpreted.

Questions, drafts, answers, passages, titles and names may hold anything, also markup. Of an answer only line
breaks, list items and its own marks become elements; everything else is shown as the characters that it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from rag.citations import without_marks
from rag.types import Answer, Citation, Phase
from ui.conversation import Answered, Exchange, Waiting
from ui.evidence import evidence_html
from ui.markup import escape, folded_table, lines_html, text_html
from ui.sources import nearest_html, sources_html
from ui.texts import ENGLISH, Texts

__all__ = ["activity_text", "announcement", "exchange_html"]

MARKS = re.compile(r"(\S*)((?:[ \t]*\[\d+\])+)")


def exchange_html(exchange: Exchange, texts: Texts = ENGLISH) -> str:
    """Return one question with what came of it."""
    reply = {"working": _working, "answered": _answered, "stopped": _stopped, "failed": _failed}[exchange.state]
    return (
        f'<h2 class="question" dir="auto"><span class="hidden">{escape(texts("you_asked"))} </span>'
        f"{lines_html(exchange.question)}</h2>"
        f'<div class="reply {exchange.state}">{reply(exchange, texts)}</div>'
    )


def announcement(exchange: Exchange, texts: Texts = ENGLISH) -> str:
    """Return the plain text that a screen reader says now: few and short, and the answer once, when it is checked."""
    if exchange.state == "working":
        return activity_text(exchange.activity, texts)
    if exchange.state == "failed":
        return _problem(exchange.problem, texts)
    if exchange.state == "stopped" or not exchange.answered:
        return texts("stopped")
    answer = exchange.answered.answer
    return f"{without_marks(answer.answer)} {_sources_count(answer, texts)}".strip()


def activity_text(activity: Waiting | Phase | None, texts: Texts) -> str:
    """Return what is going on, as a user would say it; how many passages it is about is taken from the phase's text."""
    if activity is None:
        return texts("starting")
    if isinstance(activity, Waiting):
        if activity.loading:
            return texts("loading")
        if not activity.ahead:
            return texts("starting")
        about = texts("waiting.about", seconds=max(1, round(activity.seconds))) if activity.seconds is not None else ""
        return texts.count("waiting", activity.ahead) + about
    key = f"phase.{activity.name}"
    number = re.search(r"\d+", activity.text)
    if number and f"{key}.other" in texts.table:
        return texts.count(key, int(number[0]))
    return texts(key) if key in texts.table else activity.text


# --- the states of a reply


def _working(exchange: Exchange, texts: Texts) -> str:
    activity = escape(activity_text(exchange.activity, texts))
    line = f'<p class="activity" aria-hidden="true">{activity}<span class="elapsed"></span></p>'
    draft = without_marks(re.sub(r"\[[^\]]*$", "", exchange.draft.replace("**", ""))).strip()
    if not draft:
        return line
    text = text_html(draft, lambda start, end: escape(draft[start:end]))
    return f'<div class="draft" aria-label="{escape(texts("draft"))}" role="group">{text}</div>{line}'


def _stopped(exchange: Exchange, texts: Texts) -> str:
    key = "stopped.before_writing" if not exchange.draft.strip() else "stopped.before_checking"
    return f'<p class="calm">{escape(texts(key))}</p>'


def _failed(exchange: Exchange, texts: Texts) -> str:
    problem = lines_html(_problem(exchange.problem, texts))
    return f'<div class="calm"><h3>{escape(texts("no_answer"))}</h3><p>{problem}</p></div>'


def _problem(problem: str, texts: Texts) -> str:
    return texts("our_fault") if problem == ENGLISH("our_fault") else problem


def _answered(exchange: Exchange, texts: Texts) -> str:
    assert exchange.answered is not None
    answer = exchange.answered.answer
    body = _abstention if answer.status == "abstained" else _cited
    notes = [texts("stopped.early")] if exchange.stopped else []
    below = _notes([*notes, *answer.notes]) + _facts(exchange, answer, texts) + _opinion(exchange.kept, texts)
    above = _searched(answer, texts)
    return above + body(exchange.answered, texts) + below + evidence_html(exchange.answered, texts)


def _searched(answer: Answer, texts: Texts) -> str:
    """Return what was searched for where it is not what was typed, with the way to search for that."""
    if not answer.query:
        return ""
    query = f'<q dir="auto">{escape(answer.query)}</q>'
    button = f'<button type="button" class="link" data-alone>{escape(texts("query.alone"))}</button>'
    return f'<p class="searched">{escape(texts("query"))} {query} {button}</p>'


def _cited(answered: Answered, texts: Texts) -> str:
    return f'<div class="answer">{_answer_text(answered.answer, texts)}</div>{sources_html(answered, texts)}'


def _abstention(answered: Answered, texts: Texts) -> str:
    reason = re.sub(r"^The documents do not answer this( question)?\.?\s*", "", answered.answer.answer)
    box = f"<h3>{escape(texts('abstained'))}</h3>" + (f'<p dir="auto">{lines_html(reason)}</p>' if reason else "")
    return f'<div class="calm">{box}</div>{nearest_html(answered, texts)}'


# --- text


def _answer_text(answer: Answer, texts: Texts) -> str:
    """Return the text of an answer with its marks as buttons, and its unsupported sentences visibly marked."""
    cited = {citation.mark: citation for citation in answer.citations}
    weak = _unsupported(answer)
    note = f'<span class="note"> {escape(texts("unsupported"))}</span>'

    def inline(start: int, end: int) -> str:
        cuts = sorted({start, end, *(min(max(cut, start), end) for span in weak for cut in span)})
        return "".join(piece(first, last) for first, last in pairwise(cuts))

    def piece(first: int, last: int) -> str:
        shown = _marked(answer.answer[first:last], cited, texts)
        is_weak = any(begin <= first and last <= end for begin, end in weak)
        return f'<span class="weak">{shown}{note}</span>' if is_weak else shown

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


def _marked(text: str, cited: Mapping[int, Citation], texts: Texts) -> str:
    """Return ``text`` escaped, with a button for each mark that points somewhere, kept on the line of its word."""
    pieces, position = [], 0
    for match in MARKS.finditer(text):
        marks = [int(digits) for digits in re.findall(r"\d+", match[2])]
        if not all(mark in cited for mark in marks):
            continue
        pieces.append(escape(text[position : match.start()]))
        buttons = "".join(_mark(cited[mark], texts) for mark in marks)
        word = escape(match[1])
        pieces.append(f'<span class="together">{word}{buttons}</span>' if len(match[1]) < 25 else word + buttons)
        position = match.end()
    return "".join(pieces) + escape(text[position:])


def _mark(citation: Citation, texts: Texts) -> str:
    name = texts("source", mark=citation.mark, title=citation.title or citation.document)
    return (
        f'<button type="button" class="mark" data-opens="{citation.mark}" aria-label="{escape(name)}">'
        f"{citation.mark}</button>"
    )


# --- what stands below


def _notes(notes: list[str]) -> str:
    return "".join(f'<p class="note">{lines_html(note)}</p>' for note in notes)


def _facts(exchange: Exchange, answer: Answer, texts: Texts) -> str:
    """Return how many sources, how long it took, and folded away what the answer was made with."""
    seconds = answer.timings.get("total_s")
    parts = [_sources_count(answer, texts), texts.duration(seconds) if seconds is not None else ""]
    line = "".join(f"<span>{escape(part)}</span>" for part in parts if part)
    rows = {texts("details.confidence"): f"{answer.confidence:.0%}"}
    if "first_token_s" in answer.timings and answer.status == "answered":
        rows[texts("details.first")] = texts.duration(answer.timings["first_token_s"])
    generator = answer.receipt.get("generator")
    if isinstance(generator, dict) and generator.get("name"):
        rows[texts("details.model")] = str(generator["name"])
    if "index_generation" in answer.receipt:
        rows[texts("details.index")] = texts("details.generation", number=answer.receipt["index_generation"])
    link = f'<a class="link" href="./?answer={exchange.kept}">{escape(texts("link"))}</a>' if exchange.kept else ""
    return f'<div class="facts">{line}{link}{folded_table(texts("details"), rows)}</div>'


def _sources_count(answer: Answer, texts: Texts) -> str:
    count = len(answer.citations)
    return texts.count("sources", count) if answer.status == "answered" and count else ""


def _opinion(kept: str, texts: Texts) -> str:
    """Return the row in which a reader says what an answer is worth, where it was kept, under the id ``kept``."""
    if not kept:
        return ""
    thumbs = "".join(
        f'<button type="button" class="thumb" data-opinion="{kind}" aria-pressed="false" '
        f'aria-label="{escape(texts(f"feedback.{kind}"))}">{escape(texts(f"feedback.{short}"))}</button>'
        for kind, short in (("up", "yes"), ("down", "no"))
    )
    form = f'<button type="button" class="link" data-opinion="form">{escape(texts("feedback.more"))}</button>'
    return (
        f'<div class="opinion" data-kept="{escape(kept)}"><span>{escape(texts("feedback"))}</span>{thumbs}{form}</div>'
    )
