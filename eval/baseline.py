"""The accepted state: the figures and the scores of every question that later runs are held against.

``<folder>/<set>/baseline.json`` holds what it was made of, the figures, and the scores of each question on a line of
its own; ``drafts.jsonl`` beside it what the language model wrote, so that parsing, verification and citation can be
measured without it. Both are written by ``accept`` alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.compare import COMPARED
from eval.journal import RunError, read_records, write_whole
from eval.recording import ReplayGenerator
from eval.runs import Run
from rag.errors import DocumentError
from rag.ports import Index
from rag.types import Evidence, Passage

__all__ = ["accept", "drafts", "evidence_of", "load", "replay"]

FORMAT = 1
BASELINE = "baseline.json"
DRAFTS = "drafts.jsonl"


def load(folder: Path, name: str) -> Run:
    """Read the baseline of the set ``name`` as the run that it was: its questions have no more than is compared.

    Raises ``RunError`` where there is none, telling how to make one.
    """
    file = folder / name / BASELINE
    if not file.exists():
        raise RunError(
            f"There is no baseline of the set {name} ({file}). Make one: 'footnote eval run', look at it with "
            "'footnote eval report', then 'footnote eval accept RUN'."
        )
    try:
        table = json.loads(file.read_text("utf-8"))
        if table["format"] != FORMAT:
            raise RunError(f"{file} was made by another version of Footnote. Accept a run anew.")
        return Run(file.parent, table["made"], table["metrics"], {row["id"]: row for row in table["questions"]})
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{file} is damaged ({error}). Restore it, or accept a run anew.") from error


def accept(run: Run, folder: Path) -> Path:
    """Make ``run`` the baseline of its set, and return the file.

    Raises:
        RunError: several versions of the program worked on it, or a question failed.
    """
    if len(run.made["code"]) > 1:
        raise RunError(f"Several versions of the program worked on {run.folder}. Run it again in a new folder.")
    if failed := run.metrics.get("failures"):
        raise RunError(f"{len(failed)} questions of {run.folder} failed ({', '.join(failed)}). Mend that first.")
    place: Path = folder / run.made["identity"]["set"]
    place.mkdir(parents=True, exist_ok=True)
    head = {"format": FORMAT, "made": run.made, "metrics": run.metrics}
    lines = ",\n".join(json.dumps(_row(row), ensure_ascii=False) for row in run.questions.values())
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + f',\n "questions": [\n{lines}\n]}}\n'
    answers = run.answers()
    recorded = "".join(json.dumps(_draft(record), ensure_ascii=False) + "\n" for record in answers.values())
    if recorded:
        write_whole(place / DRAFTS, recorded)
    else:
        (place / DRAFTS).unlink(missing_ok=True)
    write_whole(place / BASELINE, text)
    return place / BASELINE


def drafts(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    """Return what was recorded for each question of the set, by id; nothing where the baseline has no answers."""
    file = folder / name / DRAFTS
    return read_records(file) if file.exists() else {}


def replay(recorded: Mapping[str, Mapping[str, Any]], made: Mapping[str, Any]) -> ReplayGenerator:
    """Return a generator that writes what was recorded, for each question as the language model was asked it."""
    calls = dict[str, list[Any]]()
    for record in recorded.values():
        calls.setdefault(record["read"], [])
        for call in record["calls"]:
            calls.setdefault(call.get("query", record["read"]), []).append(call)
    generator = made["identity"]["generator"]
    return ReplayGenerator(calls, generator["name"], generator["sha256"])


def evidence_of(record: Mapping[str, Any], index: Index) -> list[Evidence]:
    """Return the evidence that a draft was written from, cut from the stored documents as it was then.

    Raises ``RunError`` where a document is not there any more, or is shorter than it was.
    """
    found = []
    for row in record["evidence"]:
        try:
            text = index.text(row["document"], row["start"], row["end"])
        except DocumentError as error:
            raise RunError(f"A recorded draft rests on {row['document']}, which is gone. Accept a run anew.") from error
        place = {name: row[name] for name in ("document", "start", "end", "title", "section", "page", "date", "header")}
        found.append(Evidence(Passage(**place, text=text), row["score"], row["rank"], row["dense"], row["lexical"]))
    return found


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a question's row without what is never compared, so that the file stays small."""
    scores = {name: value for name, value in row["scores"].items() if value is not None and _is_kept(name)}
    return {**{name: row[name] for name in ("id", "kind", "cluster", "status", "question")}, "scores": scores}


def _is_kept(name: str) -> bool:
    return name in COMPARED or name.startswith(("answer.", "citation.", "decision.", "outcome."))


def _draft(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is needed to repeat a question without its model: no text of a document."""
    evidence = [{name: value for name, value in row.items() if name != "text"} for row in record["evidence"]]
    return {**{name: record[name] for name in ("id", "question", "read", "history", "calls")}, "evidence": evidence}
