"""The list of conversations stored in the browser; part of the chat page."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from rag.archive import Archive
from ui.history import exported
from ui.pages.frame import scripted
from ui.texts import Texts, texts_of

__all__ = ["build", "words_of"]


def build(archive: Archive, texts: Texts) -> gr.HTML:
    """Return the list of conversations, whose content stays in the browser."""

    def exported_file(form: dict[str, Any], request: gr.Request) -> dict[str, str]:
        answers = [answer for id in form["answers"] if (answer := archive.get(str(id)))]
        return exported(str(form["title"]), answers, str(form["form"]), texts_of(request))

    def forget(form: dict[str, Any]) -> None:
        archive.remove([str(id) for id in form["answers"]])

    return scripted(
        words_of(texts), "history.html", ["history.js"], elem_id="history", server_functions=[exported_file, forget]
    )


def words_of(texts: Texts, ready: bool = False) -> str:
    """Return the JSON for static/history.js; ``ready`` once the page can act."""
    keys = ("actions", "title", "rename", "markdown", "json", "remove", "really", "removed", "close", "none")
    words = {key: texts.table[f"history.{key}"] for key in keys}
    return json.dumps(
        {**words, **texts.dates, "ready": ready, "language": texts.language, "conversations": texts("history")}
    )
