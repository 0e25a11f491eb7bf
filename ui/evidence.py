"""The evidence panel: each source with its quote highlighted in the passage, and the text around it.

The passage is stored with the answer, unchanged; the surrounding text comes from the index.
"""

from __future__ import annotations

from urllib.parse import urlencode

from rag.text.statements import cells
from rag.types import Answer, Citation, Evidence, Passage
from ui.conversation import Answered, Place
from ui.markup import escape, folded_table
from ui.texts import Texts

__all__ = ["NOWHERE", "behind", "details_html", "evidence_html", "passages_html", "reader_address"]

NOWHERE = Place()
"""Stands for a passage that is no longer in the index."""


def evidence_html(answered: Answered, texts: Texts) -> str:
    """Return the parts of the panel, hidden until opened: one per source, or one per passage."""
    answer = answered.answer
    pieces = [_source(citation, behind(citation, answer), answered, texts) for citation in answer.citations]
    shown = "".join(pieces) or passages_html(answered, texts)
    return f'<div class="evidence" hidden>{shown}</div>' if shown else ""


def passages_html(answered: Answered, texts: Texts) -> str:
    """Return one part per retrieved passage, with the text around it."""
    places = answered.places
    return "".join(_nearest(item, places.get(item.rank, NOWHERE), texts) for item in answered.answer.evidence)


def behind(citation: Citation, answer: Answer) -> Evidence | None:
    """Return the evidence that ``citation`` was cut from."""
    return next((item for item in answer.evidence if _holds(item.passage, citation)), None)


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


def _source(citation: Citation, evidence: Evidence | None, answered: Answered, texts: Texts) -> str:
    place = answered.places.get(evidence.rank, NOWHERE) if evidence else NOWHERE
    passage = evidence.passage if evidence else None
    before, after = "", ""
    if passage:
        before = passage.text[: citation.start - passage.start]
        after = passage.text[citation.end - passage.start :]
    text = f"{escape(before)}<mark>{escape(citation.quote)}</mark>{escape(after)}"
    head = _head(str(citation.mark), citation.title or citation.document, passage, citation.page, place, texts)
    if citation.header:
        head += f'<p class="columns" dir="auto">{escape(" | ".join(cells(citation.header)))}</p>'
    return _piece(str(citation.mark), head, _quoted(text, place), _origin(citation, place, evidence, texts))


def _nearest(evidence: Evidence, place: Place, texts: Texts) -> str:
    passage = evidence.passage
    head = _head(str(evidence.rank), passage.title or passage.document, passage, passage.page, place, texts)
    text = escape(passage.text)
    return _piece(str(evidence.rank), head, _quoted(text, place), _origin(passage, place, evidence, texts))


def _piece(mark: str, head: str, passage: str, origin: str) -> str:
    return f'<section class="piece" data-mark="{mark}">{head}{passage}{origin}</section>'


def _head(mark: str, title: str, passage: Passage | None, page: int | None, place: Place, texts: Texts) -> str:
    section = f'<p class="section"><bdi>{escape(passage.section)}</bdi></p>' if passage and passage.section else ""
    return (
        f'<h3 tabindex="-1"><span class="number">{mark}</span> <bdi class="title">{escape(title)}</bdi>'
        f"{details_html(place.date, page, texts)}</h3>{section}"
    )


def _quoted(text: str, place: Place) -> str:
    before, after = (f'<span class="around">{escape(part)}</span>' for part in (place.before, place.after))
    return f'<blockquote class="passage" dir="auto">{before}{text}{after}</blockquote>'


def _origin(span: Citation | Passage, place: Place, evidence: Evidence | None, texts: Texts) -> str:
    address = escape(reader_address(span.document, span.start, span.end, place.sha256) + "#quote")
    where = f"<bdi>{escape(span.document)}</bdi>, {escape(texts('characters', start=span.start, end=span.end))}"
    link = (
        f'<a class="open" href="{address}" target="_blank" rel="noopener">{escape(texts("open"))}'
        f'<span class="hidden"> {escape(texts("opens_tab"))}</span></a>'
    )
    return f'<p class="file">{where}</p><div class="origin">{link}{_scores(evidence, texts)}</div>'


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


def _holds(passage: Passage, citation: Citation) -> bool:
    start, end = citation.start - passage.start, citation.end - passage.start
    return passage.document == citation.document and start >= 0 and passage.text[start:end] == citation.quote
