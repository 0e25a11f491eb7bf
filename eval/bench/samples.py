"""Measurements, one record each, and the order in which systems take turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Sample", "in_turns", "latin_square"]

T = TypeVar("T")
X = TypeVar("X")


@dataclass(frozen=True, slots=True)
class Sample:
    """The measurement of one ``system`` on one item, named by ``id``, in one ``part`` of the benchmark.

    The names of ``values`` end in their unit (``_s`` seconds, ``_mb`` mebibytes, ``rate`` per second); ``at`` is the
    size, if a part measures several.
    """

    part: str
    system: str
    id: str
    values: dict[str, float]
    at: float | None = None


def in_turns(items: Sequence[T], systems: Sequence[str], again: str) -> Iterator[tuple[str, T]]:
    """Yield (system, item): every system on an item before the next item; ``again`` one item late.

    So whatever a system caches of the previous item never belongs to the same item. The last ``again`` needs no delay:
    the one before it was on another item.

    >>> [system + item for system, item in in_turns(["1", "2", "3"], ["a", "b"], "A")]
    ['a1', 'b1', 'a2', 'b2', 'A1', 'a3', 'b3', 'A2', 'A3']
    """
    before: T | None = None
    for item in items:
        yield from ((system, item) for system in systems)
        if before is not None:
            yield again, before
        before = item
    if before is not None:
        yield again, before


def latin_square(items: Sequence[T], sizes: Sequence[X]) -> Iterator[tuple[T, X]]:
    """Yield every item with every size: as many rounds as sizes, each over all items, shifted by one size.

    So neither the order of items nor that of sizes can be mistaken for an effect of the size.

    >>> list(latin_square("ab", [1, 2, 3]))
    [('a', 1), ('b', 2), ('a', 2), ('b', 3), ('a', 3), ('b', 1)]
    """
    for turn in range(len(sizes)):
        for place, item in enumerate(items):
            yield item, sizes[(place + turn) % len(sizes)]
