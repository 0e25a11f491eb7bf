"""The baseline: the accepted results, and the scores of every question that later runs are compared with.

``<folder>/<set>/baseline.json`` holds the settings and models, the results, and the scores of each question on its own
line. ``drafts.jsonl`` next to it holds the model's drafts, so that parsing, verification and citation can be measured
without the model. Only ``accept`` writes both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.compare import COMPARED
from eval.journal import RunError, read_records, write_whole
from eval.recording import ReplayGenerator, evidence_from
from eval.runs import Run
from rag.errors import DocumentError
from rag.ports import Index
from rag.types import Evidence

__all__ = ["accept", "drafts", "evidence_of", "load", "replay"]

FORMAT = 1
BASELINE = "baseline.json"
DRAFTS = "drafts.jsonl"


def load(folder: Path, name: str) -> Run:
    """Read the baseline of the set ``name`` as a run; its questions only have the fields that are compared.

    Raises ``RunError`` if there is none, with instructions to create it.
    """
    file = folder / name / BASELINE
    if not file.exists():
        raise RunError(
            f"There is no baseline for the set {name} ({file}). To create one, run 'footnote eval run', check it with "
            "'footnote eval report', then run 'footnote eval accept RUN'."
        )
    try:
        table = json.loads(file.read_text("utf-8"))
        if table["format"] != FORMAT:
            raise RunError(f"{file} was written by another version of Footnote. Accept a new run.")
        return Run(file.parent, table["made"], table["metrics"], {row["id"]: row for row in table["questions"]})
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{file} is damaged ({error}). Restore it, or accept a new run.") from error


def accept(run: Run, folder: Path) -> Path:
    """Make ``run`` the baseline of its set, and return the file.

    Raises:
        RunError: several program versions contributed to it, or a question failed.
    """
    if len(run.made["code"]) > 1:
        raise RunError(f"Several versions of the program contributed to {run.folder}. Run it again in a new folder.")
    if failed := run.metrics.get("failures"):
        raise RunError(f"{len(failed)} questions of {run.folder} failed ({', '.join(failed)}). Fix that first.")
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
    """Return the record of each question of the set, by id; empty if the baseline has no answers."""
    file = folder / name / DRAFTS
    return read_records(file) if file.exists() else {}


def replay(recorded: Mapping[str, Mapping[str, Any]], made: Mapping[str, Any]) -> ReplayGenerator:
    """Return a generator that replays the recorded drafts."""
    calls = dict[str, list[Any]]()
    for record in recorded.values():
        calls.setdefault(record["read"], [])
        for call in record["calls"]:
            calls.setdefault(call.get("query", record["read"]), []).append(call)
    generator = made["identity"]["generator"]
    return ReplayGenerator(calls, generator["name"], generator["sha256"])


def evidence_of(record: Mapping[str, Any], index: Index) -> list[Evidence]:
    """Return the evidence that a draft was written from, taken from the stored documents.

    Raises ``RunError`` if a document is missing or has become shorter.
    """
    found = []
    for row in record["evidence"]:
        try:
            text = index.text(row["document"], row["start"], row["end"])
        except DocumentError as error:
            raise RunError(
                f"A recorded draft is based on {row['document']}, which was deleted. Accept a new run."
            ) from error
        found.append(evidence_from({**row, "text": text}))
    return found


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a question's row without the fields that are never compared, to keep the file small."""
    scores = {name: value for name, value in row["scores"].items() if value is not None and _is_kept(name)}
    return {**{name: row[name] for name in ("id", "kind", "cluster", "status", "question")}, "scores": scores}


def _is_kept(name: str) -> bool:
    return name in COMPARED or name.startswith(("answer.", "citation.", "decision.", "outcome."))


def _draft(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is needed to repeat a question without the model, without any document text."""
    evidence = [{name: value for name, value in row.items() if name != "text"} for row in record["evidence"]]
    return {**{name: record[name] for name in ("id", "question", "read", "history", "calls")}, "evidence": evidence}
