"""What the index knows of every document: its date, and the words of its title and file name, by which it is named."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from rag import cues
from rag.alignment import heading
from rag.ports import DocumentInfo, Index
from rag.text.words import Word, content_words, dates_in, found
from rag.types import Passage

__all__ = [
    "Catalogue",
    "Titles",
    "called",
    "is_general",
    "is_kind",
    "matches",
    "stems",
    "title_of",
    "words_of",
]

APART = re.compile(r"[\W\d_]+")
SHARED = 0.1
"""Share of the documents whose titles have a word from which it says what kind of documents they are."""
ENDING = 2
"""Letters by which forms of one word differ at their ends, whatever the language."""
SHORTEST = 5
"""Letters from which a word may differ so."""


@functools.lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """Return the forms of the content words of ``text``."""
    return frozenset(word.form for word in content_words(text))


KINDS = frozenset(form for word in cues.KINDS for form in stems(word))
GENERAL = frozenset(form for word in cues.GENERAL for form in stems(word))
"""Stems of what documents are called in many collections, and in all."""


def words_of(passage: Passage) -> frozenset[str]:
    """Return the stems of a passage and of what stands above it."""
    return stems(heading(passage)) | stems(passage.text)


def title_of(info: DocumentInfo) -> str:
    """Return what a reader knows the document by."""
    return info.title or info.name


@functools.lru_cache(maxsize=4096)
def _called(title: str, name: str) -> frozenset[str]:
    path = PurePath(name)
    return stems(title) | stems(APART.sub(" ", path.stem)) | stems(APART.sub(" ", path.parent.name))


def called(info: DocumentInfo) -> frozenset[str]:
    """Return the stems of what a document is called: its title, and the words of its file's and folder's name."""
    return _called(info.title, info.name)


def matches(stem: str, others: Iterable[str]) -> bool:
    """Tell whether ``stem`` is among ``others``, or the beginning of one or the other way round.

    >>> matches("protokol", {"protokoll"}), matches("form", {"format"}), matches("lease", {"lease"})
    (True, False, True)
    """
    return any(stem == other or _akin(stem, other) for other in others)


def is_kind(stem: str) -> bool:
    """Tell whether ``stem`` is of a word for documents in general: a report, a policy."""
    return matches(stem, KINDS)


def is_general(stem: str) -> bool:
    """Tell whether ``stem`` is of a word for any document."""
    return matches(stem, GENERAL)


def _akin(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORTEST and len(long) - len(short) <= ENDING and long.startswith(short)


@dataclass(frozen=True, slots=True)
class Titles:
    """All ``documents`` by date. ``counts`` says how many are called by a stem.

    ``shared`` are the stems of enough of them to say what kind of documents they are, ``common`` those of half.
    """

    documents: list[DocumentInfo]
    counts: Counter[str]
    shared: frozenset[str]
    common: frozenset[str]

    @classmethod
    def of(cls, documents: Iterable[DocumentInfo]) -> Titles:
        """Return the titles of ``documents``."""
        ordered = sorted(documents, key=lambda info: (info.date, info.name))
        counts = Counter(stem for info in ordered for stem in called(info))
        shared = frozenset(stem for stem, count in counts.items() if count >= max(2, SHARED * len(ordered)))
        common = frozenset(stem for stem, count in counts.items() if count >= max(2, len(ordered) / 2))
        return cls(ordered, counts, shared, common)

    def among(self, names: Collection[str] | None) -> Titles:
        """Return the titles of the documents with these public ``names``; all where these are ``None``."""
        return self if names is None else Titles.of(info for info in self.documents if info.name in names)

    def names_kind(self, stem: str) -> bool:
        """Tell whether ``stem`` says what kind of documents there are: here, or in many collections."""
        return stem in self.shared or is_kind(stem)

    def names_in(self, question: str) -> frozenset[str]:
        """Return the stems of the names in ``question`` by which one document alone is called."""
        names = (word.form for word in content_words(f"x {question}") if word.kind == "name")
        return frozenset(name for name in names if self.counts[name] == 1 and not is_kind(name))

    def named_by(self, names: frozenset[str]) -> frozenset[str]:
        """Return the public names of the documents that are called by one of ``names``."""
        return frozenset(info.name for info in self.documents if names & called(info))

    def resolve(self, phrase: str) -> list[DocumentInfo]:
        """Return the documents that ``phrase`` means, by date; none where it means none that is known.

        It may be a name ("the Leeds minutes"), a kind ("recipes"), a time ("2021"), or mean all ("the documents").
        """
        dates = dates_in(content_words(phrase))
        telling = [stem for stem in stems(phrase) if not any(stem == date.form for date in dates)]
        own = [stem for stem in telling if matches(stem, self.counts) and not is_general(stem)]
        found_by = [info for info in self.documents if all(matches(stem, called(info)) for stem in own)]
        of_time = [info for info in found_by if all(_is_of(date, info) for date in dates)]
        unknown = [stem for stem in telling if stem not in own and not is_general(stem)]
        if own or dates:
            return of_time or (found_by if len(found_by) == 1 and not dates else [])
        return [] if unknown else self.documents


def _is_of(date: Word, info: DocumentInfo) -> bool:
    """Tell whether a document has ``date``, or is called by it."""
    return found(date, {info.date} if info.date else ()) or date.form in stems(f"x {info.title} {info.name}")


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
