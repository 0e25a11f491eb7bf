"""Merged cells of HTML tables: every row gets all its cells, and several header rows become one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4.element import Tag

__all__ = ["fill"]

MOST_COLUMNS = 200
"""Columns of the widest table whose merged cells are filled."""


def fill(table: Tag) -> None:
    """Copy each merged cell of ``table`` into every row and column that it spans.

    A cell as wide as the whole table stays as it is: it is a line between rows.
    """
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    if not any(cell.has_attr("rowspan") or cell.has_attr("colspan") for row in rows for cell in _cells(row)):
        return
    width = max((sum(_span(cell, "colspan") for cell in _cells(row)) for row in rows), default=0)
    if not width or width > MOST_COLUMNS:
        return
    reaching: dict[int, tuple[Tag, int]] = {}
    for row in rows:
        reaching = _fill_row(row, reaching, width)
    wide = [row for row in rows if len(_cells(row)) > 1]
    headers = list(takewhile(lambda row: all(cell.name == "th" for cell in _cells(row)), wide))
    _join_headers(headers if len(headers) < len(wide) else [])


def _fill_row(row: Tag, reaching: dict[int, tuple[Tag, int]], width: int) -> dict[int, tuple[Tag, int]]:
    """Fill one row from the cells ``reaching`` down into it, by column; return those that reach into the next."""
    own = _cells(row)
    filled: list[Tag] = []
    below: dict[int, tuple[Tag, int]] = {}
    if len(own) == 1 and not reaching and _span(own[0], "colspan") >= width:
        return {}
    while own or any(column >= len(filled) for column in reaching):
        column = len(filled)
        if column >= MOST_COLUMNS:
            break
        if column in reaching:
            cell, left = reaching[column]
            filled.append(_copy(cell))
            below |= {column: (cell, left - 1)} if left > 1 else {}
            continue
        if not own:
            break
        cell = own.pop(0)
        left = _span(cell, "rowspan") - 1
        for at in range(column, min(column + _span(cell, "colspan"), MOST_COLUMNS)):
            filled.append(cell if at == column else _copy(cell))
            below |= {at: (cell, left)} if left else {}
    for cell in filled:
        row.append(cell.extract())
    return below


def _join_headers(headers: Sequence[Tag]) -> None:
    """Write several rows of headers into the first: "Weekend" above "Sun" becomes "Weekend Sun"."""
    for row in headers[1:]:
        for upper, lower in zip(_cells(headers[0]), _cells(row), strict=False):
            if lower.get_text().strip() and lower.get_text() != upper.get_text():
                upper.append(" ")
                upper.extend(list(lower.contents))
        row.decompose()


def _cells(row: Tag) -> list[Tag]:
    return row.find_all(["td", "th"], recursive=False)


def _copy(cell: Tag) -> Tag:
    made = copy.copy(cell)
    made.attrs = {}
    return made


def _span(cell: Tag, name: str) -> int:
    """Return how many columns or rows ``cell`` spans, within the limits of the HTML standard."""
    value = str(cell.get(name) or "1").strip()
    most = 1000 if name == "colspan" else 65_534
    return min(max(int(value), 1), most) if value.isdecimal() and len(value) < 9 else 1
