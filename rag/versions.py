"""Versions of one document: the same passage in several of them, of which the newest counts.

Documents are versions of one where their titles are equal but for a year, date or number. Only passages that say nearly
the same are weighed against each other: the minutes of two meetings share a title, not a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from rag.text.words import content_words, dates_in
from rag.types import Passage

__all__ = ["newest_first", "series", "stamp"]

ALIKE = 0.8
"""Share of their words that two passages have in common if they are versions of one, figures left out."""
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


def stamp(passage: Passage) -> tuple[bool, str, tuple[int, ...], bool]:
    """Return what says how new a passage's document is: whether it is in force, and is called the latest one; between
    these the year in its title or name, else its date or number.

    >>> stamp(Passage("leave_2016.md", 0, 1, "x")) < stamp(Passage("b.md", 0, 1, "x", title="Leave 2025-03"))
    True
    """
    name = PurePath(passage.document).stem
    words = set(re.findall(r"[^\W\d_]+", f"{passage.title} {name}".casefold()))
    force, latest = not words & NOT_IN_FORCE, bool(words & LATEST)
    for text in (passage.title, name, passage.date):
        if found := YEAR.search(text):
            return force, found[0][:4], _numbers(found[0]), latest
    numbered = NUMBERED.search(passage.title) or NUMBERED.search(name.replace("_", " "))
    return force, "", _numbers(numbered[1]) if numbered else (), latest


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
