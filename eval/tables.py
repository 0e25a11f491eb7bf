"""Results as aligned plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eval.catalogue import BY_KIND, CATALOGUE, GROUPINGS, SET_LEVEL, Metric, metric
from eval.runs import Run

__all__ = [
    "GROUP_TITLES",
    "LOST",
    "NAMELESS",
    "OUTCOMES_SHOWN",
    "STAGES",
    "aligned",
    "between",
    "figure",
    "grouped",
    "interval",
    "lost_points",
    "percent",
    "run_table",
    "seconds",
    "shown_by_kind",
]

HIDDEN = ("span_precision@3", "span_precision@10", "recall@20", "all_gold@3", "all_gold@10", "span_recall@3")
"""Metrics that are only written to ``metrics.json``, to keep the tables readable."""
LOST = {
    "none": "right",
    "citation": "right, but not cited",
    "unsure": "unsure, the answer quoted",
    "reading": "read wrongly",
    "refusal": "refused",
    "retrieval": "not found",
    "failure": "failed",
}
"""Outcomes of an answerable question, best first."""


def run_table(run: Run) -> str:
    """Return the results of a run for a terminal."""
    counts, metrics = run.metrics["counts"], run.metrics["metrics"]
    under = run.made["identity"]["selection"]["condition"]
    lines = [f"{run.made['identity']['set']}{f' ({under})' if under else ''}: {_counted(counts)}", ""]
    lines += aligned(_figures(metrics), right=(1, 2, 3))
    lines += [*_by_group(run.metrics), "", *_ways(metrics), "", *_by_kind(run.metrics["kinds"])]
    if lost := run.metrics.get("lost"):
        lines += ["", "Answerable questions: " + lost_points(lost["all"])]
        lines += ["", *_trivial(run.metrics)]
    lines += ["", *_seconds(run.metrics["latency"])]
    for id_, message in run.metrics.get("failures", {}).items():
        lines.append(f"FAILED {id_}: {message}")
    if len(run.made["code"]) > 1:
        lines.append(f"Mixed: {len(run.made['code'])} versions of the program contributed to this run.")
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return the rows as lines with aligned columns; the columns ``right`` are right-aligned.

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
    """Return a share as a percentage with one decimal, which is more precise than our samples.

    >>> percent(0.5), percent(1.0)
    ('50.0 %', '100.0 %')
    """
    return f"{100 * value:.1f} %"


def figure(name: str, value: float) -> str:
    """Return the value of a metric for readers: shares as percentages, others as they are."""
    return f"{value:.3f}" if name.startswith("calibration.") or name.endswith(("mrr@10", "ndcg@10")) else percent(value)


def interval(name: str, table: Mapping[str, float]) -> str:
    """Return the 95 % interval of a value."""
    low, high = (figure(name, table[end]).removesuffix(" %") for end in ("low", "high"))
    return f"{low} – {high}"


def lost_points(lost: Mapping[str, int]) -> str:
    """Return the outcomes of the answerable questions in words."""
    return ", ".join(f"{lost[name]} {label}" for name, label in LOST.items() if lost.get(name)) or "none"


def _counted(counts: Mapping[str, int]) -> str:
    text = f"{counts['questions']} questions ({counts['answerable']} answerable, {counts['clusters']} clusters)"
    if counts["asked"]:
        text += (
            f"; {counts['asked']} asked: {counts['answered']} answered, {counts['unsure']} unsure, "
            f"{counts['abstained']} declined, {counts['failed']} failed"
        )
    return text


def _figures(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Return one row per metric below its group's heading, the best known first."""
    rows: list[list[str]] = []
    group = ""
    first = [known for known in CATALOGUE if known.group == "Decision"]
    for known in dict.fromkeys((*first, *SET_LEVEL, *CATALOGUE)):
        if known.name not in metrics or known.name.startswith(("retrieval.", "bm25.", "dense.")):
            continue
        if known.group != group:
            rows += [[""], [known.group]] if rows else [[known.group]]
            group = known.group
        table = metrics[known.name]
        rows.append(
            ["  " + known.label, figure(known.name, table["point"]), interval(known.name, table), f"n = {table['n']}"]
        )
    return rows or [["No questions."]]


