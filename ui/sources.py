"""The list below an answer: its sources, or the closest passages; each row opens the evidence panel."""

from __future__ import annotations

from rag.types import Evidence
from ui.cards import Card, cards_of
from ui.conversation import Answered, Place
from ui.evidence import NOWHERE, details_html
from ui.markup import escape, short
from ui.texts import Texts

__all__ = ["nearest_html", "sources_html"]


def sources_html(answered: Answered, texts: Texts) -> str:
    """Return the list of an answer's sources: one item per passage, with a row for each quote from it."""
    return _list(texts("sources"), [_card(card, answered, texts) for card in cards_of(answered.answer)])


def nearest_html(answered: Answered, texts: Texts) -> str:
    """Return the list of retrieved passages, which may not contain the answer."""
    return _list(texts("nearest"), [_nearest(item, answered, texts) for item in answered.answer.evidence])


def _list(heading: str, items: list[str]) -> str:
    return f'<h3 class="label">{escape(heading)}</h3><ol class="sources">{"".join(items)}</ol>' if items else ""


def _card(card: Card, answered: Answered, texts: Texts) -> str:
    place = answered.places.get(card.evidence.rank, NOWHERE) if card.evidence else NOWHERE
    rows = [
        _row(citation.mark, f'<q class="quote" dir="auto">{escape(short(citation.quote))}</q>')
        for citation in card.citations
    ]
    return _item(card.title, _details(place, card.citations[0].page, texts), rows)


def _nearest(evidence: Evidence, answered: Answered, texts: Texts) -> str:
    passage, place = evidence.passage, answered.places.get(evidence.rank, NOWHERE)
    row = _row(evidence.rank, f'<span class="quote" dir="auto">{escape(short(passage.text))}</span>')
    return _item(passage.title or passage.document, _details(place, passage.page, texts), [row])


def _details(place: Place, page: int | None, texts: Texts) -> str:
    older = f' <span class="detail">{escape(texts("older"))}</span>' if place.newest else ""
    return details_html(place.date, page, texts) + older


def _row(mark: int, words: str) -> str:
    return f'<li><button type="button" data-opens="{mark}"><span class="number">{mark}</span>{words}</button></li>'


def _item(title: str, details: str, rows: list[str]) -> str:
    where = f'<p class="where"><bdi class="title">{escape(title)}</bdi>{details}</p>'
    return f'<li class="source">{where}<ul>{"".join(rows)}</ul></li>'
