"""The list below an answer: its sources, or the closest passages; each item opens the evidence panel."""

from __future__ import annotations

from rag.types import Citation, Evidence
from ui.conversation import Answered
from ui.evidence import NOWHERE, behind, details_html
from ui.markup import escape, short
from ui.texts import Texts

__all__ = ["nearest_html", "sources_html"]


def sources_html(answered: Answered, texts: Texts) -> str:
    """Return the list of an answer's sources, one item per mark."""
    answer = answered.answer
    items = [_source(citation, behind(citation, answer), answered, texts) for citation in answer.citations]
    return _list(texts("sources"), items)


def nearest_html(answered: Answered, texts: Texts) -> str:
    """Return the list of retrieved passages, which may not contain the answer."""
    return _list(texts("nearest"), [_nearest(item, answered, texts) for item in answered.answer.evidence])


def _list(heading: str, items: list[str]) -> str:
    return f'<h3 class="label">{escape(heading)}</h3><ol class="sources">{"".join(items)}</ol>' if items else ""


def _source(citation: Citation, evidence: Evidence | None, answered: Answered, texts: Texts) -> str:
    date = answered.places.get(evidence.rank, NOWHERE).date if evidence else ""
    title, quote = (
        citation.title or citation.document,
        f'<q class="quote" dir="auto">{escape(short(citation.quote))}</q>',
    )
    return _item(citation.mark, title, details_html(date, citation.page, texts), quote)


def _nearest(evidence: Evidence, answered: Answered, texts: Texts) -> str:
    passage, place = evidence.passage, answered.places.get(evidence.rank, NOWHERE)
    words = f'<span class="quote" dir="auto">{escape(short(passage.text))}</span>'
    return _item(evidence.rank, passage.title or passage.document, details_html(place.date, passage.page, texts), words)


def _item(mark: int, title: str, details: str, words: str) -> str:
    return (
        f'<li class="source"><button type="button" data-opens="{mark}"><span class="number">{mark}</span>'
        f'<span class="where"><bdi class="title">{escape(title)}</bdi>{details}</span>{words}</button></li>'
    )
