"""A conversation as HTML. Pure functions; text from outside is escaped, never interpreted.

Questions, drafts, answers, passages, titles and names may contain anything, including markup. Only line breaks, list
items and the marks of an answer become elements; everything else is shown literally.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from rag.answers import draft_and_quotes
from rag.citations import without_marks
from rag.feedback import COMPLAINTS
from rag.replies import reason_of
from rag.types import Answer, Citation, Phase, Status
from ui.cards import cards_of
from ui.cited import answer_text_html, quotes_html
from ui.conversation import Answered, Exchange, Waiting
from ui.evidence import evidence_html
from ui.markup import escape, folded_table, inline_html, lines_html, narrowed_html, short, text_html
from ui.plain import narrowed, plain_text
from ui.sources import nearest_html, sources_html
from ui.texts import ENGLISH, Texts

__all__ = ["NOTHING_CHOSEN", "activity_text", "announcement", "exchange_html"]

NOTHING_CHOSEN = "nothing_chosen"
"""The code of :class:`ui.conversation.Failed` if the reader has chosen no document."""
FOUND = 600
"""Most characters of the found sentence that are shown while the answer is being written."""


def exchange_html(exchange: Exchange, texts: Texts = ENGLISH) -> str:
    """Return one question with its answer."""
    reply = {"working": _working, "answered": _answered, "stopped": _stopped, "failed": _failed}[exchange.state]
    return (
        f'<h2 class="question" dir="auto"><span class="hidden">{escape(texts("you_asked"))} </span>'
        f"{lines_html(exchange.question)}</h2>"
        f'<div class="reply {exchange.state}">{reply(exchange, texts)}</div>'
    )


def announcement(exchange: Exchange, texts: Texts = ENGLISH) -> str:
    """Return the text for screen readers: short messages, and the checked answer once."""
    if exchange.state == "working":
        return _found_text(exchange, texts) or activity_text(exchange.activity, texts)
    if exchange.state == "failed":
        return _problem(exchange, texts)
    if exchange.state == "stopped" or not exchange.answered:
        return _stopped_text(exchange, texts)
    if exchange.problem:
        return exchange.problem
    answer = exchange.answered.answer
    return f"{_said(answer, texts)} {_sources_count(answer, texts)}".strip()


def _said(answer: Answer, texts: Texts) -> str:
    """Return the text of an answer; an unsure one starts with its heading."""
    if answer.status != "unsure":
        return without_marks(answer.answer)
    draft, quotes = draft_and_quotes(answer)
    words = [without_marks(draft), *(f"“{quote.text}”" for quote in quotes)]
    return " ".join([f"{texts('unsure')}:", *filter(None, words)])


def _found_text(exchange: Exchange, texts: Texts) -> str:
    """Return the sentence the draft is based on, until the draft has been checked."""
    found, activity = exchange.found, exchange.activity
    if found is None or (isinstance(activity, Phase) and activity.name == "checking"):
        return ""
    return f"{texts('found', title=found.title or found.document)} “{short(found.quote, FOUND)}”"


def activity_text(activity: Waiting | Phase | None, texts: Texts) -> str:
    """Return the current step in the reader's language; its numbers are taken from the phase's text."""
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
    numbers = re.findall(r"\d+", activity.text)
    if key not in texts.table:
        return activity.text
    if len(numbers) == 2:
        return texts("phase.part", number=numbers[0], of=numbers[1])
    if numbers and f"{key}.other" in texts.table:
        return texts.count(key, int(numbers[0]))
    return texts(key)


# --- the states of a reply


def _working(exchange: Exchange, texts: Texts) -> str:
    activity = escape(activity_text(exchange.activity, texts))
    line = f'<p class="activity" aria-hidden="true">{activity}<span class="elapsed"></span></p>'
    above = _found(exchange.found, texts) if exchange.found else ""
    begun = re.sub(r"\[[^\]]*$", "", exchange.draft.replace("**", ""))
    draft = re.sub(r"\n\s*[-*•–]$", "", without_marks(begun).strip())  # The item of a list comes with its first word.
    if not draft:
        return above + line
    text = text_html(draft, lambda start, end: inline_html(draft[start:end]))
    return f'{above}<div class="draft" aria-label="{escape(texts("draft"))}" role="group">{text}</div>{line}'


def _found(found: Citation, texts: Texts) -> str:
    where = escape(texts("found", title=found.title or found.document))
    return f'<p class="found"><span>{where}</span> <q dir="auto">{escape(short(found.quote, FOUND))}</q></p>'


def _stopped(exchange: Exchange, texts: Texts) -> str:
    return f'<p class="calm">{escape(_stopped_text(exchange, texts))}</p>{_acts(exchange, texts)}'


def _stopped_text(exchange: Exchange, texts: Texts) -> str:
    return texts("stopped.before_sentence" if exchange.draft.strip() else "stopped.before_writing")


def _failed(exchange: Exchange, texts: Texts) -> str:
    problem = lines_html(_problem(exchange, texts))
    box = f'<div class="calm"><h3>{escape(texts("no_answer"))}</h3><p>{problem}</p></div>'
    if exchange.error == NOTHING_CHOSEN:
        box += narrowed_html("", texts("scope.everywhere"), exchange.question)
    return box + _acts(exchange, texts)


def _problem(exchange: Exchange, texts: Texts) -> str:
    """Return what went wrong, in the reader's language if it is of a known kind; in English in more detail."""
    if exchange.problem == ENGLISH("internal_error"):
        return texts("internal_error")
    key = f"problem.{exchange.error}"
    return texts(key) if key in texts.table and texts.language != ENGLISH.language else exchange.problem


