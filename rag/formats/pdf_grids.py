"""Tables with drawn rules: a grid of them parts its words into cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rag.formats.pdf_parts import Rule, Word
from rag.formats.pdf_rows import NEAR, Line, chains, rows_of, table_row

__all__ = ["Grid", "grids"]

MOST_RULES = 1500
"""Rules of a page that are looked at for tables; a drawing has more."""


@dataclass(slots=True)
class Grid:
    """A table with drawn rules: the places of its upright and level ones, from the left and from the top."""

    uprights: list[float]
    levels: list[float]
    rules: list[Rule] = field(default_factory=list)

    def holds(self, word: Word) -> bool:
        """Return whether a word stands in the grid."""
        x, y = _middle(word)
        return self.uprights[0] < x < self.uprights[-1] and self.levels[-1] < y < self.levels[0]

    def lines(self, words: Sequence[Word], block: int) -> list[Line]:
        """Return the rows of the table; a cell over which no rule is drawn reaches over several of them."""
        cells: dict[tuple[int, int], list[Word]] = {}
        for chain in chains(words):
            x, y = _middle(chain[0])
            row = sum(level > y for level in self.levels) - 1
            cells.setdefault(self._first(row, bisect_right(self.uprights, x) - 1), []).extend(chain)
        found: list[Line] = []
        for row in range(len(self.levels) - 1):
            places = [self._first(row, column) for column in range(len(self.uprights) - 1)]
            places = places[:1] if len(set(places)) == 1 else places
            texts = [[s.words for r in rows_of(cells.get(place, []), []) for s in r] for place in places]
            if any(texts):
                found += _split(texts, block)
        return found

    def _first(self, row: int, column: int) -> tuple[int, int]:
        """Return the first row and column of the cell that covers this place."""
        while row and not self._parts(False, self.levels[row], self._across(column)):
            row -= 1
        height = (self.levels[row] + self.levels[row + 1]) / 2
        while column and not self._parts(True, self.uprights[column], height):
            column -= 1
        return row, column

    def _across(self, column: int) -> float:
        return (self.uprights[column] + self.uprights[column + 1]) / 2

    def _parts(self, upright: bool, at: float, place: float) -> bool:
        """Return whether a rule is drawn ``at`` there, past ``place``."""
        return any(
            rule.upright == upright and abs(rule.at - at) <= NEAR and rule.start - NEAR <= place <= rule.end + NEAR
            for rule in self.rules
        )


def _middle(word: Word) -> tuple[float, float]:
    return (word.left + word.right) / 2, word.y + 0.3 * word.size


def _split(cells: list[list[list[Word]]], block: int) -> list[Line]:
    """Return a row of a grid, or several where no rules part them: three or more lines, as many in each cell."""
    count = len(cells[0])
    if count > 2 and len(cells) > 1 and all(len(cell) == count for cell in cells):
        return [table_row([[cell[number]] for cell in cells], block) for number in range(count)]
    return [table_row(cells, block)]


def grids(rules: Sequence[Rule]) -> list[Grid]:
    """Return the tables that rules draw: at least two rows and two columns of rules that meet."""
    grids: list[Grid] = []
    for group in _groups(list(rules)) if len(rules) <= MOST_RULES else []:
        uprights = _places(rule.at for rule in group if rule.upright)
        levels = _places(rule.at for rule in group if not rule.upright)[::-1]
        if len(uprights) > 2 and len(levels) > 2:
            grids.append(Grid(uprights, levels, group))
    return grids


def _groups(rules: list[Rule]) -> list[list[Rule]]:
    """Return the rules in groups of those that meet, directly or through others."""
    groups: list[list[Rule]] = []
    while rules:
        group, rules = [rules[0]], rules[1:]
        for rule in group:
            met = [other for other in rules if _meet(rule, other)]
            rules = [other for other in rules if not _meet(rule, other)]
            group.extend(met)
        groups.append(group)
    return groups


def _meet(one: Rule, other: Rule) -> bool:
    if one.upright == other.upright:
        together = one.start - NEAR <= other.end and other.start - NEAR <= one.end
        return abs(one.at - other.at) <= NEAR and together
    reaches = one.start - NEAR <= other.at <= one.end + NEAR
    return reaches and other.start - NEAR <= one.at <= other.end + NEAR


def _places(values: Iterable[float]) -> list[float]:
    """Return the different places among ``values``, in order."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > NEAR:
            found.append(value)
    return found
