"""Outlook mails (.msg)."""

from __future__ import annotations

from functools import partial
from typing import Any

from rag.errors import DocumentError
from rag.formats import Attachment, Extracted
from rag.formats.mail import Letter, letter
from rag.formats.names import unique_names

__all__ = ["from_msg"]

HIDDEN = 0x7FFE
"""Property of an attachment that is part of the page, such as a logo."""


def from_msg(data: bytes) -> Extracted:
    """Return a mail in the same form as ``rag.formats.mail``."""
    from oxmsg import Message

    mail = Message.load(data)
    header = {name.lower(): value for name, value in mail.message_headers.items()}
    to = ", ".join(f"{person.name} <{person.email_address}>" for person in mail.recipients)
    sent = mail.sent_date
    fields = {
        "From": mail.sender or "",
        "To": header.get("to") or to,
        "Cc": header.get("cc", ""),
        "Date": header.get("date") or (f"{sent:%a, %d %b %Y %H:%M:%S %z}" if sent else ""),
        "Subject": mail.subject,
    }
    files = [file for file in mail.attachments if not file.properties.int_prop_value(HIDDEN)]
    names = unique_names(file.file_name or "attachment" for file in files)
    attachments = tuple(Attachment(name, partial(_bytes, file)) for name, file in zip(names, files, strict=True))
    fields = {name: " ".join(value.split()) for name, value in fields.items()}
    page = (mail.html_body or "").encode("utf-8-sig") if mail.html_body else b""
    return letter(Letter(fields, mail.body or "", page, sent.date().isoformat() if sent else "", attachments))


def _bytes(file: Any) -> bytes:
    data = file.file_bytes
    if data is None:
        raise DocumentError("is attached in a form of Outlook's own, or only linked to: save it as a file")
    return bytes(data)
