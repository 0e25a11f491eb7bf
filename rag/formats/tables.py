"""Tables as text: a header, a rule below it and one line per row, so that each passage can repeat the header.

If rows are too wide for a passage, each cell follows its header instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from rag.formats import Block, flowing

__all__ = [
    "Row",
    "Value",
    "cell",
    "grid_blocks",
    "header_rows",
    "one_header",
    "plain_blocks",
    "table_blocks",
    "written",
]

Row = Sequence[str]

WIDEST = 350
"""Characters of a header and a row together that fit into a passage."""
LONGEST_TABLE = 15_000
"""Characters after which the header of a table is repeated, so that it is never far away."""
MOST_HEADERS = 4
VALUE = re.compile(r"\W*\d|[-–—]$|(?:true|false|yes|no|n/a)$", re.IGNORECASE)
YEAR = re.compile(r"(?:19|20)\d\d")


class Value(str):
    """The text of a cell with a number, a date or the like, which can't be a column header."""

    __slots__ = ()


def cell(text: str) -> str:
    """Return the text of a cell on one line, without bars."""
    return flowing(text.replace("|", "¦"))


def written(text: str) -> str:
    """Return the text of a cell without a type, as a ``Value`` if it looks like one."""
    return Value(cell(text)) if VALUE.match(text) else cell(text)


def table_blocks(header: Row, rows: Iterable[Row]) -> Iterator[Block]:
    """Yield a table with a header, in several blocks if it is long; empty rows are left out."""
    filled = [list(map(cell, row)) for row in rows if any(map(str.strip, row))]
    names = list(map(cell, header))
    if any(len(_line(names)) + len(_line(row)) > WIDEST for row in filled):
        for row in filled:
            yield from _record(names, row)
        return
    head = f"{_line(names)}\n|{' --- |' * len(names)}"
    lines, length = [head], 0
    for row in filled:
        if length > LONGEST_TABLE:
            yield Block("\n".join(lines))
            lines, length = [head], 0
        lines.append(_line(row))
        length += len(lines[-1])
    if len(lines) > 1 or any(names):
        yield Block("\n".join(lines))


def grid_blocks(grid: Sequence[Row]) -> Iterator[Block]:
    """Yield a table whose header, if any, is among its first rows; all rows have equal length."""
    count = header_rows(grid)
    if count:
        yield from table_blocks(one_header(grid[:count]), grid[count:])
    else:
        yield from plain_blocks(grid)


def plain_blocks(grid: Sequence[Row]) -> Iterator[Block]:
    """Yield the rows of a table without a header; with two columns, the first names the second."""
    for row in grid:
        texts = [cell(text) for text in row]
        if len(texts) == 2 and all(texts):
            yield Block(f"{texts[0].rstrip(' :')}: {texts[1]}", tight=True)
        elif any(texts):
            yield Block(_line(texts) if len(texts) > 1 else texts[0], tight=True)


def header_rows(grid: Sequence[Row], spans: Collection[int] = ()) -> int:
    """Return the number of header rows: none if the first row contains values.

    A further row belongs to the header if the one above it has merged cells (rows in ``spans``) or gaps.

    >>> header_rows([["Room", "Price"], ["Hall", Value("£4")]])
    1
    >>> header_rows([["Room", "2024", "2024"], ["Room", "Q1", "Q2"], ["Hall", Value("4"), Value("5")]], {0})
    2
    """
    if len(grid) < 2 or any(map(_is_value, grid[0])) or not any(grid[0]) or _is_pairs(grid):
        return 0
    count = 1
    while count < min(len(grid) - 1, MOST_HEADERS) and not any(map(_is_value, grid[count])):
        if count - 1 not in spans and not _fills(grid[count - 1], grid[count]):
            break
        count += 1
    return count


def one_header(rows: Sequence[Row]) -> list[str]:
    """Return column names that span several rows: ``2024`` above ``Q1`` is ``2024 Q1``."""
    return [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows, strict=True)]


def _is_value(text: str) -> bool:
    """Return whether a cell contains a value; a year may be a header, though."""
    return isinstance(text, Value) and not YEAR.fullmatch(text)


def _is_pairs(grid: Sequence[Row]) -> bool:
    """Return whether each row is a name and its value, words and values mixed, without a header."""
    if len(grid[0]) != 2:
        return False
    values = [_is_value(second) for _, second in grid[1:] if second]
    return any(first.endswith(":") for first, _ in grid) or any(values) != all(values)


def _fills(above: Row, row: Row) -> bool:
    """Return whether ``row`` has a name wherever the row above has a gap."""
    gaps = [at for at, text in enumerate(above) if not text]
    return bool(gaps) and all(row[at] for at in gaps)


def _line(row: Row) -> str:
    return f"| {' | '.join(row)} |"


def _record(names: Row, row: Row) -> Iterator[Block]:
    """Yield a wide row as lines of ``name: cell`` that fit, each starting with the first cell, which names the row."""
    pairs = [f"{name}: {text}" if name else text for name, text in zip(names, row, strict=False) if text]
    line = pairs[0]
    for pair in pairs[1:]:
        if len(line) + len(pair) > WIDEST and line != pairs[0]:
            yield Block(line, tight=True)
            line = pairs[0]
        line = f"{line}; {pair}"
    yield Block(line, tight=True)
