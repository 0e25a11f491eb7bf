"""Names for files inside a file: safe, printable and unique."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

__all__ = ["plain_name", "unique_names"]

LONGEST = 200
"""Bytes of the longest part of a name."""


def unique_names(names: Iterable[str]) -> Iterator[str]:
    """Yield each of ``names`` in plain form, numbered if an earlier one is the same.

    >>> list(unique_names(["bill.pdf", "../bill.pdf", "a\\\\b.txt", ""]))
    ['bill.pdf', 'bill (2).pdf', 'a/b.txt', 'unnamed']
    """
    taken = set[str]()
    for name in names:
        path = PurePosixPath(plain_name(name))
        number, unique = 1, path
        while str(unique) in taken:
            number += 1
            unique = path.with_name(f"{path.stem} ({number}){path.suffix}")
        taken.add(str(unique))
        yield str(unique)


def plain_name(name: str) -> str:
    """Return ``name`` as a relative path of printable characters, its parts at most ``LONGEST`` bytes long."""
    parts = [_part(part) for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/")]
    return "/".join(part for part in parts if part.strip(". ")) or "unnamed"


def _part(part: str) -> str:
    text = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in part)
    text = re.sub(r"\s+", " ", text).strip()
    while len(text.encode()) > LONGEST:
        stem, dot, suffix = text.rpartition(".")
        text = f"{stem[:-1]}{dot}{suffix}" if stem and len(suffix) < 20 else text[:-1]
    return text
