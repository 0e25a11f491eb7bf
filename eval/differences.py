"""The differences between two runs, for a terminal: settings and models, results, and questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eval.catalogue import metric
from eval.compare import compare, flips, same_answers
from eval.runs import Run
from eval.tables import aligned, figure

__all__ = ["comparison_table"]


def comparison_table(before: Run, after: Run) -> str:
    """Return the differences between two runs: settings and models, results, and questions that flipped."""
    rows = [["Metric", "A", "B", "difference", "95 %", "lost", "won", "p", "p (Holm)", ""]]
    found = compare(before.questions, after.questions)
    for item in found:
        name, gained = item.metric.name, item.gained
        change = f"{100 * gained.point:+.1f}", f"[{100 * gained.low:+.1f}, {100 * gained.high:+.1f}]"
        chance = f"{item.p:.3f}", f"{item.p_family:.3f}", item.verdict
        row = [name, figure(name, item.before), figure(name, item.after), *change, str(item.lost), str(item.won)]
        rows.append([*row, *chance])
    lines = [f"A  {before.folder}", f"B  {after.folder}", *_changes(before, after), ""]
    lines += aligned(rows, right=range(1, 9))
    if rest := before.questions.keys() ^ after.questions.keys():
        lines.append(f"{len(rest)} questions are in only one of the runs and were left out.")
    counts = sorted({item.count for item in found})
    lines.append(
        f"Paired on {' to '.join(map(str, counts[:1] + counts[1:][-1:]))} questions that have the metric in both."
    )
    same = same_answers(before.metrics, after.metrics)
    if same is not None:
        lines.append("The answers are the same, byte for byte." if same else "The answers differ.")
    return "\n".join([*lines, *_flipped(before, after)])


def _changes(before: Run, after: Run) -> list[str]:
    """Return the differences in settings and models from A to B, one per line."""
    first, second = (_flat({**run.made["identity"], "program": run.made["code"]}) for run in (before, after))
    return [
        f"   {name}: {first.get(name, '–')} → {second.get(name, '–')}"
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ] or ["   same settings and models"]


def _flat(table: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return the leaves of nested tables as text by dotted name; hashes are shortened.

    >>> _flat({"a": {"b": 1}, "c": None})
    {'a.b': '1', 'c': 'none'}
    """
    leaves: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            leaves |= _flat(value, f"{above}{name}.")
            continue
        parts = value if isinstance(value, list) else [value]
        words = ("none" if part in (None, "") else str(part) for part in parts)
        leaves[f"{above}{name}"] = ", ".join(word[:12] if HASH.fullmatch(word) else word for word in words) or "none"
    return leaves


HASH = re.compile("[0-9a-f]{64}")


def _flipped(before: Run, after: Run) -> list[str]:
    """Return the questions that flipped, below the name of the metric, lost ones first, with both answers."""
    lines: list[str] = []
    first, second = before.answers(), after.answers()
    group = ("", "")
    for flip in flips(before.questions, after.questions):
        known, way = metric(flip.metric), "won" if flip.after > flip.before else "lost"
        if group != (flip.metric, way):
            group = flip.metric, way
            lines += ["", f"{way.upper()}  {flip.metric}: {known.label if known else ''}"]
        row = after.questions[flip.id]
        lines.append(f"  {flip.id} ({row['kind']}): {flip.question}")
        if not flip.metric.startswith("retrieval."):
            wanted = row.get("answers") or (["that the documents do not say"] if not row["answerable"] else [])
            lines += [f"      expected: {wanted[0]}"] if wanted else []
            lines += [f"      A: {_said(first, flip.id)}", f"      B: {_said(second, flip.id)}"]
    return lines


def _said(answers: Mapping[str, Any], id_: str) -> str:
    record = answers.get(id_)
    if record is None:
        return "(not asked)"
    return " ".join(record["answer"]["answer"].split()) if record["answer"] else f"FAILED: {record['error']}"
