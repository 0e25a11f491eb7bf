"""Rich Text Format (.rtf)."""

from __future__ import annotations

import re
import warnings

from rag.formats import Extracted, flowing
from rag.formats.outline import text_headings

__all__ = ["from_rtf"]

TITLE = re.compile(r"\{\\title\s([^{}]*)\}")
CREATED = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")


def from_rtf(data: bytes) -> Extracted:
    """Return the text of a file; the cells of table rows are separated by bars."""
    from striprtf.striprtf import rtf_to_text

    source = data.decode("latin-1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = rtf_to_text(source, errors="replace")
        title = match[1] if (match := TITLE.search(source[:20_000])) else ""
        title = rtf_to_text("{\\rtf1 " + title + "}", errors="replace") if title else ""
    lines = [_row(line) if line.endswith("|") else line.rstrip() for line in text.splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    created = CREATED.search(source[:20_000])
    date = f"{created[1]}-{int(created[2]):02}-{int(created[3]):02}" if created else ""
    return Extracted(text, title=flowing(title), date=date, headings=tuple(text_headings(text)))


def _row(line: str) -> str:
    return f"| {' | '.join(map(flowing, line[:-1].split('|')))} |"
