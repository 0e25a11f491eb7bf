"""Sections of the report: time by stage, by question, and speeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from eval import charts, plots
from eval.bench.figures import spread_of, values_of
from eval.bench.result import Bench
from eval.bench.table import SYSTEMS, VALUES, in_unit
from eval.markup import section, table

__all__ = ["Cell", "cold", "each", "heads", "rates", "row", "stages", "where"]

STAGES = {"retrieval_s": "searching", "reading_s": "reading", "writing_s": "writing", "checking_s": "checking"}
SEARCHING = ("embed_s", "dense_s", "lexical_s", "fusion_s")
Cell = str | tuple[str, str]
"""The content of a cell, as HTML (as text in a head), or its class and content."""
SHORT = {"again": "Footnote", "first": "new passages", "recipe": "plain recipe"}
"""The ways of answering as column heads, in display order."""


def where(bench: Bench) -> str:
    """Return a bar for each way of answering: its total time, divided into stages."""
    found = {system: spread_of(bench.figures, "answers", system) for system in SHORT}
    medians = {
        name: {s: of[s]["p50"] if s in of else 0.0 for s in STAGES} for name, of in found.items() if "total_s" in of
    }
    if not medians:
        return ""
    longest = max(sum(seconds.values()) for seconds in medians.values())
    rows = []
    for system, seconds in medians.items():
        shown = [in_unit("_s", value) if value else "·" for value in seconds.values()]
        parts = {STAGES[name]: value for name, value in seconds.items()}
        words = ", ".join(f"{name}: {value}" for name, value in zip(parts, shown, strict=True))
        bar = charts.stacked(parts, longest, f"{SYSTEMS[system]}: {words}")
        total = in_unit("_s", found[system]["total_s"]["p50"])
        rows.append(row(SYSTEMS[system], [("spare", cell) for cell in shown] + [("", f"<b>{total}</b>")], bar))
    key = "".join(f'<li><span class="swatch {name}"></span>{name}</li>' for name in STAGES.values())
    head = heads(["", *(("spare", name) for name in STAGES.values()), "in all"], wide=True)
    return section(
        "Where the time goes",
        "The median of each stage. The plain recipe neither questions the evidence nor checks its answer.",
        f'<ul class="key">{key}</ul>' + table(head, rows, "bars long"),
    )


def each(bench: Bench) -> str:
    """Return the time to first word of every question: ours, ours with new passages, and the plain recipe's."""
    taken = [sample for sample in bench.samples if sample.part == "answers"]
    values = {system: values_of(taken, system, "first_token_s") for system in SHORT}
    shared = sorted(set.intersection(*map(set, values.values())), key=lambda id_: -values["recipe"][id_])
    if not shared:
        return ""
    axis = plots.Axis("seconds", plots.around(found[id_] for found in values.values() for id_ in shared), log=True)
    rows = []
    for id_ in shared:
        points = [(system, values[system][id_]) for system in SHORT]
        shown = [in_unit("_s", value) for _, value in points]
        words = ", ".join(f"{SYSTEMS[name]}: {cell}" for name, cell in zip(SHORT, shown, strict=True))
        question = bench.made["questions"].get(id_, id_)
        rows.append(row(question, [("spare", cell) for cell in shown], plots.dots(points, axis, words), "short"))
    key = "".join(f'<li><span class="dot {name}"></span>{escape(SYSTEMS[name])}</li>' for name in SHORT)
    ends = " to ".join(in_unit("_s", tick) for tick in (axis.ticks[0], axis.ticks[-1]))
    head = heads(["Question", *(("spare", name) for name in SHORT.values())], wide=True)
    return section(
        "The first word, question by question",
        f"Further left is faster. The axis is logarithmic; the lines go from {ends}.",
        f'<ul class="key">{key}</ul>' + table(head, rows, "bars points"),
    )


