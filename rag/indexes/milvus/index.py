"""The index in Milvus: the port ``Index`` over the collections of a :class:`~rag.indexes.milvus.store.Store`.

Dense vectors are searched by inner product, words by Milvus' BM25 function; filters are part of the search. What is
reported as written is found by the next search, on whatever machine. One machine at a time writes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import IndexBusy, IndexFault, IndexMismatch
from rag.indexes.milvus import rows
from rag.indexes.milvus.rows import PASSAGE_FIELDS, Snapshot, Version
from rag.indexes.milvus.snapshots import Snapshots
from rag.indexes.milvus.store import MOST, PART, Row, Store
from rag.indexes.milvus.words import JOINED, text_of
from rag.indexes.milvus.writing import Writer
from rag.indexes.shared import (
    PAIRS,
    check_embedder,
    check_passages,
    missing,
    now,
    origin,
    public_name,
    unknown,
    weighed,
)
from rag.ports import (
    EVERYTHING,
    Content,
    Deletion,
    Described,
    DocumentInfo,
    Filter,
    Listener,
    PassageId,
    Removal,
    Scored,
    Vectors,
)
from rag.text.terms import lookup
from rag.types import Document, Passage

__all__ = ["MilvusIndex"]

SCHEMA = 1
SPARE = 16
"""Results that are fetched besides: some may belong to a change that is not finished, and ties are put in order."""


class MilvusIndex:
    """One index in Milvus, made by ``open`` or ``create``; a context manager.

    ``folder`` is on this machine and holds the lock, and what belongs to the index: answers, feedback, uploads.
    """

    def __init__(self, folder: Path, store: Store, embedder: Described | None, listeners: Sequence[Listener]) -> None:
        self.folder = folder
        self._store = store
        self._embedder = embedder
        self._listeners = listeners
        self._snapshots = Snapshots(store)
        self._now = self._snapshots.now
        self._writer = Writer(store, folder, self._snapshots)
        self._depth = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        url: str,
        token: str = "",
        embedder: Described | None = None,
        listeners: Sequence[Listener] = (),
    ) -> MilvusIndex:
        """Open what exists; without an ``embedder`` for listing, reading and deleting, but not for searching.

        Raises:
            IndexMissing: there is none.
            IndexMismatch: another embedder or another version made it.
        """
        if "://" not in url and not Path(url).exists():
            raise missing(url)  # Opening it would make the file.
        index = cls(folder, Store(url, token), embedder, listeners)
        try:
            meta = index._checked(index._meta())
        except IndexFault:
            index.close()
            raise
        if meta["purge"]:
            with suppress(IndexBusy), index._writer.locked(wait=0):
                index._settle()
        return index

    @classmethod
    def create(
        cls,
        folder: Path,
        url: str,
        token: str,
        embedder: Described,
        passage_tokens: int,
        listeners: Sequence[Listener] = (),
    ) -> MilvusIndex:
        """Open the index at ``url``, made where there is none, whose passages hold up to ``passage_tokens`` tokens.

        Raises:
            IndexMismatch: there is one, made by another embedder or version, or with other passages.
        """
        with Store(url, token) as store:
            Writer(store, folder, Snapshots(store)).begin(SCHEMA, _made(embedder, passage_tokens))
        index = cls.open(folder, url, token, embedder, listeners)
        try:
            check_passages(url, index._meta()["passage_tokens"], passage_tokens)
        except IndexMismatch:
            index.close()
            raise
        return index

    def close(self) -> None:
        """Close the connection."""
        self._store.close()

    def __enter__(self) -> MilvusIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Return the number of passages."""
        return sum(info.passages for info in self.documents())

    def __bool__(self) -> bool:
        """An index without passages is an index all the same."""
        return True

    @property
    def generation(self) -> int:
        """Counts the changes that were committed."""
        return int(self._meta()["generation"])

    @property
    def calibration(self) -> dict[str, Any] | None:
        """What :meth:`calibrate` noted last, or None."""
        found: dict[str, Any] | None = self._meta().get("calibration")
        return found

    # Changing.

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out over several changes, and tidy up once, at the end.

        Raises:
            IndexBusy: another process on this machine is changing the index.
        """
        with self._writer.locked():
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            if self._depth == 0:
                self._settle()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside are kept, or none; reads see them only afterwards."""
        with self.writing(), self._writer.change():
            yield

    def replace(
        self,
        source: str,
        document: Document,
        passages: Sequence[Passage],
        vectors: Sequence[Vectors],
        hashes: Sequence[str],
    ) -> str:
        """Put ``document`` in place of the one that ``source`` had under its name, and return its public name."""
        with self.writing(), self._writer.change() as draft:
            old = draft.find(source, document.name)
            name = old.info.name if old else public_name(source, document.name, draft.versions.__contains__)
            self._writer.put(draft, source, name, Content(document, passages, vectors, hashes), now())
        return name

    def content(self, name: str) -> Content:
        """Return what ``replace`` was given for the document with the public ``name``.

        Raises:
            DocumentError: there is none.
        """
        snapshot = self._now()
        version = _version(snapshot, name)
        document = self.document(name)
        ids = version.ids if version.made == snapshot.meta["made"] else ()
        found = self._rows(snapshot, ids, (*PASSAGE_FIELDS, "text_hash", "vector", "windows"))
        vectors = self._vectors(snapshot, found)
        stored = [rows.passage_from(row, version.info, document.text[row["start"] : row["end"]]) for row in found]
        path = version.info.path
        return Content(
            replace(document, name=path),
            [replace(passage, document=path, id=0) for passage in stored],
            [vectors[row["id"]] for row in found],
            [row["text_hash"] for row in found],
        )

    def restore(self, info: DocumentInfo, content: Content) -> None:
        """Put a document as another index has it, under the same public name and with the same times.

        Raises:
            DocumentError: the name belongs to a document of another source or path.
        """
        with self.writing(), self._writer.change() as draft:
            self._writer.put(draft, info.source, info.name, content, info.ingested_at)

    def delete(self, name: str) -> bool:
        """Delete the document with the public ``name``; return whether there was one."""
        with self.writing(), self._writer.change() as draft:
            version = draft.versions.get(name)
            if version is None:
                return False
            draft.end(version)
            for listener in self._listeners:
                listener(Deletion(name))
        return True

    def adopt(self, embedder: Described, passage_tokens: int) -> None:
        """Drop all passages and vectors, and note that ``embedder`` makes the next ones; the documents stay."""
        with self.writing(), self._writer.change() as draft:
            self._writer.remake(draft, _made(embedder, passage_tokens))
            self._embedder = embedder

    def calibrate(self, fitted: Mapping[str, Any]) -> None:
        """Note what decides here whether to answer."""
        with self.writing(), self._writer.change() as draft:
            draft.meta["calibration"] = dict(fitted)

    def organise(self) -> None:
        """Let Milvus close what it still collects in memory, and build its indexes over it."""
        self._store.flush(_passages(self._now()))

    def _settle(self) -> None:
        """Tell those who listen what was removed, and delete it."""
        snapshot = self._now()
        if snapshot.meta["purge"]:
            for listener in self._listeners:
                listener(Removal(frozenset(snapshot.versions), self.existing))
            self._writer.purge()

    # Reading.

    def stats(self) -> dict[str, Any]:
        """Return counts, and how and where the index was made."""
        snapshot = self._now()
        infos, meta = snapshot.infos(), snapshot.meta
        return {
            "sources": len({info.source for info in infos}),
            "documents": len(infos),
            "passages": sum(info.passages for info in infos),
            "characters": sum(info.characters for info in infos),
            "server": self._store.url,
            **{key: meta[key] for key in ("generation", "embedder", "fingerprint", "dimension", "passage_tokens")},
            "schema": meta["schema"],
            "created": meta["created"],
        }

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of each document, sorted by public name."""
        return self._now().infos()

    def document(self, name: str) -> Document:
        """Return the document with the public ``name``, under that name.

        Raises:
            DocumentError: there is none.
        """
        version = _version(self._now(), name)
        text = rows.keys_of(f"t{version.number}", version.info.characters)
        facts = rows.keys_of(f"f{version.number}", version.facts)
        found = self._blobs([*text, *facts])
        joined = ["".join(found[key] for key in keys) for keys in (text, facts)]
        return rows.document_from(version, *joined)

    def text(self, name: str, start: int = 0, end: int | None = None) -> str:
        """Return the text of a document from ``start`` to ``end``, in characters.

        Raises:
            DocumentError: there is no such document.
        """
        version = _version(self._now(), name)
        first, last, _ = slice(start, end).indices(version.info.characters)
        return self._texts([(version.number, first, last)])[0]

    def file(self, name: str) -> Path:
        """Return the path of the file that a document was read from; the file may have changed or be gone.

        Raises:
            DocumentError: there is no such document.
        """
        info = _version(self._now(), name).info
        return origin(info.source, info.path)

    def passage_ids(self, within: Filter = EVERYTHING) -> list[PassageId]:
        """Return all passages, document by document, each document's in the order of its text."""
        return [id for version in self._now().within(within) for id in version.ids]

    def passages(self, ids: Sequence[PassageId]) -> list[Passage]:
        """Return the passages ``ids`` in that order, without those that no longer exist."""
        snapshot = self._now()
        found = self._rows(snapshot, ids, PASSAGE_FIELDS)
        texts = self._texts([(row["revision"], row["start"], row["end"]) for row in found])
        owners = [snapshot.owner(row["id"]) for row in found]
        return [
            rows.passage_from(row, owner.info, text)
            for row, owner, text in zip(found, owners, texts, strict=True)
            if owner
        ]

    def neighbours(self, passage: Passage) -> tuple[Passage | None, Passage | None]:
        """Return the passages before and after ``passage`` in its document, where there are any."""
        owner = self._now().owner(passage.id)
        if owner is None:
            return None, None
        found = {p.id: p for p in self.passages([id for id in (passage.id - 1, passage.id + 1) if id in owner.ids])}
        return found.get(passage.id - 1), found.get(passage.id + 1)

    def existing(self, ids: Collection[PassageId]) -> set[PassageId]:
        """Return those of ``ids`` that are in the index."""
        snapshot = self._now()
        return {id for id in ids if snapshot.owner(id)}

    def files(self, source: str) -> dict[str, tuple[str, str]]:
        """Return, for each path within ``source``, the public name and the SHA-256 of the document."""
        return {info.path: (info.name, info.sha256) for info in self.documents() if info.source == source}

    def names_of(self, sha256: str) -> list[str]:
        """Return the public names of the documents with this content, the oldest first."""
        found = [version for version in self._now().versions.values() if version.info.sha256 == sha256]
        return [version.info.name for version in sorted(found, key=lambda version: version.first)]

    def known_vectors(self, hashes: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors that ``replace`` was given with those of ``hashes`` that the index already holds."""
        snapshot, wanted = self._now(), sorted(set(hashes))
        found: list[Row] = []
        for first in range(0, len(wanted), 100):
            listed = json.dumps(wanted[first : first + 100])
            fields = ("text_hash", "vector", "windows")
            found += self._store.select(_passages(snapshot), f"text_hash in {listed}", fields)
        vectors = self._vectors(snapshot, found)
        return {row["text_hash"]: vectors[row["id"]] for row in found}

    # Searching.

    def search_dense(self, vector: Vectors, k: int, within: Filter = EVERYTHING) -> Scored:
        """Return the ``k`` passages nearest to the unit ``vector`` with their cosine similarity."""
        return self._search("vector", vector.tolist(), k, within)

    def scores_dense(self, vector: Vectors, ids: Sequence[PassageId]) -> list[float]:
        """Return for each of ``ids`` the cosine of the unit ``vector`` with the passage and its best window, weighed;
        0 for a passage that no longer exists."""
        snapshot = self._searchable()
        found = self._vectors(snapshot, self._rows(snapshot, ids, ("vector", "windows")))
        precise = vector.astype(np.float64)
        scores = dict[PassageId, float]()
        for id, matrix in found.items():
            whole, *windows = np.einsum("ij,j->i", matrix.astype(np.float64), precise).tolist()
            scores[id] = weighed(whole, max(windows, default=None))
        return [scores.get(id, 0.0) for id in ids]

    def search_lexical(self, question: str, k: int, within: Filter = EVERYTHING) -> Scored:
        """Return the ``k`` passages with the highest BM25 for the words of ``question``, pairs of words added."""
        wanted = lookup(question, self._now().languages)
        scores = dict[PassageId, float]()
        for field, several, weight in (("words", wanted.words, 1.0), ("pairs", wanted.pairs, PAIRS)):
            terms = [term.replace(" ", JOINED) for alternatives in several for term in alternatives]
            for id, score in self._search(f"{field}_bm25", text_of(terms), 2 * k, within) if terms else ():
                scores[id] = scores.get(id, 0.0) + weight * score
        return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k]

    def coverage(self, question: str, passage: PassageId) -> float:
        """Return the share of the words of ``question`` that the passage holds, rare words counting more; 0 to 1."""
        snapshot = self._searchable()
        words = lookup(question, snapshot.languages).words
        held = self._rows(snapshot, [passage], ("words",))
        if not words or not held:
            return 0.0
        best = self._store.search(_passages(snapshot), "words_bm25", [" ".join(word) for word in words], 1, "")
        weights = [hits[0][1] if hits else 0.0 for hits in best]
        rarest, terms = max(weights), set(held[0]["words"].split())
        total = sum(weight or rarest for weight in weights)
        found = sum(weight for weight, word in zip(weights, words, strict=True) if not terms.isdisjoint(word))
        return found / total if total else 0.0

    def term_frequency(self, term: str) -> int:
        """Return the number of passages with ``term`` in any of its forms; of several words, all must be there."""
        snapshot = self._now()
        words = lookup(term, snapshot.languages).words
        condition = " and ".join(f"TEXT_MATCH(words, '{' '.join(alternatives)}')" for alternatives in words)
        return self._store.count(_passages(snapshot), condition) if words else 0

    def _search(self, field: str, wanted: Any, k: int, within: Filter) -> Scored:
        """Return up to ``k`` valid passages for one query, sorted by (-score, id)."""
        snapshot = self._searchable()
        condition, taken = snapshot.condition(within), k + SPARE
        while condition is not None and k > 0:
            (found,) = self._store.search(_passages(snapshot), field, [wanted], taken, condition)
            valid = [(id, score) for id, score in found if snapshot.owner(id)]
            if len(valid) >= k or len(found) < min(taken, MOST):
                return sorted(valid, key=lambda pair: (-pair[1], pair[0]))[:k]
            if taken >= MOST:
                return sorted(valid, key=lambda pair: (-pair[1], pair[0]))
            taken *= 2
        return []

    # What is stored.

    def _rows(self, snapshot: Snapshot, ids: Sequence[PassageId], fields: Sequence[str]) -> list[Row]:
        """Return the rows of those of ``ids`` that are valid, in that order."""
        valid = [id for id in ids if snapshot.owner(id)]
        found = self._store.get(_passages(snapshot), valid, fields)
        return [found[id] for id in valid if id in found]

    def _vectors(self, snapshot: Snapshot, found: Sequence[Row]) -> dict[PassageId, Vectors]:
        """Return the vectors of passages and their windows, of shape (1 + windows, dimension), by passage."""
        dimension = snapshot.meta["dimension"]
        keys = {row["id"]: rows.window_keys(row["id"], row["windows"], dimension) for row in found}
        parts = self._blobs([key for several in keys.values() for key in several])
        whole = {row["id"]: np.array([row["vector"]], dtype=np.float32) for row in found}
        windows = {id: rows.windows_from([parts[key] for key in several], dimension) for id, several in keys.items()}
        return {id: np.concatenate([vector, windows[id]]) for id, vector in whole.items()}

    def _texts(self, spans: Sequence[tuple[int, int, int]]) -> list[str]:
        """Return the stretches (version, start, end) of the texts of documents."""
        keys = [rows.slice_keys(f"t{number}", start, end) for number, start, end in spans]
        parts = self._blobs([key for several in keys for key in several])
        joined = ["".join(parts[key] for key in several) for several in keys]
        firsts = [start - start % PART for _, start, _ in spans]
        return [
            text[start - first : max(start, end) - first]
            for text, first, (_, start, end) in zip(joined, firsts, spans, strict=True)
        ]

    def _blobs(self, keys: Sequence[str]) -> dict[str, str]:
        return {key: row["data"] for key, row in self._store.get("blobs", keys, ("data",)).items()}

    # How the index was made, and what is valid.

    def _meta(self) -> dict[str, Any]:
        return self._snapshots.notes() if self._store.exists("meta") else {}

    def _searchable(self) -> Snapshot:
        """Return what is valid now, if the embedder can be used with it."""
        if self._embedder is None:
            raise ValueError("an index opened without an embedder cannot be searched")
        snapshot = self._now()
        self._checked(snapshot.meta)
        return snapshot

    def _checked(self, meta: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return ``meta``, or raise where this version and embedder cannot use what it describes."""
        if not meta:
            raise missing(self._store.url)
        if meta["schema"] != SCHEMA:
            raise IndexMismatch(
                f"The index in {self._store.url} was made by another version of Footnote (schema {meta['schema']}, not "
                f"{SCHEMA}). Choose another database in index_url and run 'footnote ingest PATH' again."
            )
        check_embedder(self._store.url, meta, self._embedder)
        return meta


def _passages(snapshot: Snapshot) -> str:
    return f"passages_{snapshot.meta['made']}"


def _version(snapshot: Snapshot, name: str) -> Version:
    if name not in snapshot.versions:
        raise unknown(name)
    return snapshot.versions[name]


def _made(embedder: Described, passage_tokens: int) -> dict[str, Any]:
    """Return what the index notes about how its passages are made."""
    return {
        "embedder": embedder.name,
        "fingerprint": embedder.fingerprint,
        "dimension": embedder.dimension,
        "passage_tokens": passage_tokens,
    }
