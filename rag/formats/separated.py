"""CSV and similar: values separated by commas, semicolons, tabs or bars; separator and encoding are detected."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter

from rag.formats import Extracted, assemble
from rag.formats.plain import decode
from rag.formats.sheets import Sheet, sheet_blocks
from rag.formats.tables import VALUE

__all__ = ["dialect", "from_csv"]

SEPARATORS = ",;\t|"
SAMPLE_ROWS = 50
SAMPLE = 50_000
"""Characters by which the separator is guessed."""


def from_csv(data: bytes) -> Extracted:
    """Return the rows of a file of separated values as a table."""
    text = decode(data)
    csv.field_size_limit(sys.maxsize)
    separator = dialect(text)
    lines = io.StringIO(text, newline="")
    if text.lower().startswith("sep="):  # as Excel writes it
        lines.readline()
    sheet = Sheet("")
    for number, row in enumerate(csv.reader(lines, delimiter=separator), start=1):
        for column, value in enumerate(row, start=1):
            sheet.put(number, column, value, bool(VALUE.match(value.strip())))
    found, headings = assemble(sheet_blocks(sheet))
    return Extracted(found, headings=headings)


def dialect(text: str) -> str:
    """Return the character that splits most lines into the same number of fields, more than one.

    >>> dialect("a;b\\n1,5;2\\n2,5;3\\n"), dialect("name,price\\n'Smith; Jones',4\\n")
    (';', ',')
    """
    if text.lower().startswith("sep=") and len(text) > 4:
        return text[4]
    return max(SEPARATORS, key=lambda separator: _regularity(text[:SAMPLE], separator))


def _regularity(sample: str, separator: str) -> tuple[float, int]:
    """Return the share of rows with the most common number of fields (0 if that is one), and the number."""
    rows = zip(range(SAMPLE_ROWS), csv.reader(io.StringIO(sample, newline=""), delimiter=separator), strict=False)
    widths = Counter(len(row) for _, row in rows if any(row))
    if not widths:
        return 0.0, 0
    [(width, count)] = widths.most_common(1)
    return (count / widths.total() if width > 1 else 0.0), width
