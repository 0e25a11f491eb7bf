"""The parts of a PDF page: words, ruled lines, and boxes in points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Corners", "Frame", "Rule", "Word", "around", "turned"]

Corners = tuple[float, float, float, float]
"""Left, bottom, right and top, in points."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it stands: ``left``, ``right`` and ``y``, its baseline, as it is read, in points.

    ``box`` is where it stands on the page as it is stored, which may be turned. A word that is ``glued`` follows the
    one before it without a space; one that is ``joined`` is set in one piece with it, one space between. A ``filled``
    one is of a form's value.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    box: Corners
    glued: bool = False
    joined: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal or vertical line from ``start`` to ``end`` at ``at``, in points."""

    upright: bool
    at: float
    start: float
    end: float


@dataclass(slots=True)
class Frame:
    """The words that are read in one direction, the rules beside them, and the ``bottom`` and ``top`` of the page."""

    words: list[Word] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    bottom: float = 0.0
    top: float = 0.0


def turned(box: Corners, turns: int) -> Corners:
    """Return ``box`` after ``turns`` quarter turns clockwise around the origin."""
    left, bottom, right, top = box
    for _ in range(turns % 4):
        left, bottom, right, top = bottom, -right, top, -left
    return left, bottom, right, top


def around(boxes: Sequence[Corners]) -> Corners:
    """Return the smallest box that contains all ``boxes``."""
    left, bottom, right, top = zip(*boxes, strict=True)
    return min(left), min(bottom), max(right), max(top)
