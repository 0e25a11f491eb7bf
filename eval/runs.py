"""The folder of a run: settings and models, retrieved passages, answers, and results.

run.json            settings, models and set; a run with others is refused retrieval.jsonl     one question per line:
the passages that each way of searching found answers.jsonl       one question per line: prompt, evidence, drafts, the
answer, its scores, its cost questions.jsonl     every score of every question, once the run is finished metrics.json
the results with their intervals, once the run is finished
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from eval.journal import RunError, read_records, write_whole
from eval.summary import summarise
from rag.config import Config, usable_cores

__all__ = ["ANSWERS", "RETRIEVAL", "Run", "finish", "load", "machine", "started"]

FORMAT = 3
OLDER = (1, 2)
"""Formats with the same records but other contents of ``metrics.json``."""
RETRIEVAL = "retrieval.jsonl"
ANSWERS = "answers.jsonl"
MADE = "run.json"
QUESTIONS = "questions.jsonl"
METRICS = "metrics.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: ``made`` is its ``run.json``, ``questions`` the records of ``questions.jsonl`` by id."""

    folder: Path
    made: dict[str, Any]
    metrics: dict[str, Any]
    questions: dict[str, dict[str, Any]]

    def answers(self) -> dict[str, dict[str, Any]]:
        """Return the records of ``answers.jsonl`` by id; empty if it ran without a language model."""
        file = self.folder / ANSWERS
        return read_records(file) if file.exists() else {}


@contextmanager
def started(folder: Path, identity: Mapping[str, Any], about: Mapping[str, Any], code: str) -> Iterator[None]:
    """Lock the folder of a run: a new one, or one with the same ``identity`` to continue.

    ``about`` is saved with it, and ``code`` is added to the list of program versions. Raises ``RunError`` if the folder
    is in use, is something else, or belongs to a run with other settings, models or questions.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MADE).exists():
        raise RunError(f"{folder} is not empty and contains no run. Choose another folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(
            f"Another process is using the run in {folder}. Wait for it, or choose another folder."
        ) from error
    try:
        before = _read(folder / MADE) if (folder / MADE).exists() else {}
        if before:
            _same(folder, before["identity"], json.loads(json.dumps(identity)))
        codes = list(dict.fromkeys([*before.get("code", []), code]))
        made = {"format": FORMAT, "identity": identity, "code": codes, **about}
        write_whole(folder / MADE, json.dumps(made, ensure_ascii=False, indent=1) + "\n")
        yield
    finally:
        lock.release()


def finish(folder: Path, questions: list[dict[str, Any]], metrics: Mapping[str, Any]) -> Run:
    """Write the scores and results of a finished run, and return it."""
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in questions)
    write_whole(folder / QUESTIONS, "".join(lines))
    write_whole(folder / METRICS, json.dumps(metrics, ensure_ascii=False, indent=1) + "\n")
    return load(folder)


def load(folder: Path) -> Run:
    """Read a finished run. Raises ``RunError`` if there is none."""
    if not (folder / MADE).exists():
        raise RunError(f"There is no run in {folder}. To make one, run: footnote eval run --out {folder}")
    if not (folder / METRICS).exists():
        raise RunError(
            f"The run in {folder} is not finished. Run the same 'footnote eval run' command again to continue it."
        )
    made, questions = _read(folder / MADE), read_records(folder / QUESTIONS)
    if made.get("format") not in (FORMAT, *OLDER):
        raise RunError(f"The run in {folder} was made by another version of Footnote. Run it again in a new folder.")
    metrics = _read(folder / METRICS) if made["format"] == FORMAT else _summarised(folder, questions)
    return Run(folder, made, metrics, questions)


def machine(config: Config) -> dict[str, Any]:
    """Return what timings depend on."""
    return {
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "cores": usable_cores(),
        "threads": config.threads or usable_cores(),
    }


def _summarised(folder: Path, questions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results of an older run, computed again from its records, whose format is the same."""
    file = folder / ANSWERS
    answered = read_records(file) if file.exists() else {}
    return summarise(list(questions.values()), read_records(folder / RETRIEVAL), answered, bool(answered))


def _same(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    other = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if other:
        raise RunError(
            f"The run in {folder} was started with another {', '.join(other).replace('_', ' ')}. "
            "Set it back, or choose another folder with --out."
        )


def _read(file: Path) -> dict[str, Any]:
    try:
        table = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{file} is damaged ({error}). Delete the folder and run it again.") from error
    if not isinstance(table, dict):
        raise RunError(f"{file} is damaged. Delete the folder and run it again.")
    return table
