"""The parts of the report: where points were lost, when to answer, how passages are found, how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eval import charts
from eval.calibration_metrics import reliability, risk_coverage
from eval.catalogue import CATALOGUE
from eval.markup import section, table
from eval.runs import Run
from eval.tables import LOST, TRIVIAL, figure, interval, percent

__all__ = ["decisions", "lost_points", "retrieval", "times"]

SHOWN = ("found", "hit@1", "hit@3", "hit@5", "hit@10", "mrr@10", "ndcg@10", "all_gold@5", "span_recall@5")


def lost_points(run: Run) -> str:
    """Return where each answerable question was lost: a bar in all, then one a kind."""
    lost = run.metrics["lost"]
    shown = [stage for stage in LOST if any(stage in counts for counts in lost.values())]
    key = "".join(
        f'<li><span class="swatch {stage}"></span>{escape(LOST[stage])} <b>{lost["all"].get(stage, 0)}</b></li>'
        for stage in shown
    )
    rows = []
    for kind, counts in lost.items():
        total = sum(counts.values())
        parts = {stage: counts[stage] for stage in shown if stage in counts}
        words = ", ".join(f"{LOST[stage]}: {count}" for stage, count in parts.items())
        cells = "".join(f"<td>{counts.get(stage) or '·'}</td>" for stage in shown)
        label = "all kinds" if kind == "all" else kind
        weight = " class=total" if kind == "all" else ""
        bar = charts.stacked(parts, total, f"{label}: {words}")
        rows.append(f'<tr{weight}><th scope="row">{escape(label)}</th><td class="wide">{bar}</td>{cells}</tr>')
    head = "".join(
        f'<th scope="col"><span class="swatch {s}"></span><span>{escape(LOST[s])}</span></th>' for s in shown
    )
    return section(
        "Where each point was lost",
        "One stage is named for each answerable question: the first that failed. Not found: the evidence lacked the "
        "gold passage. Refused or read wrongly: it was there.",
        f'<ul class="key">{key}</ul>'
        + table(f'<th scope="col">Kind</th><th scope="col" class="wide"></th>{head}', rows, "bars lost"),
    )


def decisions(run: Run) -> str:
    """Return the curves over the confidence, the rules that look at nothing, and the false answers by kind."""
    rows = [row for row in run.questions.values() if row["confidence"] is not None]
    if len({row["answerable"] for row in rows}) < 2:
        return ""
    intro = "The confidence is the probability, as the program sees it, that the documents answer the question."
    both = f'<div class="pair">{_risk_coverage(run, rows)}{_reliability(run, rows)}</div>'
    return section("When to answer", intro, both + _rules(run) + _false_answers(run))


def _risk_coverage(run: Run, rows: Sequence[Mapping[str, Any]]) -> str:
    answerable = [float(row["answerable"]) for row in rows]
    coverage, risk = risk_coverage([row["confidence"] for row in rows], answerable)
    lines = [charts.Curve("the documents do not answer it", list(zip(coverage, risk, strict=True)), "first")]
    said = [row for row in rows if row["status"] == "answered"]
    share = len(said) / len(rows)
    marks = [
        charts.Mark("always answer", 1.0, 1 - sum(answerable) / len(rows), "end", "trivial"),
        charts.Mark("always refuse", 0.0, 0.0, "start", "trivial"),
    ]
    if said:
        right = [float(bool(row["scores"].get("answer.correct"))) for row in said]
        answered, wrong = risk_coverage([row["confidence"] for row in said], right)
        lines.append(charts.Curve("the answer is wrong", list(zip(answered * share, wrong, strict=True)), "second"))
        marks.append(charts.Mark("this run", share, float(wrong[-1]), "middle", "here"))
    svg = charts.curves(
        lines,
        marks,
        ("questions answered, most confident first, %", "of these wrong, %"),
        "Risk and coverage",
        f"{percent(share)} of the questions were answered.",
    )
    keys = (("first", "answered though the documents do not answer it"), ("second", "answered and wrong in any way"))
    key = "".join(f'<li><span class="stroke {style}"></span>{label}</li>' for style, label in keys[: len(lines)])
    return f'<figure><figcaption>Risk and coverage</figcaption>{svg}<ul class="key">{key}</ul></figure>'


def _reliability(run: Run, rows: Sequence[Mapping[str, Any]]) -> str:
    bins = reliability([row["confidence"] for row in rows], [float(row["answerable"]) for row in rows])
    error = run.metrics["metrics"].get("calibration.ece", {}).get("point", 0.0)
    svg = charts.reliability_diagram(
        bins,
        ("confidence, %", "answerable, %"),
        "Reliability",
        f"Of questions with this confidence, the share that the documents answer. Calibration error {error:.3f}.",
    )
    cells = "".join(
        f"<tr><td>{percent(b.low)[:-4]}–{percent(b.high)[:-4]} %</td><td>{b.count}</td>"
        f"<td>{percent(b.confidence)}</td><td>{percent(b.accuracy)}</td></tr>"
        for b in bins
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Confidence", "Questions", "Mean", "Answerable"))
    unfolded = f"<details><summary>As a table</summary>{table(head, [cells])}</details>"
    return (
        f'<figure><figcaption>Reliability</figcaption>{svg}<ul class="key"><li><span class="stroke ideal"></span>'
        f'as it should be</li><li><span class="dot"></span>area: number of questions</li></ul>{unfolded}</figure>'
    )


def _rules(run: Run) -> str:
    """Return the decisions of this run beside those of rules that look at nothing."""
    metrics = run.metrics["metrics"]
    ours = {name: metrics.get(f"abstention.{name}", {}).get("point", 0.0) for name in TRIVIAL}
    ours["decision_right"] = metrics["decision.right"]["point"]
    rows = []
    for rule, scores in {"This run": ours, **run.metrics["trivial"]}.items():
        cells = "".join(f"<td>{percent(scores[name])}</td>" for name in TRIVIAL)
        weight = " class=total" if rule == "This run" else ""
        rows.append(f'<tr{weight}><th scope="row">{escape(rule.replace("_", " ").capitalize())}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in TRIVIAL.values())
    return "<h3>Against rules that look at nothing</h3>" + table(f'<th scope="col">Rule</th>{head}', rows)


def _false_answers(run: Run) -> str:
    rates = {
        "False answers by kind": (run.metrics["false_answers"], "reading", "answered all the same"),
        "False refusals by kind": (run.metrics["false_refusals"], "refusal", "declined"),
    }
    return "".join(
        f"<figure><figcaption>{title}</figcaption>{_rate_table(kinds, style, words)}</figure>"
        for title, (kinds, style, words) in rates.items()
        if kinds
    ).join(('<div class="pair">', "</div>"))


def _rate_table(kinds: Mapping[str, Mapping[str, int]], style: str, words: str) -> str:
    rows = []
    for kind, rate in sorted(kinds.items(), key=lambda item: -item[1]["count"] / max(1, item[1]["total"])):
        bar = charts.stacked({style: rate["count"]}, rate["total"], f"{rate['count']} of {rate['total']} {words}")
        rows.append(
            f'<tr><th scope="row">{escape(kind)}</th><td class="wide">{bar}</td>'
            f"<td>{rate['count']} of {rate['total']}</td></tr>"
        )
    return table(f'<th scope="col">Kind</th><th class="wide"></th><th scope="col">{words}</th>', rows, "bars")


def retrieval(run: Run) -> str:
    """Return the ways of searching beside each other."""
    metrics, rows = run.metrics["metrics"], []
    for known in CATALOGUE:
        way, _, name = known.name.partition(".")
        if way != "retrieval" or name not in SHOWN or known.name not in metrics:
            continue
        numbers = metrics[known.name]
        others = [metrics[f"{other}.{name}"]["point"] for other in ("bm25", "dense")]
        bar = charts.interval(
            numbers["low"], numbers["point"], numbers["high"], f"{known.label}, and the other two", others
        )
        cells = "".join(f"<td>{figure(name, value)}</td>" for value in others)
        rows.append(
            f'<tr><th scope="row">{escape(known.label)}</th><td class="wide">{bar}</td>'
            f"<td><b>{figure(name, numbers['point'])}</b></td>"
            f'<td class="faint spare">{interval(name, numbers)}</td>{cells}</tr>'
        )
    if not rows:
        return ""
    head = '<th scope="col">together</th><th scope="col" class="spare">95 %</th>'
    head += '<th scope="col">words alone</th><th scope="col">vectors alone</th>'
    return section(
        "Finding the passage",
        "Dense and lexical search together, and each alone (thin ticks). The bar is the 95 % interval.",
        table(f'<th scope="col">Metric</th><th class="wide"></th>{head}', rows, "bars"),
    )


def times(run: Run) -> str:
    """Return how long it took, and how much memory."""
    answers = run.answers()
    seconds = [record["cost"]["total_s"] for record in answers.values() if "total_s" in record["cost"]]
    rows = []
    for name, numbers in run.metrics["latency"].items():
        cells = (
            "".join(f"<td>{numbers[key]:.2f}</td>" for key in ("p50", "p95", "high")) + f"<td>{numbers['count']}</td>"
        )
        rows.append(f'<tr><th scope="row">{escape(STAGES.get(name, name))}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Seconds", "median", "95th", "most", "of"))
    memory = run.metrics.get("peak_memory_mb")
    note = f'<p class="faint">Most memory in use: {memory:,} MB.</p>' if memory else ""
    grid = table(head, rows) + note
    if not seconds:
        return section("Time", "", grid)
    total = run.metrics["latency"]["total_s"]
    marks = {"median": total["p50"], "95 %": total["p95"]}
    svg = charts.histogram(seconds, marks, "seconds", "Seconds to the checked answer", f"{len(seconds)} questions.")
    chart = f"<figure><figcaption>Seconds to the checked answer</figcaption>{svg}</figure>"
    return section("Time", "", f'<div class="pair">{chart}<div>{grid}</div></div>')


STAGES = {
    "search_s": "search alone",
    "retrieval_s": "evidence found",
    "first_token_s": "first word",
    "total_s": "checked answer",
}
