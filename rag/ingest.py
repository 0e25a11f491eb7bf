"""Ingest: update the index from files and folders, one document at a time.

A document is read (``rag.reading``), cut and embedded (with others, in batches; the next batch is read meanwhile), and
then put into the index in one transaction. Documents inside a file go in before the file itself, whose hash says that
all of it is there. Whatever was reported as done is there even if the process is killed the next moment; the next
run does the rest. However many files there are, two batches of them are in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from rag import archive, documents, feedback
from rag.config import Config
from rag.documents import Failure, containers
from rag.errors import DocumentError
from rag.formats import ocr
from rag.formats.titles import date_of
from rag.passages import context_text, cut, windows
from rag.ports import Content, DocumentInfo, Embedder, Vectors, WritableIndex
from rag.reading import FileReader
from rag.text.dates import Order, habit
from rag.types import Document, Passage
from rag.weights.hashes import sha256

__all__ = [
    "IngestReport",
    "Progress",
    "belongs_to_index",
    "embedded",
    "ingest",
    "ingest_some",
    "remove",
    "text_hash",
]

BATCH = 64
"""Passages after which what was read so far is embedded and committed."""
OURS = frozenset([feedback.FILE, archive.FOLDER, archive.UNANSWERED, "gaps.json", "questions", "reindex", "states"])
"""What the index keeps in its folder that looks like documents."""


class Progress(Protocol):
    """Called for each step of an ingest, a rebuild, a move or a repair.

    ``read`` counts files, ``embed`` texts, ``pages`` those read, ``done`` committed files, any other step documents.
    """

    def __call__(self, step: str, done: int, total: int, name: str) -> None:
        """Report the ``step``, how much of it is done, the total, and the document's name."""
        ...


@dataclass(slots=True)
class IngestReport:
    """The result for each file, by public name (by name in its source if it never was in the index)."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    pages_without_text: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    recognised: list[tuple[str, tuple[tuple[int, float], ...]]] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    open_dates: list[str] = field(default_factory=list)

    def __iadd__(self, other: IngestReport) -> IngestReport:
        """Add the results of another run."""
        for name in self.__slots__:
            getattr(self, name).extend(getattr(other, name))
        return self

    def summary(self) -> str:
        """Return the counts in one line, then a line for each file that needs attention (except failures)."""
        counts = {name: len(getattr(self, name)) for name in ("added", "changed", "unchanged", "removed")}
        counts["not read"] = len(self.failed)
        lines = [", ".join(f"{count} {name}" for name, count in counts.items())]
        for name, pages in self.pages_without_text:
            lines.append(f"{name}: no text on page {', '.join(map(str, pages))} (a scan, or damaged?)")
        for name, sure in self.recognised:
            lines.append(f"{name}: {ocr.note(sure)}")
        lines += [f"{name}: same content as {other}" for name, other in self.duplicates]
        lines += [f"{name}: day or month may come first in its date; only the year is kept" for name in self.open_dates]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A document on its way into the index, with the texts to embed for each passage: the passage and its windows."""

    source: str
    document: Document
    passages: list[Passage]
    texts: list[list[str]]
    hashes: list[str]


def ingest(
    paths: Sequence[Path],
    index: WritableIndex,
    embedder: Embedder,
    config: Config,
    progress: Progress | None = None,
    rebuild: bool = False,
    reader: FileReader | None = None,
) -> IngestReport:
    """Update ``index`` from each folder or file of ``paths``; other sources stay unchanged.

    Unchanged files (by hash) are skipped, files that are no longer in a folder are deleted from the index, and files
    that can't be read are reported, keeping their earlier version. With ``rebuild``, all stored documents are split and
    embedded again first, and the files of ``paths`` are read again; open the index without an embedder if that has
    changed.

    Raises:
        DocumentError: one of ``paths`` does not exist; nothing was changed.
        IndexBusy: another process is changing the index.
    """
    sources = {str(path.resolve()): path for path in paths}
    for path in sources.values():
        if not path.exists():
            raise DocumentError(f"There is no file or folder '{path}'. Nothing was changed.")
    with index.writing(), reader or FileReader() as reader:
        run = _Run(index, embedder, config, progress or _silent, reader)
        if rebuild:
            run.rebuild()
        for source, path in sources.items():
            run.update(source, path, rebuild)
        run.settle_dates()
    return run.report


