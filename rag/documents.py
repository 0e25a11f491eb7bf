"""The first stage: from a file, or a folder of files, to documents.

The text of a plain text or Markdown file is what the file holds, character by character and line ending by line ending,
so that offsets into the document are offsets into the file.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from rag.errors import DocumentError
from rag.formats import Extracted
from rag.formats.docx import from_docx
from rag.formats.html import from_html
from rag.formats.outline import first_heading, front_matter, markdown_headings, text_headings
from rag.formats.pdf import from_pdf
from rag.formats.titles import date_of, title_of
from rag.text.dates import habit, iso_date
from rag.text.detection import detect
from rag.types import Document

__all__ = [
    "LARGEST",
    "SUFFIXES",
    "decode",
    "find",
    "read",
    "supported",
]

LARGEST = 200_000_000
"""Bytes of the largest file that is read."""

PLAIN, MARKDOWN, HTML = "text/plain", "text/markdown", "text/html"
PDF, DOCX = "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

SUFFIXES: dict[str, str] = {
    ".txt": PLAIN,
    ".text": PLAIN,
    ".log": PLAIN,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".pdf": PDF,
    ".docx": DOCX,
}
"""The formats that can be read: suffix of the file's name to media type."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
IGNORE_FILE = ".footnoteignore"
DISGUISED = {b"%PDF-": "a PDF", b"PK\x03\x04": "a ZIP archive or an office document", b"\x1f\x8b": "a compressed file"}
SAMPLE = 100_000
"""Bytes by which an unknown encoding is guessed."""
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
BINARY = "holds binary data, not text: save it as one of the formats that can be read"


def supported(path: Path) -> bool:
    """Tell whether the suffix of ``path`` is that of a format that can be read."""
    return path.suffix.lower() in SUFFIXES


def find(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of ``path`` itself, or of every file below it, of whatever format, in sorted order.

    Hidden files and folders, loops of symbolic links and what is no file (sockets, devices) are left out, and so is
    what a file ``.footnoteignore`` in the folder names, a pattern a line, as in a ``.gitignore``. A name is
    relative to ``path``, has ``/`` between its parts and is in Unicode's composed form (NFC). A folder that cannot be
    opened is yielded itself, so that reading it gives the reason.

    Raises:
        DocumentError: there is nothing at ``path``, or it may not be looked at.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise DocumentError(f"cannot be opened: {error.strerror or error}") from error
    if stat.S_ISDIR(mode):
        ignored = _ignored(path)
        yield from ((name, file) for name, file in _walk(path, "", frozenset()) if not ignored(name))
    else:
        yield _name(path.absolute().name), path


def _ignored(folder: Path) -> Callable[[str], bool]:
    """Return whether a name is left out by the patterns of ``.footnoteignore`` in ``folder``."""
    file = folder / IGNORE_FILE
    if not file.is_file():
        return lambda _: False
    import pathspec

    try:
        patterns = pathspec.GitIgnoreSpec.from_lines(file.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError) as error:
        raise DocumentError(f"{file} cannot be understood ({error}); mend it or remove it") from error
    return patterns.match_file


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, Path]]:
    try:
        status = folder.stat()
        entries = sorted((_name(entry.name), entry) for entry in folder.iterdir())
    except OSError:
        yield prefix.rstrip("/") or _name(folder.name), folder
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    for name, entry in entries:
        if name.startswith("."):
            continue
        mode = _mode(entry)
        if stat.S_ISDIR(mode):
            yield from _walk(entry, f"{prefix}{name}/", above | {identity})
        elif stat.S_ISREG(mode) or not mode:  # what may not be looked at gives its reason when it is read
            yield prefix + name, entry


def _mode(path: Path) -> int:
    """Return the mode of what is at ``path``, or 0 if that cannot be known."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _name(name: str) -> str:
    """Return a file name in NFC; bytes that are no UTF-8 become U+FFFD."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def read(path: Path, name: str) -> Document:
    """Return the document in the file at ``path``, under ``name``.

    Raises:
        DocumentError: it cannot be read; the message is the reason, to be put behind the document's name.
    """
    media_type = SUFFIXES.get(path.suffix.lower())
    if media_type is None:
        raise DocumentError(f"is of a kind that cannot be read; those that can: {', '.join(SUFFIXES)}")
    data = _bytes(path)
    if not data.strip(b" \t\r\n\0"):
        raise DocumentError("is empty")
    found = READERS[media_type](data)
    text = UNSTORABLE.sub("\ufffd", found.text)  # one for one: offsets stay
    if not any(unicodedata.category(c)[0] not in "ZC" for c in text):
        raise DocumentError("is empty: there is no text in it")
    return Document(
        name=name,
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=media_type,
        title=_clean(found.title) or _clean(title_of(text, found.headings)),
        date=date_of(text, habit([text])) or found.date,
        headings=found.headings,
        pages=found.pages,
        empty_pages=found.empty_pages,
        language=detect(text),
    )


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError("is a folder" if path.is_dir() and os.access(path, os.R_OK) else "cannot be opened")
        if status.st_size > LARGEST:
            raise DocumentError(
                f"is larger than {LARGEST // 1_000_000} MB, the most that is read: split it into smaller files"
            )
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be opened: {error.strerror or error}") from error


def _clean(title: str) -> str:
    """Return a title on one line, of at most 200 characters, without the marks of Markdown."""
    title = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", UNSTORABLE.sub("", title))
    title = re.sub(r"[*`]+|(?<!\w)_+|_+(?!\w)", "", title)
    return " ".join(title.split())[:200].rstrip(" :")


def _from_text(data: bytes) -> Extracted:
    text = decode(data)
    return Extracted(text, headings=tuple(text_headings(text)))


def _from_markdown(data: bytes) -> Extracted:
    text = decode(data)
    headings = tuple(markdown_headings(text))
    end, values = front_matter(text)
    title = values.get("title") or first_heading(text, headings) or title_of(text, headings, end)
    return Extracted(text, title=title, date=iso_date(values.get("date", "")), headings=headings)


READERS: dict[str, Callable[[bytes], Extracted]] = {
    PLAIN: _from_text,
    MARKDOWN: _from_markdown,
    HTML: from_html,
    PDF: from_pdf,
    DOCX: from_docx,
}


def decode(data: bytes) -> str:
    """Return the text that ``data`` holds, without a byte order mark; its encoding is detected.

    UTF-8 is tried first, and forgiven a few damaged characters; then UTF-16 without a mark; then what
    charset-normalizer finds likeliest, Windows-1252 where that is as likely.

    Raises:
        DocumentError: it holds no text.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for magic, kind in DISGUISED.items():
        if data.startswith(magic):
            raise DocumentError(f"is not text but {kind}: give it the suffix that belongs to it")
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
