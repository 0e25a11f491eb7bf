"""Whether anything that a search found comes close to what was searched for."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ports import Index
from rag.types import Evidence

__all__ = ["is_near"]


def is_near(question: str, found: Sequence[Evidence], index: Index) -> bool:
    """."""
    return bool(found)
