"""One module per file format: each turns the bytes of a file into text and metadata."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from rag.errors import DocumentError
from rag.types import Heading

__all__ = ["Attachment", "Block", "Extracted", "Reader", "assemble", "broken", "flowing", "joined", "spelt_out"]

LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ſt", "ﬆ": "st"}
UNSEEN = dict.fromkeys("\u00ad\u200b\u2060\ufeff")
"""Where a word may be broken, or may not: nothing that a reader sees."""
SPELT_OUT = str.maketrans({**LIGATURES, **UNSEEN})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a file, which becomes its own document; its ``name`` is relative to that of the outer file.

    ``open`` returns its bytes, or raises ``DocumentError`` if they can't be read.
    """

    name: str
    open: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Extracted:
    """The content of a file; the fields have the same meaning as in a ``Document``."""

    text: str
    title: str = ""
    date: str = ""
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    empty_pages: tuple[int, ...] = ()
    recognised_pages: tuple[tuple[int, float], ...] = ()
    language: str = ""
    attachments: tuple[Attachment, ...] = ()


class Reader(Protocol):
    """Reads the files of one format."""

    def __call__(self, data: bytes) -> Extracted:
        """Return the content of a file with these bytes.

        Raises:
            DocumentError: the reason why it can't be read. Any other exception counts as a broken file.
        """
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading (``level`` 1 and up), list item or table row of a structured file.

    ``tight`` blocks (items, rows) follow other tight blocks on the next line, all others after a blank line.
    """

    text: str
    level: int = 0
    tight: bool = False


def assemble(blocks: Iterable[Block]) -> tuple[str, tuple[Heading, ...]]:
    """Return the text of ``blocks`` and the places of its headings; empty blocks are left out."""
    parts: list[str] = []
    headings: list[Heading] = []
    offset = 0
    tight = False
    for block in blocks:
        if not block.text.strip():
            continue
        if parts:
            parts.append("\n" if tight and block.tight else "\n\n")
            offset += len(parts[-1])
        if block.level:
            headings.append(Heading(offset, offset + len(block.text), block.level))
        parts.append(block.text)
        offset += len(block.text)
        tight = block.tight
    return "".join(parts), tuple(headings)


def broken(name: str) -> DocumentError:
    """Return the error for a file that isn't a valid file of the format ``name``."""
    article = "an" if name[0] in "AEIOU" else "a"
    return DocumentError(
        f"is broken or is not {article} {name} file: open it in the program it is from, and save it again"
    )


def flowing(text: str) -> str:
    """Return ``text`` with white space collapsed, as a browser shows it."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", spelt_out(text)).strip(" ")


def spelt_out(text: str) -> str:
    """Return ``text`` with ligatures as letters, and without soft hyphens and the like.

    >>> spelt_out("the of\u00adfice, the oﬃce")
    'the office, the office'
    """
    return text if text.isascii() else text.translate(SPELT_OUT)


def joined(parts: Iterable[Extracted]) -> Extracted:
    """Return the texts of ``parts`` (slides, chapters) as one text, and the offset of each as the start of a page.

    Parts without text become empty pages.
    """
    texts: list[str] = []
    headings: list[Heading] = []
    pages: list[int] = []
    empty: list[int] = []
    offset = 0
    for number, part in enumerate(parts, start=1):
        pages.append(offset)
        if not part.text:
            empty.append(number)
            continue
        headings += (replace(h, start=h.start + offset, end=h.end + offset) for h in part.headings)
        texts.append(part.text)
        offset += len(part.text) + 2
    text = "\n\n".join(texts)
    return Extracted(
        text, headings=tuple(headings), pages=tuple(min(page, len(text)) for page in pages), empty_pages=tuple(empty)
    )
