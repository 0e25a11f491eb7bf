"""How much is measured: all of it, or in a few minutes what shows whether something went wrong."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts of what is measured, and the sizes at which cost is held against size."""

    questions: int
    written: int
    """Tokens that llama.cpp alone writes for each question."""
    embedded: int
    """Passages that are embedded."""
    starts: int
    """Fresh processes of each kind."""
    evidence: tuple[int, ...]
    """Passages that are read for a question."""
    evidence_questions: int
    users: tuple[int, ...]
    """Users who ask at once."""
    each_user: int
    """Questions that each of them asks."""
    sizes: tuple[int, ...]
    """Passages in an index."""
    queries: int
    """Searches in each of these indexes."""


FULL = Plan(
    questions=30,
    written=64,
    embedded=1024,
    starts=3,
    evidence=(1, 2, 3, 4, 6, 8),
    evidence_questions=20,
    users=(1, 4, 16),
    each_user=9,
    sizes=(100, 1_000, 10_000, 100_000, 1_000_000),
    queries=50,
)
QUICK = Plan(
    questions=4,
    written=32,
    embedded=128,
    starts=1,
    evidence=(1, 3, 6),
    evidence_questions=2,
    users=(1, 2, 4),
    each_user=1,
    sizes=(100, 1_000, 10_000),
    queries=20,
)
