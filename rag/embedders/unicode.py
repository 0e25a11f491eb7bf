"""Texts that tokenizers accept."""

from __future__ import annotations

__all__ = ["encodable"]


def encodable(text: str) -> str:
    """Return ``text`` with lone surrogates replaced: they are no characters, and tokenizers refuse them."""
    return text.encode("utf-8", "replace").decode("utf-8")
