"""The components of the chat page; ``ui.pages.actions`` has their actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from rag.archive import Archive
from ui.opinions import save_opinion
from ui.pages import conversations, scope
from ui.pages.actions import Actions, Parts
from ui.pages.frame import PLAIN, head_html, scripted
from ui.service import Service
from ui.texts import ENGLISH, texts_of
from ui.view import ask_json, conversation_json, starters_html, state_html

__all__ = ["build"]


def build(page: gr.Blocks, service: Service, examples: Sequence[str]) -> None:
    """Add the chat to ``page``."""
    texts, archive = ENGLISH, Archive(service.config.index)

    def say(given: dict[str, Any], request: gr.Request) -> str:
        return save_opinion(given, service, archive, texts_of(request))

    with gr.Row(elem_id="head"):
        name = gr.HTML(head_html("", texts), elem_id="name", **PLAIN)
        state = gr.HTML(state_html(service, texts), elem_id="state", **PLAIN)
        chosen = scope.chosen_documents()
        scope.build(page, chosen)
        kept = conversations.build(archive, texts)
        anew = gr.Button(texts("anew"), elem_id="anew", size="sm", visible=False, min_width=0, scale=0)
    talk = scripted(
        conversation_json([], texts),
        "conversation.html",
        ["evidence.js", "opinions.js", "acts.js", "conversation.js"],
        elem_id="talk",
        server_functions=[say],
    )
    with gr.Column(elem_id="examples", visible=bool(examples)) as starters:
        head = gr.HTML(starters_html(texts), **PLAIN)
        buttons = [gr.Button(example, elem_classes="example") for example in examples]
    ask = scripted(ask_json(texts), "ask.html", ["ask.js"], elem_id="ask")
    parts = Parts(
        name,
        talk,
        gr.State([]),
        starters,
        head,
        ask,
        anew,
        kept,
        state,
        gr.Timer(0.5),
        chosen,
    )
    Actions(parts, service, archive, bool(examples)).connect(page, buttons)
