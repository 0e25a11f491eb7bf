"""The rows of an index in Milvus: how documents, passages and what is too long for a field become rows, and back.

One row of numbers runs through everything: each version of a document takes the next number, and its passages those
that follow, in the order of the text. No number is ever used twice.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from rag.errors import DocumentError
from rag.indexes.milvus.store import LONGEST, PART, Row
from rag.indexes.milvus.words import pairs, text_of
from rag.indexes.shared import terms_of
from rag.ports import EVERYTHING, Content, DocumentInfo, Filter, PassageId, Vectors
from rag.types import Document, Heading, Passage

__all__ = [
    "FOREVER",
    "PASSAGE_FIELDS",
    "Snapshot",
    "Version",
    "blob_rows",
    "document_from",
    "facts_of",
    "keys_of",
    "passage_from",
    "passage_rows",
    "slice_keys",
    "window_keys",
    "windows_from",
]

FOREVER = 2**62
"""The generation in which a version ends that is still valid."""
STORED = np.float16
"""As the SQLite engine stores vectors: no cosine moves by more than 0.001."""
PASSAGE_FIELDS = ("revision", "start", "end", "page", "section", "header")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a document: its ``number``, and what is known of it.

    ``first`` is the number of its first version, ``made`` the making of the index that its passages belong to,
    ``facts`` counts the characters of its headings and pages as JSON, and ``language`` is that of the document.
    """

    number: int
    first: int
    made: str
    facts: int
    language: str
    info: DocumentInfo

    @property
    def ids(self) -> range:
        """The passages, in the order of the text."""
        return range(self.number + 1, self.number + 1 + self.info.passages)

    def row(self, ends: int = FOREVER) -> Row:
        """Return the row of this version, valid until the generation in which it ``ends``."""
        data = json.dumps({**asdict(self), "info": asdict(self.info)}, ensure_ascii=False)
        return {"id": self.number, "died": ends, "data": _fitting(data, "file name, title or list of empty pages")}

    @classmethod
    def of(cls, row: Row) -> Version:
        """Return the version in ``row``."""
        table = json.loads(row["data"])
        info = table.pop("info")
        return cls(**table, info=DocumentInfo(**{**info, "empty_pages": tuple(info["empty_pages"])}))


@dataclass(frozen=True)
class Snapshot:
    """All documents in one generation, by public name, and the notes of the index about itself."""

    meta: Mapping[str, Any]
    versions: Mapping[str, Version]

    @cached_property
    def _searched(self) -> list[Version]:
        """The versions whose passages the present embedder made, by number."""
        found = (version for version in self.versions.values() if version.made == self.meta["made"])
        return sorted(found, key=lambda version: version.number)

    @cached_property
    def _numbers(self) -> list[int]:
        return [version.number for version in self._searched]

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages of the documents."""
        return frozenset(version.language for version in self.versions.values())

    def infos(self) -> list[DocumentInfo]:
        """Return what is known of each document, by public name."""
        made = self.meta["made"]
        ordered = (self.versions[name] for name in sorted(self.versions))
        return [version.info if version.made == made else replace(version.info, passages=0) for version in ordered]

    def within(self, allowed: Filter) -> list[Version]:
        """Return the versions that a search may find passages of."""
        return [
            version
            for version in self._searched
            if (allowed.documents is None or version.info.name in allowed.documents)
            and (allowed.sources is None or version.info.source in allowed.sources)
        ]

    def condition(self, allowed: Filter) -> str | None:
        """Return ``allowed`` as Milvus takes it, or None where nothing is."""
        if allowed == EVERYTHING:
            return "" if self._searched else None
        numbers = [version.number for version in self.within(allowed)]
        return f"revision in {numbers}" if numbers else None

    def owner(self, passage: PassageId) -> Version | None:
        """Return the version that ``passage`` belongs to, if it is valid."""
        at = bisect_right(self._numbers, passage) - 1
        found = self._searched[at] if at >= 0 else None
        return found if found and passage in found.ids else None


# --- blobs


def blob_rows(owner: str, revision: int, data: str) -> list[Row]:
    """Return ``data``, of any length, in parts."""
    parts = zip(keys_of(owner, len(data)), range(0, len(data), PART), strict=True)
    return [{"id": key, "revision": revision, "data": data[start : start + PART]} for key, start in parts]


def keys_of(owner: str, length: int) -> list[str]:
    """Return the keys of the parts of ``length`` characters."""
    return slice_keys(owner, 0, length)


def slice_keys(owner: str, start: int, end: int) -> list[str]:
    """Return the keys of the parts in which the characters from ``start`` to ``end`` are."""
    return [f"{owner}/{part}" for part in range(start // PART, -(-end // PART))]


def window_keys(passage: PassageId, windows: int, dimension: int) -> list[str]:
    """Return the keys of the vectors of the ``windows`` of a passage."""
    return keys_of(f"w{passage}", -(-windows * dimension * np.dtype(STORED).itemsize // 3) * 4)


def windows_from(parts: Iterable[str], dimension: int) -> Vectors:
    """Return the vectors of windows, of shape (windows, dimension), from their parts."""
    data = base64.b64decode("".join(parts))
    return np.frombuffer(data, dtype=STORED).reshape(-1, dimension).astype(np.float32)


# --- documents and passages


def facts_of(document: Document) -> str:
    """Return what is known of a document beside its text and :class:`DocumentInfo`."""
    headings = [asdict(heading) for heading in document.headings]
    return json.dumps({"headings": headings, "pages": document.pages})


def document_from(version: Version, text: str, facts: str) -> Document:
    """Return a document under its public name."""
    info, table = version.info, json.loads(facts)
    headings = tuple(Heading(**heading) for heading in table["headings"])
    return Document(
        info.name,
        text,
        info.sha256,
        info.media_type,
        info.title,
        info.date,
        headings,
        tuple(table["pages"]),
        info.empty_pages,
        version.language,
    )


def passage_rows(version: Version, content: Content) -> Iterator[tuple[Row, list[Row]]]:
    """Yield for each passage its row and the rows of its windows."""
    document = content.document
    given = zip(content.passages, content.vectors, content.hashes, strict=True)
    for id, (passage, matrix, digest) in zip(version.ids, given, strict=True):
        stored = np.ascontiguousarray(matrix, dtype=STORED)
        terms = terms_of(document, passage)
        row = {
            "id": id,
            "revision": version.number,
            "start": passage.start,
            "end": passage.end,
            "page": passage.page or 0,
            "windows": len(stored) - 1,
            "section": _fitting(passage.section, "heading"),
            "header": _fitting(passage.header, "header of a table"),
            "text_hash": digest,
            "words": text_of([term for part in terms for term in part]),
            "pairs": text_of([term for part in terms for term in pairs(part)]),
            "vector": stored[0].astype(np.float32).tolist(),
        }
        yield row, blob_rows(f"w{id}", version.number, base64.b64encode(stored[1:].tobytes()).decode())


def passage_from(row: Row, info: DocumentInfo, text: str) -> Passage:
    """Return the passage in ``row``, whose ``text`` was cut from that of its document."""
    return Passage(
        document=info.name,
        start=row["start"],
        end=row["end"],
        text=text,
        title=info.title,
        section=row["section"],
        page=row["page"] or None,
        id=row["id"],
        date=info.date,
        header=row["header"],
    )


def _fitting(text: str, what: str) -> str:
    if len(text.encode()) > LONGEST:
        raise DocumentError(f"has a {what} of more than {LONGEST} bytes, which an index in Milvus cannot hold")
    return text
