"""Stored answers, so that a link opens them again with their sources: one file each in the index folder.

Anyone who knows the id of an answer can read it; ids can't be guessed. An answer is deleted together with any document
it uses, so nothing of a deleted document remains.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.answers import answer_from
from rag.ports import Change, Removal
from rag.types import Answer, Evidence, Passage

__all__ = ["UNANSWERED", "Archive", "Stored", "sources"]

FOLDER = "answers"
UNANSWERED = "unanswered"
"""Folder of the answers that are kept only because they answer nothing (``keep_unanswered``); nobody has a link."""
ID = re.compile(r"[\w-]{22}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored answer: its id, and when it was stored."""

    id: str
    at: datetime
    answer: Answer


class Archive:
    """The stored answers of an index."""

    def __init__(self, index: Path, most: int = 10_000, folder: str = FOLDER) -> None:
        """Keep at most the ``most`` newest answers, next to the index in the folder ``index``."""
        self._folder = index / folder
        self._most = most

    def put(self, answer: Answer) -> str:
        """Store ``answer`` and return its id; empty if that fails, which only costs a link."""
        id = secrets.token_urlsafe(16)
        beside = self._folder / f"{id}.new"
        try:
            self._folder.mkdir(exist_ok=True)
            beside.write_text(json.dumps(dataclasses.asdict(answer)), encoding="ascii")
            beside.replace(self._file(id))
            self._forget_oldest()
        except OSError as error:
            log.warning("Can't store an answer in %s (%s).", self._folder, error.strerror)
            return ""
        return id

    def get(self, id: str) -> Answer | None:
        """Return the answer stored under ``id``, or ``None``."""
        try:
            return _answer(json.loads(self._file(id).read_text(encoding="ascii"))) if ID.fullmatch(id) else None
        except (OSError, ValueError, TypeError, KeyError):  # Deleted, damaged, or of another version.
            return None

    def stored(self) -> Iterator[Stored]:
        """Yield all stored answers, in no order."""
        for file in self._files():
            answer = self.get(file.stem)
            if answer is not None:
                yield Stored(file.stem, datetime.fromtimestamp(file.stat().st_mtime, UTC), answer)

    def remove(self, ids: Collection[str]) -> None:
        """Delete the answers ``ids``; missing ones are ignored."""
        for id in ids:
            if ID.fullmatch(id):
                self._file(id).unlink(missing_ok=True)

    def sweep(self, documents: Collection[str]) -> None:
        """Delete the answers that use a document other than ``documents`` (public names)."""
        known = set(documents)
        for file in self._files():
            answer = self.get(file.stem)
            if answer is None or not sources(answer) <= known:
                file.unlink(missing_ok=True)
        for file in self._folder.glob("*.new"):  # Left by a killed process.
            file.unlink(missing_ok=True)

    def listen(self, change: Change) -> None:
        """Delete answers that depend on documents removed from the index."""
        if isinstance(change, Removal):
            self.sweep(change.documents)

    def _file(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _files(self) -> Iterator[Path]:
        return self._folder.glob("*.json")

    def _forget_oldest(self) -> None:
        files = list(self._files())
        if len(files) > self._most:
            for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)[: len(files) - self._most]:
                file.unlink(missing_ok=True)


def sources(answer: Answer) -> set[str]:
    """Return the public names of the documents that ``answer`` was read from or quotes."""
    return {item.passage.document for item in answer.evidence} | {item.document for item in answer.citations}


def _answer(table: dict[str, Any]) -> Answer:
    """Return the answer from ``table``, the output of ``dataclasses.asdict``."""
    evidence = (Evidence(**{**item, "passage": Passage(**item["passage"])}) for item in table["evidence"])
    return answer_from(table, evidence)
