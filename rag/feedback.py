"""What readers say about answers: a queue on disk, out of which a maintainer makes questions of the eval set.

One JSON object a line in ``feedback.jsonl``, in the index's folder, each written to the disk before it is thanked for.
It holds words of the documents, so what is said about a document goes when the document does: see :func:`listener`.
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
"""A thumb; what is wrong with an answer; or that there should have been one, or none."""
KINDS: tuple[Kind, ...] = get_args(Kind)
COMPLAINTS: dict[Status, tuple[Kind, ...]] = {
    "answered": ("wrong_answer", "wrong_source", "should_abstain"),
    "unsure": ("should_answer", "wrong_source", "should_abstain"),
    "abstained": ("should_answer",),
}
"""What can be wrong with each outcome, the likeliest first."""
FILE = "feedback.jsonl"
MOST = 64 << 20
"""Bytes after which nothing more is taken until some of it has been reviewed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document's text; ``quote`` is cut from the stored text, ``document.text[start:end]`` then."""

    document: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reader says about an answer.

    ``id`` and ``at`` (ISO 8601, UTC) are set by :func:`add`. ``answer_id``, ``status``, ``answer`` and ``citations``
    are of the answer that was shown; ``right_answer`` is the reader's own, ``passages`` what they picked as its source.
    ``history`` has the reader's turns alone: answers in it may hold words of documents that go.
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
    """Append ``feedback`` to the queue in the index's ``folder``, on the disk when this returns; return its id.

    Raises:
        TooMany: so much waits for review that no more is taken.
    """
    table = asdict(feedback) | {"id": secrets.token_hex(8), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    line = json.dumps(table).encode("ascii") + b"\n"
    with _locked(folder), (folder / FILE).open("ab") as file:
        size = file.tell()
        if size + len(line) > MOST:
            raise TooMany("So much feedback waits for review that no more is taken.", 3600, crowded=True)
        if size and _last_byte(folder / FILE) != b"\n":  # The last one was torn by a crash.
            file.write(b"\n")
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return str(table["id"])


def pending(folder: Path) -> list[Feedback]:
    """Return what waits for review in the index's ``folder``, the oldest first."""
    return [_feedback(table) for table in _tables(folder)]


def remove(folder: Path, ids: Collection[str]) -> int:
    """Take those that were reviewed out of the queue; return how many there were."""
    return _keep(folder, lambda feedback: feedback.id not in ids)


def forget(folder: Path, document: str) -> int:
    """Remove everything that quotes ``document``, which is being deleted; return how many there were."""
    return _keep(folder, lambda feedback: not _quotes(feedback, document))


def listener(folder: Path) -> Listener:
    """Return what keeps the queue in the index's ``folder`` free of deleted documents."""

    def listen(change: Change) -> None:
        if isinstance(change, Deletion):
            forget(folder, change.document)

    return listen


def _quotes(feedback: Feedback, document: str) -> bool:
    return any(span.document == document for span in (*feedback.citations, *feedback.passages))


def _keep(folder: Path, wanted: Callable[[Feedback], bool]) -> int:
    """Rewrite the queue with those that are ``wanted``; it is whole at every moment. Return how many went."""
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
    """Yield each line that is whole."""
    file = folder / FILE
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            table = json.loads(line)
        except ValueError:  # Torn by a crash, and so never thanked for.
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
