"""Headings of a text, detected from its lines. The text stays unchanged; headings are spans of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.text.sentences import COLUMNS
from rag.types import Heading

__all__ = [
    "HEADING_LENGTH",
    "KEY_VALUE",
    "Line",
    "first_heading",
    "front_matter",
    "is_collection",
    "is_heading_like",
    "lines_of",
    "markdown_headings",
    "text_headings",
]

HEADING_LENGTH = 100
"""Characters of the longest line that is taken for a heading of plain text."""
LABEL_WORDS = 5
"""Words of the longest line that is taken for a heading although it ends in a colon."""

ITEM = re.compile(r"(?:[•◦▪‣·●○■□–—*+-]|\d{1,3}[.)]|\(?[a-zA-Z0-9]{1,2}\)|[a-z]\.)(?:\s|$)")
NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|(?i:chapter|part|section|appendix|annex)\s+\w+\W?)\s+\S")
KEY_VALUE = re.compile(r"[^\W\d_][\w/-]*(?: [\w/-]+){0,2}:\s+\S")
SET_APART = re.compile(rf"[^\W\d_][a-zà-þ][\w/-]*(?: [\w/-]+)?{COLUMNS.pattern}")
EQUALS = re.compile(r"[ \t]*(=(?: ?=){0,5})[ \t]*([^=\s](?:[^\r\n]{0,200}[^=\s])?)[ \t]*(=(?: ?=){0,5})[ \t]*")


@dataclass(frozen=True, slots=True)
class Line:
    """A stripped line that starts at ``start`` of the document's text.

    It is ``alone`` where the lines before and after it are blank (or there are none).
    """

    start: int
    text: str
    alone: bool = False

    @property
    def end(self) -> int:
        """Where it ends in the document's text."""
        return self.start + len(self.text)


def front_matter(text: str) -> tuple[int, dict[str, str]]:
    """Return the end of the front matter between ``---`` lines, and its plain values."""
    match = re.match(r"---[ \t]*\r?\n(?:[^\r\n]*\r?\n){0,200}?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", text[:20_000])
    if not match:
        return 0, {}
    values: dict[str, str] = {}
    for key, value in re.findall(r"^([A-Za-z_]\w*):[ \t]*([^\r\n]+?)[ \t]*\r?$", match[0], re.MULTILINE):
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        values.setdefault(key.lower(), value[1:-1] if quoted else value)
    return match.end(), values


def markdown_headings(text: str) -> Iterator[Heading]:
    """Yield the headings of Markdown: ``# …``, underlined ones, and ``== … ==``; none inside fenced code."""
    fence = ""
    above: Line | None = None
    for line in lines_of(text, front_matter(text)[0]):
        marks = re.match(r"(`{3,}|~{3,})", line.text)
        if fence:
            fence = "" if marks and line.text.startswith(fence) and not line.text.strip(fence[0]) else fence
            above = None
            continue
        if marks:
            fence, above = marks[1], None
        elif match := re.match(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?$", line.text):
            if inner := match[2].strip():
                start = line.start + match.start(2)
                yield Heading(start, start + len(inner), len(match[1]))
            above = None
        elif above and re.fullmatch(r"=+|-{2,}", line.text) and re.search(r"[^\W\d_]", above.text):
            yield Heading(above.start, above.end, 1 if line.text[0] == "=" else 2)
            above = None
        else:
            yield from _equals(line)
            above = line if line.text and not re.match(r"[>|#]|(?:[*_-] ?){3,}$", line.text) else None
            above = None if above and (ITEM.match(line.text) or len(line.text) > 200) else above


def text_headings(text: str) -> Iterator[Heading]:
    """Yield the headings of plain text: short lines that stand alone, or above a paragraph of one long line.

    Of several such lines in a row (a list with blank lines in between) only the first is a heading. A line ``== … ==``
    is one anywhere.
    """
    lines = [line for line in lines_of(text) if line.text]
    row = 0
    for number, line in enumerate(lines):
        equals = list(_equals(line))
        yield from equals
        if equals or not line.alone or not is_heading_like(line.text):
            row = 0
            following = lines[number + 1].text if number + 1 < len(lines) else ""
            if not equals and not line.alone and _leads_paragraph(line, lines, number, following):
                yield Heading(line.start, line.end, 1)
            continue
        row += 1
        if number + 1 == len(lines):
            return
        below = lines[number + 1]
        if row == 1 or (row == 2 and not (below.alone and is_heading_like(below.text))):
            yield Heading(line.start, line.end, 1)


def first_heading(text: str, headings: tuple[Heading, ...]) -> str:
    """Return the first heading of level 1, unless it only names the first of several parts of equal rank."""
    first = next((text[heading.start : heading.end] for heading in headings if heading.level == 1), "")
    return "" if is_collection(headings) else first


def is_collection(headings: tuple[Heading, ...]) -> bool:
    """Return whether three or more headings of level 1, the first among them, have headings of their own below them."""
    levels = [heading.level for heading in headings]
    parts = [at for at, (above, below) in enumerate(pairwise(levels)) if above == 1 and below > 1]
    return len(parts) > 2 and parts[0] == levels.index(1)


def _equals(line: Line) -> Iterator[Heading]:
    """Yield the heading of a line ``== History ==``, as wikis write it."""
    match = EQUALS.fullmatch(line.text) if line.text.startswith("=") else None
    if match and match[1] == match[3]:
        yield Heading(line.start + match.start(2), line.start + match.end(2), match[1].count("="))


def is_heading_like(line: str) -> bool:
    """Return whether ``line`` could be a heading: short, without a stop at its end, no entry of a list."""
    if len(line) > HEADING_LENGTH or not re.search(r"[^\W\d_]", line) or line[-1] in '.,;!…|)"”]':
        return False
    if line[-1] == ":" and len(line.split()) > LABEL_WORDS:  # it introduces a list
        return False
    if NUMBERED.match(line):
        return True
    # "Ann Lee - City Council" is an entry of a list, "Date: today" a property, with a colon or set apart.
    keyed = (KEY_VALUE.match(line) or SET_APART.match(line)) and not line.isupper()
    entry = re.search(r"\s[-–—|]\s", line) or ITEM.match(line) or keyed or "://" in line
    return not entry and (line[0].isalnum() or line[0] in '"“„«(¿¡') and not line[0].islower()


def _leads_paragraph(line: Line, lines: list[Line], number: int, following: str) -> bool:
    """Return whether a short line without a blank one below it names the paragraph, one long line, that follows."""
    above = lines[number - 1].text if number else ""
    ended = not above or above[-1] in '.!?:)”"'
    leads = len(following) > 120 or (line.text[-1] == ":" and following)
    return bool(leads) and len(line.text) <= 60 and ended and is_heading_like(line.text)


def lines_of(text: str, start: int = 0) -> Iterator[Line]:
    """Yield the lines of ``text`` from ``start``, blank ones with an empty text."""
    offset = start
    blank = True
    raw = text[start:].splitlines(keepends=True)
    for number, line in enumerate(raw):
        stripped = line.strip()
        indent = len(line) - len(line.lstrip()) if stripped else 0
        free = blank and (number + 1 == len(raw) or not raw[number + 1].strip())
        yield Line(offset + indent, stripped, alone=free and bool(stripped))
        blank = not stripped
        offset += len(line)