def ingest_some(
    source: str,
    folder: Path,
    names: Collection[str],
    index: WritableIndex,
    embedder: Embedder,
    config: Config,
    progress: Progress | None = None,
    reader: FileReader | None = None,
) -> IngestReport:
    """Update only the files ``names`` of ``source``, which lie in ``folder``; those that aren't there are deleted.

    Raises:
        IndexBusy: another process is changing the index.
    """
    with index.writing(), reader or FileReader() as reader:
        run = _Run(index, embedder, config, progress or _silent, reader)
        run.update(source, folder, False, names)
        run.settle_dates()
    return run.report


def belongs_to_index(folder: Path, file: Path) -> bool:
    """Return whether ``file`` is part of the index in ``folder``, which may lie inside the folder that is ingested."""
    folder, place = folder.resolve(), file.resolve()
    if not place.is_relative_to(folder):
        return False
    first, *rest = place.relative_to(folder).parts or ("",)
    return first in OURS or (not rest and file.suffix not in documents.SUFFIXES)


def remove(index: WritableIndex, name: str) -> bool:
    """Remove the document with the public ``name`` and those from inside its file; return whether there was one.

    A file that the index keeps in its own folder, such as an upload, is deleted as well.
    """
    infos = index.documents()
    outer = next((info for info in infos if info.name == name), None)
    if outer is None:
        return False
    with index.writing():
        _delete_kept(index.folder.resolve(), index.file(name))
        for info in infos:
            if info.source == outer.source and info.path.startswith(f"{outer.path}/"):
                index.delete(info.name)
        return index.delete(name)


def _delete_kept(folder: Path, file: Path) -> None:
    """Delete ``file`` if it lies in a folder inside ``folder``, and the folders there that are empty then."""
    top = next((outer for outer in file.parents if outer.parent == folder), None)
    if top is None or not file.is_file():  # A part of a file goes from the index alone.
        return
    file.unlink()
    for outer in file.parents:
        if outer == top or any(outer.iterdir()):
            return
        outer.rmdir()


