"""The chat: a question goes in, the answer is streamed, checked, and stands there with its sources.

``ui.server`` mounts it beside the API; ``ui.page`` builds the page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Config
from rag.errors import FootnoteError
from rag.indexes.opening import open_index
from ui import local
from ui.service import Service

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["examples_for", "mount"]


def mount(app: FastAPI, service: Service, config: Config, examples: Sequence[str] = ()) -> FastAPI:
    """Return ``app`` with the chat at its root, behind the routes that it already has."""
    from ui import page

    return page.mount(app, page.build(service, examples), service, config)


def examples_for(config: Config) -> list[str]:
    """Return questions to start with, where the index holds the documents that they are about."""
    table = json.loads((local.STATIC / "examples.json").read_text(encoding="utf-8"))
    try:
        with open_index(config, read_only=True) as index:
            names = {Path(document.name).name for document in index.documents()}
    except FootnoteError:  # Said in the page, when the assistant is loaded.
        return []
    return list(table["questions"]) if names.issuperset(table["documents"]) else []
