"""The evidence panel: each passage with all quotes from it highlighted, and the text around it.

The passage is stored with the answer, unchanged; the surrounding text comes from the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import urlencode

from rag.ports import DocumentInfo
from rag.text.statements import cells
from rag.types import Citation, Evidence, Passage
from ui.cards import Card, cards_of
from ui.conversation import Answered, Place
from ui.markup import escape, folded_table
from ui.texts import Texts

__all__ = ["NOWHERE", "details_html", "evidence_html", "newest_link", "passages_html", "reader_address"]

NOWHERE = Place()
"""Stands for a passage that is no longer in the index."""


def evidence_html(answered: Answered, texts: Texts) -> str:
    """Return the parts of the panel, hidden until opened: one per cited passage, or one per passage."""
    shown = "".join(_card(card, answered, texts) for card in cards_of(answered.answer)) or passages_html(
        answered, texts
    )
    return f'<div class="evidence" hidden>{shown}</div>' if shown else ""


def passages_html(answered: Answered, texts: Texts) -> str:
    """Return one part per retrieved passage, with the text around it."""
    places = answered.places
    return "".join(_nearest(item, places.get(item.rank, NOWHERE), texts) for item in answered.answer.evidence)


def details_html(date: str, page: int | None, texts: Texts) -> str:
    """Return the details next to a document's title."""
    details = [texts.date(date)] if date else []
    details += [texts("page", page=page)] if page is not None else []
    return "".join(f' <span class="detail">{escape(detail)}</span>' for detail in details)


def reader_address(document: str, start: int, end: int, sha256: str = "") -> str:
    """Return the address, relative to the chat, that opens a document at a span.

    It includes the start of the document's hash, so that the reader can report later changes.
    """
    place: dict[str, str | int] = {"document": document.encode("utf-8", "replace").decode(), "start": start, "end": end}
    return "read?" + urlencode(place | ({"version": sha256[:12]} if sha256 else {}))


def newest_link(newest: DocumentInfo, texts: Texts) -> tuple[str, str]:
    """Return address and words of the link from an older document to its newest version."""
    return reader_address(newest.name, 0, 0), texts("older.newest", title=newest.title or newest.name)


def _card(card: Card, answered: Answered, texts: Texts) -> str:
    evidence, first = card.evidence, card.citations[0]
    place = answered.places.get(evidence.rank, NOWHERE) if evidence else NOWHERE
    marks = [str(citation.mark) for citation in card.citations]
    head = _head(marks, card.title, evidence.passage if evidence else None, first.page, place, texts)
    for header in dict.fromkeys(citation.header for citation in card.citations if citation.header):
        head += f'<p class="columns" dir="auto">{escape(" | ".join(cells(header)))}</p>'
    text, start = (evidence.passage.text, evidence.passage.start) if evidence else (first.quote, first.start)
    origins = "".join(
        _origin(citation, str(citation.mark), place, texts, citation != first) for citation in card.citations
    )
    below = origins + _scores(evidence, texts)
    return _piece(marks, head, _quoted(_highlighted(text, start, card.citations), place), below)


def _highlighted(text: str, start: int, citations: Sequence[Citation]) -> str:
    """Return ``text``, which begins at the offset ``start``, with every quote in it marked; quotes may overlap."""
    spans = [(citation.start - start, citation.end - start, citation.mark) for citation in citations]
    cuts = sorted({0, len(text), *(cut for first, last, _ in spans for cut in (first, last))})
    return "".join(
        _stretch(text[begin:end], [mark for first, last, mark in spans if first <= begin and end <= last])
        for begin, end in pairwise(cuts)
    )


def _stretch(text: str, marks: Sequence[int]) -> str:
    return f'<mark data-mark="{" ".join(map(str, marks))}">{escape(text)}</mark>' if marks else escape(text)


def _nearest(evidence: Evidence, place: Place, texts: Texts) -> str:
    passage, marks = evidence.passage, [str(evidence.rank)]
    head = _head(marks, passage.title or passage.document, passage, passage.page, place, texts)
    below = _origin(passage, marks[0], place, texts) + _scores(evidence, texts)
    return _piece(marks, head, _quoted(escape(passage.text), place), below)


def _piece(marks: Sequence[str], head: str, passage: str, below: str) -> str:
    return f'<section class="piece" data-mark="{" ".join(marks)}">{head}{passage}{below}</section>'


def _head(
    marks: Sequence[str], title: str, passage: Passage | None, page: int | None, place: Place, texts: Texts
) -> str:
    section = f'<p class="section"><bdi>{escape(passage.section)}</bdi></p>' if passage and passage.section else ""
    numbers = " ".join(f'<span class="number" data-mark="{mark}">{mark}</span>' for mark in marks)
    return (
        f'<h3 tabindex="-1">{numbers} <bdi class="title">{escape(title)}</bdi>'
        f"{details_html(place.date, page, texts)}</h3>{section}{_older(place, texts)}"
    )


def _older(place: Place, texts: Texts) -> str:
    """Return the link to the newest version of an older document."""
    if place.newest is None:
        return ""
    address, said = map(escape, newest_link(place.newest, texts))
    tab = f'<span class="hidden"> {escape(texts("opens_tab"))}</span>'
    return f'<p><a class="older" href="{address}" target="_blank" rel="noopener">{said}{tab}</a></p>'


def _quoted(text: str, place: Place) -> str:
    before, after = (f'<span class="around">{escape(part)}</span>' for part in (place.before, place.after))
    return f'<blockquote class="passage" dir="auto">{before}{text}{after}</blockquote>'


def _origin(span: Citation | Passage, mark: str, place: Place, texts: Texts, hidden: bool = False) -> str:
    """Return where a quote is and the link there; of those of a card, only the one for the opened mark is shown."""
    address = escape(reader_address(span.document, span.start, span.end, place.sha256) + "#quote")
    where = f"<bdi>{escape(span.document)}</bdi>, {escape(texts('characters', start=span.start, end=span.end))}"
    link = (
        f'<a class="open" href="{address}" target="_blank" rel="noopener">{escape(texts("open"))}'
        f'<span class="hidden"> {escape(texts("opens_tab"))}</span></a>'
    )
    return (
        f'<div class="origin" data-mark="{mark}"{" hidden" if hidden else ""}><p class="file">{where}</p>{link}</div>'
    )


def _scores(evidence: Evidence | None, texts: Texts) -> str:
    if evidence is None:
        return ""
    rows = {
        texts("scores.rank"): str(evidence.rank),
        texts("scores.score"): texts.number(evidence.score, 3),
        texts("scores.dense"): texts.number(evidence.dense, 3),
        texts("scores.lexical"): texts.number(evidence.lexical, 2),
    }
    return folded_table(texts("scores"), rows)