class _Run:
    """One run of ``ingest``."""

    def __init__(
        self, index: WritableIndex, embedder: Embedder, config: Config, progress: Progress, reader: FileReader
    ) -> None:
        self.index = index
        self.reader = reader
        self.embedder = embedder
        self.progress = progress
        self.report = IngestReport()
        self.passage_tokens = config.passage_tokens
        self._embedded = self._pages = 0
        self._inside: dict[str, set[str]] = {}
        """Of each file that was read: the names of the documents in it."""
        self._leaving: list[str] = []
        self._failed: set[str] = set()
        self._opened: set[str] = set()
        """The names of files inside which there were documents before."""

    def update(self, source: str, path: Path, again: bool, within: Collection[str] | None = None) -> None:
        """Update one source, or only its files ``within``; ``again`` reads unchanged files too."""
        found = documents.find(path, within)
        files = [(name, file) for name, file in found if not belongs_to_index(self.index.folder, file)]
        before = self.index.files(source)
        self._opened = {outer for name in before for outer in containers(name)[1:]}
        self._leaving = self._vanished(source, files, before, within)
        changed = []
        for done, (name, file) in enumerate(files, start=1):
            if not again and name in before and before[name][1] == _sha256(file):
                self.report.unchanged.append(before[name][0])
            else:
                changed.append((name, file))
            self.progress("read", done, len(files), name)
        done = 0
        with closing(_ahead(_batches(self._read(source, changed, before, again)), self.reader.stop)) as batches:
            for batch in batches:
                known = self.index.known_vectors([h for prepared in batch for h in prepared.hashes])
                for prepared, vectors in zip(batch, self._embed(batch, known), strict=True):
                    done += prepared.document.name in self._inside
                    self._commit(prepared, vectors, before)
                    self.progress("done", done, len(changed), prepared.document.name)
        for public in self._leaving:  # Last, so that a file under a new name takes over the vectors of the old one.
            self._remove(public)

    def rebuild(self) -> None:
        """Split and embed the stored documents again, in one transaction: the old passages remain in use until then."""
        infos = self.index.documents()
        with self.index.transaction():
            self.index.adopt(self.embedder, self.passage_tokens)
            done = 0
            with closing(_ahead(_batches(self._stored(infos)), self.reader.stop)) as batches:
                for batch in batches:
                    for prepared, vectors in zip(batch, self._embed(batch, {}), strict=True):
                        done += 1
                        name = self.index.replace(
                            prepared.source, prepared.document, prepared.passages, vectors, prepared.hashes
                        )
                        self.progress("rebuild", done, len(infos), name)

    def settle_dates(self) -> None:
        """Resolve dates such as 03/04/2024, of which only the year is known, the way most documents write theirs."""
        if not (self.report.added or self.report.changed):
            return
        infos = self.index.documents()
        still_open = [info for info in infos if len(info.date) == 4 and _is_open(self.index.text(info.name))]
        order = habit(self.index.text(info.name) for info in infos) if still_open else ""
        if not order:
            self.report.open_dates += [info.name for info in still_open]
            return
        for batch in _batches(self._stored(still_open, order)):
            known = self.index.known_vectors([h for prepared in batch for h in prepared.hashes])
            for prepared, vectors in zip(batch, self._embed(batch, known), strict=True):
                self.index.replace(prepared.source, prepared.document, prepared.passages, vectors, prepared.hashes)

    def _vanished(
        self,
        source: str,
        files: Sequence[tuple[str, Path]],
        before: dict[str, tuple[str, str]],
        within: Collection[str] | None,
    ) -> list[str]:
        """Return the documents that are no longer in the source, unless the folder can't be opened now."""
        closed = tuple("" if str(file.resolve()) == source else f"{name}/" for name, file in files if file.is_dir())
        there, looked = {name for name, _ in files}, None if within is None else set(within)
        return [
            public
            for name, (public, _) in sorted(before.items())
            if there.isdisjoint(containers(name))
            and not name.startswith(closed)
            and (looked is None or not looked.isdisjoint(containers(name)))
        ]

    def _remove_left_out(self, name: str, before: dict[str, tuple[str, str]]) -> None:
        """Remove what was inside the file ``name`` and is not any more; what cannot be read now stays."""
        for inner, (public, _) in sorted(before.items()):
            stays = inner in self._inside[name] or self._failed.intersection(containers(inner))
            if inner.startswith(f"{name}/") and not stays:
                self._remove(public)

    def _remove(self, public: str) -> None:
        self.index.delete(public)
        self.report.removed.append(public)

    def _read(
        self, source: str, files: Iterable[tuple[str, Path]], before: dict[str, tuple[str, str]], again: bool
    ) -> Iterator[_Prepared]:
        """Read the files that can be read; of documents inside them those that did not change are left out."""
        for name, file in files:
            self._inside[name] = set()
            for item in self.reader.read(file, name):
                self._inside[name].add(item.name)
                public, sha256 = before.get(item.name, ("", ""))
                if isinstance(item, Failure):
                    self._fail(source, item)
                elif not again and item.name != name and item.sha256 == sha256:
                    self.report.unchanged.append(public)
                else:
                    yield self._prepare(source, item)

    def _stored(self, infos: Iterable[DocumentInfo], order: Order = "") -> Iterator[_Prepared]:
        """Read the documents from the index, each under its name in its source; ``order`` resolves ambiguous dates."""
        for info in infos:
            document = replace(self.index.document(info.name), name=info.path)
            if order:
                document = replace(document, date=date_of(document.text, order))
            yield self._prepare(info.source, document)

    def _prepare(self, source: str, document: Document) -> _Prepared:
        passages, texts = _cut(document, self.embedder, self.passage_tokens)
        return _Prepared(source, document, passages, texts, [text_hash(text) for text in texts])

    def _embed(self, batch: Sequence[_Prepared], known: dict[str, Vectors]) -> Iterator[list[Vectors]]:
        """Yield the vectors of each document of ``batch``; only texts without ``known`` ones are embedded."""
        texts = {h: t for prepared in batch for h, t in zip(prepared.hashes, prepared.texts, strict=True)}
        new = list(dict.fromkeys(text for h in texts if h not in known for text in texts[h]))
        name = batch[0].document.name
        start = self._embedded

        def tell(done: int, total: int) -> None:
            self.progress("embed", start + done, start + total, name)

        vectors = dict(zip(new, self.embedder.embed_passages(new, tell), strict=True))
        known |= {h: np.stack([vectors[text] for text in texts[h]]) for h in texts if h not in known}
        self._embedded += len(new)
        for prepared in batch:
            yield [known[h] for h in prepared.hashes]

    def _commit(self, prepared: _Prepared, vectors: Sequence[Vectors], before: dict[str, tuple[str, str]]) -> None:
        document, report = prepared.document, self.report
        if document.name in self._inside and document.name in self._opened:
            self._remove_left_out(document.name, before)
        try:
            name = self.index.replace(prepared.source, document, prepared.passages, vectors, prepared.hashes)
        except DocumentError as error:  # The engine cannot hold it.
            self._fail(prepared.source, Failure(document.name, str(error)))
            return
        (report.changed if document.name in before else report.added).append(name)
        self._pages += len(document.pages)
        self.progress("pages", self._pages, self._pages, name)
        if document.empty_pages:
            report.pages_without_text.append((name, document.empty_pages))
        if document.recognised_pages:
            report.recognised.append((name, document.recognised_pages))
        others = [other for other in self.index.names_of(document.sha256) if other not in (name, *self._leaving)]
        if others:
            report.duplicates.append((name, others[0]))

    def _fail(self, source: str, failure: Failure) -> None:
        self._failed.add(failure.name)
        stays = failure.name in self.index.files(source)
        reason = f"{failure.reason} (its earlier version stays in the index)" if stays else failure.reason
        self.report.failed.append((failure.name, reason))


