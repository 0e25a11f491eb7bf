"""The search page: passages that fit, without a language model."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

import gradio as gr

from rag.errors import FootnoteError
from ui.found import results_html
from ui.markup import escape, lines_html, narrowed_html
from ui.pages.frame import QUIET, head, head_html, scripted
from ui.pages.scope import chosen_documents, names_of
from ui.service import Service
from ui.texts import ENGLISH, Texts, texts_of

__all__ = ["build"]

FOUND = 10
"""Number of passages shown."""


class Outcome(NamedTuple):
    """What a search found: its HTML, and the text for screen readers."""

    html: str = ""
    say: str = ""


def build(page: gr.Blocks, service: Service) -> None:
    """Add the page to ``page``."""
    name = head("search", ENGLISH)
    chosen = chosen_documents()
    shown = scripted(_view("", Outcome(), ENGLISH, ready=False), "search.html", ["search.js"], elem_id="found")

    def arrive(kept: object, request: gr.Request) -> tuple[str, str]:
        texts, question = texts_of(request), request.query_params.get("q", "")
        return head_html("search", texts), _view(question, found_by(service, question, names_of(kept), texts), texts)

    def search(kept: object, event: gr.EventData, request: gr.Request) -> str:
        texts, question = texts_of(request), str(event.question)
        documents = None if event.everywhere else names_of(kept)
        return _view(question, found_by(service, question, documents, texts), texts)

    page.load(arrive, [chosen], [name, shown], queue=False, **QUIET)
    shown.search(search, [chosen], [shown], queue=False, **QUIET)


def found_by(service: Service, question: str, documents: Collection[str] | None, texts: Texts) -> Outcome:
    """Return what is found for ``question``, or the reason why there is nothing."""
    if not any(character.isalnum() for character in question):
        return Outcome()
    if service.documents == 0:
        return Outcome(_empty(texts), texts("start.empty"))
    scope = _scope(service, documents, texts)
    try:
        found = service.search(question, FOUND, documents) if documents != [] else []
        near = bool(found) and service.is_near(question, found)
    except FootnoteError as error:
        return Outcome(f'<p class="calm">{lines_html(str(error))}</p>', str(error))
    if not near:
        nothing = texts("search.nothing_near")
        return Outcome(f'<p class="calm">{escape(nothing)}</p>{scope}', nothing)
    count = texts.count("search.found", len(found))
    return Outcome(f'<h2 class="label">{escape(count)}</h2>{scope}{results_html(question, found, texts)}', count)


def _empty(texts: Texts) -> str:
    """Return that there are no documents, with the way to add some."""
    add = f'<a class="link" href="./documents">{escape(texts("start.add"))}</a>'
    return f'<div class="calm"><p>{escape(texts("start.empty"))}</p><p>{add}</p></div>'


def _scope(service: Service, documents: Collection[str] | None, texts: Texts) -> str:
    """Return how many documents are searched, if not all of them, with a button to search all."""
    if documents is None:
        return ""
    count = texts.number(service.documents or len(documents))
    only = texts("scope.only", chosen=texts.number(len(documents)), count=count)
    if not documents:
        only = texts("scope.not_one")
    return narrowed_html(only, texts("scope.search_everywhere"))


def _view(question: str, outcome: Outcome, texts: Texts, ready: bool = True) -> str:
    """Return the JSON for static/search.js; ``ready`` if ``outcome`` is that of ``question``."""
    words = {key: texts(f"search.{key}") for key in ("label", "hint", "go", "about")} | {"language": texts.language}
    view = {"words": words, "question": question, "ready": ready, **outcome._asdict()}
    return json.dumps(view).replace("<", "\\u003c")
