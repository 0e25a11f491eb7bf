"""One module a file format: each turns the bytes of a file into its text and what the file says about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.types import Heading

__all__ = ["Block", "Extracted", "assemble"]


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


def flowing(text: str) -> str:
    """Return ``text`` with each run of white space as one space, as a browser shows it."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", text).strip(" ")
