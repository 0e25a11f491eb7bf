"""Arithmetic on character spans: how much of one set of spans another one covers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

__all__ = ["Located", "merge", "overlap", "shared_characters", "total_characters"]


class Located(Protocol):
    """Anything with a position in a document: a gold span, a passage, a citation."""

    @property
    def document(self) -> str:
        """Name of the document."""

    @property
    def start(self) -> int:
        """First character."""

    @property
    def end(self) -> int:
        """One past the last character."""


def overlap(first: Located, second: Located) -> int:
    """Return the number of characters that two spans share (0 in different documents)."""
    if first.document != second.document:
        return 0
    return max(0, min(first.end, second.end) - max(first.start, second.start))


def merge(spans: Iterable[Located]) -> dict[str, list[tuple[int, int]]]:
    """Return the union of ``spans``: for each document its disjoint ranges, in order.

    >>> from eval.sets import Span
    >>> merge([Span("a", 4, 9), Span("a", 0, 5), Span("a", 12, 13), Span("b", 1, 2)])
    {'a': [(0, 9), (12, 13)], 'b': [(1, 2)]}
    """
    merged: dict[str, list[tuple[int, int]]] = {}
    for document, start, end in sorted((span.document, span.start, span.end) for span in spans):
        stretches = merged.setdefault(document, [])
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        elif end > start:
            stretches.append((start, end))
    return merged


def total_characters(spans: Iterable[Located]) -> int:
    """Return the number of characters in the union of ``spans``."""
    return sum(end - start for stretches in merge(spans).values() for start, end in stretches)


def shared_characters(first: Iterable[Located], second: Iterable[Located]) -> int:
    """Return the number of characters that are in the union of ``first`` and in the union of ``second``.

    >>> from eval.sets import Span
    >>> shared_characters([Span("a", 0, 6), Span("a", 2, 8)], [Span("a", 5, 20), Span("b", 0, 6)])
    3
    """
    others = merge(second)
    return sum(
        max(0, min(end, other_end) - max(start, other_start))
        for document, stretches in merge(first).items()
        for start, end in stretches
        for other_start, other_end in others.get(document, ())
    )
