"""The sources of an answer and the passages nearest to a question, each folded behind its document and first words."""

from __future__ import annotations

from collections.abc import Mapping

from rag.outline import day
from rag.types import Answer, Citation, Evidence, Passage
from ui.markup import escape, folded_table, short

__all__ = ["nearest_html", "source_id", "sources_html"]


def sources_html(number: int, answer: Answer, dates: Mapping[str, str]) -> str:
    """Return the list of what stands behind an answer, one item a mark; a single one is unfolded."""
    alone = len(answer.citations) == 1
    items = [_source(number, citation, _behind(citation, answer), dates, alone) for citation in answer.citations]
    return _list("Sources", items)


def nearest_html(number: int, answer: Answer, dates: Mapping[str, str]) -> str:
    """Return the list of the passages that were found and may not answer the question."""
    return _list(
        "Nearest passages, which may not answer it", [_nearest(number, item, dates) for item in answer.evidence]
    )


def source_id(number: int, mark: int) -> str:
    """Return the element id of the source behind a mark in the exchange ``number``."""
    return f"exchange-{number}-source-{mark}"


def _list(heading: str, items: list[str]) -> str:
    return f'<h3 class="label">{heading}</h3><ol class="sources">{"".join(items)}</ol>' if items else ""


def _source(number: int, citation: Citation, evidence: Evidence | None, dates: Mapping[str, str], alone: bool) -> str:
    """Return one source: its document and quote, and folded behind them the passage with the quote marked."""
    passage = evidence.passage if evidence else None
    before, after = "", ""
    if passage:
        before = passage.text[: citation.start - passage.start]
        after = passage.text[citation.end - passage.start :]
    text = f"{escape(before)}<mark>{escape(citation.quote)}</mark>{escape(after)}"
    target = source_id(number, citation.mark)
    head = (
        f'<span class="number" aria-hidden="true">{citation.mark}</span>'
        f"{_where(citation.title, citation.document, citation.page, dates)}"
        f'<q class="quote" dir="auto">{escape(short(citation.quote))}</q>'
    )
    back = f'<button type="button" class="back" data-to="{target}-mark">Back to the answer</button>'
    place = _place(citation.document, citation.start, citation.end)
    return _foldable(target, head, text, place, _scores(evidence), back, alone)


def _nearest(number: int, evidence: Evidence, dates: Mapping[str, str]) -> str:
    """Return one passage that was found and may not answer the question."""
    passage = evidence.passage
    head = (
        f"{_where(passage.title, passage.document, passage.page, dates)}"
        f'<span class="quote" dir="auto">{escape(short(passage.text))}</span>'
    )
    target = f"exchange-{number}-passage-{evidence.rank}"
    place = _place(passage.document, passage.start, passage.end)
    return _foldable(target, head, escape(passage.text), place, _scores(evidence), "", opened=False)


def _foldable(target: str, head: str, text: str, place: str, scores: str, back: str, opened: bool) -> str:
    return (
        f'<li class="source" id="{target}"><details{" open" if opened else ""}><summary>{head}</summary>'
        f'<blockquote class="passage" dir="auto">{text}</blockquote>'
        f'<div class="origin">{place}{scores}{back}</div></details></li>'
    )


def _where(title: str, document: str, page: int | None, dates: Mapping[str, str]) -> str:
    details = [day(dates[document])] if dates.get(document) else []
    details += [f"page {page}"] if page is not None else []
    more = "".join(f' <span class="detail">{escape(detail)}</span>' for detail in details)
    return f'<span class="where"><bdi class="title">{escape(title or document)}</bdi>{more}</span>'


def _place(document: str, start: int, end: int) -> str:
    return f"<p><bdi>{escape(document)}</bdi>, characters {start} to {end}</p>"


def _scores(evidence: Evidence | None) -> str:
    if evidence is None:
        return ""
    rows = {
        "Rank": str(evidence.rank),
        "Score": f"{evidence.score:.3f}",
        "Meaning (cosine)": f"{evidence.dense:.3f}",
        "Words (BM25)": f"{evidence.lexical:.2f}",
    }
    return folded_table("Scores", rows)


def _behind(citation: Citation, answer: Answer) -> Evidence | None:
    """Return the evidence out of which ``citation`` was cut."""
    return next((item for item in answer.evidence if _holds(item.passage, citation)), None)


def _holds(passage: Passage, citation: Citation) -> bool:
    start, end = citation.start - passage.start, citation.end - passage.start
    return passage.document == citation.document and start >= 0 and passage.text[start:end] == citation.quote
