"""A file on an HTTP server, read piece by piece: what is needed of it and no more, through broken connections.

Proxies are taken from the environment. Certificates are those of the system, or the file or folder named by
``PIP_CERT``, ``REQUESTS_CA_BUNDLE`` or ``SSL_CERT_FILE``, the first of them that is set, as pip and its kin do.
"""

from __future__ import annotations

import io
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import DownloadError

if TYPE_CHECKING:
    import httpx2
    from _typeshed import WriteableBuffer

__all__ = ["RangeFile", "RangesRefused", "Unavailable", "client", "stream"]

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
RETRIES = 5
BACKOFF_SECONDS = 0.5
"""Waited before the first retry, doubled before each further one; a byte received starts the count afresh."""


class Unavailable(DownloadError):
    """One source cannot give the file; the next one may."""


class RangesRefused(Unavailable):
    """The server gives whole files only."""


def client() -> httpx2.Client:
    """Return an HTTP client with this module's time limits and certificates."""
    import httpx2

    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return httpx2.Client(timeout=timeout, follow_redirects=True, verify=_certificates())


def _certificates() -> ssl.SSLContext:
    named = (os.environ.get(v) for v in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
    bundle = next((Path(b) for b in named if b and Path(b).exists()), None)
    if bundle is None:
        return ssl.create_default_context()
    if bundle.is_dir():
        return ssl.create_default_context(capath=str(bundle))
    return ssl.create_default_context(cafile=str(bundle))


def stream(
    client: httpx2.Client, url: str, start: int = 0, headers: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """Yield the bytes of ``url`` from offset ``start`` to the end; a broken connection is taken up where it broke.

    Raises:
        RangesRefused: the server does not give the file from the middle.
        Unavailable: it does not give the file at all, or breaks off again and again.
    """
    import httpx2

    position, failures = start, 0
    while True:
        asked = {**(headers or {}), "Range": f"bytes={position}-", "Accept-Encoding": "identity"}
        try:
            with client.stream("GET", url, headers=asked) as response:
                _check(response, position)
                for block in response.iter_raw():
                    position, failures = position + len(block), 0
                    yield block
            return
        except httpx2.RequestError as error:
            failures += 1
            if failures > RETRIES:
                raise Unavailable(f"can't reach {_host(url)}, or the connection breaks ({_reason(error)})") from error
            time.sleep(BACKOFF_SECONDS * 2 ** (failures - 1))


def _check(response: httpx2.Response, position: int) -> None:
    import httpx2

    if response.status_code == 206 or (response.status_code == 200 and position == 0):
        return
    if response.status_code in (200, 416):
        raise RangesRefused(f"{response.url.host} does not give parts of files")
    if response.status_code == 429 or response.status_code >= 500:
        raise httpx2.ReadError(f"status {response.status_code}", request=response.request)
    raise Unavailable(f"{response.url.host} responded with status {response.status_code}")


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the server"


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


class RangeFile(io.RawIOBase):
    """A file on a server as a seekable file: reading on is one connection, seeking costs the next read a new one."""

    def __init__(self, client: httpx2.Client, url: str) -> None:
        self._client, self._url = client, url
        self._size = self._measure()
        self._position = 0
        self._blocks: Iterator[bytes] = iter(())
        self._block = memoryview(b"")
        self._next = -1

    def _measure(self) -> int:
        import httpx2

        headers = {"Range": "bytes=0-0", "Accept-Encoding": "identity"}
        try:
            with self._client.stream("GET", self._url, headers=headers) as response:
                size = response.headers.get("Content-Range", "").rpartition("/")[2]
                if response.status_code != 206 or not size.isdigit():
                    raise RangesRefused(f"{response.url.host} does not give parts of files")
                return int(size)
        except httpx2.RequestError as error:
            raise Unavailable(f"can't reach {_host(self._url)} ({_reason(error)})") from error

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is asked of the server before the next read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the start of ``buffer`` and return how many bytes that were, 0 at the end."""
        if self._position >= self._size:
            return 0
        if self._position != self._next:
            self._hang_up()
            self._blocks, self._next = stream(self._client, self._url, self._position), self._position
        while not self._block:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._block = memoryview(block)
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._block))
        view[:count] = self._block[:count]
        self._block = self._block[count:]
        self._position = self._next = self._position + count
        return count

    def _hang_up(self) -> None:
        self._block = memoryview(b"")
        if close := getattr(self._blocks, "close", None):
            close()
        self._blocks = iter(())

    def close(self) -> None:
        """Close the connection."""
        if not self.closed:
            self._hang_up()
        super().close()
