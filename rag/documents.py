"""The first stage: from a file, or a folder of files, to documents.

The text of a plain text or Markdown file is its exact content, including line endings, so that offsets into the
document are offsets into the file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rag.errors import DocumentError
from rag.formats import Attachment, broken
from rag.formats.detection import HEAD, format_of
from rag.formats.plain import decode
from rag.formats.registry import BY_SUFFIX
from rag.formats.titles import date_of, title_of
from rag.text.dates import habit
from rag.text.detection import detect
from rag.text.markup import unmarked
from rag.types import Document

__all__ = [
    "LARGEST",
    "SUFFIXES",
    "Failure",
    "containers",
    "decode",
    "find",
    "in_composed_form",
    "is_plain",
    "read",
    "read_all",
    "supported",
]

LARGEST = 200_000_000
"""Bytes of the largest file that is read."""
LONGEST = 200_000_000
"""Characters of the longest text that a file may hold."""
MOST_PAGES = 20_000
"""Pages of the longest document."""
DEEPEST = 4
"""Files inside one another that are opened: a PDF in a ZIP in a mail in a ZIP."""
MOST_PARTS = 10_000
"""Files inside one file that are read."""
MOST_UNPACKED = 2_000_000_000
"""Bytes of all files inside one file."""
APART = re.compile(r"[\s_]+|(?<=[^\W\d])-(?=[^\W\d]|(?:19|20)\d\d(?!\d))|(?<=(?<!\d)(?:19|20)\d\d)-(?=[^\W\d])")
"""What parts the words of a file's name."""
SMALL = 1_000_000
"""Bytes up to which a plain text is harmless."""

SUFFIXES: dict[str, str] = {suffix: format.media_type for suffix, format in BY_SUFFIX.items()}
"""The formats that can be read: suffix of the file's name to media type."""

