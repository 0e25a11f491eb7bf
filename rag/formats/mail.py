"""Mails (.eml): header, text and attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parsedate_to_datetime
from functools import partial
from typing import NamedTuple

from rag.errors import DocumentError
from rag.formats import Attachment, Block, Extracted, assemble
from rag.formats.html import from_html
from rag.formats.names import unique_names
from rag.formats.plain import decode

__all__ = ["FIELDS", "from_eml", "letter", "read_mail"]

FIELDS = ("From", "To", "Cc", "Date", "Subject")
EARLIER = re.compile(
    r"-{2,} ?(?:Original Message|Forwarded message|Original-Nachricht|Ursprüngliche Nachricht|Message d'origine|"
    r"Mensaje original) ?-{2,}|_{20,}|"
    r"^(?:On|Am|Le|El) [^\n]{6,120}\n?[^\n]{0,80}(?:wrote|schrieb|a écrit|escribió)[^\n]{0,60}:|"
    r"^(?:From|Von|De): [^\n]+\n(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado)[^\n]*:",
    re.MULTILINE,
)
"""How the mail that is answered begins below the answer."""
QUOTED = re.compile(r"^>[^\n]*\n>", re.MULTILINE)
HEADING = "Earlier message, quoted"


class Letter(NamedTuple):
    """A parsed mail: its plain text if it has one, else its HTML."""

    fields: dict[str, str]
    text: str
    html: bytes = b""
    date: str = ""
    attachments: Sequence[Attachment] = ()


def from_eml(data: bytes) -> Extracted:
    """Return a mail: its header, its text (or HTML), and quoted earlier mails under a heading."""
    return letter(read_mail(data))


def letter(mail: Letter) -> Extracted:
    """Return a mail as a document."""
    head = "\n".join(f"{name}: {mail.fields[name]}" for name in FIELDS if mail.fields.get(name))
    body = mail.text if mail.text.strip() or not mail.html else from_html(mail.html).text
    text, headings = assemble([Block(head), *_parts(body.replace("\r\n", "\n").replace("\xa0", " "))])
    return Extracted(
        text,
        title=mail.fields.get("Subject", ""),
        date=mail.date,
        headings=headings,
        attachments=tuple(mail.attachments),
    )


def _parts(body: str) -> Iterator[Block]:
    """Yield the text of a mail, and quoted earlier mails under their own heading."""
    begins = min((match.start() for match in (EARLIER.search(body), QUOTED.search(body)) if match), default=len(body))
    yield Block(body[:begins].strip("\n"))
    if quoted := re.sub(r"^(?:> ?)+", "", body[begins:], flags=re.MULTILINE).strip():
        yield Block(HEADING, level=2)
        yield Block(quoted)


def read_mail(data: bytes) -> Letter:
    """Parse a mail."""
    message = message_from_bytes(data, policy=policy.default)
    if not isinstance(message, EmailMessage) or not any(message.get(name) for name in (*FIELDS, "MIME-Version")):
        raise DocumentError("is broken or is not a mail: it has no header")
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    bodies = [part for part in (plain, page) if part is not None]
    fields = {name: _field(message, name) for name in FIELDS}
    return Letter(
        fields,
        _text(plain) if plain is not None else "",
        _payload(page) if page is not None else b"",
        _date(fields["Date"]),
        _attachments(message, bodies),
    )


def _field(message: EmailMessage, name: str) -> str:
    """Return the value of a header field, decoded if possible."""
    try:
        value = str(message.get(name, ""))
    except (ValueError, IndexError, TypeError, AttributeError, LookupError):  # the parser of addresses and dates
        value = next((str(raw) for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    return " ".join(value.split())


def _text(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # an encoding that nobody knows
        return decode(_payload(part)) if _payload(part).strip() else ""


def _payload(part: MIMEPart) -> bytes:
    """Return the bytes of a part; HTML is converted from the mail's encoding to UTF-8."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if part.get_content_type() != "text/html":
        return data
    try:
        return data.decode(part.get_content_charset("utf-8")).encode("utf-8-sig")
    except (LookupError, UnicodeError):
        return data


def _date(text: str) -> str:
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, TypeError, IndexError):
        return ""


def _attachments(message: EmailMessage, bodies: Sequence[MIMEPart]) -> tuple[Attachment, ...]:
    """Return the attached files and mails, without inline pictures."""
    found = list[tuple[str, MIMEPart]]()
    for part in _leaves(message):
        inline = part.get_content_maintype() == "image" and (part.get("Content-ID") or not part.is_attachment())
        signed = part.get_content_type() in ("application/pgp-signature", "application/pkcs7-signature")
        if any(part is body for body in bodies) or inline or signed:
            continue
        found.append((part.get_filename() or _named(part), part))
    names = unique_names([name for name, _ in found])
    return tuple(Attachment(name, partial(_bytes, part)) for name, (_, part) in zip(names, found, strict=True))


def _leaves(message: MIMEPart) -> Iterator[MIMEPart]:
    """Yield the innermost parts of a mail; attached mails stay whole."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart":
            waiting += reversed(_inner(part))
        else:
            yield part


def _inner(part: MIMEPart) -> list[MIMEPart]:
    """Return the parts of a part, or the mail it contains."""
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, MIMEPart)] if isinstance(payload, list) else []


def _named(part: MIMEPart) -> str:
    """Return a name for an unnamed part."""
    kind = part.get_content_type()
    if kind == "message/rfc822":
        subject = next((str(inner.get("Subject", "")) for inner in _inner(part)), "")
        return f"{subject or 'mail'}.eml"
    return "attachment" + {"text/plain": ".txt", "text/html": ".html", "text/calendar": ".txt"}.get(kind, "")


def _bytes(part: MIMEPart) -> bytes:
    """Return the bytes of an attachment, or of an attached mail."""
    if part.get_content_type() == "message/rfc822" and (inner := _inner(part)):
        return bytes(inner[0].as_bytes())
    return _payload(part)
