"""Files that contain other files: ZIP archives and mailboxes. Their own text lists their contents."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from functools import partial

from rag.errors import DocumentError
from rag.formats import Attachment, Block, Extracted, assemble
from rag.formats.archives import open_zip
from rag.formats.names import unique_names
from rag.formats.tables import table_blocks

__all__ = ["LARGEST", "from_mbox", "from_zip"]

LARGEST = 200_000_000
"""Bytes of the largest file inside another that is read."""
MOST_LISTED = 10_000
"""Files that are listed."""
MAIL = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\d\d:\d\d[^\n]*\n")
"""The line that begins each mail of a mailbox."""


def from_zip(data: bytes) -> Extracted:
    """Return the list of files in an archive, and the files; hidden ones are left out."""
    archive = open_zip(data, "ZIP")
    members = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
    names = list(unique_names(info.filename for info in members))
    rows = [
        (name, f"{info.file_size:,} bytes", "{:04}-{:02}-{:02}".format(*info.date_time))
        for name, info in zip(names[:MOST_LISTED], members, strict=False)
    ]
    listed = [Block("Files in this archive"), *table_blocks(("File", "Size", "Changed"), rows)]
    attachments = [
        Attachment(name, partial(_unpacked, archive, info)) for name, info in zip(names, members, strict=True)
    ]
    return Extracted(assemble(listed)[0], attachments=tuple(attachments))


def _is_hidden(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "__MACOSX" or any(part.startswith(".") and part.strip(".") for part in parts)


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return the bytes of one file of an archive, limited whatever size it claims."""
    if info.flag_bits & 1:
        raise DocumentError("is protected with a password: save it without one")
    if info.file_size > LARGEST:
        raise DocumentError(f"is larger than {LARGEST // 1_000_000} MB, the most that is read")
    try:
        with archive.open(info) as file:
            return file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zipfile.zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:  # type: ignore[attr-defined]
        raise DocumentError(f"is damaged inside its archive ({error})") from error


def from_mbox(data: bytes) -> Extracted:
    """Return the list of mails in a mailbox, and the mails, each named by its date and subject."""
    starts = [match.span() for match in MAIL.finditer(data)]
    ends = [start for start, _ in starts[1:]] + [len(data)]
    spans = [(start, end) for (_, start), end in zip(starts, ends, strict=True)]
    if not spans:
        raise DocumentError("is broken or is not a mailbox: no mail begins in it")
    rows = [_row(data[start:end]) for start, end in spans]
    names = unique_names(f"{date} {subject.replace('/', '-') or 'no subject'}.eml".strip() for date, _, subject in rows)
    listed = [Block("Mails in this mailbox"), *table_blocks(("Date", "From", "Subject"), rows[:MOST_LISTED])]
    attachments = [Attachment(name, partial(_mail, data, *span)) for name, span in zip(names, spans, strict=True)]
    return Extracted(assemble(listed)[0], attachments=tuple(attachments))


def _row(mail: bytes) -> Sequence[str]:
    """Return the date, sender and subject of a mail."""
    head = BytesHeaderParser().parsebytes(mail[:20_000])
    try:
        date = parsedate_to_datetime(str(head.get("Date", ""))).date().isoformat()
    except (ValueError, TypeError, IndexError):
        date = ""
    return date, _decoded(str(head.get("From", ""))), _decoded(str(head.get("Subject", "")))


def _decoded(value: str) -> str:
    try:
        text = str(make_header(decode_header(value)))
    except (LookupError, ValueError):
        text = value
    return " ".join(text.split())


def _mail(data: bytes, start: int, end: int) -> bytes:
    """Return one mail of a mailbox, undoing the ``>`` before lines that start with "From "."""
    return re.sub(rb"(?m)^>(>*From )", rb"\1", data[start:end]).strip(b"\r\n") + b"\n"
