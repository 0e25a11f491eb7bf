"""Answers that were given, kept so that a link opens them again with their sources: a file each in the index folder.

Whoever knows the id of an answer may read it, and nobody can guess one. An answer goes when a document that it was
taken from goes: nothing of a deleted document is left behind.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from rag.answers import answer_from
from rag.ports import Change, Removal
from rag.types import Answer, Evidence, Passage

__all__ = ["Archive"]

FOLDER = "answers"
ID = re.compile(r"[\w-]{22}")

log = logging.getLogger(__name__)


class Archive:
    """The answers kept in the folder of an index."""

    def __init__(self, index: Path, most: int = 10_000) -> None:
        """Keep at most the ``most`` newest answers beside the index in the folder ``index``."""
        self._folder = index / FOLDER
        self._most = most

    def put(self, answer: Answer) -> str:
        """Keep ``answer`` and return its id; empty where it cannot be kept, which costs a link and nothing else."""
        id = secrets.token_urlsafe(16)
        beside = self._folder / f"{id}.new"
        try:
            self._folder.mkdir(exist_ok=True)
            beside.write_text(json.dumps(dataclasses.asdict(answer)), encoding="ascii")
            beside.replace(self._file(id))
            self._forget_oldest()
        except OSError as error:
            log.warning("An answer cannot be kept in %s (%s).", self._folder, error.strerror)
            return ""
        return id

    def get(self, id: str) -> Answer | None:
        """Return the answer that was kept under ``id``, if there is one."""
        try:
            return _answer(json.loads(self._file(id).read_text(encoding="ascii"))) if ID.fullmatch(id) else None
        except (OSError, ValueError, TypeError, KeyError):  # Gone, torn, or of another version.
            return None

    def remove(self, ids: Collection[str]) -> None:
        """Remove the answers ``ids``; those that are not there are ignored."""
        for id in ids:
            if ID.fullmatch(id):
                self._file(id).unlink(missing_ok=True)

    def sweep(self, documents: Collection[str]) -> None:
        """Remove the answers that rest on another document than ``documents`` (public names)."""
        known = set(documents)
        for file in self._files():
            answer = self.get(file.stem)
            if answer is None or not {item.passage.document for item in answer.evidence} <= known:
                file.unlink(missing_ok=True)

    def listen(self, change: Change) -> None:
        """Remove what rests on documents that were removed from the index."""
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


def _answer(table: dict[str, Any]) -> Answer:
    """Return the answer that ``dataclasses.asdict`` made ``table`` of."""
    evidence = (Evidence(**{**item, "passage": Passage(**item["passage"])}) for item in table["evidence"])
    return answer_from(table, evidence)
