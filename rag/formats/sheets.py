"""Sheets of a workbook of any format: cells in a grid, which become titles, notes and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rag.formats import Block
from rag.formats.outline import is_heading_like
from rag.formats.tables import Value, cell, header_rows, one_header, plain_blocks, table_blocks

__all__ = ["Sheet", "sheet_blocks"]

MOST_MERGED = 10_000
"""Cells of the largest merged area that is filled."""
LONGEST_TITLE = 100
"""Characters of a line alone above a table that is its title."""


class Sheet:
    """The non-empty cells of a sheet, by row and column, as displayed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: dict[int, dict[int, str]] = {}
        self.spans: set[int] = set()
        """Rows with cells that are merged sideways."""

    def put(self, row: int, column: int, text: str, value: bool = False) -> None:
        """Set the text of a cell; it is a ``value`` if it is a number, a date or the like."""
        if text.strip():
            self.rows.setdefault(row, {})[column] = Value(cell(text)) if value else cell(text)

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """Merge an area: each of its cells repeats the text, unless it is the whole row."""
        text = self.rows.get(top, {}).get(left, "")
        if not text or (bottom - top + 1) * (right - left + 1) > MOST_MERGED:
            return
        if len(self.rows[top]) == 1 and top == bottom:
            return
        if right > left:
            self.spans.update(range(top, bottom + 1))
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                self.put(row, column, text, isinstance(text, Value))


def sheet_blocks(sheet: Sheet) -> Iterator[Block]:
    """Yield a sheet: its name as a heading, and its tables, separated by empty rows, with the lines above them.

    Rows without their own header, in the columns of the table above, continue with its header.
    """
    if not sheet.rows:
        return
    yield Block(sheet.name, level=1)
    header, columns = list[str](), list[int]()
    groups = list(_groups(sorted(sheet.rows)))
    widest = [max(len(sheet.rows[number]) for number in numbers) for numbers in groups]
    for at, numbers in enumerate(groups):
        used = sorted({column for number in numbers for column in sheet.rows[number]})
        leads = len(used) == 1 < max(widest[at:])  # lines above a table, not a table of one column
        first = numbers[0]
        while numbers and len(sheet.rows[numbers[0]]) == 1 and (len(numbers) == 1 or len(used) > 1 or leads):
            number = numbers.pop(0)
            [text] = sheet.rows[number].values()
            yield _title(text, number == first)
            used = sorted({column for number in numbers for column in sheet.rows[number]})
        if not numbers:
            continue
        grid = _grid(sheet, numbers, used)
        count = header_rows(grid, {row for row, number in enumerate(numbers) if number in sheet.spans})
        if count:
            header, columns = one_header(grid[:count]), used
            yield from table_blocks(header, grid[count:])
        elif len(used) > 1 and set(used) <= set(columns):
            yield from table_blocks(header, _grid(sheet, numbers, columns))
        else:
            yield from plain_blocks(grid)


def _grid(sheet: Sheet, numbers: Sequence[int], columns: Sequence[int]) -> list[list[str]]:
    return [[sheet.rows[number].get(column, "") for column in columns] for number in numbers]


def _title(text: str, first: bool) -> Block:
    """Return a line alone above a table: the first may be a heading, others say more about it."""
    return Block(text, level=2) if first and len(text) <= LONGEST_TITLE and is_heading_like(text) else Block(text)


def _groups(numbers: list[int]) -> Iterator[list[int]]:
    """Yield consecutive numbers as groups."""
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        yield [number for _, number in group]
