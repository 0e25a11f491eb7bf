"""What a reader can say about an answer in the chat: two thumbs, and a form (its fields: ``ui/static/opinions.js``)."""

from __future__ import annotations

from ui.markup import escape
from ui.texts import Texts

__all__ = ["opinion_html", "words_of"]

PREFIX = "feedback."


def opinion_html(kept: str, texts: Texts) -> str:
    """Return the row below an answer that was kept under the id ``kept``; empty where it was not."""
    if not kept:
        return ""
    thumbs = "".join(
        f'<button type="button" class="thumb" data-opinion="{kind}" aria-pressed="false" '
        f'aria-label="{escape(texts(f"feedback.{kind}"))}">{escape(texts(f"feedback.{short}"))}</button>'
        for kind, short in (("up", "yes"), ("down", "no"))
    )
    form = f'<button type="button" class="link" data-opinion="form">{escape(texts("feedback.more"))}</button>'
    return (
        f'<div class="opinion" data-kept="{escape(kept)}"><span>{escape(texts("feedback"))}</span>{thumbs}{form}</div>'
    )


def words_of(texts: Texts) -> dict[str, str]:
    """Return the words of the form."""
    return {key.removeprefix(PREFIX): text for key, text in texts.table.items() if key.startswith(PREFIX)}
