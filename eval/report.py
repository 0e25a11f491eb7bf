"""The report of a run: one page that needs nothing but itself, to be read by people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from eval import charts
from eval.calibration_metrics import reliability, risk_coverage
from eval.catalogue import CATALOGUE, HEADLINES, SET_LEVEL, metric
from eval.runs import Run
from eval.tables import HIDDEN, LOST, TRIVIAL, figure, interval, percent
from eval.worst import worst_answers

__all__ = ["page"]

STYLE = Path(__file__).parent / "data" / "report.css"
# The page may load nothing at all, and says so itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SHOWN = ("found", "hit@1", "hit@3", "hit@5", "hit@10", "mrr@10", "ndcg@10", "all_gold@5", "span_recall@5")


def page(run: Run) -> str:
    """Return the whole report as HTML. Everything that comes from documents, questions or models is escaped."""
    name = run.made["identity"]["set"]
    asked = run.metrics["counts"]["asked"] > 0
    parts = [_head(run), _headlines(run.metrics["metrics"])]
    if asked:
        parts += [_lost(run), _decisions(run)]
    parts += [_retrieval(run), _time(run)]
    if asked:
        parts.append(worst_answers(run))
    parts += [_not_found(run), _all_figures(run), _made(run)]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        f"<title>Evaluation: {escape(name)}</title><style>{STYLE.read_text('utf-8')}</style></head>\n"
        f"<body><main>{''.join(part for part in parts if part)}</main></body></html>\n"
    )


def _head(run: Run) -> str:
    counts, identity = run.metrics["counts"], run.made["identity"]
    model = identity["generator"]["name"] if identity["generator"] else "no language model"
    about = f"{identity['embedder']['name']} · {model}"
    warning = ""
    if failed := counts["failed"]:
        warning += f'<p class="warning">{failed} questions failed. They count as wrong, and are listed below.</p>'
    if (versions := len(run.made["code"])) > 1:
        warning += f'<p class="warning">{versions} versions of the program worked on this run.</p>'
    headline, rest = _story(run)
    return (
        f'<header><p class="eyebrow">Evaluation · {escape(identity["set"])}</p>'
        f'<h1>{headline}</h1><p class="lead">{rest}</p><p class="faint">{escape(about)}</p>{warning}</header>'
    )


def _story(run: Run) -> tuple[str, str]:
    """Return how it went: in one sentence, and the next one."""
    counts, lost = run.metrics["counts"], run.metrics.get("lost", {}).get("all", {})
    if not counts["asked"]:
        found = run.metrics["metrics"].get("retrieval.found")
        share = percent(found["point"]) if found else "none"
        return (
            f"For {share} of the answerable questions, the evidence holds what it takes.",
            f"{counts['answerable']} of {counts['questions']} questions can be answered from the documents.",
        )
    answerable = sum(lost.values())
    right = lost.get("none", 0) + lost.get("citation", 0)
    other = counts["asked"] - answerable
    declined = other - sum(rate["count"] for rate in run.metrics["false_answers"].values())
    story = f"{right} of {answerable} answerable questions were answered rightly."
    return story, f"Of {other} that the documents do not answer, {declined} were declined." if other else ""


def _headlines(metrics: Mapping[str, Any]) -> str:
    tiles = []
    for name in HEADLINES:
        known, table = metric(name), metrics.get(name)
        if known is None or table is None:
            continue
        bar = charts.interval(table["low"], table["point"], table["high"], f"between {interval(name, table)} %")
        sense = "" if known.higher else " <span class=sense>less is better</span>"
        tiles.append(
            f'<li><span class="big">{_split(percent(table["point"]))}</span>'
            f"<span class=label>{escape(TILES.get(name, known.label))}{sense}</span>{bar}"
            f'<span class="faint">{interval(name, table)} % with 95 % confidence, n = {table["n"]}</span></li>'
        )
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


TILES = {
    "answer.correct": "of the answerable questions answered rightly",
    "decision.right": "of all questions rightly answered or declined",
    "abstention.false_answer_rate": "of the unanswerable questions answered all the same",
    "abstention.false_refusal_rate": "of the answerable questions declined",
    "citation.document": "of the answerable questions answered from the right document",
    "retrieval.found": "of the answerable questions have enough gold in the evidence",
}


def _split(text: str) -> str:
    number, _, unit = text.partition(" ")
    return f"{number}<small>&thinsp;{unit}</small>"


def _lost(run: Run) -> str:
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
    return _section(
        "Where each point was lost",
        "One stage is named for each answerable question: the first that failed. Not found: the evidence lacked the "
        "gold passage. Refused or read wrongly: it was there.",
        f'<ul class="key">{key}</ul>'
        + _table(f'<th scope="col">Kind</th><th scope="col" class="wide"></th>{head}', rows, "bars lost"),
    )


def _decisions(run: Run) -> str:
    """Return the curves over the confidence, the rules that look at nothing, and the false answers by kind."""
    rows = [row for row in run.questions.values() if row["confidence"] is not None]
    if not rows:
        return ""
    intro = "The confidence is the probability, as the program sees it, that the documents answer the question."
    both = f'<div class="pair">{_risk_coverage(run, rows)}{_reliability(run, rows)}</div>'
    return _section("When to answer", intro, both + _rules(run) + _false_answers(run))


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
    table = f"<details><summary>As a table</summary>{_table(head, [cells])}</details>"
    return (
        f'<figure><figcaption>Reliability</figcaption>{svg}<ul class="key"><li><span class="stroke ideal"></span>'
        f'as it should be</li><li><span class="dot"></span>area: number of questions</li></ul>{table}</figure>'
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
    return "<h3>Against rules that look at nothing</h3>" + _table(f'<th scope="col">Rule</th>{head}', rows)


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
    return _table(f'<th scope="col">Kind</th><th class="wide"></th><th scope="col">{words}</th>', rows, "bars")


def _retrieval(run: Run) -> str:
    """Return the ways of searching beside each other."""
    metrics, rows = run.metrics["metrics"], []
    for known in CATALOGUE:
        way, _, name = known.name.partition(".")
        if way != "retrieval" or name not in SHOWN or known.name not in metrics:
            continue
        table = metrics[known.name]
        others = [metrics[f"{other}.{name}"]["point"] for other in ("bm25", "dense")]
        bar = charts.interval(table["low"], table["point"], table["high"], f"{known.label}, and the other two", others)
        cells = "".join(f"<td>{figure(name, value)}</td>" for value in others)
        rows.append(
            f'<tr><th scope="row">{escape(known.label)}</th><td class="wide">{bar}</td>'
            f"<td><b>{figure(name, table['point'])}</b></td>"
            f'<td class="faint spare">{interval(name, table)}</td>{cells}</tr>'
        )
    if not rows:
        return ""
    head = '<th scope="col">together</th><th scope="col" class="spare">95 %</th>'
    head += '<th scope="col">words alone</th><th scope="col">vectors alone</th>'
    return _section(
        "Finding the passage",
        "Dense and lexical search together, and each alone (thin ticks). The bar is the 95 % interval.",
        _table(f'<th scope="col">Metric</th><th class="wide"></th>{head}', rows, "bars"),
    )


def _time(run: Run) -> str:
    answers = run.answers()
    seconds = [record["cost"]["total_s"] for record in answers.values() if "total_s" in record["cost"]]
    rows = []
    for name, table in run.metrics["latency"].items():
        cells = "".join(f"<td>{table[key]:.2f}</td>" for key in ("p50", "p95", "high")) + f"<td>{table['count']}</td>"
        rows.append(f'<tr><th scope="row">{escape(STAGES.get(name, name))}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Seconds", "median", "95th", "most", "of"))
    memory = run.metrics.get("peak_memory_mb")
    note = f'<p class="faint">Most memory in use: {memory:,} MB.</p>' if memory else ""
    table = _table(head, rows) + note
    if not seconds:
        return _section("Time", "", table)
    total = run.metrics["latency"]["total_s"]
    marks = {"median": total["p50"], "95 %": total["p95"]}
    svg = charts.histogram(seconds, marks, "seconds", "Seconds to the checked answer", f"{len(seconds)} questions.")
    chart = f"<figure><figcaption>Seconds to the checked answer</figcaption>{svg}</figure>"
    return _section("Time", "", f'<div class="pair">{chart}<div>{table}</div></div>')


STAGES = {
    "search_s": "search alone",
    "retrieval_s": "evidence found",
    "first_token_s": "first word",
    "total_s": "checked answer",
}


def _not_found(run: Run) -> str:
    """Return the questions whose evidence lacks the gold, folded away."""
    missed = [row for row in run.questions.values() if row["scores"].get("retrieval.found") == 0]
    if not missed:
        return ""
    items = "".join(
        f'<li><span class="tag">{escape(row["kind"])}</span> {escape(row["question"])} '
        f'<span class="faint id">{escape(row["id"])}</span></li>'
        for row in missed
    )
    return _folded(f"Not found: {len(missed)} questions", f'<ul class="plain">{items}</ul>')


def _all_figures(run: Run) -> str:
    rows = []
    for known in (*SET_LEVEL, *CATALOGUE):
        table = run.metrics["metrics"].get(known.name)
        if table is None or known.name.partition(".")[2] in HIDDEN:
            continue
        rows.append(
            f'<tr><th scope="row"><code>{escape(known.name)}</code></th><td class="left">{escape(known.label)}</td>'
            f"<td>{figure(known.name, table['point'])}</td><td>{interval(known.name, table)}</td>"
            f"<td>{table['n']}</td><td>{table['clusters']}</td></tr>"
        )
    names = ("Name", "Meaning", "Figure", "95 %", "n", "clusters")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return _folded("All figures", _table(head, rows))


def _made(run: Run) -> str:
    """Return what the run was made of, so that it can be made again."""
    facts: dict[str, Any] = {**run.made["identity"], "program": run.made["code"], **run.made["machine"]}
    facts["answers"] = run.metrics.get("answers_sha256")
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="left"><code>{escape(_plain(value))}</code></td></tr>'
        for name, value in facts.items()
        if value is not None
    )
    return _folded("What it was made of", f'<div class="scroll"><table>{rows}</table></div>')


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return str(value)


def _section(title: str, intro: str, body: str) -> str:
    lead = f'<p class="intro">{intro}</p>'
    return f"<section><h2>{escape(title)}</h2>{lead}{body}</section>"


def _folded(title: str, body: str) -> str:
    summary = f"<summary><h2>{escape(title)}</h2></summary>"
    return f'<section><details class="long">{summary}{body}</details></section>'


def _table(head: str, rows: Iterable[str], style: str = "") -> str:
    return (
        f'<div class="scroll"><table class="{style}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
