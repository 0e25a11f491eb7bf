"""Detect the format of a file from its content; the name only decides between formats with the same content."""

from __future__ import annotations

import io
import re
import zipfile

from rag.errors import DocumentError
from rag.formats.plain import is_text
from rag.formats.registry import BY_MEDIA_TYPE, BY_SUFFIX, OFFICE, OPEN, Format

__all__ = ["format_of"]

HEAD = 4096
"""Bytes at the beginning of a file that tell what it is."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIPPED = (OFFICE, OPEN, "application/epub")
UNREADABLE = (
    (b"\x89PNG\r\n", "is a picture (PNG)"),
    (b"\xff\xd8\xff", "is a picture (JPEG)"),
    (b"GIF8", "is a picture (GIF)"),
    (b"II*\0", "is a picture (TIFF)"),
    (b"MM\0*", "is a picture (TIFF)"),
    (b"\x1f\x8b", "is compressed (gzip): unpack it first"),
    (b"BZh", "is compressed (bzip2): unpack it first"),
    (b"\xfd7zXZ\0", "is compressed (xz): unpack it first"),
    (b"7z\xbc\xaf'\x1c", "is a 7-Zip archive: unpack it first"),
    (b"Rar!\x1a\x07", "is a RAR archive: unpack it first"),
    (b"\x7fELF", "is a program"),
    (b"SQLite format 3\0", "is a database (SQLite)"),
    (b"ID3", "is a recording (MP3)"),
    (b"OggS", "is a recording (Ogg)"),
    (b"RIFF", "is a picture or a recording"),
)
OLD_OFFICE = {
    "EncryptedPackage": "is protected with a password: save it without one",
    "WordDocument": "is in Word's old format (.doc): save it as .docx",
    "Workbook": "is in Excel's old format (.xls): save it as .xlsx",
    "PowerPoint Document": "is in PowerPoint's old format (.ppt): save it as .pptx",
}
HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
FIELDS = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){3}")
"""Three header fields in a row."""
MAIL = re.compile(rb"^(?:mime-version|message-id|received|return-path|x-mailer):", re.IGNORECASE | re.MULTILINE)
"""A field that a program writes into a mail, and nobody at the top of a memo."""


def format_of(data: bytes, suffix: str) -> Format | None:
    """Return the format of the file with the bytes ``data``, whose name ends in ``suffix``; ``None`` if unknown.

    Raises:
        DocumentError: the format is known but can't be read.
    """
    named = BY_SUFFIX.get(suffix.lower())
    media_type = _signed(data) or _written(data, named, suffix)
    if not media_type or (media_type == "application/zip" and named and named.media_type.startswith(ZIPPED)):
        return named  # An archive without the parts of an office document, named like one, is a broken one.
    return BY_MEDIA_TYPE[media_type]


def _signed(data: bytes) -> str:
    """Return the media type shown by the first bytes, or an empty string."""
    if data.startswith(b"{\\rtf"):
        return "application/rtf"
    if data.startswith(b"%PDF-") or (b"%PDF-" in data[:1024] and not is_text(data[:HEAD])):
        return "application/pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(data)
    if data.startswith(OLE):
        return _compound(data)
    for magic, what in UNREADABLE:
        if data.startswith(magic) and not is_text(data[:HEAD]):
            raise DocumentError(f"{what}, which cannot be read" if ":" not in what else what)
    return ""


def _zipped(data: bytes) -> str:
    """Return the media type of a ZIP file from its contents; empty if it can't be opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            declared = archive.read("mimetype")[:100].decode("ascii", "replace").strip() if "mimetype" in names else ""
    except (zipfile.BadZipFile, zipfile.zlib.error, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):  # type: ignore[attr-defined]
        return ""
    if declared in BY_MEDIA_TYPE or declared.removesuffix("-template") in BY_MEDIA_TYPE:
        return declared.removesuffix("-template")
    if declared.startswith(OPEN):
        raise DocumentError("is an OpenDocument drawing or chart, which cannot be read")
    if "[Content_Types].xml" in names:
        if "xl/workbook.bin" in names:
            raise DocumentError("is a binary Excel workbook (.xlsb): save it as .xlsx")
        kinds = {"word/": "wordprocessingml.document", "ppt/": "presentationml.presentation"}
        kinds["xl/"] = "spreadsheetml.sheet"
        for folder, kind in kinds.items():
            if any(name.startswith(folder) for name in names):
                return OFFICE + kind
    return "application/zip"


def _compound(data: bytes) -> str:
    """Return the media type of an OLE compound file (older Microsoft formats), from the names inside."""
    if "__properties_version1.0".encode("utf-16-le") in data:
        return "application/vnd.ms-outlook"
    for name, reason in OLD_OFFICE.items():
        if name.encode("utf-16-le") in data:
            raise DocumentError(reason)
    return ""


def _written(data: bytes, named: Format | None, suffix: str) -> str:
    """Return the media type of a text that declares it, or that is certainly not what its name says."""
    head = data[:HEAD].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe")
    if HTML.match(head):
        return "text/html"
    if FIELDS.match(head) and MAIL.search(head.partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]):
        return "message/rfc822"
    if re.match(rb"From [^\n]*\d\d:\d\d[^\n]*\n", head) and FIELDS.match(head.partition(b"\n")[2]):
        return "application/mbox"
    binary = named is not None and not named.media_type.startswith("text/") and not _is_written(named)
    if (binary or not suffix) and data.strip() and is_text(data):
        return "text/plain"
    return ""


def _is_written(format: Format) -> bool:
    """Return whether the files of ``format`` are text."""
    return "json" in format.media_type or format.media_type in ("message/rfc822", "application/mbox")
