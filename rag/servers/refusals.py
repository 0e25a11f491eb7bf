"""The messages when a model server refuses a request or fails: one clear sentence, and what to do."""

from __future__ import annotations

import json
from typing import Any

from rag.errors import ServerError

__all__ = ["Refused", "refusal", "said"]

LONGEST = 300
"""Most characters of a server's message that are quoted."""


class Refused(ServerError):
    """The server was reached, but refuses the request or can't handle it."""


def refusal(url: str, status: int, text: str, key: str, key_setting: str) -> ServerError:
    """Return the error for the HTTP ``status`` and body ``text`` of a reply; it never contains ``key``."""
    where = f"The model server at {url}"
    words = said(text).replace(key, "…") if key else said(text)
    if status in (401, 403):
        return ServerError(f"{where} refuses the key. Set '{key_setting}' (in the environment, best) to a valid key.")
    if status == 429:
        return ServerError(f"{where} has too many requests. Ask again in a moment, or add the URL of another server.")
    if status == 404:
        return Refused(f"{where} doesn't know the model or the path ({words}). Check the address in the settings.")
    if status >= 500:
        return Refused(f"{where} failed (HTTP {status}: {words}). See its log, and try again when it is fixed.")
    return Refused(f"{where} refuses the request (HTTP {status}: {words}).")


def said(text: str) -> str:
    """Return the message in the body of a reply, shortened.

    >>> said('{"error": {"message": "The prompt is too long."}}'), said('{"detail": "No."}'), said("<html>")
    ('The prompt is too long.', 'No.', '<html>')
    """
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = text
    while isinstance(found, dict) and (inner := [found[k] for k in ("error", "message", "detail") if found.get(k)]):
        found = inner[0]
    words = " ".join(str(found).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
