"""Sections of the report: lost points, citations, retrieval, and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from eval import charts
from eval.catalogue import CATALOGUE
from eval.checker import sentence_on
from eval.markup import section, table
from eval.runs import Run
from eval.tables import LOST, STAGES, between, figure, interval
from eval.tables import seconds as spoken

__all__ = ["citations", "lost_points", "retrieval", "times"]

SHOWN = (
    *("document@1", "document@3", "found", "hit@1", "hit@3", "hit@5", "hit@10"),
    *("mrr@10", "ndcg@10", "all_gold@5", "span_recall@5"),
)


def lost_points(run: Run) -> str:
    """Return where each answerable question was lost: one bar in total, then one per kind if there are several."""
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
        "Where points were lost",
        "For each answerable question, the first stage that failed. Not found: the evidence lacked the gold passage. "
        "Refused or read wrongly: it was there.",
        f'<ul class="key">{key}</ul>'
        + table(f'<th scope="col">Kind</th><th scope="col" class="wide"></th>{head}', rows, "bars lost"),
    )


def citations(run: Run, checks: Iterable[Mapping[str, Any]]) -> str:
    """Return how well citations support the answers, and how reliable the verification behind that is.

    ``checks`` are the results of the verification alone, for each set it was measured on.
    """
    metrics, rows = run.metrics["metrics"], []
    for known in CATALOGUE:
        if known.group != "Citations" or known.name not in metrics:
            continue
        numbers = metrics[known.name]
        bar = charts.interval(numbers["low"], numbers["point"], numbers["high"], known.label)
        rows.append(
            f'<tr><th scope="row">{escape(known.label)}</th><td class="wide">{bar}</td>'
            f"<td><b>{figure(known.name, numbers['point'])}</b></td>"
            f'<td class="faint spare">{interval(known.name, numbers)}</td><td class="spare">{numbers["n"]}</td></tr>'
        )
    if not rows:
        return ""
    head = '<th scope="col"></th><th scope="col" class="spare">95 %</th><th scope="col" class="spare">n</th>'
    note = "".join(f'<p class="faint">{escape(sentence_on(checked))}</p>' for checked in checks)
    return section(
        "Citations",
        "Each sentence is shown with the spans that contain its words, names and numbers. This is lexical support, not "
        "a proof that the source means the same.",
        table(f'<th scope="col">Metric</th><th class="wide">{charts.SCALE}</th>{head}', rows, "bars") + note,
    )


def retrieval(run: Run) -> str:
    """Return the ways of searching side by side."""
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
    head += '<th scope="col">words only</th><th scope="col">vectors only</th>'
    return section(
        "Retrieval",
        "Dense and lexical search combined, and each alone (thin ticks). The bar is the 95 % interval.",
        table(f'<th scope="col">Metric</th><th class="wide">{charts.SCALE}</th>{head}', rows, "bars"),
    )


def times(run: Run) -> str:
    """Return the time and the memory it took."""
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
    note = f'<p class="faint">Peak memory: {memory:,} MB.</p>' if memory else ""
    grid = table(head, rows) + note
    intro = "Seconds since the question was asked, including any background load of the machine."
    if not seconds:
        return section("Time", intro, grid)
    total = latency["total_s"]
    marks = {"median": total["p50"], "95th percentile": total["p95"]}
    svg = charts.histogram(
        seconds, marks, ("seconds", "questions"), "Seconds to the checked answer", f"{len(seconds)} questions."
    )
    chart = f"<figure class=half><figcaption>Seconds to the checked answer</figcaption>{svg}</figure>"
    return section("Time", intro, grid + chart)
