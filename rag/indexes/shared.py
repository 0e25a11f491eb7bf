"""What every engine of the port ``Index`` does alike: public names, what a passage is found by, weights of scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path, PurePath
from typing import Any

from rag.errors import DocumentError, IndexBusy, IndexMismatch, IndexMissing
from rag.ports import Described
from rag.text.dates import day
from rag.text.terms import terms
from rag.types import Document, Passage

__all__ = [
    "PAIRS",
    "busy",
    "check_embedder",
    "check_passages",
    "missing",
    "now",
    "origin",
    "public_name",
    "taken",
    "terms_of",
    "unknown",
    "weighed",
]

WINDOW = 0.55
"""Share of a passage's best window in its dense score; anything from a half to two thirds measures much the same."""
PAIRS = 0.3
"""Weight of a pair of neighbouring words beside that of a word; measured, as is leaving out pairs with a stop word."""


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
            "the configuration, or run 'footnote reindex' to embed everything again."
        )


def check_passages(place: object, made: int, wanted: int) -> None:
    """Raise IndexMismatch where the index at ``place`` has passages of another size than ``wanted``."""
    if made != wanted:
        raise IndexMismatch(
            f"The index in {place} was made with passage_tokens = {made}, not {wanted}. "
            "Set it back, or run 'footnote reindex' to cut and embed everything again."
        )


# --- words


def terms_of(document: Document, passage: Passage) -> tuple[list[str], list[str], list[str]]:
    """Return the terms by which a passage is found: of its document's name, of what stands above it, and its own.

    Those of the document's name are its title and its date, in figures and in words; those of what stands above the
    passage its headings, and the header of the table that it goes on with.
    """
    spoken = dict.fromkeys([day(document.date), day(document.date, document.language)])
    named = " ".join([document.title, document.date, *spoken])
    above, own = f"{passage.section} {passage.header}", document.text[passage.start : passage.end]
    language = document.language
    return terms(named, language), terms(above, language), terms(own, language)
