"""An open document at a given place: its text with the quoted words marked, or a PDF page as it looks.

The page has no script, so it can be linked, printed and read with any browser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from rag.errors import DocumentError
from rag.formats import pdf_pages
from rag.ports import DocumentInfo, Index
from rag.types import Document
from ui.document_text import text_of
from ui.evidence import details_html, newest_link, reader_address
from ui.local import STATIC
from ui.markup import escape
from ui.texts import Texts, kept_choice, texts_of
from ui.versions import Newest

__all__ = ["Span", "add_routes", "reader_html"]

WINDOW = 20_000
"""Characters shown at once, on either side of the span."""
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a document; ``version`` is the start of its hash when it was quoted."""

    document: str
    start: int = 0
    end: int = 0
    version: str = ""


def add_routes(app: FastAPI, index: Callable[[], Any], newest: Callable[[], Newest]) -> None:
    """Add ``/read`` and ``/read/page`` to ``app``.

    ``index`` returns the open index or ``None``, ``newest`` the newest versions of older documents.
    """

    def read(request: Request, document: str, start: int = 0, end: int = 0, version: str = "") -> HTMLResponse:
        texts = texts_of(request)
        span = Span(document, max(start, 0), max(end, 0), version)
        query = request.query_params
        number = query.get("page", "")
        page = int(number) if number.isdecimal() and len(number) < 7 else 0
        html = reader_html(index(), span, texts, "text" in query, page, newest().get(document))
        shown = _in_theme(html or missing_html(document, texts), kept_choice(request, "theme"))
        return HTMLResponse(shown, 200 if html else 404)

    def page_picture(document: str, page: int) -> Response:
        try:
            data = original(index(), document)
            image = pdf_pages.picture(data, page) if data else b""
        except (DocumentError, AttributeError):  # There may be no index yet.
            image = b""
        return Response(image, 200 if image else 404, {"Cache-Control": "no-store"}, "image/png")

    app.add_api_route("/read", read, include_in_schema=False)
    app.add_api_route("/read/page", page_picture, include_in_schema=False)


def original(index: Index, name: str) -> bytes | None:
    """Return the bytes of the PDF file, if it still exists unchanged.

    Raises:
        DocumentError: there is no such document.
    """
    document = index.document(name)
    if document.media_type != PDF:
        return None
    file: Path = index.file(name)
    try:
        data = file.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == document.sha256 else None


def reader_html(
    index: Index, span: Span, texts: Texts, as_text: bool = False, page: int = 0, newest: DocumentInfo | None = None
) -> str:
    """Return the page that shows ``span``, or an empty string if there is no such document.

    For a PDF this is page ``page`` (0: the page where the span starts), unless ``as_text``. ``newest`` is the newest
    version of the document, if that is an older one.
    """
    try:
        document = index.document(span.document)
        data = original(index, span.document)
    except (DocumentError, AttributeError):  # There may be no index yet.
        return ""
    notes = []
    if span.version and not document.sha256.startswith(span.version):
        notes.append(escape(texts("reader.changed")))
    if document.media_type == PDF and data is None:
        notes.append(escape(texts("reader.no_file")))
    if newest is not None:
        notes.append(_link(*newest_link(newest, texts)))
    body = _text(document, span, texts) if as_text or data is None else _page(document, data, span, page, texts)
    other = ""
    if data is not None:
        address = reader_address(span.document, span.start, span.end, span.version) + ("" if as_text else "&text=1")
        other = _link(address, texts("reader.as_pages" if as_text else "reader.as_text"))
    head = (
        f'<h1 dir="auto">{escape(document.title or document.name)}</h1>'
        f'<p class="faint"><bdi>{escape(document.name)}</bdi>{details_html(document.date, None, texts)}</p>'
        f"<nav>{_link('./', texts('reader.to_chat'))}{other}</nav>"
    )
    shown = "".join(f'<p class="note" role="note">{note}</p>' for note in notes)
    return _frame(document.title or document.name, head + shown, body, texts)


