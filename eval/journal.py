"""Crash-safe records, one per line: each is on disk before the next one starts, so that an interrupted run can
continue.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rag.errors import FootnoteError

__all__ = ["Journal", "RunError", "read_records", "write_whole"]


class RunError(FootnoteError):
    """A run that can't be continued, read or compared: the message says why and what to do."""


class Journal:
    """A JSONL file of records with unique ids, in the order in which they were written.

    An incomplete last line, left by a crash, is cut off. Raises ``RunError`` if another line is damaged.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        _mend(file)
        self.records = read_records(file) if file.exists() else {}
        self._out = file.open("ab")

    def append(self, record: Mapping[str, Any]) -> None:
        """Append ``record`` as a line, and return once it is on disk."""
        self._out.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        self._out.flush()
        os.fsync(self._out.fileno())
        self.records[record["id"]] = dict(record)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()


def read_records(file: Path) -> dict[str, dict[str, Any]]:
    """Return the records of a JSONL file by ``id``. Raises ``RunError`` naming file and line."""
    records = {}
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise RunError(f"{file} can't be read ({error.strerror}). Name the folder of a finished run.") from error
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            records[record["id"]] = record
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(f"{file}, line {number}, is damaged. Delete the folder and run it again.") from error
    return records


def write_whole(file: Path, text: str) -> None:
    """Write a file atomically: whatever happens, it is either complete or unchanged."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _mend(file: Path) -> None:
    """Cut off an incomplete last line."""
    if not file.exists():
        return
    data = file.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    last = whole[whole.rfind(b"\n", 0, -1) + 1 :]
    try:
        json.loads(last or b"{}")
    except ValueError:
        whole = whole[: len(whole) - len(last)]
    if whole != data:
        os.truncate(file, len(whole))