def stages(bench: Bench) -> str:
    """Return the spread of every stage, with searching divided into its steps."""
    warm = spread_of(bench.figures, "answers", "again") or spread_of(bench.figures, "searches", "again")
    new = spread_of(bench.figures, "answers", "first")
    rows = []
    for value in (*SEARCHING, *STAGES, "first_token_s", "total_s", "undrafted_s"):
        if found := warm.get(value):
            middle, most, low, high = (in_unit(value, found[key]) for key in ("p50", "p95", "p25", "p75"))
            other = in_unit(value, new[value]["p50"]) if value in new else "·"
            cells: list[Cell] = [
                f"<b>{middle}</b>",
                most,
                ("faint spare", f"{low} – {high}"),
                str(found["count"]),
                other,
            ]
            rows.append(row(VALUES[value], cells, style="inner" if value in SEARCHING else ""))
    return section(
        "Every stage",
        "First word, whole answer and “without a draft” (declined, or answered without the model) are counted from the "
        "question. Answers without a draft only appear there and in the rows of searching.",
        table(heads(["Stage", "median", "95th", ("spare", "middle half"), "of", "new passages"]), rows),
    )


def rates(bench: Bench) -> str:
    """Return the speed of writing and embedding, next to the limit of the machine."""
    writing = {name: spread_of(bench.figures, "answers", name) for name in ("bare", "again", "recipe")}
    embedding = {name: spread_of(bench.figures, "embedding", name) for name in ("footnote", "library")}
    shown = _rate("Tokens written per second", "writing_rate", writing)
    shown += _rate("Passages embedded per second", "rate", embedding)
    if not shown:
        return ""
    intro = "The wide part of each line is the middle half of the measurements."
    if read := writing["bare"].get("reading_rate"):
        intro += f" llama.cpp alone reads {in_unit('rate', read['p50'])} tokens per second."
    return section("How fast", intro, f'<div class="pair">{shown}</div>')


def _rate(title: str, value: str, systems: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    found = {system: values[value] for system, values in systems.items() if value in values}
    if not found:
        return ""
    axis, rows = plots.Axis("", plots.steps(of["p75"] for of in found.values())), []
    for system, of in found.items():
        low, point, high = (axis.share(of[key]) for key in ("p25", "p50", "p75"))
        middle = in_unit(value, of["p50"])
        bar = charts.interval(low, point, high, f"{SYSTEMS[system]}: {middle} a second")
        rows.append(row(SYSTEMS[system], [f"<b>{middle}</b>"], bar))
    return f"<figure><figcaption>{title}</figcaption>{table(heads(['', 'median'], wide=True), rows, 'bars')}</figure>"


def cold(bench: Bench) -> str:
    """Return the measurements of a new process, from its start."""
    columns = {"ready_s": "ready", "first_token_s": "first word", "total_s": "done", "peak_mb": "most memory"}
    rows = []
    for system in ("help", "search", "footnote", "recipe"):
        if found := spread_of(bench.figures, "cold", system):
            rows.append(row(SYSTEMS[system], [in_unit(n, found[n]["p50"]) if n in found else "·" for n in columns]))
    return section(
        "From nothing",
        "A new process, counted from its start, without our caches; the operating system may have cached the files.",
        table(heads(["", *columns.values()]), rows),
    )


def heads(names: Iterable[Cell], wide: bool = False) -> str:
    """Return the head cells of a table; ``wide``: the second column is for a bar."""
    cells = [f'<th scope="col" class="{style}">{escape(text)}</th>' for style, text in map(_styled, names)]
    return "".join([*cells[:1], *(['<th class="wide"></th>'] if wide else []), *cells[1:]])


def row(label: str, cells: Iterable[Cell], bar: str | None = None, style: str = "") -> str:
    """Return a row of a table: name, bar if any, and cells."""
    wide = "" if bar is None else f'<td class="wide">{bar}</td>'
    rest = "".join(f'<td class="{name}">{text}</td>' for name, text in map(_styled, cells))
    return f'<tr class="{style}"><th scope="row" title="{escape(label)}">{escape(label)}</th>{wide}{rest}</tr>'


def _styled(cell: Cell) -> tuple[str, str]:
    return ("", cell) if isinstance(cell, str) else cell
