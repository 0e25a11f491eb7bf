"""Versions of one document: the same passage in several of them, of which the newest counts.

Documents are versions of one where their titles are equal but for a year, date or number. Only passages that say nearly
the same are weighed against each other: the minutes of two meetings share a title, not a text. For the same reason
documents are only called older versions where they share much of their text with a newer one.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

from rag.ports import DocumentInfo
from rag.text.words import content_words, dates_in
from rag.types import Passage

__all__ = ["families", "newest_first", "newest_of", "series", "stamp"]

ALIKE = 0.8
"""Share of their words that two passages have in common if they are versions of one, figures left out."""
SHARED = 0.5
"""Share of the runs of words of a document that a newer one must have for it to be an older version of that."""
RUN = 4
"""Words of a run: as many as two documents of one kind seldom share by chance."""
READ = 100_000
"""Characters of a document that are compared."""
NEARBY = 8
"""Next newer documents that each one of a family is compared with, which bounds the work for a large one."""
Stamp = tuple[bool, str, tuple[int, ...], bool]
"""How new a document is: whether it is in force; its year with what stands behind it, or an empty text with the number
of its version; and whether it is called the latest one."""
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?:[-_./](?:0?[1-9]|1[0-2])(?:[-_./](?:0?[1-9]|[12]\d|3[01]))?)?(?!\d)")
NUMBERED = re.compile(r"(?:v|ver|version|rev|revision|edition|fassung|ausgabe)[ ._-]*(\d+(?:\.\d+)*)", re.IGNORECASE)
NOT_IN_FORCE = frozenset(
    "draft old obsolete outdated superseded archive archived entwurf alt veraltet brouillon ancien obsolète "
    "borrador antiguo obsoleto".split()
)
"""Words for a version that is not, or no longer, in force."""
LATEST = frozenset("final new current updated endfassung neu aktuell finale nouveau definitivo nuevo".split())
"""Words for the newest version."""
STATES = (
    NOT_IN_FORCE
    | LATEST
    | frozenset("copy version ver rev revision edition v fassung ausgabe stand kopie copie copia versión".split())
)
"""Words that tell versions of a document apart, beside the months."""
MONTHS = re.compile(
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]{0,6}|(?:spring|summer|autumn|winter)"
)
PAST = frozenset(
    "previous previously former formerly earlier older old oldest past history historical historically change changed "
    "changes changing before original originally compare compared comparison difference first used "
    "früher frühere früheren ehemals alte alten vorher geändert ursprünglich unterschied vergleich "
    "avant ancien ancienne changé précédent antes antiguo anterior cambiado".split()
)
"""Words of a question about what was, or how things came to be."""


def newest_first(question: str, scored: Sequence[tuple[Passage, float]]) -> list[tuple[Passage, float]]:
    """Return ``scored`` passages with those of older versions last: the newest takes the best place of its versions.

    A question that names a date, or asks for what was, gets them as they are.
    """
    words = {word.casefold() for word in re.findall(r"\w+", question)}
    if words & PAST or dates_in(content_words(question)):
        return list(scored)
    kept: list[tuple[Passage, float]] = []
    older: list[tuple[Passage, float]] = []
    for passage, score in scored:
        at = next((at for at, (other, _) in enumerate(kept) if _are_versions(passage, other)), None)
        if at is None:
            kept.append((passage, score))
        elif stamp(passage) > stamp(kept[at][0]):
            older.append(kept[at])
            kept[at] = (passage, kept[at][1])
        else:
            older.append((passage, score))
    last = kept[-1][1] if kept else 0.0
    return [*kept, *((passage, min(score, last)) for passage, score in older)]


def series(title: str) -> tuple[str, ...]:
    """Return the words of a title that all versions of its document have.

    >>> series("Leave policy 2025") == series("Leave policy (May 2016), final")
    True
    """
    words = re.findall(r"[^\W\d_]+", NUMBERED.sub(" ", title.casefold()))
    return tuple(word for word in words if word not in STATES and not MONTHS.fullmatch(word))


def stamp(passage: Passage) -> Stamp:
    """Return what says how new a passage's document is: words in its title or name, the year there, else its date.

    >>> stamp(Passage("leave_2016.md", 0, 1, "x")) < stamp(Passage("b.md", 0, 1, "x", title="Leave 2025-03"))
    True
    """
    return _stamp(passage.document, passage.title, passage.date)


def families(documents: Iterable[DocumentInfo]) -> list[list[DocumentInfo]]:
    """Return the ``documents`` that may be versions of one, by their titles alone, each family from old to new."""
    found = defaultdict[tuple[str, ...], list[tuple[Stamp, DocumentInfo]]](list)
    for info in documents:
        when = _stamp(info.name, info.title, info.date)
        words = series(info.title or PurePath(info.name).stem.replace("_", " "))
        if words and when[2]:
            found[words].append((when, info))
    ordered = (sorted(family, key=lambda one: (one[0], one[1].name)) for family in found.values())
    return [[info for _, info in family] for family in ordered if family[0][0] != family[-1][0]]


def newest_of(family: Sequence[DocumentInfo], text: Callable[[str], str]) -> dict[str, str]:
    """Return the newest version of each document of a family that is an older one, by public names.

    ``text`` returns the text of a document. Each is compared with the next newer ones: if it is an older version of
    one, the newest version of that is its own.
    """
    newest: dict[str, str] = {}
    newer = deque[tuple[Stamp, str, set[int]]](maxlen=NEARBY)
    for info in reversed(family):
        when, runs = _stamp(info.name, info.title, info.date), _runs(text(info.name))
        for other, name, theirs in reversed(newer):
            if _is_before(when, other) and len(runs & theirs) >= SHARED * max(len(runs), 1):
                newest[info.name] = newest.get(name, name)
                break
        newer.append((when, info.name, runs))
    return newest


def _is_before(one: Stamp, other: Stamp) -> bool:
    """Return whether one stamp is surely the older: 2024 may be before or after March 2024, and so may version 2.

    A draft is no newer version of one in force.
    """
    (in_force, year, numbers, _), (other_in_force, other_year, others, _) = one, other
    surely = bool(year) == bool(other_year) and numbers < others and others[: len(numbers)] != numbers
    return surely and in_force <= other_in_force


def _runs(text: str) -> set[int]:
    """Return all runs of words of a text, figures left out, as hashes."""
    words = re.findall(r"[^\W\d_]+", text[:READ].casefold())
    return {hash(tuple(words[at : at + RUN])) for at in range(max(len(words) - RUN + 1, 1))}


def _stamp(name: str, title: str, date: str) -> Stamp:
    stem = PurePath(name).stem
    words = set(re.findall(r"[^\W\d_]+", f"{title} {stem}".casefold()))
    in_force, latest = not words & NOT_IN_FORCE, bool(words & LATEST)
    for text in (title, stem, date):
        if found := YEAR.search(text):
            return in_force, found[0][:4], _numbers(found[0]), latest
    numbered = NUMBERED.search(title) or NUMBERED.search(stem.replace("_", " "))
    return in_force, "", _numbers(numbered[1]) if numbered else (), latest


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _are_versions(one: Passage, other: Passage) -> bool:
    """Return whether two passages are the same one in two versions of a document, of which one is known to be newer."""
    if one.document == other.document or stamp(one) == stamp(other):
        return False
    names = series(one.title)
    return bool(names) and names == series(other.title) and _likeness(one.text, other.text) >= ALIKE


def _likeness(one: str, other: str) -> float:
    """Return the share of the words of two texts that both have, figures left out."""
    first, second = (set(re.findall(r"[^\W\d_]+", text.casefold())) for text in (one, other))
    return len(first & second) / max(len(first | second), 1)
