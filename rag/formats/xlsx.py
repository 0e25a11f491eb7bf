"""Excel workbooks (.xlsx): one section per sheet, cells as displayed, formulas by their stored values.

What is struck out is left out.
"""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

from rag.errors import DocumentError
from rag.formats import Extracted, assemble
from rag.formats.archives import open_zip
from rag.formats.marks import superscript
from rag.formats.number_formats import shown
from rag.formats.sheets import Sheet, sheet_blocks

__all__ = ["from_xlsx"]

MOST_MERGED = 30_000_000
"""Bytes of the sheets of a workbook whose merged cells are looked at; that takes all of it into memory."""
MOST_CELLS = 20_000_000
"""Cells, empty ones included, between the first and the last of a sheet."""


def from_xlsx(data: bytes) -> Extracted:
    """Return the text of a workbook, without hidden sheets."""
    import openpyxl

    with open_zip(data, "Excel") as archive:
        parts = {info.filename: info.file_size for info in archive.infolist()}
    size = sum(length for name, length in parts.items() if name.startswith("xl/worksheets/"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about parts that openpyxl does not know
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=size > MOST_MERGED, data_only=True, rich_text=True)
    sheets = [_sheet(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    text, headings = assemble(itertools.chain.from_iterable(map(sheet_blocks, sheets)))
    title = (book.properties.title or "").strip()
    changed = book.properties.modified if "docProps/core.xml" in parts else None
    date = changed.date().isoformat() if changed else ""
    return Extracted(text, title=title, date=date, headings=headings)


def _sheet(sheet: Any) -> Sheet:
    found = Sheet(sheet.title)
    for row in _rows(sheet):
        for cell in row:
            if cell.value is not None:
                found.put(cell.row, cell.column, *_shown(cell))
    for area in getattr(getattr(sheet, "merged_cells", None), "ranges", ()):
        found.merge(area.min_row, area.min_col, area.max_row, area.max_col)
    return found


def _shown(cell: Any) -> tuple[str, bool]:
    """Return the text of a cell without what is struck out, and whether it is a number, a date or the like."""
    if isinstance(cell.value, list):  # text in several fonts
        text = ""
        for part in cell.value:
            font = getattr(part, "font", None)
            if font is None or not font.strike:
                raised = font is not None and font.vertAlign == "superscript"
                text += superscript(text, part.text) if raised else str(part)
        return text, False
    if cell.font is not None and cell.font.strike:
        return "", False
    return shown(cell.value, cell.number_format), not isinstance(cell.value, str)


def _rows(sheet: Any) -> Iterator[Any]:
    """Yield the rows of a sheet, even if its first and last cell are far apart."""
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()
    elif sheet.max_row * sheet.max_column > MOST_CELLS:
        raise DocumentError(f"has a sheet, '{sheet.title}', of more than {MOST_CELLS // 1_000_000} million cells")
    yield from sheet.iter_rows()
