"""Read-only access to the documents: list, describe, and return spans of their text."""

from __future__ import annotations

import dataclasses
import threading
from bisect import bisect_right
from collections.abc import Collection
from typing import Any

from rag.catalogue import title_of
from rag.config import Config
from rag.errors import DocumentError, IndexMissing, QuestionError
from rag.feedback import Span
from rag.indexes.opening import open_index
from rag.overview import overview
from rag.ports import DocumentInfo, Index
from rag.types import Document
from ui.versions import Newest, Versions

__all__ = ["Library", "collection_of"]

LONGEST = 100_000
"""Most characters returned at once."""
PATIENCE = 1.0
"""Longest time that a list of documents waits for what is known about their versions, in seconds."""


class Library:
    """Reads an index, from any number of threads, with or without a language model."""

    def __init__(self, config: Config, versions: Versions) -> None:
        self._config = config
        self._versions = versions
        self._opened: Index | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    @property
    def index(self) -> Index:
        """The index.

        Raises:
            IndexFault: there is none, or it can't be read.
        """
        with self._lock:
            self._opened = self._opened or open_index(self._config)
            return self._opened

    def documents(self) -> list[dict[str, Any]]:
        """Describe each document, sorted by name; none while there is no index."""
        try:
            newest = self._versions.newest(self.index, PATIENCE)
            return [_facts(info, newest) for info in self.index.documents()]
        except IndexMissing:
            return []

    def document(self, name: str) -> dict[str, Any]:
        """Describe one document.

        Raises:
            DocumentError: there is no document of that name.
        """
        self.index.document(name)
        return next(facts for facts in self.documents() if facts["id"] == name)

    def chosen(self, documents: Collection[str] | None, collections: Collection[str] | None) -> frozenset[str] | None:
        """Return the names of ``documents`` and of all documents in ``collections``; ``None`` if neither is given.

        Raises:
            DocumentError: there is no document or collection with one of the names.
        """
        if documents is None and collections is None:
            return None
        names = {info.name for info in self.index.documents()}
        alone, whole = frozenset(documents or ()), frozenset(collections or ())
        missing = [f"document '{name}'" for name in sorted(alone - names)]
        missing += [f"collection '{name}'" for name in sorted(whole - set(map(collection_of, names)))]
        if missing:
            raise DocumentError(f"There is no {' and no '.join(missing[:5])}. /api/documents lists what there is.")
        return alone | {name for name in names if collection_of(name) in whole}

    def overview(self, name: str) -> dict[str, Any]:
        """Return the headings and first facts of a document, with their offsets.

        Raises:
            DocumentError: there is no document of that name.
        """
        return {"document": name, **dataclasses.asdict(overview(self.index.document(name)))}

    def passage(self, name: str, start: int, end: int, around: int) -> dict[str, Any]:
        """Return the text of a document from ``start`` to ``end``, with ``around`` characters on each side.

        ``text[start - text_start : end - text_start]`` is ``quote``.

        Raises:
            DocumentError: there is no document of that name.
            QuestionError: the span is not in the document, or too long.
        """
        document = self.index.document(name)
        length = len(document.text)
        if not 0 <= start < end <= length:
            raise QuestionError(f"The document has {length} characters. Choose 0 ≤ start < end ≤ {length}.")
        if end - start + 2 * around > LONGEST:
            raise QuestionError(f"At most {LONGEST} characters can be returned at once. Choose a shorter span.")
        first, last = max(0, start - around), min(length, end + around)
        return {
            "document": name,
            "title": document.title,
            "date": document.date,
            "page": _page(document, start),
            "start": start,
            "end": end,
            "quote": document.text[start:end],
            "text": document.text[first:last],
            "text_start": first,
            "text_end": last,
            "characters": length,
            **_newest_version(name, self._versions.newest(self.index)),
        }

    def span(self, name: str, start: int, end: int) -> Span:
        """Return a span of a document with its text.

        Raises:
            DocumentError: there is no such document.
            QuestionError: the span is not in the document.
        """
        return Span(name, start, end, self.passage(name, start, end, 0)["quote"])


def collection_of(name: str) -> str:
    """Return the collection that a document belongs to, the first folder in its name, or an empty string.

    >>> collection_of("minutes/2024/may.pdf"), collection_of("budget.pdf")
    ('minutes', '')
    """
    return name.partition("/")[0] if "/" in name else ""


def _facts(info: DocumentInfo, newest: Newest) -> dict[str, Any]:
    """Return ``info`` without the path the document was read from, which is private, and with its newest version."""
    return {
        "id": info.name,
        "title": info.title,
        "date": info.date,
        "media_type": info.media_type,
        "sha256": info.sha256,
        "characters": info.characters,
        "passages": info.passages,
        "pages": info.pages,
        "empty_pages": list(info.empty_pages),
        "ingested_at": info.ingested_at,
        **_newest_version(info.name, newest),
    }


def _newest_version(name: str, newest: Newest) -> dict[str, str]:
    """Return id and title of the newest version of a document; empty if it is the newest, or that isn't known yet."""
    info = newest.get(name)
    return {"newest_version": info.name if info else "", "newest_title": title_of(info) if info else ""}


def _page(document: Document, start: int) -> int | None:
    """Return the number of the page that contains the character at ``start``."""
    return bisect_right(document.pages, start) or None
