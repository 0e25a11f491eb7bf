"""The search page: the passages that an answer would be based on, without a language model."""

from __future__ import annotations

from collections.abc import Collection

import gradio as gr

from rag.errors import FootnoteError
from rag.types import Answer
from ui.conversation import Answered
from ui.evidence import passages_html
from ui.markup import escape, lines_html
from ui.pages.documents import chosen_documents, names_of
from ui.pages.frame import PLAIN, QUIET, head, head_html
from ui.places import places_of
from ui.service import Service
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build"]

FOUND = 10
"""Number of passages shown."""


def build(page: gr.Blocks, service: Service) -> None:
    """Add the page to ``page``."""
    name = head("search", ENGLISH)
    about = gr.HTML(_about(ENGLISH), elem_id="about", **PLAIN)
    chosen = chosen_documents()
    with gr.Row(elem_id="ask", elem_classes="at-top"):
        words = gr.Textbox(label=ENGLISH("search.label"), autofocus=True, elem_id="question", max_lines=3)
        go = gr.Button(ENGLISH("search.go"), variant="primary", elem_id="send", min_width=0, scale=0)
    found = gr.HTML("", elem_id="found", **PLAIN)

    def show(request: gr.Request) -> tuple[object, ...]:
        texts = texts_of(request)
        box = gr.update(label=texts("search.label"), placeholder=texts("search.hint"))
        return head_html("search", texts), _about(texts), box, gr.update(value=texts("search.go"))

    def search(question: str, kept: object, request: gr.Request) -> str:
        return found_html(service, question, names_of(kept), texts_of(request))

    page.load(show, None, [name, about, words, go], queue=False, **QUIET)
    gr.on([words.submit, go.click], search, [words, chosen], [found], queue=False, **QUIET)


def found_html(service: Service, question: str, documents: Collection[str] | None, texts: Texts) -> str:
    """Return the passages for ``question``, or the reason why there are none."""
    if not any(character.isalnum() for character in question):
        return ""
    try:
        found = service.search(question, FOUND, documents)
    except FootnoteError as error:
        return f'<p class="calm" role="status">{lines_html(str(error))}</p>'
    if not found:
        return f'<p class="calm" role="status">{escape(texts("search.nothing"))}</p>'
    answer = Answer("", question, "abstained", 0.0, "", evidence=tuple(found))
    answered = Answered(answer, places_of(answer, service.assistant.index))
    count = escape(texts.count("search.found", len(found)))
    return f'<h2 class="label">{count}</h2>{passages_html(answered, texts)}'


def _about(texts: Texts) -> str:
    return f"<p>{escape(texts('search.about'))}</p>"
