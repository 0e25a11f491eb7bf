"""The documents of a known-answer set in an index of their own, made once and found again while nothing changed."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import rag
from eval.journal import RunError
from eval.sets import KnownAnswerSet
from rag import documents
from rag.config import Config
from rag.indexes.opening import create_index
from rag.ingest import Progress, ingest
from rag.ports import Embedder, Index, Vectors, WritableIndex
from rag.types import Passage

__all__ = ["OneQuery", "Texts", "code_hash", "content_hash", "every_passage", "opened_index"]


@contextlib.contextmanager
def opened_index(
    known: KnownAnswerSet, config: Config, embedder: Embedder, folder: Path, progress: Progress | None = None
) -> Iterator[WritableIndex]:
    """Open the index of the set's documents in ``folder``, brought up to date.

    Its name tells the documents, the embedder, the passage settings and the program that made it apart, so that no
    figure is taken on passages that today's program would not cut. Raises ``RunError`` where a document cannot be read.
    """
    made_by = [str(known.documents), content_hash(known.documents), embedder.fingerprint, str(config.passage_tokens)]
    place = folder / f"{known.name}-{_digest([*made_by, code_hash()])[:12]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    config = replace(config, index=place, index_url="")
    with create_index(config, embedder) as index:
        report = ingest([known.documents], index, embedder, config, progress)
        if report.failed:
            name, reason = report.failed[0]
            raise RunError(f"{known.documents / name} of the set {known.name} cannot be read: {reason}")
        yield index


def every_passage(index: Index) -> list[Passage]:
    """Return all passages of ``index``, document by document."""
    return index.passages(index.passage_ids())


class Texts(Mapping[str, str]):
    """The stored text of each document of an index by its name, read when it is asked for."""

    def __init__(self, index: Index) -> None:
        self._names = {info.name: None for info in index.documents()}
        self._text = cache(index.text)

    def __getitem__(self, name: str) -> str:
        if name not in self._names:
            raise KeyError(name)
        return self._text(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class OneQuery:
    """An embedder that remembers the last question, which is searched for in several ways."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._last: tuple[str, Vectors] | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def embed_query(self, text: str) -> Vectors:
        """Return the unit vector of a question, of shape (dimension,)."""
        if self._last is None or self._last[0] != text:
            self._last = text, self._inner.embed_query(text)
        return self._last[1]


def content_hash(folder: Path) -> str:
    """Return the SHA-256 over the names and contents of the documents in ``folder``."""
    files = [(name, file) for name, file in documents.find(folder) if file.is_file()]
    return _digest([part for name, file in files for part in (name, hashlib.sha256(file.read_bytes()).hexdigest())])


@cache
def code_hash() -> str:
    """Return the SHA-256 over the program that answers: every file of ``rag``."""
    folder = Path(rag.__file__).parent
    files = sorted(file for kind in ("*.py", "*.json", "*.toml") for file in folder.rglob(kind))
    return _digest([part for file in files for part in (str(file.relative_to(folder)), file.read_text("utf-8"))])


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
