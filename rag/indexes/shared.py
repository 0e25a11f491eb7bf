"""What every engine of the port ``Index`` does alike: public names, what a passage is found by, weights of scores."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import chain, count, pairwise
from pathlib import Path, PurePath
from typing import Any

from rag.dates import day
from rag.errors import DocumentError, IndexBusy, IndexMismatch, IndexMissing
from rag.language import language_of, stop_words
from rag.ports import Described

__all__ = [
    "MOST_WORDS",
    "PAIRS",
    "above",
    "busy",
    "check_embedder",
    "check_passages",
    "missing",
    "named",
    "now",
    "origin",
    "public_name",
    "taken",
    "unknown",
    "weighed",
    "words",
    "words_and_pairs",
]

WINDOW = 0.55
"""Share of a passage's best window in its dense score; anything from a half to two thirds measures much the same."""
PAIRS = 0.3
"""Weight of a pair of neighbouring words beside that of a word; measured, as is leaving out pairs with a stop word."""
MOST_WORDS = 256
"""Words of a question that are looked up; thousands would be slow and add nothing."""


def weighed(whole: float, window: float | None) -> float:
    """Return the dense score of a passage from its cosine and that of its best window, if it has one."""
    return whole if window is None else (1 - WINDOW) * whole + WINDOW * window


# --- documents


def public_name(source: str, path: str, is_taken: Callable[[str], bool]) -> str:
    """Return the public name of a new document: its ``path``, with the source's name in front where that is taken."""
    place = PurePath(source)
    prefix = (place.parent.name if place.name == path else place.name) or "source"
    names = chain((path, f"{prefix}/{path}"), (f"{prefix}-{n}/{path}" for n in count(2)))
    return next(name for name in names if not is_taken(name))


def origin(source: str, path: str) -> Path:
    """Return the file that a document came from: ``path`` within ``source``, which may be the file itself."""
    return Path(source) if Path(source).is_file() else Path(source) / path


def unknown(name: str) -> DocumentError:
    """Return the error for a public name that no document has."""
    return DocumentError(f"There is no document '{name}' in the index. 'footnote list' shows what there is.")


def taken(name: str) -> DocumentError:
    """Return the error for a public name that a document cannot be restored under."""
    return DocumentError(
        f"The name '{name}' belongs to another document of this index, or its file is here under another name. "
        "Choose an empty index."
    )


def now() -> str:
    """Return the time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


# --- opening


def missing(place: object) -> IndexMissing:
    """Return the error for a place without an index."""
    return IndexMissing(f"There is no index in {place}. Run 'footnote ingest PATH' to make one.")


def busy(place: object) -> IndexBusy:
    """Return the error for an index that is being changed."""
    return IndexBusy(
        f"Another process is changing the index in {place}. Try again when it has finished; "
        "searching and asking are possible all the while."
    )


def check_embedder(place: object, made: Mapping[str, Any], embedder: Described | None) -> None:
    """Raise IndexMismatch where ``embedder`` did not make the index at ``place`` (``None`` fits any)."""
    if embedder is not None and made["fingerprint"] != embedder.fingerprint:
        raise IndexMismatch(
            f"The index in {place} was made by the embedder {made['embedder']} "
            f"({made['fingerprint'][:12]}), not by {embedder.name} ({embedder.fingerprint[:12]}). Set it back in "
            "the configuration, or run 'footnote ingest --rebuild' to embed everything again."
        )


def check_passages(place: object, made: int, wanted: int) -> None:
    """Raise IndexMismatch where the index at ``place`` has passages of another size than ``wanted``."""
    if made != wanted:
        raise IndexMismatch(
            f"The index in {place} was made with passage_tokens = {made}, not {wanted}. "
            "Set it back, or run 'footnote ingest --rebuild' to cut and embed everything again."
        )


# --- words


def named(title: str, date: str) -> str:
    """Return how a document is spoken of: by its title and its date, in figures and in words."""
    return f"{title} {date} {day(date)}".strip()


def above(section: str, header: str) -> str:
    """Return what stands above a passage: its headings, and the header of the table that it goes on with."""
    return f"{section} {header}".strip()


def words(text: str) -> list[str]:
    """Return the words of ``text``, lower case: stretches of letters, digits and marks; never any syntax."""
    folded = unicodedata.normalize("NFC", text).lower()
    parts = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded).split()
    return [word for word in parts if any(unicodedata.category(c)[0] in "LN" for c in word)]


def words_and_pairs(question: str) -> tuple[list[str], list[str]]:
    """Return the different words to look up and the pairs of them that stand side by side.

    >>> words_and_pairs("Who is the prime minister of Fiji?")
    (['prime', 'minister', 'fiji'], ['prime minister'])
    """
    found = words(question)
    ignored = stop_words(language_of(question))
    kept = [word for word in found if word not in ignored]
    pairs = [f"{first} {second}" for first, second in pairwise(found) if not ignored & {first, second}]
    return list(dict.fromkeys(kept or found))[:MOST_WORDS], list(dict.fromkeys(pairs))[:MOST_WORDS]
