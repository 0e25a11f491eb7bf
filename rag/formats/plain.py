"""Plain text and Markdown: the text is exactly the file's, in any encoding."""

from __future__ import annotations

import codecs
import re

from rag.errors import DocumentError
from rag.formats import Extracted
from rag.formats.outline import first_heading, front_matter, markdown_headings, text_headings
from rag.formats.titles import title_of
from rag.text.dates import iso_date

__all__ = ["decode", "from_markdown", "from_text", "is_text"]

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE = 100_000
"""Bytes by which an unknown encoding is guessed."""
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
BINARY = "holds binary data, not text: save it as one of the formats that can be read"


def from_text(data: bytes) -> Extracted:
    """Return the text of a plain text file."""
    text = decode(data)
    return Extracted(text, headings=tuple(text_headings(text)))


def from_markdown(data: bytes) -> Extracted:
    """Return the text of a Markdown file, with the title and date of its front matter."""
    text = decode(data)
    headings = tuple(markdown_headings(text))
    end, values = front_matter(text)
    title = values.get("title") or first_heading(text, headings) or title_of(text, headings, end)
    return Extracted(text, title=title, date=iso_date(values.get("date", "")), headings=headings)


def is_text(data: bytes) -> bool:
    """Return whether ``data`` is UTF-8 text, perhaps cut off, or has a byte order mark."""
    if any(data.startswith(mark) for mark, _ in BYTE_ORDER_MARKS):
        return True
    try:
        return not CONTROLS.search(codecs.getincrementaldecoder("utf-8")().decode(data))
    except UnicodeDecodeError:
        return False


def decode(data: bytes) -> str:
    """Return the text of ``data`` without a byte order mark; the encoding is detected.

    UTF-8 is tried first, and forgiven a few damaged characters; then UTF-16 without a mark; then what
    charset-normalizer finds likeliest, Windows-1252 where that is as likely.

    Raises:
        DocumentError: it contains no text.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _damaged_utf8(data) or _utf16(data) or _guessed(data)
    else:
        text = (_utf16(data) if "\0" in text else "") or text
    if len(CONTROLS.findall(text)) > 0.01 * len(text):
        raise DocumentError(BINARY)
    return text


def _damaged_utf8(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return text if damaged * 20 <= sum(1 for c in text if c > "\x7f") - damaged else ""


def _utf16(data: bytes) -> str:
    """Return the text if every other byte is mostly zero, as in Western text in UTF-16, else an empty string."""
    sample = data[:SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or max(even, odd) * 2 < 0.4 * len(sample) or min(even, odd) * 20 > max(even, odd):
        return ""
    try:
        return data.decode("utf-16-le" if odd > even else "utf-16-be")
    except UnicodeDecodeError:
        return ""


def _guessed(data: bytes) -> str:
    import charset_normalizer

    if b"\0" in data[:SAMPLE]:
        raise DocumentError(BINARY)
    matches = list(charset_normalizer.from_bytes(data[:SAMPLE]))
    if not matches:
        raise DocumentError(BINARY)
    best = matches[0]
    western = any(
        "cp1252" in (match.encoding, *match.could_be_from_charset)
        and match.chaos <= best.chaos
        and match.coherence >= best.coherence
        for match in matches
    )
    return data.decode("cp1252" if western else best.encoding, "replace")
