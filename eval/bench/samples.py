"""What was measured, one record a measurement, and the orders in which systems take turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Sample", "in_turns", "latin_square"]

T = TypeVar("T")
X = TypeVar("X")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one ``system`` took for one thing, named by ``id``, in one ``part`` of the bench.

    ``values`` are in the unit that their names end in (``_s`` seconds, ``_mb`` mebibytes, ``rate`` a second); ``at``
    is the size at which it was measured, where a part measures at several.
    """

    part: str
    system: str
    id: str
    values: dict[str, float]
    at: float | None = None


def in_turns(items: Sequence[T], systems: Sequence[str], again: str) -> Iterator[tuple[str, T]]:
    """Yield (system, item): every system on an item before the next item; ``again`` one item late.

    What a system keeps of the item before is thus never of the very same item. The last ``again`` has nothing to come
    late for: the one before it was of another item.

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
    """Yield every item with every size: as many rounds as there are sizes, each over all items, one size further.

    Neither the order of the items nor that of the sizes can then pass for an effect of the size.

    >>> list(latin_square("ab", [1, 2, 3]))
    [('a', 1), ('b', 2), ('a', 2), ('b', 3), ('a', 3), ('b', 1)]
    """
    for turn in range(len(sizes)):
        for place, item in enumerate(items):
            yield item, sizes[(place + turn) % len(sizes)]