def embedded(document: Document, embedder: Embedder, passage_tokens: int) -> Content:
    """Return ``document``, named by its path within its source, with its passages and their vectors."""
    passages, texts = _cut(document, embedder, passage_tokens)
    vectors = iter(embedder.embed_passages([text for several in texts for text in several]))
    matrices = [np.stack([next(vectors) for _ in several]) for several in texts]
    return Content(document, passages, matrices, [text_hash(several) for several in texts])


def _cut(document: Document, embedder: Embedder, passage_tokens: int) -> tuple[list[Passage], list[list[str]]]:
    """Return the passages of ``document``, and for each the texts to embed: its own and those of its windows."""
    tokenizer, limit = embedder.tokenizer, embedder.limit
    passages = cut(document, tokenizer, min(passage_tokens, limit))
    texts = [[context_text(passage, tokenizer, limit), *windows(passage, tokenizer, limit)] for passage in passages]
    return passages, texts


def _is_open(text: str) -> bool:
    """Return whether the date of a document depends on the order of day and month."""
    return date_of(text, "day") != date_of(text, "month")


def text_hash(texts: Sequence[str]) -> str:
    """Return the hash that identifies the vectors of the embedded ``texts`` of a passage."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _batches(documents: Iterable[_Prepared]) -> Iterator[list[_Prepared]]:
    """Yield the documents in groups of about ``BATCH`` passages."""
    batch, passages = list[_Prepared](), 0
    for prepared in documents:
        batch.append(prepared)
        passages += len(prepared.passages)
        if passages >= BATCH:
            yield batch
            batch, passages = [], 0
    if batch:
        yield batch


def _ahead(batches: Iterator[list[_Prepared]], stop: Callable[[], None]) -> Generator[list[_Prepared]]:
    """Yield ``batches``, preparing the next one in a thread while the current one is in use.

    Errors in the thread are raised here; closing the generator calls ``stop``, so that the thread ends at once.
    """
    with ThreadPoolExecutor(1, "reading") as reading:
        following = reading.submit(next, batches, None)
        try:
            while batch := following.result():
                following = reading.submit(next, batches, None)
                yield batch
        except BaseException:
            stop()
            raise


def _sha256(file: Path) -> str:
    """Return the hash of a file's bytes, or an empty string if it can't be read (reading it again reports why)."""
    try:
        return sha256(file)
    except OSError:
        return ""


def _silent(step: str, done: int, total: int, name: str) -> None:
    """Ignore progress."""
