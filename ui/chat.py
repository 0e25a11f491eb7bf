"""Add the chat to the server. ``ui.server`` mounts it next to the API; ``ui.page`` builds the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.config import Config
from ui.service import Service

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["mount"]


def mount(app: FastAPI, service: Service, config: Config) -> FastAPI:
    """Return ``app`` with the chat mounted at its root, behind the existing routes."""
    from ui import page

    return page.mount(app, page.build(service), service, config)