def _answered(exchange: Exchange, texts: Texts) -> str:
    assert exchange.answered is not None
    answer = exchange.answered.answer
    early = texts("stopped.early") if answer.stopped else ""
    only = narrowed(answer, texts)
    is_sure = answer.status == "answered"
    notes = [*filter(None, [exchange.problem, early, only if is_sure else ""]), *answer.notes]
    below = _notes(notes) + _facts(answer, texts) + _acts(exchange, texts)
    below += _opinion(exchange.kept, answer.status, texts)
    body = BODIES[answer.status](exchange.answered, texts)
    if only and not is_sure:
        body += narrowed_html(only, texts("scope.everywhere"), exchange.question)
    return _searched(answer, texts) + body + below + evidence_html(exchange.answered, texts)


def _searched(answer: Answer, texts: Texts) -> str:
    """Return the search query if it differs from the question, with a button to search for the question alone."""
    if not answer.query:
        return ""
    query = f'<q dir="auto">{escape(answer.query)}</q>'
    asked = escape(answer.question)
    button = f'<button type="button" class="link" data-alone="{asked}">{escape(texts("query.alone"))}</button>'
    return f'<p class="searched">{escape(texts("query"))} {query} {button}</p>'


def _cited(answered: Answered, texts: Texts) -> str:
    return f'<div class="answer">{answer_text_html(answered.answer, texts)}</div>{sources_html(answered, texts)}'


def _unsure(answered: Answered, texts: Texts) -> str:
    draft, quotes = draft_and_quotes(answered.answer)
    head = f'<h3>{escape(texts("unsure"))}</h3><p class="about">{escape(texts("unsure.about"))}</p>'
    text = answer_text_html(replace(answered.answer, answer=draft), texts)
    said = head + text + quotes_html(quotes, answered.answer, texts)
    return f'<div class="answer unsure">{said}</div>{sources_html(answered, texts)}'


def _abstention(answered: Answered, texts: Texts) -> str:
    text = answered.answer.answer
    reason = text if (known := reason_of(text)) is None else known
    box = f"<h3>{escape(texts('abstained'))}</h3>" + (f'<p dir="auto">{lines_html(reason)}</p>' if reason else "")
    return f'<div class="calm">{box}</div>{nearest_html(answered, texts)}'


BODIES: dict[Status, Callable[[Answered, Texts], str]] = {
    "answered": _cited,
    "unsure": _unsure,
    "abstained": _abstention,
}


# --- below the answer


def _notes(notes: list[str]) -> str:
    return "".join(f'<p class="note">{lines_html(note)}</p>' for note in notes)


def _facts(answer: Answer, texts: Texts) -> str:
    """Return the number of sources, the time it took, and the collapsed details of how the answer was made."""
    seconds = answer.timings.get("total_s")
    parts = [_sources_count(answer, texts), texts.duration(seconds) if seconds is not None else ""]
    line = "".join(f"<span>{escape(part)}</span>" for part in parts if part)
    rows = {texts("details.confidence"): f"{answer.confidence:.0%}"}
    if "first_token_s" in answer.timings and answer.status != "abstained":
        rows[texts("details.first")] = texts.duration(answer.timings["first_token_s"])
    generator = answer.receipt.get("generator")
    if isinstance(generator, dict) and generator.get("name"):
        rows[texts("details.model")] = str(generator["name"])
    if "index_generation" in answer.receipt:
        rows[texts("details.index")] = texts("details.generation", number=answer.receipt["index_generation"])
    return f'<div class="facts">{line}{folded_table(texts("details"), rows)}</div>'


def _acts(exchange: Exchange, texts: Texts) -> str:
    """Return the buttons that copy the answer and its link, ask again, and edit the question."""
    copied = plain_text(exchange.answered.answer, texts) if exchange.answered else ""
    link = f"./?answer={exchange.kept}" if exchange.kept and exchange.answered else ""
    given = {"copy": copied, "link": link, "retry": exchange.question, "edit": exchange.question}
    buttons = "".join(
        f'<button type="button" data-act="{act}" data-text="{escape(text)}">{escape(texts(f"act.{act}"))}</button>'
        for act, text in given.items()
        if text
    )
    return f'<div class="acts">{buttons}</div>'


def _sources_count(answer: Answer, texts: Texts) -> str:
    count = len(cards_of(answer))
    return texts.count("sources", count) if answer.status != "abstained" and count else ""


def _opinion(kept: str, status: Status, texts: Texts) -> str:
    """Return the feedback row of an answer that was stored under the id ``kept``.

    It includes the kinds of problem that are possible for its ``status``, for the form.
    """
    if not kept:
        return ""
    thumbs = "".join(
        f'<button type="button" class="thumb" data-opinion="{kind}" aria-pressed="false" '
        f'aria-label="{escape(texts(f"feedback.{kind}"))}">{escape(texts(f"feedback.{short}"))}</button>'
        for kind, short in (("up", "yes"), ("down", "no"))
    )
    form = f'<button type="button" class="link" data-opinion="form">{escape(texts("feedback.more"))}</button>'
    about = f'data-kept="{escape(kept)}" data-complaints="{" ".join(COMPLAINTS[status])}"'
    return f'<div class="opinion" {about}><span>{escape(texts("feedback"))}</span>{thumbs}{form}</div>'
