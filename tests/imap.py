"""A real IMAP server (Dovecot) for the tests: TLS by a certificate of its own, free ports, all files in one folder."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from imaplib import IMAP4_SSL
from pathlib import Path
from tempfile import TemporaryDirectory

DOVECOT = next(filter(None, map(shutil.which, ["dovecot", "/usr/sbin/dovecot"])), None)
USER, PASSWORD = "ada@mail.example", "a-secret-of-the-tests"
CONFIG = """
base_dir = {folder}/run
log_path = {folder}/log
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
{users}
protocols = imap
listen = 127.0.0.1
mail_location = maildir:{folder}/mail
first_valid_uid = 0
first_valid_gid = 0
auth_mechanisms = plain login
namespace inbox {{
  inbox = yes
  separator = .
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
  }}
}}
"""


OWN_USERS = """
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
service imap-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
"""For a server that is not started by root: every process runs as the same user."""


@dataclass
class Imap:
    """A running server with one user."""

    tls: int
    plain: int
    certificate: Path

    def client(self) -> IMAP4_SSL:
        """Return a connection of the user."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        client = IMAP4_SSL("localhost", self.tls, ssl_context=context, timeout=20)
        client.login(USER, PASSWORD)
        return client


@contextlib.contextmanager
def serving() -> Iterator[Imap]:
    """Run the server."""
    assert DOVECOT, "Dovecot is missing: apt-get install dovecot-imapd"
    with TemporaryDirectory(prefix="imap-", dir="/tmp") as made:  # A short path: sockets allow no long one.
        folder = Path(made)
        folder.chmod(0o755)
        mail = folder / "mail"
        mail.mkdir()
        uid, gid, users = _users(mail)
        certificate = _certificate(folder)
        tls, plain = _free_ports(2)
        config = folder / "dovecot.conf"
        config.write_text(
            CONFIG.format(folder=folder, tls=tls, plain=plain, password=PASSWORD, uid=uid, gid=gid, users=users)
        )
        with (folder / "out").open("w") as out:
            process = subprocess.Popen([DOVECOT, "-F", "-c", str(config)], stdout=out, stderr=out)
            try:
                _wait_for(tls, process, folder)
                yield Imap(tls, plain, certificate)
            finally:
                process.terminate()
                process.wait(20)


def _users(mail: Path) -> tuple[int, int, str]:
    """Return the user and group that own ``mail``, which must not be root, and who runs the server."""
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(mail, nobody.pw_uid, nobody.pw_gid)
        return nobody.pw_uid, nobody.pw_gid, ""
    group = grp.getgrgid(os.getgid()).gr_name
    return os.getuid(), os.getgid(), OWN_USERS.format(user=getpass.getuser(), group=group)


def _certificate(folder: Path) -> Path:
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    certificate = folder / "cert.pem"
    subprocess.run([*make, "-keyout", folder / "key.pem", "-out", certificate], check=True, capture_output=True)
    return certificate


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        logs = "\n".join(file.read_text() for file in (folder / "out", folder / "log") if file.exists())
        assert process.poll() is None and time.monotonic() < end, f"Dovecot did not start:\n{logs}"
        time.sleep(0.1)
