"""Mails come into the index from a real IMAP server, once each, and leave it when they are deleted."""

from __future__ import annotations

import threading
from email.message import EmailMessage

import imap
import pytest
from browser import until
from test_ingest import CountingEmbedder, names

from rag.config import Config
from rag.errors import ConfigError, DocumentError
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest_some
from rag.watching import watcher
from rag.watching.mailboxes import Mailbox, ingest_mailbox, is_mailbox
from rag.watching.watcher import Watching

FOLDER = "INBOX/Supp\u00f6rt & Co"


@pytest.fixture(scope="module")
def server():
    with imap.serving() as server:
        yield server


@pytest.fixture
def embedder():
    return CountingEmbedder()


@pytest.fixture
def index(tmp_path, embedder):
    with SqliteIndex.create(tmp_path / "index", embedder, 24) as index:
        yield index


@pytest.fixture
def config(tmp_path, server, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    return Config(passage_tokens=24, index=tmp_path / "index", mail_password=imap.PASSWORD)


def mail(subject, text, attachment=""):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <ada@mail.example>", "help@mail.example", subject
    message["Date"] = "Mon, 04 Mar 2024 10:00:00 +0000"
    message.set_content(text)
    if attachment:
        message.add_attachment(attachment, filename="terms.txt")
    return message.as_bytes()


def address(server, scheme="imaps", port=None, folder="INBOX/Supp%C3%B6rt%20&%20Co"):
    return f"{scheme}://{imap.USER}@localhost:{port or server.tls}/{folder}"


def test_mails_come_and_go(server, index, embedder, config, monkeypatch):
    inbox = '"INBOX.Supp&APY-rt &- Co"'
    client = server.client()
    client.create(inbox)
    client.append(inbox, "", None, mail("Broken lantern", "The lantern from order 17 is broken.", "Returns: 30 days."))
    client.append(inbox, "", None, mail("Opening hours", "When does the harbour office open?"))
    mailbox = Mailbox(address(server), config)
    report = ingest_mailbox(mailbox, index, embedder, config)
    assert len(report.added) == 3 and not report.failed
    first, terms, second = names(index)
    assert first.startswith(FOLDER) and first.endswith("-1.eml") and terms == f"{first}/terms.txt"
    assert index.document(first).title == "Broken lantern" and index.document(first).date == "2024-03-04"
    assert "30 days" in index.text(terms)
    # The second time nothing is fetched; a new mail is, and a deleted one goes with its attachment.
    fetched = []
    monkeypatch.setattr("rag.watching.mailboxes._fetched", lambda *given: fetched.append(given[1]) or real(*given))
    report = ingest_mailbox(mailbox, index, embedder, config)
    assert (fetched, report.added, report.removed, len(report.unchanged)) == ([], [], [], 3)
    client.select(inbox)
    client.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
    client.append(inbox, "", None, mail("Copy", "When does the harbour office open?"))
    report = ingest_mailbox(mailbox, index, embedder, config)
    assert len(fetched) == len(report.added) == 1 and sorted(report.removed) == [first, terms]
    # By STARTTLS, too; and while it is watched.
    (watched,) = watcher.watched([Mailbox(address(server), config)], config)
    watched.know(index.files(mailbox.source))

    def read(one, names):
        one.read(names, lambda *what: ingest_some(*what, index, embedder, config))

    running = Watching([watched], 1.0, read)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        client.append(inbox, "", None, mail("Winter", "The office is closed in winter."))
        until(lambda: any(info.title == "Winter" for info in index.documents()), 60)
        client.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
        client.expunge()
        until(lambda: second not in names(index), 60)
    finally:
        running.close()
        thread.join(20)
    assert len(names(index)) == 2 and len(fetched) == len(set(fetched)) == 2
    client.logout()


def real(connection, name, validity):
    _, parts = connection.uid("FETCH", name.rpartition("-")[2].removesuffix(".eml"), "(BODY.PEEK[])")
    return parts[0][1]


def test_a_mailbox_that_cannot_be_read_is_named(server, index, embedder, config, monkeypatch):
    def problem(given, config=config):
        with pytest.raises(DocumentError) as error:
            ingest_mailbox(Mailbox(given, config), index, embedder, config)
        return str(error.value)

    assert "AUTHENTICATIONFAILED" in problem(address(server), Config(mail_password="wrong"))
    assert "no mailbox" in problem(address(server, folder="INBOX/Nowhere"))
    assert "can't be read" in problem(address(server, port=1))
    starttls = Mailbox(address(server, "imap", server.plain, "INBOX"), config)
    assert ingest_mailbox(starttls, index, embedder, config).added == []
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "certificate" in problem(address(server)).lower()


@pytest.mark.parametrize(
    ("given", "password", "said"),
    [
        ("imap://ada:secret@host/INBOX", "x", "Leave the password out"),
        ("imap://host/INBOX", "x", "is not a mailbox"),
        ("imap://ada@host", "x", "is not a mailbox"),
        ("imap://ada@host/INBOX", "", "needs a password: set FOOTNOTE_MAIL_PASSWORD"),
    ],
)
def test_an_address_that_is_incomplete_is_refused(given, password, said):
    assert is_mailbox(given)
    with pytest.raises(ConfigError, match=said):
        Mailbox(given, Config(mail_password=password))
