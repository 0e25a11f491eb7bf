"""How much to measure: everything, or just enough to notice a problem within minutes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of repetitions, and the sizes at which cost is measured."""

    questions: int
    written: int
    """Tokens that llama.cpp alone writes for each question."""
    embedded: int
    """Passages to embed."""
    starts: int
    """New processes of each kind."""
    evidence: tuple[int, ...]
    """Passages read for a question."""
    evidence_questions: int
    busy_questions: int
    """Questions asked beside busy processes."""
    users: tuple[int, ...]
    """Simultaneous users."""
    each_user: int
    """Questions per user."""
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
    busy_questions=12,
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
    busy_questions=1,
    users=(1, 2, 4),
    each_user=1,
    sizes=(100, 1_000, 10_000),
    queries=20,
)
