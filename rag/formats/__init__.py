"""One module a file format: each turns the bytes of a file into its text and what the file says about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from rag.errors import DocumentError
from rag.types import Heading

__all__ = ["Attachment", "Block", "Extracted", "Reader", "assemble", "broken", "joined"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a file, which becomes a document of its own; its ``name`` is relative to that of the outer file.

    ``open`` returns its bytes, or raises ``DocumentError`` where they cannot be had.
    """

    name: str
    open: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was read out of a file: the fields have the meaning they have in a ``Document``."""

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
        """Return what the file with these bytes says.

        Raises:
            DocumentError: the reason why it cannot be read. Whatever else is raised counts as a broken file.
        """
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading (``level`` 1 and up), list item or table row of a structured file.

    ``tight`` blocks (items, rows) follow a tight block on the next line, all others after a blank line.
    """

    text: str
    level: int = 0
    tight: bool = False


def assemble(blocks: Iterable[Block]) -> tuple[str, tuple[Heading, ...]]:
    """Return the text of ``blocks`` and where its headings are; blocks without text are left out."""
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
    """Return the error for a file that is not what a file of the format ``name`` should be."""
    article = "an" if name[0] in "AEIOU" else "a"
    return DocumentError(
        f"is broken or is not {article} {name} file: open it in the program it is from, and save it again"
    )


def flowing(text: str) -> str:
    """Return ``text`` with each run of white space as one space, as a browser shows it."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", text).strip(" ")


def joined(parts: Iterable[Extracted]) -> Extracted:
    """Return the texts of ``parts`` (slides, chapters) as one, with the offset of each as the beginning of a page.

    Parts without text are the empty pages.
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