def missing_html(name: str, texts: Texts) -> str:
    """Return the page for a missing document."""
    head = f'<h1>{escape(texts("reader.missing"))}</h1><p class="faint"><bdi>{escape(name)}</bdi></p>'
    body = f"<p>{escape(texts('reader.missing.hint'))} {_link('./', texts('reader.to_chat'))}</p>"
    return _frame(texts("reader.missing"), head, body, texts)


def _text(document: Document, span: Span, texts: Texts) -> str:
    """Return the text around the span, and links to the rest."""
    first, last = max(0, span.start - WINDOW), min(len(document.text), max(span.end, span.start) + WINDOW)
    earlier = _way(document, first - WINDOW, texts("reader.earlier")) if first else ""
    later = _way(document, last + WINDOW, texts("reader.later")) if last < len(document.text) else ""
    shown = text_of(document, first, last, span.start, span.end)
    return f'{earlier}<div class="text" dir="auto">{shown}</div>{later}'


def _page(document: Document, data: bytes, span: Span, page: int, texts: Texts) -> str:
    """Return the image of a page with the quoted words marked, its text, and links to its neighbours."""
    count = len(document.pages)
    number = min(max(page or _page_of(document, span.start), 1), count)
    first = document.pages[number - 1]
    last = document.pages[number] if number < count else len(document.text)
    start, end = max(span.start, first), min(span.end, last)
    words = document.text[start:end] if start < end else ""
    boxes = pdf_pages.places(data, number, words, document.text[first:start]) if words else []
    marks = "".join(_mark(box, n) for n, box in enumerate(boxes))
    source = reader_address(document.name, 0, 0).replace("read?", "read/page?") + f"&page={number}"
    alt = texts("reader.picture", page=number)
    ways = "".join(
        _link(_page_address(document, span, other), texts(key))
        for other, key in ((number - 1, "reader.previous"), (number + 1, "reader.next"))
        if 1 <= other <= count
    )
    quote = f'<p class="quoted" dir="auto"><span>{escape(texts("reader.quote"))}:</span> <q>{escape(words)}</q></p>'
    where = f"<span>{escape(texts('reader.page', page=number, pages=count))}</span>"
    return (
        f'<nav class="pages" aria-label="{escape(texts("pages"))}">{where}{ways}</nav>'
        f"{quote if words else ''}"
        f'<div class="page"><img src="{escape(source)}" alt="{escape(alt)}">{marks}</div>'
    )


def _page_of(document: Document, start: int) -> int:
    return sum(offset <= start for offset in document.pages)


def _mark(box: pdf_pages.Box, number: int) -> str:
    identity = "" if number else ' id="quote"'
    place = f"left:{box.left:.3%};top:{box.top:.3%};width:{box.width:.3%};height:{box.height:.3%}"
    return f'<span class="spot"{identity} style="{place}"></span>'


def _page_address(document: Document, span: Span, page: int) -> str:
    return f"{reader_address(document.name, span.start, span.end, span.version)}&page={page}"


def _way(document: Document, place: int, label: str) -> str:
    return f"<p>{_link(reader_address(document.name, max(place, 0), max(place, 0)) + '&text=1', label)}</p>"


def _link(address: str, label: str) -> str:
    return f'<a href="{escape(address)}">{escape(label)}</a>'


def _in_theme(html: str, theme: str) -> str:
    """Return a page in the theme that the reader has chosen; the system's is the default."""
    return html.replace("<html ", f'<html data-theme="{theme}" ', 1) if theme in ("light", "dark") else html


def _frame(title: str, head: str, body: str, texts: Texts) -> str:
    style = (STATIC / "reader.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html><html lang="{texts.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<link rel="icon" href="favicon.ico"><title>{escape(title)}</title><style>{style}</style></head>'
        f"<body><header>{head}</header><main>{body}</main></body></html>"
    )
