"""What the index knows of every document: its date and the words of its title, by which a question names it."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from rag.index import DocumentInfo, Index
from rag.types import Passage
from rag.verification import heading
from rag.words import content_words

__all__ = ["DOCUMENT", "EVENTS", "Catalogue", "Titles", "called", "in_order", "stems", "words_of"]

DOCUMENT = frozenset("articl document event file meet minut page paper report".split())
"""Stems of what documents and what they tell of are called, beside the words that half of the titles share."""


BETWEEN_WORDS = re.compile(r"[\W\d_]+")
EVENTS = frozenset("confer congress seminar summit symposium webinar workshop".split())
"""Stems of what the documents of a series may tell of, whatever their titles say."""


@functools.lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """Return the forms of the content words of ``text``."""
    return frozenset(word.form for word in content_words(text))


def words_of(passage: Passage) -> frozenset[str]:
    """Return the stems of a passage and of what stands above it."""
    return stems(heading(passage)) | stems(passage.text)


def in_order(passages: Iterable[Passage]) -> list[Passage]:
    """Return ``passages`` by document, each as its text goes."""
    return sorted(passages, key=lambda passage: (passage.document, passage.start))


def called(info: DocumentInfo) -> frozenset[str]:
    """Return the stems of what a document is called: its title, and the words of its file's name."""
    return stems(info.title) | stems(BETWEEN_WORDS.sub(" ", PurePath(info.name).stem))


@dataclass(frozen=True, slots=True)
class Titles:
    """All ``documents`` by date. ``counts`` says how many are called by a stem; ``common`` are the stems of half."""

    documents: list[DocumentInfo]
    counts: Counter[str]
    common: frozenset[str]

    @classmethod
    def of(cls, documents: Iterable[DocumentInfo]) -> Titles:
        """Return the titles of ``documents``."""
        ordered = sorted(documents, key=lambda info: (info.date, info.name))
        counts = Counter(stem for info in ordered for stem in called(info))
        least = max(2, len(ordered) / 2)
        return cls(ordered, counts, frozenset(stem for stem, count in counts.items() if count >= least))

    def called(
        self, nouns: Collection[str], among: Collection[str] | None, series: frozenset[str] = frozenset()
    ) -> list[DocumentInfo]:
        """Return the documents that ``nouns`` can mean: those of a ``series``, or those with what half of them have."""
        documents = [info for info in self.documents if among is None or info.name in among]
        if series and len(found := [info for info in documents if series <= called(info)]) > 1:
            return found
        own = self.common & frozenset(nouns)
        return [info for info in documents if not own or own & called(info)]

    def series(self, question: str) -> frozenset[str]:
        """Return the stems of names in ``question`` that several titles share, but not half of them."""
        names = (word.form for word in content_words(question) if word.kind == "name" or question.islower())
        return frozenset(name for name in names if self.counts[name] > 1) - self.common - DOCUMENT - EVENTS

    def named(self, words: Iterable[str]) -> frozenset[str]:
        """Return those of ``words`` that tell some documents from the others by their titles."""
        return frozenset(word for word in words if self.counts[word]) - self.common

    def names_in(self, question: str) -> frozenset[str]:
        """Return the stems of the names in ``question`` by which one document alone is called."""
        names = (word.form for word in content_words(question) if word.kind == "name")
        return frozenset(name for name in names if self.counts[name] == 1)

    def named_by(self, names: frozenset[str]) -> frozenset[str]:
        """Return the public names of the documents that are called by one of ``names``."""
        return frozenset(info.name for info in self.documents if names & called(info))


class Catalogue:
    """The titles of ``index``, looked through once for each state of it."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: tuple[int, Titles] | None = None

    def titles(self) -> Titles:
        """Return the titles as they are now."""
        generation = self._index.generation
        if self._known is None or self._known[0] != generation:
            self._known = generation, Titles.of(self._index.documents())
        return self._known[1]
