"""The parts of the report: where points were lost, when to answer, how passages are found, how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from eval import charts
from eval.calibration_metrics import reliability, risk_coverage
from eval.catalogue import CATALOGUE
from eval.markup import section, table
from eval.runs import Run
from eval.tables import LOST, STAGES, TRIVIAL, between, figure, interval, percent
from eval.tables import seconds as spoken

__all__ = ["decisions", "lost_points", "retrieval", "times"]

SHOWN = ("found", "hit@1", "hit@3", "hit@5", "hit@10", "mrr@10", "ndcg@10", "all_gold@5", "span_recall@5")


def lost_points(run: Run) -> str:
    """Return where each answerable question was lost: a bar in all, then one a kind where there are several."""
    lost = run.metrics["lost"]
    lost = lost if len(lost) > 2 else {"all": lost["all"]}
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
    """Return the curves over the confidence, the rules that look at nothing, and the false answers by kind.

    Where all questions are answerable, or none is, there are no curves to draw.
    """
    rows = [row for row in run.questions.values() if row["confidence"] is not None]
    if len({row["answerable"] for row in rows}) < 2:
        asked = "The documents answer every question that was asked: a refusal is always wrong."
        asked = asked if any(row["answerable"] for row in rows) else "The documents answer no question that was asked."
        return section("When to answer", asked, _false_answers(run))
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
        near = abs(share - marks[0].x) < 0.3 and abs(wrong[-1] - marks[0].y) < 0.15
        marks.append(charts.Mark("this run", share, float(wrong[-1]), "end" if near else "middle", "here", below=near))
    svg = charts.curves(
        lines,
        marks,
        ("questions answered, most confident first, %", "of these wrong, %"),
        "Risk and coverage",
        f"{percent(share)} of the questions were answered.",
    )
    keys = (("first", "answered though the documents do not answer it"), ("second", "answered and wrong in any way"))
    key = "".join(f'<li><span class="stroke {style}"></span>{label}</li>' for style, label in keys[: len(lines)])
    told = _as_table(("Answered", "Wrong"), _risks(coverage.tolist(), risk.tolist()))
    return f'<figure><figcaption>Risk and coverage</figcaption>{svg}<ul class="key">{key}</ul>{told}</figure>'


def _risks(coverage: Sequence[float], risk: Sequence[float]) -> list[tuple[str, ...]]:
    """Return the risk at every tenth of the questions, answered though the documents do not answer it."""
    last = len(coverage) - 1
    places = dict.fromkeys(min(last, round(tenth * len(coverage) / 10) - 1) for tenth in range(1, 11))
    return [(percent(coverage[at]), percent(risk[at])) for at in places if at >= 0]


def _as_table(names: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """Return what a chart draws in figures, folded away."""
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells]
    return f"<details><summary>As a table</summary>{table(head, rows)}</details>"


def _reliability(run: Run, rows: Sequence[Mapping[str, Any]]) -> str:
    bins = reliability([row["confidence"] for row in rows], [float(row["answerable"]) for row in rows])
    error = run.metrics["metrics"].get("calibration.ece", {}).get("point", 0.0)
    svg = charts.reliability_diagram(
        bins,
        ("confidence, %", "answerable, %"),
        "Reliability",
        f"Of questions with this confidence, the share that the documents answer. Calibration error {error:.3f}.",
    )
    told = _as_table(
        ("Confidence", "Questions", "Mean", "Answerable"),
        (
            (f"{100 * b.low:.0f}–{100 * b.high:.0f} %", str(b.count), percent(b.confidence), percent(b.accuracy))
            for b in bins
        ),
    )
    return (
        f'<figure><figcaption>Reliability</figcaption>{svg}<ul class="key"><li><span class="stroke ideal"></span>'
        f'as it should be</li><li><span class="dot"></span>area: number of questions</li></ul>{told}</figure>'
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
        "False answers by kind": (run.metrics["false_answers"], "reading", "answered"),
        "False refusals by kind": (run.metrics["false_refusals"], "refusal", "declined"),
    }
    return "".join(
        f"<figure><figcaption>{title}</figcaption>{_rate_table(kinds, style, words)}</figure>"
        for title, (kinds, style, words) in rates.items()
        if kinds
    ).join(('<div class="pair">', "</div>"))


def _rate_table(kinds: Mapping[str, Mapping[str, float]], style: str, words: str) -> str:
    rows = []
    for kind, rate in sorted(kinds.items(), key=lambda item: -item[1]["count"] / max(1, item[1]["total"])):
        count = f"{rate['count']:.0f} of {rate['total']:.0f}"
        bar = charts.stacked({style: rate["count"]}, rate["total"], f"{kind}: {count} {words}")
        ends = " – ".join(f"{100 * rate[end]:.0f}" for end in ("low", "high"))
        rows.append(
            f'<tr><th scope="row">{escape(kind)}</th><td class="wide">{bar}</td>'
            f'<td>{count}</td><td class="faint">{ends} %</td></tr>'
        )
    head = f'<th scope="col">Kind</th><th class="wide"></th><th scope="col">{words}</th><th scope="col">95 %</th>'
    return table(head, rows, "bars")


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
        table(f'<th scope="col">Metric</th><th class="wide">{charts.SCALE}</th>{head}', rows, "bars"),
    )


def times(run: Run) -> str:
    """Return how long it took, and how much memory."""
    answers = run.answers()
    seconds = [record["cost"]["total_s"] for record in answers.values() if "total_s" in record["cost"]]
    latency, rows = run.metrics["latency"], []
    for name in sorted(latency, key=lambda name: [*STAGES, name].index(name)):
        numbers = latency[name]
        cells = "".join(
            f'<td>{spoken(numbers[key])}</td><td class="faint spare">{between(numbers["between"][key])}</td>'
            for key in ("p50", "p95")
        )
        cells += f"<td>{spoken(numbers['high'])}</td><td>{numbers['count']}</td>"
        rows.append(f'<tr><th scope="row">{escape(STAGES.get(name, name))}</th>{cells}</tr>')
    spare = ("95 % interval", ' class="spare"')
    names = (("Seconds", ""), ("median", ""), spare, ("95th percentile", ""), spare, ("most", ""), ("questions", ""))
    head = "".join(f'<th scope="col"{style}>{name}</th>' for name, style in names)
    memory = run.metrics.get("peak_memory_mb")
    note = f'<p class="faint">Most memory in use: {memory:,} MB.</p>' if memory else ""
    grid = table(head, rows) + note
    intro = "Seconds since the question was asked. Whatever else the machine did meanwhile is in them."
    if not seconds:
        return section("Time", intro, grid)
    total = latency["total_s"]
    marks = {"median": total["p50"], "95th percentile": total["p95"]}
    svg = charts.histogram(
        seconds, marks, ("seconds", "questions"), "Seconds to the checked answer", f"{len(seconds)} questions."
    )
    chart = f"<figure class=half><figcaption>Seconds to the checked answer</figcaption>{svg}</figure>"
    return section("Time", intro, grid + chart)
