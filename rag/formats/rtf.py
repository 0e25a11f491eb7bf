"""Rich Text Format (.rtf), without what is struck out or hidden."""

from __future__ import annotations

import re
import warnings

from rag.formats import Extracted, flowing
from rag.formats.marks import superscript
from rag.formats.outline import text_headings

__all__ = ["from_rtf"]

TITLE = re.compile(r"\{\\title\s([^{}]*)\}")
CREATED = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")

TOKEN = re.compile(r"\\([a-z]+)(-?\d+)? ?|\\'[0-9a-f]{2}|\\.|[{}]|[^\\{}]+", re.DOTALL | re.IGNORECASE)
"""A control word and its number, a character, a brace, or text."""
GONE = frozenset("strike striked deleted v".split())
"""What strikes text out or hides it, until its number is 0."""


def from_rtf(data: bytes) -> Extracted:
    """Return the text of a file; the cells of table rows are separated by bars."""
    from striprtf.striprtf import rtf_to_text

    source = data.decode("latin-1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = rtf_to_text(_marked_up(source), errors="replace")
        title = match[1] if (match := TITLE.search(source[:20_000])) else ""
        title = rtf_to_text("{\\rtf1 " + title + "}", errors="replace") if title else ""
    lines = [_row(line) if line.endswith("|") else line.rstrip() for line in text.splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    created = CREATED.search(source[:20_000])
    date = f"{created[1]}-{int(created[2]):02}-{int(created[3]):02}" if created else ""
    return Extracted(text, title=flowing(title), date=date, headings=tuple(text_headings(text)))


def _marked_up(source: str) -> str:
    """Return RTF without what is struck out, and with superscripts set apart."""
    if not re.search(r"\\(?:strike|deleted|v|super)(?![a-z])", source):
        return source
    parts, looks, before = list[str](), [(False, False)], ""
    for match in TOKEN.finditer(source):
        token, name, on = match[0], match[1], match[2] != "0"
        gone, raised = looks[-1]
        is_text = not name and token not in "{}"
        if token == "{":
            looks.append(looks[-1])
        elif token == "}":
            looks[1:] = looks[1:-1]
        elif name in GONE or name == "plain":
            looks[-1] = (on and name != "plain", raised and name != "plain")
        elif name in ("super", "nosupersub"):
            looks[-1] = (gone, on and name == "super")
        if gone and (is_text or name == "u"):
            continue
        shown = superscript(before, token) if raised and is_text and token[0] != "\\" else token
        parts.append(
            "".join(letter if letter < "\x80" else f"\\u{ord(letter)}?" for letter in shown) if raised else token
        )
        before = (before + token)[-40:] if is_text and token.strip() else before
    return "".join(parts)


def _row(line: str) -> str:
    return f"| {' | '.join(map(flowing, line[:-1].split('|')))} |"
