"""The components of the chat page; ``ui.pages.actions`` has their actions."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.archive import Archive
from ui.opinions import save_opinion
from ui.pages import conversations
from ui.pages.actions import Actions, Parts
from ui.pages.documents import chosen_documents
from ui.pages.frame import PLAIN, head_html, scripted
from ui.pages.start import start_json
from ui.service import Service
from ui.suggested import Suggested
from ui.texts import ENGLISH, Texts, texts_of
from ui.view import conversation_json, state_html

__all__ = ["build"]


def build(page: gr.Blocks, service: Service) -> None:
    """Add the chat to ``page``."""
    texts, archive, suggested = ENGLISH, Archive(service.config.index), Suggested(service)

    def say(given: dict[str, Any], request: gr.Request) -> str:
        return save_opinion(given, service, archive, texts_of(request))

    def suggest(given: dict[str, Any]) -> dict[str, Any]:
        return suggested.after(given, archive)

    with gr.Row(elem_id="head"):
        name = gr.HTML(head_html("", texts), elem_id="name", **PLAIN)
        state = gr.HTML(state_html(service, texts), elem_id="state", **PLAIN)
        kept = conversations.build(archive, texts)
        anew = gr.Button(texts("anew"), elem_id="anew", size="sm", visible=False, min_width=0, scale=0)
    talk = scripted(
        conversation_json([], texts),
        "conversation.html",
        ["evidence.js", "opinions.js", "suggestions.js", "conversation.js"],
        elem_id="talk",
        server_functions=[say, suggest],
    )
    begin = scripted(start_json(suggested, texts), "start.html", ["uploads.js", "start.js"], elem_id="start")
    question, send, stop = _question_row(texts)
    parts = Parts(
        name,
        talk,
        gr.State([]),
        begin,
        question,
        send,
        stop,
        anew,
        kept,
        state,
        gr.Timer(0.5),
        chosen_documents(),
    )
    Actions(parts, service, archive, suggested).connect(page)


def _question_row(texts: Texts) -> tuple[gr.Textbox, gr.Button, gr.Button]:
    """Add the field of the question with its buttons to send it and to stop the answer."""
    with gr.Row(elem_id="ask"):
        question = gr.Textbox(
            label=texts("question"),
            placeholder=texts("question.hint"),
            max_lines=8,
            autofocus=True,
            elem_id="question",
        )
        send = gr.Button(texts("ask"), variant="primary", elem_id="send", min_width=0, scale=0)
        stop = gr.Button(texts("stop"), variant="stop", elem_id="stop", min_width=0, scale=0, visible=False)
    return question, send, stop
