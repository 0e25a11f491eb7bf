"""The catalogue: date and title of every document, and the words that questions use to name documents."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rag.planning import cues
from rag.ports import DocumentInfo, Index
from rag.text.words import Word, content_words, dates_in, found
from rag.types import Passage
from rag.verification.alignment import heading

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
"""Share of documents whose titles must contain a word for it to be a kind of document."""
ENDING = 2
"""Letters at the end in which forms of one word may differ, in any language."""
LISTING = frozenset("and or und oder et ou y o".split())
"""Words between dates that have no time between them: "2021 and 2023"."""
SHORTEST = 5
"""Shortest word that may differ this way."""


@functools.lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """Return the forms of the content words of ``text``."""
    return frozenset(word.form for word in content_words(text))


KINDS = frozenset(form for word in cues.KINDS for form in stems(word))
GENERAL = frozenset(form for word in cues.GENERAL for form in stems(word))
"""Stems of common words for documents, and of words for any document."""


def words_of(passage: Passage) -> frozenset[str]:
    """Return the stems of a passage and its headings."""
    return stems(heading(passage)) | stems(passage.text)


def title_of(info: DocumentInfo) -> str:
    """Return the name of the document for readers."""
    return info.title or info.name


@functools.lru_cache(maxsize=4096)
def _called(title: str, name: str) -> frozenset[str]:
    path = PurePath(name)
    return stems(title) | stems(APART.sub(" ", path.stem)) | stems(APART.sub(" ", path.parent.name))


def called(info: DocumentInfo) -> frozenset[str]:
    """Return the stems of a document's names: its title, and the words of its file and folder names."""
    return _called(info.title, info.name)


def matches(stem: str, others: Iterable[str]) -> bool:
    """Return whether ``stem`` is among ``others``, or is a prefix of one or the reverse.

    >>> matches("protokol", {"protokoll"}), matches("form", {"format"}), matches("lease", {"lease"})
    (True, False, True)
    """
    return any(stem == other or _akin(stem, other) for other in others)


def is_kind(stem: str) -> bool:
    """Return whether ``stem`` is a general word for documents: a report, a policy."""
    return matches(stem, KINDS)


def is_general(stem: str) -> bool:
    """Return whether ``stem`` is a word for any document."""
    return matches(stem, GENERAL)


def _akin(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORTEST and len(long) - len(short) <= ENDING and long.startswith(short)


@dataclass(frozen=True, slots=True)
class Titles:
    """All ``documents`` by date. ``counts`` holds how many have a stem in their names.

    ``shared`` stems are in enough names to be a kind of document, ``common`` ones in half of them.
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
        """Return the titles of the documents with these public ``names``, or all if ``None``."""
        return self if names is None else Titles.of(info for info in self.documents if info.name in names)

    def names_kind(self, stem: str) -> bool:
        """Return whether ``stem`` is a kind of document: in this collection, or in general."""
        return stem in self.shared or is_kind(stem)

    def names_in(self, question: str) -> frozenset[str]:
        """Return the stems in ``question`` that belong to the name of exactly one document."""
        names = (word.form for word in content_words(f"x {question}") if word.kind == "name")
        return frozenset(name for name in names if self.counts[name] == 1 and not is_kind(name))

    def named_by(self, names: frozenset[str]) -> frozenset[str]:
        """Return the public names of the documents with one of ``names`` in their names."""
        return frozenset(info.name for info in self.documents if names & called(info))

    def resolve(self, phrase: str) -> list[DocumentInfo]:
        """Return the documents that ``phrase`` refers to, by date; empty if there are none.

        It can be a name ("the Leeds minutes"), a kind ("recipes"), a time ("2021", "2021 and 2023", "from 2021 to
        2023"), or all ("the documents").
        """
        dates = dates_in(content_words(phrase))
        telling = [stem for stem in stems(phrase) if not any(stem == date.form for date in dates)]
        own = [stem for stem in telling if matches(stem, self.counts) and not is_general(stem)]
        found_by = [info for info in self.documents if all(matches(stem, called(info)) for stem in own)]
        of_time = [info for info in found_by if _is_of_one(dates, info, bool(LISTING & set(phrase.lower().split())))]
        unknown = [stem for stem in telling if stem not in own and not is_general(stem)]
        if own or dates:
            return of_time or (found_by if len(found_by) == 1 and not dates else [])
        return [] if unknown else self.documents


def _is_of_one(dates: Sequence[Word], info: DocumentInfo, listed: bool) -> bool:
    """Return whether a document is of one of ``dates``, or, unless they are ``listed``, of a time between them."""
    forms = [date.form for date in dates]
    between = not listed and bool(dates and info.date) and min(forms) <= info.date <= max(forms)
    return not dates or between or any(_is_of(date, info) for date in dates)


def _is_of(date: Word, info: DocumentInfo) -> bool:
    """Return whether a document has ``date``, or has it in its name."""
    return found(date, {info.date} if info.date else ()) or date.form in stems(f"x {info.title} {info.name}")


class Catalogue:
    """The titles of ``index``, read once for each of its versions."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: tuple[int, Titles] | None = None

    def titles(self) -> Titles:
        """Return the current titles."""
        generation = self._index.generation
        if self._known is None or self._known[0] != generation:
            self._known = generation, Titles.of(self._index.documents())
        return self._known[1]
