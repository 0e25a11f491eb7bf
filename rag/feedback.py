"""Reader feedback: a queue on disk from which a maintainer makes test questions.

``feedback.jsonl`` in the index folder holds one JSON object per line, each on disk before the reader is thanked. It
contains text of documents, so feedback about a document is deleted with it: see :func:`listener`.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock

from rag.errors import TooMany
from rag.ports import Change, Deletion, Listener
from rag.types import Status, Turn

__all__ = ["COMPLAINTS", "KINDS", "Feedback", "Kind", "Span", "add", "forget", "listener", "pending", "remove"]

Kind = Literal["up", "down", "wrong_answer", "wrong_source", "should_answer", "should_abstain"]
"""A thumb, what is wrong with an answer, or that there should have been one or none."""
KINDS: tuple[Kind, ...] = get_args(Kind)
COMPLAINTS: dict[Status, tuple[Kind, ...]] = {
    "answered": ("wrong_answer", "wrong_source", "should_abstain"),
    "unsure": ("should_answer", "wrong_source", "should_abstain"),
    "abstained": ("should_answer",),
}
"""Possible problems for each outcome, the likeliest first."""
FILE = "feedback.jsonl"
MOST = 64 << 20
"""Size in bytes at which no more feedback is accepted until some has been reviewed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span of a document's text; ``quote`` comes from the stored text, ``document.text[start:end]``."""

    document: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """A reader's feedback on an answer.

    :func:`add` sets ``id`` and ``at`` (ISO 8601, UTC). ``answer_id``, ``status``, ``answer`` and ``citations`` belong
    to the answer; ``right_answer`` is the reader's own, ``passages`` what they selected as its source. ``history`` only
    holds the reader's turns: answers in it might contain text of documents that are deleted later.
    """

    kind: Kind
    question: str
    history: tuple[Turn, ...] = ()
    answer_id: str = ""
    status: str = ""
    answer: str = ""
    citations: tuple[Span, ...] = ()
    right_answer: str = ""
    passages: tuple[Span, ...] = ()
    comment: str = ""
    id: str = ""
    at: str = ""


def add(folder: Path, feedback: Feedback) -> str:
    """Append ``feedback`` to the queue in the index's ``folder`` and flush it to disk; return its id.

    Raises:
        TooMany: the queue is full.
    """
    table = asdict(feedback) | {"id": secrets.token_hex(8), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    line = json.dumps(table).encode("ascii") + b"\n"
    with _locked(folder), (folder / FILE).open("ab") as file:
        size = file.tell()
        if size + len(line) > MOST:
            raise TooMany(
                "The feedback queue is full. Try again after some of it has been reviewed.", 3600, crowded=True
            )
        if size and _last_byte(folder / FILE) != b"\n":  # A crash cut off the last line.
            file.write(b"\n")
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return str(table["id"])


def pending(folder: Path) -> list[Feedback]:
    """Return the queue in the index's ``folder``, oldest first."""
    return [_feedback(table) for table in _tables(folder)]


def remove(folder: Path, ids: Collection[str]) -> int:
    """Remove reviewed feedback from the queue; return how many there were."""
    return _keep(folder, lambda feedback: feedback.id not in ids)


def forget(folder: Path, document: str) -> int:
    """Delete all feedback that quotes ``document``, which is being deleted; return how many there were."""
    return _keep(folder, lambda feedback: not _quotes(feedback, document))


def listener(folder: Path) -> Listener:
    """Return a listener that removes deleted documents from the queue in the index's ``folder``."""

    def listen(change: Change) -> None:
        if isinstance(change, Deletion):
            forget(folder, change.document)

    return listen


def _quotes(feedback: Feedback, document: str) -> bool:
    return any(span.document == document for span in (*feedback.citations, *feedback.passages))


def _keep(folder: Path, wanted: Callable[[Feedback], bool]) -> int:
    """Atomically rewrite the queue with only the ``wanted`` ones. Return how many were removed."""
    file = folder / FILE
    if not file.exists():
        return 0
    with _locked(folder):
        tables = list(_tables(folder))
        kept = [table for table in tables if wanted(_feedback(table))]
        if len(kept) < len(tables):
            part = folder / (FILE + ".part")
            with part.open("wb") as stream:
                stream.writelines(json.dumps(table).encode("ascii") + b"\n" for table in kept)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(file)
    return len(tables) - len(kept)


def _tables(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield each complete line."""
    file = folder / FILE
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            table = json.loads(line)
        except ValueError:  # Cut off by a crash, so the reader was never thanked.
            continue
        yield table


def _feedback(table: dict[str, Any]) -> Feedback:
    return Feedback(
        **{
            **table,
            "history": tuple(Turn(**turn) for turn in table["history"]),
            "citations": _spans(table["citations"]),
            "passages": _spans(table["passages"]),
        }
    )


def _spans(tables: Sequence[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(**table) for table in tables)


def _last_byte(file: Path) -> bytes:
    with file.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with FileLock(folder / (FILE + ".lock")):
        yield
