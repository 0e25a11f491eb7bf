"""Lexical search: BM25 of the words of a question, each scored once until the index changes.

FTS5 computes a passage's score as a sum over words, and needs a microsecond or two for each passage with one of them:
some ten thousand passages hold a word of a usual question when there are a hundred thousand. What a word adds to the
score of a passage is the same in every question, so it is kept, and common words are not scored again and again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.indexes.shared import PAIRS
from rag.indexes.sqlite.database import Storage
from rag.text.terms import ANY, lookup

__all__ = ["LexicalSearch"]

KEPT = 1 << 26
"""Bytes of scores that are kept, those of the words that were asked for last."""

POSTING = np.dtype([("id", np.int64), ("score", np.float64)])

Postings = NDArray[np.void]


@dataclass(slots=True)
class _Kept:
    """The passages with a word and what it adds to their scores, by word, in one ``state`` of the index.

    ``languages`` are those of its documents.
    """

    state: str
    languages: frozenset[str]
    words: OrderedDict[str, Postings]
    size: int = 0


class LexicalSearch:
    """Searches the full-text index behind ``storage``. Any number of threads may."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._kept = _Kept("", frozenset(), OrderedDict())

    def search(self, question: str, k: int, allowed: NDArray[np.int64] | None = None) -> list[tuple[int, float]]:
        """Return the ``k`` passages, of those ``allowed`` where given, with the highest BM25 (Robertson and
        Zaragoza, 2009; positive here).

        Any word of the question may match, in any of its forms; words that only say how it is asked are left out. To
        the score of the words is added, in the share ``PAIRS``, that of the pairs of words that stand side by side
        in the question (Metzler and Croft, "A Markov Random Field Model for Term Dependencies", 2005).
        """
        words, pairs = self._found(question)
        if allowed is not None:
            words, pairs = ([p[np.isin(p["id"], allowed)] for p in several] for several in (words, pairs))
        return _best(words, pairs, k)

    def coverage(self, question: str, passage: int) -> float:
        """Return the share of the words of ``question`` that the passage with this id holds, 0 to 1.

        Each counts as much as it adds to a score at most, and one that no passage holds as much as the rarest.
        """
        found, _ = self._found(question)
        weights = [float(postings["score"].max(initial=0.0)) for postings in found]
        rarest = max(weights, default=0.0)
        total = sum(weight or rarest for weight in weights)
        held = (weight for weight, postings in zip(weights, found, strict=True) if passage in postings["id"])
        return sum(held) / total if total else 0.0

    def term_frequency(self, term: str) -> int:
        """Return the number of passages with ``term`` in any of its forms; of several words, all must be there."""
        with self._storage.reading() as connection:
            words = lookup(term, self._current(connection).languages).words
            query = " AND ".join(f"({_any_of(alternatives)})" for alternatives in words)
            if not query:
                return 0
            row = connection.execute("SELECT count(*) FROM terms WHERE terms MATCH ?", (query,)).fetchone()
        return int(row[0])

    def _found(self, question: str) -> tuple[list[Postings], list[Postings]]:
        """Return for each word and each pair of ``question`` the passages with it, all of one state of the index."""
        with self._storage.reading() as connection:
            kept = self._current(connection)
            wanted = lookup(question, kept.languages, lambda term, start: _is_term(connection, term, start))
            words, pairs = (
                [self._postings(connection, kept, _any_of(alternatives)) for alternatives in several]
                for several in (wanted.words, wanted.pairs)
            )
            return words, pairs

    def _current(self, connection: sqlite3.Connection) -> _Kept:
        """Return what is kept of the state that ``connection`` sees."""
        (state,) = connection.execute("SELECT value FROM meta WHERE key = 'state'").fetchone()
        with self._lock:
            if self._kept.state != state:
                found = connection.execute("SELECT DISTINCT language FROM documents").fetchall()
                self._kept = _Kept(state, frozenset(row["language"] for row in found), OrderedDict())
            return self._kept

    def _postings(self, connection: sqlite3.Connection, kept: _Kept, phrase: str) -> Postings:
        """Return the passages that the query ``phrase`` finds and their BM25 for it alone, kept or computed."""
        with self._lock:
            if phrase in kept.words:
                kept.words.move_to_end(phrase)
                return kept.words[phrase]
        cursor = connection.cursor()
        cursor.row_factory = None
        cursor.execute("SELECT rowid, -bm25(terms) FROM terms WHERE terms MATCH ?", (phrase,))
        found = np.fromiter(cursor, dtype=POSTING)
        with self._lock:
            if phrase not in kept.words:
                kept.words[phrase] = found
                kept.size += found.nbytes
            while kept.size > KEPT:
                kept.size -= kept.words.popitem(last=False)[1].nbytes
        return found


def _best(words: Sequence[Postings], pairs: Sequence[Postings], k: int) -> list[tuple[int, float]]:
    """Return the ``k`` passages with the highest sums, sorted by (-score, id)."""
    every = np.concatenate([np.zeros(0, dtype=POSTING), *words, *pairs])
    if not len(every):
        return []
    ids, places = np.unique(every["id"], return_inverse=True)
    border = sum(map(len, words))
    words_alone = np.bincount(places[:border], every["score"][:border], len(ids))
    scores = words_alone + PAIRS * np.bincount(places[border:], every["score"][border:], len(ids))
    if len(ids) > k:
        high = scores >= np.partition(scores, -k)[-k]
        ids, scores = ids[high], scores[high]
    order = np.lexsort((ids, -scores))[:k]
    return list(zip(ids[order].tolist(), scores[order].tolist(), strict=True))


def _is_term(connection: sqlite3.Connection, term: str, start: bool) -> bool:
    """Return whether some passage has the ``term``, or one that starts with it."""
    query = _any_of([term + ANY if start else term])
    return connection.execute("SELECT 1 FROM terms WHERE terms MATCH ? LIMIT 1", (query,)).fetchone() is not None


def _any_of(alternatives: Sequence[str]) -> str:
    """Return the query for one of some terms, or of some terms in a row; a term never has any syntax."""
    return " OR ".join(f'"{phrase.removesuffix(ANY)}"{ANY * phrase.endswith(ANY)}' for phrase in alternatives)
