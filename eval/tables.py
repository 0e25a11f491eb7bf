"""Figures as plain aligned text, for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eval.catalogue import BY_KIND, CATALOGUE, SET_LEVEL, metric
from eval.compare import compare, flips, same_answers
from eval.runs import Run

__all__ = [
    "STAGES",
    "aligned",
    "between",
    "comparison_table",
    "figure",
    "interval",
    "lost_points",
    "percent",
    "run_table",
    "seconds",
]

HIDDEN = ("span_precision@3", "span_precision@10", "recall@20", "all_gold@3", "all_gold@10", "span_recall@3")
"""Metrics that are only written to ``metrics.json``, so that the tables stay readable."""
LOST = {
    "none": "right",
    "citation": "right, but not cited",
    "reading": "read wrongly",
    "refusal": "refused",
    "retrieval": "not found",
    "failure": "failed",
}
"""What became of an answerable question, best first."""


def run_table(run: Run) -> str:
    """Return the figures of a run for a terminal."""
    counts, metrics = run.metrics["counts"], run.metrics["metrics"]
    under = run.made["identity"]["selection"]["condition"]
    lines = [f"{run.made['identity']['set']}{f' ({under})' if under else ''}: {_counted(counts)}", ""]
    lines += aligned(_figures(metrics), right=(1, 2, 3))
    lines += ["", *_ways(metrics), "", *_by_kind(run.metrics["kinds"])]
    if lost := run.metrics.get("lost"):
        lines += ["", "Answerable questions: " + lost_points(lost["all"])]
        lines += ["", *_trivial(run.metrics)]
    lines += ["", *_seconds(run.metrics["latency"])]
    for id_, message in run.metrics.get("failures", {}).items():
        lines.append(f"FAILED {id_}: {message}")
    if len(run.made["code"]) > 1:
        lines.append(f"Mixed: {len(run.made['code'])} versions of the program worked on this run.")
    return "\n".join(lines)


def comparison_table(before: Run, after: Run) -> str:
    """Return what two runs were made of, how their figures differ, and each question that changed sides, by metric."""
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
        lines.append(f"{len(rest)} questions are in one run only and were left out.")
    counts = sorted({item.count for item in found})
    lines.append(
        f"Paired on {' to '.join(map(str, counts[:1] + counts[1:][-1:]))} questions that have the metric in both."
    )
    same = same_answers(before.metrics, after.metrics)
    if same is not None:
        lines.append("The answers are the same, byte for byte." if same else "The answers differ.")
    return "\n".join([*lines, *_flipped(before, after)])


def _changes(before: Run, after: Run) -> list[str]:
    """Return what B was made of otherwise than A, a line each."""
    first, second = (_flat({**run.made["identity"], "program": run.made["code"]}) for run in (before, after))
    return [
        f"   {name}: {first.get(name, '–')} → {second.get(name, '–')}"
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ] or ["   made of the same"]


def _flat(table: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return the leaves of nested tables as texts by their dotted names; of a hash, its beginning.

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
    """Return the questions that changed sides under the name of the metric, the lost ones first, with both answers."""
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


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return the rows as lines with their columns under each other; the columns ``right`` end together.

    >>> aligned([["a", "10"], ["long", "2"]], right=[1])
    ['a     10', 'long   2']
    """
    widths = [max(len(row[at]) for row in rows if at < len(row)) for at in range(max(map(len, rows), default=0))]
    return [
        "  ".join(
            cell.rjust(widths[at]) if at in right else cell.ljust(widths[at]) for at, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def percent(value: float) -> str:
    """Return a share as a percentage with one decimal, which is more than any of our samples can tell.

    >>> percent(0.5), percent(1.0)
    ('50.0 %', '100.0 %')
    """
    return f"{100 * value:.1f} %"


def figure(name: str, value: float) -> str:
    """Return a figure as a reader knows it: shares as percentages, the others as they are."""
    return f"{value:.3f}" if name.startswith("calibration.") or name.endswith(("mrr@10", "ndcg@10")) else percent(value)


def interval(name: str, table: Mapping[str, float]) -> str:
    """Return the 95 % interval of a figure."""
    low, high = (figure(name, table[end]).removesuffix(" %") for end in ("low", "high"))
    return f"{low} – {high}"


def lost_points(lost: Mapping[str, int]) -> str:
    """Return what became of the answerable questions, in words."""
    return ", ".join(f"{lost[name]} {label}" for name, label in LOST.items() if lost.get(name)) or "none"


def _counted(counts: Mapping[str, int]) -> str:
    text = f"{counts['questions']} questions ({counts['answerable']} answerable, {counts['clusters']} clusters)"
    if counts["asked"]:
        text += (
            f"; {counts['asked']} asked: {counts['answered']} answered, {counts['abstained']} declined, "
            f"{counts['failed']} failed"
        )
    return text


def _figures(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return a row a metric, under the headings of their groups, the best known first."""
    rows: list[list[str]] = []
    group = ""
    for known in (*CATALOGUE[:2], *SET_LEVEL, *CATALOGUE[2:]):
        if known.name not in metrics or known.name.startswith(("retrieval.", "bm25.", "dense.")):
            continue
        if known.group != group:
            rows += [[""], [known.group]] if rows else [[known.group]]
            group = known.group
        table = metrics[known.name]
        rows.append(
            ["  " + known.label, figure(known.name, table["point"]), interval(known.name, table), f"n = {table['n']}"]
        )
    return rows or [["No question was asked."]]


def _ways(metrics: Mapping[str, Any]) -> list[str]:
    """Return a table of the ways of searching beside each other."""
    rows = [["Retrieval", "both", "", "words alone", "vectors alone"]]
    for known in CATALOGUE:
        way, _, name = known.name.partition(".")
        if way != "retrieval" or name in HIDDEN or known.name not in metrics:
            continue
        both = metrics[known.name]
        others = [figure(name, metrics[f"{other}.{name}"]["point"]) for other in ("bm25", "dense")]
        rows.append(["  " + known.label, figure(name, both["point"]), interval(name, both), *others])
    return aligned(rows, right=(1, 2, 3, 4))


def _by_kind(kinds: Mapping[str, Any]) -> list[str]:
    shown = [name for name in BY_KIND if any(name in kind["metrics"] for kind in kinds.values())]
    labels = (metric(name) for name in shown)
    rows = [["Kind", "questions", *(known.label if known else "" for known in labels)]]
    for kind, table in kinds.items():
        figures = (table["metrics"].get(name) for name in shown)
        rows.append([kind, str(table["questions"]), *(percent(f["point"]) if f else "–" for f in figures)])
    return aligned(rows, right=range(1, len(shown) + 2))


def _trivial(table: Mapping[str, Any]) -> list[str]:
    """Return the decisions beside those of rules that look at nothing."""
    metrics = table["metrics"]
    ours = {
        name: metrics.get(f"abstention.{name}", {}).get("point", 0.0) for name in TRIVIAL if name != "decision_right"
    }
    ours["decision_right"] = metrics["decision.right"]["point"]
    rows = [["Rule", *TRIVIAL.values()]]
    for rule, scores in {"this run": ours, **table["trivial"]}.items():
        rows.append([rule.replace("_", " "), *(percent(scores[name]) for name in TRIVIAL)])
    return aligned(rows, right=range(1, len(TRIVIAL) + 1))


TRIVIAL = {
    "decision_right": "decided rightly",
    "macro_f1": "mean of both F1",
    "false_answer_rate": "false answers",
    "false_refusal_rate": "false refusals",
}


def _seconds(latency: Mapping[str, Any]) -> list[str]:
    rows = [["Seconds", "median", "interval", "95th", "interval", "most", "of"]]
    for name, table in sorted(latency.items(), key=lambda item: [*STAGES, item[0]].index(item[0])):
        percentiles = (cell for key in ("p50", "p95") for cell in (seconds(table[key]), between(table["between"][key])))
        rows.append([STAGES.get(name, name), *percentiles, seconds(table["high"]), str(table["count"])])
    return aligned(rows, right=range(1, 7))


STAGES = {
    "search_s": "search alone",
    "retrieval_s": "evidence found",
    "first_token_s": "first word",
    "total_s": "checked answer",
}
"""What a measurement of time is called, in the order in which they come; all count from the question."""


def seconds(value: float) -> str:
    """Return seconds with as many digits as matter.

    >>> seconds(0.0123), seconds(0.123), seconds(12.34)
    ('0.012', '0.12', '12.3')
    """
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def between(ends: Sequence[float]) -> str:
    """Return an interval of seconds."""
    return " – ".join(map(seconds, ends))
