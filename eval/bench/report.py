"""The report of a benchmark: one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from eval import charts, plots
from eval.bench.figures import RATIOS, by_name, spread_of
from eval.bench.parts import Cell, cold, each, heads, rates, row, stages, where
from eval.bench.plotted import by_evidence, by_passages, by_users
from eval.bench.result import Bench
from eval.bench.table import PARTS, SYSTEMS, VALUES, in_unit, interval, times
from eval.markup import big, document, folded, header, made_of, table

__all__ = ["page"]

SCALE = plots.Axis("", [0.25, 32], log=True)
"""The axis of the ratios: from four times worse to 32 times better."""
TILES = ("first_token", "first_token.new", "total", "writing", "embedding", "query")


def page(bench: Bench) -> str:
    """Return the report as HTML. All text from documents, questions and models is escaped."""
    parts = [_head(bench), _tiles(bench), where(bench), each(bench), by_evidence(bench), by_users(bench)]
    parts += [by_passages(bench), stages(bench), rates(bench), cold(bench)]
    return document(f"Bench: {bench.made['set']}", [*parts, _all_ratios(bench), _all_figures(bench), _made(bench)])


def _head(bench: Bench) -> str:
    made, warnings = bench.made, []
    cores = made["machine"]["cores"]
    if (most := max(made["load"])) > 1.5 * cores:
        warnings.append(
            f"The machine was busy: up to {most:.1f} processes for {cores} cores. "
            "Times are longer than on an idle machine; ratios are affected less, since the systems took turns."
        )
    about = [made["embedder"], made["generator"] or "no language model", f"{made['machine']['threads']} threads"]
    return header("Bench", made["set"], _story(bench), about, warnings)


def _story(bench: Bench) -> tuple[str, str]:
    """Return a summary: the main result, and how it was measured."""
    count = len(bench.made["questions"])
    if first := bench.figures["ratios"].get("first_token"):
        ours, theirs = (in_unit("_s", first[side]) for side in ("ours", "theirs"))
        return (
            f"The first word comes after {ours}. With the plain recipe, after {theirs}.",
            f"Medians of {first['n']} questions, asked in turns: the same libraries, model files and evidence.",
        )
    searches = spread_of(bench.figures, "searches", "again") or spread_of(bench.figures, "answers", "again")
    return f"A search takes {in_unit('_s', searches['retrieval_s']['p50'])}.", f"The median of {count} questions."


def _tiles(bench: Bench) -> str:
    known = {ratio.name: ratio for ratio in RATIOS}
    tiles = [
        f"<li>{big(times(found['point']))}"
        f'<span class="label">{escape(known[name].label)}</span>{_bar(found)}'
        f'<span class="faint">{interval(found)} with 95 % confidence, n = {found["n"]}</span></li>'
        for name in TILES
        if (found := bench.figures["ratios"].get(name))
    ]
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def _bar(found: Mapping[str, float]) -> str:
    """Return a ratio with its interval on an axis of ratios; the thin tick is 1."""
    low, point, high = (SCALE.share(found[name]) for name in ("low", "point", "high"))
    return charts.interval(low, point, high, f"{times(found['point'])}, between {interval(found)}", [SCALE.share(1)])


def _all_ratios(bench: Bench) -> str:
    rows = []
    for name, found in bench.figures["ratios"].items():
        known, at = by_name(name)
        both = [in_unit(known.value, found[side]) for side in ("ours", "theirs")]
        cells: list[Cell] = [f"<b>{times(found['point'])}</b>", ("faint", interval(found)), *both, str(found["n"])]
        rows.append(row(known.words(at), cells, _bar(found)))
    intro = "<p>Each is the median of the paired ratios, with a bootstrap interval; above 1 is better.</p>"
    head = heads(["", "ratio", "95 %", "ours", "theirs", "pairs"], wide=True)
    return folded("All ratios", intro + table(head, rows, "bars"))


def _all_figures(bench: Bench) -> str:
    rows = []
    for of in bench.figures["spreads"]:
        name, system = of["value"], of["system"]
        at = plots.number(of["at"]) if of["at"] is not None else ""
        figures = [in_unit(name, of[key]) for key in ("p50", "p95", "p25", "p75", "low", "high")]
        labels: list[Cell] = [("left", escape(SYSTEMS.get(system, system))), ("left", escape(VALUES.get(name, name)))]
        rows.append(row(PARTS.get(of["part"], of["part"]), [*labels, at, *figures, str(of["count"])]))
    names = ("Part", "System", "Value", "at", "median", "95th", "25th", "75th", "least", "most", "of")
    return folded("All figures", table(heads(names), rows))


def _made(bench: Bench) -> str:
    return made_of({name: value for name, value in bench.made.items() if name != "questions"})
