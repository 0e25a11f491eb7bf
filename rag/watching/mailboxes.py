"""A mailbox folder on an IMAP server: each mail is a document, its attachments are documents inside it.

A mail is named by the UIDVALIDITY of its folder and its UID, so the names in the index say which mails were read: only
new ones are fetched. A mail that is gone, or marked as deleted, leaves the index.
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import ipaddress
import re
import ssl
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from rag.config import Config
from rag.errors import ConfigError, DocumentError
from rag.formats.names import plain_name
from rag.ingest import IngestReport, Progress, ingest_some
from rag.ports import Embedder, WritableIndex
from rag.watching.state import Signature, Watched

__all__ = ["Mailbox", "ingest_mailbox", "is_mailbox"]

TLS_PORT = 993
SECONDS = 60.0
"""Seconds that the server may take for one reply."""
DELETED = re.compile(rb"\\Deleted\b", re.IGNORECASE)


def is_mailbox(text: str) -> bool:
    """Return whether ``text`` is the address of a mailbox.

    >>> is_mailbox("imap://ada@mail.example/INBOX/Support"), is_mailbox("/srv/imap")
    (True, False)
    """
    return text.startswith(("imap://", "imaps://"))


class Mailbox:
    """One folder: ``imap://user@host/FOLDER``, over TLS; with another port than 993, TLS begins by STARTTLS.

    Raises:
        ConfigError: the address is incomplete or contains a password, or no password is set.
    """

    settles = False

    def __init__(self, address: str, config: Config) -> None:
        parts = urlsplit(address)
        folder = unquote(parts.path).strip("/")
        if parts.password is not None:
            raise ConfigError("Leave the password out of the mailbox address; set FOOTNOTE_MAIL_PASSWORD.")
        if not (parts.hostname and parts.username and folder):
            raise ConfigError(
                f"'{address}' is not a mailbox; write one such as imap://user@mail.example/INBOX/Support."
            )
        if not config.mail_password:
            raise ConfigError(f"The mailbox {address} needs a password: set FOOTNOTE_MAIL_PASSWORD.")
        self._host, self._user, self._folder = parts.hostname, unquote(parts.username), folder
        self._port = parts.port or TLS_PORT
        self._is_tls = parts.scheme == "imaps" or self._port == TLS_PORT
        self._password = config.mail_password
        port = f":{parts.port}" if parts.port else ""
        self.source = f"imap://{self._user}@{self._host}{port}/{folder}"
        self.label = f"{folder} ({self._user}@{self._host})"

    def scan(self, within: Collection[str] | None, known: bool) -> dict[str, Signature]:
        """Return the name of each mail; a mail never changes.

        Raises:
            DocumentError: the mailbox can't be opened.
        """
        with self._opened() as (connection, validity, count):
            if not count:
                return {}
            _, lines = connection.uid("FETCH", "1:*", "(FLAGS)")
        found = dict[str, Signature]()
        for line in lines:
            uid = re.search(rb"UID (\d+)", line) if isinstance(line, bytes) else None
            if uid and not DELETED.search(line):
                found[self._name(validity, int(uid[1]))] = ()
        return found

    def is_complete(self, name: str) -> bool:
        """Return ``True``: a mail is there as a whole."""
        return True

    @contextlib.contextmanager
    def files(self, names: Collection[str]) -> Iterator[Path]:
        """Return a folder with the mails ``names``, as far as they are still there.

        Raises:
            DocumentError: the mailbox can't be opened.
        """
        with TemporaryDirectory(prefix="footnote-mail-") as folder:
            with self._opened() as (connection, validity, _):
                for name in names:
                    if data := _fetched(connection, name, validity):
                        file = Path(folder) / name
                        file.parent.mkdir(parents=True, exist_ok=True)
                        file.write_bytes(data)
            yield Path(folder)

    def trust(self) -> None:
        """Do nothing: a server says so if there is no mailbox."""

    def _name(self, validity: int, uid: int) -> str:
        return f"{plain_name(self._folder)}/{validity}-{uid}.eml"

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[imaplib.IMAP4, int, int]]:
        """Give a connection with the folder open for reading, its UIDVALIDITY and the number of mails.

        Raises:
            DocumentError: that fails.
        """
        try:
            with self._connected() as connection:
                connection.login(self._user, self._password)
                status, count = connection.select(_quoted(self._path(connection)), readonly=True)
                if status != "OK":
                    raise DocumentError(f"There is no mailbox {self.source}.")
                _, validity = connection.response("UIDVALIDITY")
                yield connection, int(validity[0] or 0), int(count[0] or 0)
        except (OSError, imaplib.IMAP4.error) as error:
            reason = str(error).removeprefix("b'").removesuffix("'")
            raise DocumentError(f"The mailbox {self.source} can't be read: {reason}.") from error

    def _connected(self) -> imaplib.IMAP4:
        context = ssl.create_default_context()
        if self._is_tls:
            return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=SECONDS)
        connection = imaplib.IMAP4(self._host, self._port, timeout=SECONDS)
        if "STARTTLS" in connection.capabilities:
            connection.starttls(context)
        elif not _is_here(self._host):
            connection.shutdown()
            raise DocumentError(
                f"{self._host} offers no TLS on port {self._port}; the password is not sent without it."
            )
        return connection

    def _path(self, connection: imaplib.IMAP4) -> str:
        """Return the folder's name as the server writes it, its levels separated its way."""
        _, found = connection.list('""', '""')
        line = found[0] if found and isinstance(found[0], bytes) else b""
        separator = re.match(rb'\([^)]*\) "\\?(.)"', line)
        return encoded(self._folder.replace("/", separator[1].decode() if separator else "/"))


def ingest_mailbox(
    mailbox: Mailbox, index: WritableIndex, embedder: Embedder, config: Config, progress: Progress | None = None
) -> IngestReport:
    """Read the new mails of ``mailbox``, and delete those from the index that are gone.

    Raises:
        DocumentError: it can't be opened; what was read before stays.
        IndexBusy: another process is changing the index.
    """
    report, watched, before = IngestReport(), Watched(mailbox), index.files(mailbox.source)
    read = partial(ingest_some, index=index, embedder=embedder, config=config, progress=progress)
    watched.know(before)
    watched.look()
    while names := watched.ripe():
        report += watched.read(names, read)
    after = index.files(mailbox.source)
    report.unchanged += [public for path, (public, _) in sorted(before.items()) if path in after]
    return report


def encoded(name: str) -> str:
    """Return the name of a folder in IMAP's own encoding (RFC 3501, 5.1.3).

    >>> encoded("INBOX/Entwürfe & mehr")
    'INBOX/Entw&APw-rfe &- mehr'
    """
    return re.sub(r"&|[^\x20-\x7e]+", lambda match: f"&{_shifted(match[0])}-", name)


def _shifted(text: str) -> str:
    if text == "&":
        return ""
    return base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")


def _quoted(name: str) -> str:
    escaped = name.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _fetched(connection: imaplib.IMAP4, name: str, validity: int) -> bytes:
    """Return a mail, or nothing if it is gone."""
    found = re.search(r"(\d+)-(\d+)\.eml$", name)
    if found is None or int(found[1]) != validity:
        return b""
    _, parts = connection.uid("FETCH", found[2], "(BODY.PEEK[])")
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
