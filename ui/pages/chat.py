"""The components of the chat page; ``ui.pages.actions`` has their actions."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.archive import Archive
from ui.opinions import save_opinion
from ui.pages import conversations, scope
from ui.pages.actions import Actions, Parts
from ui.pages.frame import PLAIN, head_html, scripted
from ui.pages.start import start_json
from ui.service import Service
from ui.suggested import Suggested
from ui.texts import ENGLISH, texts_of
from ui.view import ask_json, conversation_json, state_html

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
        chosen = scope.chosen_documents()
        scope.build(page, chosen)
        kept = conversations.build(archive, texts)
        anew = gr.Button(texts("anew"), elem_id="anew", size="sm", visible=False, min_width=0, scale=0)
    talk = scripted(
        conversation_json([], texts),
        "conversation.html",
        ["evidence.js", "opinions.js", "acts.js", "suggestions.js", "conversation.js"],
        elem_id="talk",
        server_functions=[say, suggest],
    )
    begin = scripted(start_json(suggested, texts), "start.html", ["uploads.js", "start.js"], elem_id="start")
    ask = scripted(ask_json(texts), "ask.html", ["ask.js"], elem_id="ask")
    parts = Parts(
        name,
        talk,
        gr.State([]),
        begin,
        ask,
        anew,
        kept,
        state,
        gr.Timer(0.5),
        chosen,
    )
    Actions(parts, service, archive, suggested).connect(page)