def _ways(metrics: Mapping[str, Any]) -> list[str]:
    """Return a table with the ways of searching side by side."""
    rows = [["Retrieval", "both", "", "words alone", "vectors alone"]]
    for known in CATALOGUE:
        way, _, name = known.name.partition(".")
        if way != "retrieval" or name in HIDDEN or known.name not in metrics:
            continue
        both = metrics[known.name]
        others = [figure(name, metrics[f"{other}.{name}"]["point"]) for other in ("bm25", "dense")]
        rows.append(["  " + known.label, figure(name, both["point"]), interval(name, both), *others])
    return aligned(rows, right=(1, 2, 3, 4))


def shown_by_kind(kinds: Mapping[str, Any]) -> list[Metric]:
    """Return the metrics shown by kind of question: found documents if no spans are known, otherwise spans."""
    names = [name for name in BY_KIND if any(name in kind["metrics"] for kind in kinds.values())]
    if "retrieval.found" in names:
        names.remove("retrieval.document@3")
    return [known for name in names if (known := metric(name))]


def _by_kind(kinds: Mapping[str, Any]) -> list[str]:
    shown = shown_by_kind(kinds)
    rows = [["Kind", "questions", *(known.label for known in shown)]]
    for kind, table in kinds.items():
        figures = (table["metrics"].get(known.name) for known in shown)
        rows.append([kind, str(table["questions"]), *(percent(f["point"]) if f else "–" for f in figures)])
    return aligned(rows, right=range(1, len(shown) + 2))


def grouped(metrics: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each useful grouping of questions, and always the path, with its groups."""
    for grouping in GROUPINGS:
        groups = metrics.get("groups", {}).get(grouping, {})
        if len(groups) > 1 or (grouping == "path" and any(groups)):
            yield grouping, groups


GROUP_TITLES = {"kind": "Kind", "genre": "Genre", "language": "Language", "path": "Path"}
OUTCOMES_SHOWN = {
    "outcome.right": "right",
    "outcome.helpful": "helpful",
    "outcome.wrong": "wrong",
    "outcome.refused": "refused",
    "outcome.false_answer": "false answers",
}
"""The outcomes shown by group, each out of the questions for which it is possible."""
NAMELESS = "(none)"
"""The name of the group of questions without a genre or a language."""


def _by_group(metrics: Mapping[str, Any]) -> list[str]:
    """Return one table per grouping: the outcomes of the questions of each group."""
    lines: list[str] = []
    for grouping, groups in grouped(metrics):
        rows = [[GROUP_TITLES[grouping], "questions", *OUTCOMES_SHOWN.values()]]
        for name, group in groups.items():
            cells = (_rate(group["outcomes"].get(outcome)) for outcome in OUTCOMES_SHOWN)
            rows.append([name or NAMELESS, str(group["questions"]), *cells])
        lines += ["", *aligned(rows, right=range(1, len(rows[0])))]
    return lines


def _rate(rate: Mapping[str, float] | None) -> str:
    """Return a rate with its interval, in whole percent.

    >>> _rate({"count": 1, "total": 2, "low": 0.0945, "high": 0.9055})
    '50 % [9–91]'
    """
    if not rate:
        return "–"
    return f"{100 * rate['count'] / rate['total']:.0f} % [{100 * rate['low']:.0f}–{100 * rate['high']:.0f}]"


def _trivial(table: Mapping[str, Any]) -> list[str]:
    """Return the decisions next to those of trivial rules."""
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
"""Names of the timings in order; all are counted from the question."""


def seconds(value: float) -> str:
    """Return seconds with a useful number of digits.

    >>> seconds(0.0123), seconds(0.123), seconds(12.34)
    ('0.012', '0.12', '12.3')
    """
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def between(ends: Sequence[float]) -> str:
    """Return an interval of seconds."""
    return " – ".join(map(seconds, ends))
