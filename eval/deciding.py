"""Report section on when to answer: curves over the confidence, trivial rules for comparison, kinds of question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from eval import charts
from eval.calibration_metrics import reliability, risk_coverage
from eval.markup import section, table
from eval.runs import Run
from eval.tables import TRIVIAL, percent

__all__ = ["decisions"]


def decisions(run: Run) -> str:
    """Return the curves over the confidence, the trivial rules, and the false answers by kind.

    If all or none of the questions are answerable, there are no curves.
    """
    rows = [row for row in run.questions.values() if row["confidence"] is not None]
    if len({row["answerable"] for row in rows}) < 2:
        asked = "The documents answer every question of this run: a refusal is always wrong."
        asked = asked if any(row["answerable"] for row in rows) else "The documents answer no question of this run."
        return section("When to answer", asked, _false_answers(run))
    intro = "The confidence is the estimated probability that the documents answer the question."
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
    keys = (
        ("first", "answered although the documents do not answer it"),
        ("second", "answered and wrong for any reason"),
    )
    key = "".join(f'<li><span class="stroke {style}"></span>{label}</li>' for style, label in keys[: len(lines)])
    told = _as_table(("Answered", "Wrong"), _risks(coverage.tolist(), risk.tolist()))
    return f'<figure><figcaption>Risk and coverage</figcaption>{svg}<ul class="key">{key}</ul>{told}</figure>'


def _risks(coverage: Sequence[float], risk: Sequence[float]) -> list[tuple[str, ...]]:
    """Return the risk at every tenth of the questions: answered although the documents don't answer it."""
    last = len(coverage) - 1
    places = dict.fromkeys(min(last, round(tenth * len(coverage) / 10) - 1) for tenth in range(1, 11))
    return [(percent(coverage[at]), percent(risk[at])) for at in places if at >= 0]


def _as_table(names: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """Return the numbers of a chart as a collapsed table."""
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
    """Return the decisions of this run next to those of trivial rules."""
    metrics = run.metrics["metrics"]
    ours = {name: metrics.get(f"abstention.{name}", {}).get("point", 0.0) for name in TRIVIAL}
    ours["decision_right"] = metrics["decision.right"]["point"]
    rows = []
    for rule, scores in {"This run": ours, **run.metrics["trivial"]}.items():
        cells = "".join(f"<td>{percent(scores[name])}</td>" for name in TRIVIAL)
        weight = " class=total" if rule == "This run" else ""
        rows.append(f'<tr{weight}><th scope="row">{escape(rule.replace("_", " ").capitalize())}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in TRIVIAL.values())
    return "<h3>Compared with trivial rules</h3>" + table(f'<th scope="col">Rule</th>{head}', rows)


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