PLAIN = ("text/plain", "text/markdown")
IGNORE_FILE = ".footnoteignore"
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read: its name, and the reason, to be put behind the name."""

    name: str
    reason: str


def supported(path: Path) -> bool:
    """Return whether the format of ``path`` is supported, by its suffix."""
    return path.suffix.lower() in SUFFIXES


def find(path: Path, within: Collection[str] | None = None) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of ``path`` itself, or of every file below it, of any format, in sorted order.

    Hidden files and folders, loops of symbolic links and special files (sockets, devices) are skipped, and so is
    anything that a file ``.footnoteignore`` in the folder names, one pattern per line, as in a ``.gitignore``. A name
    is relative to ``path``, uses ``/`` and is in Unicode composed form (NFC). A folder that can't be opened is yielded
    itself, so that reading it reports the reason. With ``within``, names of files and folders, nothing outside these is
    looked at.

    Raises:
        DocumentError: there is nothing at ``path``, or access is denied.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise DocumentError(f"can't be opened: {error.strerror or error}") from error
    if stat.S_ISDIR(mode):
        ignored = _ignored(path)
        wanted = _wanted(within)
        yield from ((name, file) for name, file in _walk(path, "", frozenset(), wanted) if not ignored(name))
    else:
        yield in_composed_form(path.absolute().name), path


def _ignored(folder: Path) -> Callable[[str], bool]:
    """Return whether ``.footnoteignore`` in ``folder`` excludes a name."""
    file = folder / IGNORE_FILE
    if not file.is_file():
        return lambda _: False
    import pathspec

    try:
        patterns = pathspec.GitIgnoreSpec.from_lines(file.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError) as error:
        raise DocumentError(f"{file} is invalid ({error}); fix or remove it") from error
    return patterns.match_file


def containers(name: str) -> list[str]:
    """Return ``name`` and the names of the files or folders that it lies inside.

    >>> containers("a/mail.eml/bill.pdf")
    ['a/mail.eml/bill.pdf', 'a/mail.eml', 'a']
    """
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _wanted(within: Collection[str] | None) -> Callable[[str], bool]:
    """Return whether a name is one of ``within``, lies inside one, or leads to one."""
    if within is None:
        return lambda _: True
    named, leading = set(within), {outer for name in within for outer in containers(name)}
    return lambda name: name in leading or not named.isdisjoint(containers(name))


def _walk(
    folder: Path, prefix: str, above: frozenset[tuple[int, int]], wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Path]]:
    try:
        status = folder.stat()
        entries = sorted((in_composed_form(entry.name), entry) for entry in folder.iterdir())
    except OSError:
        yield prefix.rstrip("/") or in_composed_form(folder.name), folder
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    for name, entry in entries:
        if name.startswith(".") or not wanted(prefix + name):
            continue
        mode = _mode(entry)
        if stat.S_ISDIR(mode):
            yield from _walk(entry, f"{prefix}{name}/", above | {identity}, wanted)
        elif stat.S_ISREG(mode) or not mode:  # if access is denied, reading it reports the reason
            yield prefix + name, entry


def _mode(path: Path) -> int:
    """Return the mode of ``path``, or 0 if unknown."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def in_composed_form(name: str) -> str:
    """Return the name of a file in NFC; bytes that are not UTF-8 become U+FFFD."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def is_plain(path: Path) -> bool:
    """Return whether the file at ``path`` is a small plain text, or is not there, so that it can be read at once."""
    if SUFFIXES.get(path.suffix.lower()) not in PLAIN:
        return False
    try:
        with path.open("rb") as file:
            format = format_of(file.read(HEAD), path.suffix)
        return path.stat().st_size <= SMALL and format is not None and format.media_type in PLAIN
    except (OSError, DocumentError):
        return True


def read(path: Path, name: str) -> Document:
    """Return the document in the file at ``path``, under ``name``, without what is attached to it.

    Raises:
        DocumentError: it can't be read; the message is the reason, without the document's name.
    """
    return _document(_bytes(path), name, path.suffix)[0]


def read_all(
    path: Path, name: str, skip: Collection[str] = (), begin: Callable[[str], None] = lambda name: None
) -> Iterator[Document | Failure]:
    """Yield the documents in the file at ``path``: first those inside it, named ``name/…``, and it itself last.

    Those in ``skip`` are left out, with everything inside them; ``begin`` is told the name of each before it is read.
    """
    yield from _Unpacking(skip, begin).read(name, lambda: _bytes(path), path.suffix, 0)


class _Unpacking:
    """Reads a file, the files inside it, and the files inside those, as far as they are not too deep or too many."""

    def __init__(self, skip: Collection[str], begin: Callable[[str], None]) -> None:
        self._skip, self._begin = skip, begin
        self._parts = self._bytes = 0

    def read(self, name: str, open: Callable[[], bytes], suffix: str, depth: int) -> Iterator[Document | Failure]:
        if name in self._skip:
            return
        self._begin(name)
        try:
            data = open()
            self._count(data, depth)
            document, attachments = _document(data, name, suffix)
        except DocumentError as error:
            yield Failure(name, str(error))
            return
        for attachment in attachments:
            inner = f"{name}/{attachment.name}"
            yield from self.read(inner, attachment.open, PurePosixPath(attachment.name).suffix, depth + 1)
        yield document

    def _count(self, data: bytes, depth: int) -> None:
        """Raise DocumentError where a file inside another is one too many."""
        if not depth:
            return
        self._parts += 1
        self._bytes += len(data)
        if depth > DEEPEST:
            raise DocumentError(f"lies inside more than {DEEPEST} other files: unpack them first")
        if self._parts > MOST_PARTS or self._bytes > MOST_UNPACKED:
            raise DocumentError(
                f"comes after {MOST_PARTS} other files or {MOST_UNPACKED // 1_000_000_000} GB in the same file: "
                "split it into smaller ones"
            )


def _document(data: bytes, name: str, suffix: str) -> tuple[Document, tuple[Attachment, ...]]:
    """Return the document with the bytes ``data``, and what is attached to it."""
    if not data.strip(b" \t\r\n\0"):
        raise DocumentError("is empty")
    format = format_of(data, suffix)
    if format is None:
        raise DocumentError(f"is not a supported file type; supported: {', '.join(SUFFIXES)}")
    try:
        found = format.read(data)
    except DocumentError:
        raise
    except MemoryError as error:
        raise DocumentError("takes more memory than a file may: split it into smaller ones") from error
    except RecursionError as error:
        raise DocumentError("is nested too deeply to be read") from error
    except Exception as error:  # A parser may raise anything when a file is not what it should be.
        raise broken(format.name) from error
    text = UNSTORABLE.sub("\ufffd", found.text)  # one for one: offsets stay
    if not any(unicodedata.category(c)[0] not in "ZC" for c in text):
        raise DocumentError("is empty: there is no text in it")
    if len(text) > LONGEST or len(found.pages) > MOST_PAGES:
        raise DocumentError(f"is longer than {LONGEST // 1_000_000} million characters or {MOST_PAGES} pages: split it")
    title = _clean(found.title) or _clean(_named(name) if format.untitled else title_of(text, found.headings))
    document = Document(
        name=name,
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=format.media_type,
        title=title,
        date=found.date if format.untitled else date_of(text, habit([text])) or found.date,
        headings=found.headings,
        pages=found.pages,
        empty_pages=found.empty_pages,
        recognised_pages=found.recognised_pages,
        language=detect(text) or found.language,
    )
    return document, found.attachments


def _named(name: str) -> str:
    """Return the title that a file's name makes: its words and years, without the folders and the suffix.

    >>> _named("plans/boat-club-2026.xlsx"), _named("COVID-19_rules.csv")
    ('boat club 2026', 'COVID-19 rules')
    """
    return APART.sub(" ", PurePosixPath(name).stem)


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError("is a folder" if path.is_dir() and os.access(path, os.R_OK) else "can't be opened")
        if status.st_size > LARGEST:
            raise DocumentError(f"is larger than {LARGEST // 1_000_000} MB, the limit: split it into smaller files")
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"can't be opened: {error.strerror or error}") from error


def _clean(title: str) -> str:
    """Return a title on one line, of at most 200 characters, without Markdown markup."""
    return unmarked(UNSTORABLE.sub("", title))[:200].rstrip(" :")
