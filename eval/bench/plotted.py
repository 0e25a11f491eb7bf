"""Plots of the report: the cost of more evidence, more users and more passages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from eval.bench.figures import curve
from eval.bench.parts import heads, row
from eval.bench.result import Bench
from eval.bench.table import CURVES, in_unit
from eval.markup import section, table
from eval.plots import Axis, Line, decades, number, plot, steps

__all__ = ["by_evidence", "by_passages", "by_users"]

STYLES = ("first", "second", "third")
SURE = (0.9, 0.92, 0.94, 0.96, 0.98, 1.0)
"""Ticks for a recall that is high everywhere."""

Curves = dict[str, list[dict[str, Any]]]
"""The spreads at each size, smallest first, by the name of the line."""


def by_evidence(bench: Bench) -> str:
    """Return the time to first word against the number of passages read."""
    ours = curve(bench.figures, "evidence", "footnote", "first_token_s")
    theirs = curve(bench.figures, "evidence", "recipe", "first_token_s")
    if not ours:
        return ""
    found = {"Footnote": ours, "plain recipe": theirs}
    across = Axis("passages of evidence", _places(found))
    up = Axis("seconds", steps(spread["p75"] for spreads in found.values() for spread in spreads))
    chart = _chart("Seconds to the first word", found, across, up)
    return section(
        "More evidence",
        f"Each passage was read before. {_growth(ours)} The bands are the middle half.",
        f'<div class="pair">{chart}{_table(bench, "passages read")}</div>',
    )


def by_users(bench: Bench) -> str:
    """Return waiting time and throughput against the number of simultaneous users."""
    names = {"whole answer": "total_s", "first word": "first_token_s", "rate": "rate"}
    found = {name: curve(bench.figures, "users", "footnote", value) for name, value in names.items()}
    rate = {"answers a minute": found.pop("rate")}
    if not found["whole answer"]:
        return ""
    across = Axis("simultaneous users", _places(found), log=True)
    waits = Axis("seconds", steps(spread["p75"] for spreads in found.values() for spread in spreads))
    pace = Axis("answers a minute", steps(spread["p50"] for spread in rate["answers a minute"]))
    charts = _chart("Seconds waited", found, across, waits) + _chart("Throughput", rate, across, pace)
    return section(
        "More users",
        "Each user asks the next question as soon as the last one is answered; one language model serves all of them.",
        f'<div class="pair">{charts}</div>' + _table(bench, "users"),
    )


def by_passages(bench: Bench) -> str:
    """Return the cost of searching against the number of passages in the index."""

    def of(value: str, system: str = "footnote", scale: float = 1.0) -> list[dict[str, Any]]:
        rows = curve(bench.figures, "sizes", system, value)
        return [{**spread, **{key: scale * spread[key] for key in ("p25", "p50", "p75")}} for spread in rows]

    if not of("dense_s"):
        return ""
    searches = {
        "dense search": of("dense_s", scale=1000),
        "FAISS, exact": of("dense_s", "exact", 1000),
        "lexical search": of("lexical_s", scale=1000),
    }
    opened = {"to open, and search once": of("open_s"), "to write": of("build_s")}
    room = {"memory": of("memory_mb"), "on disk": of("disk_mb")}
    recall = {"recall@10": of("recall")}
    lowest = min(spread["p25"] for spread in recall["recall@10"])
    across = Axis("passages", _places(searches), log=True)
    charts = _chart("Milliseconds a search", searches, across, Axis("milliseconds", _decades(searches), log=True))
    charts += _chart(
        "Of the ten nearest, found", recall, across, Axis("of 1", SURE if lowest >= SURE[0] else steps([1]))
    )
    charts += _chart("Seconds", opened, across, Axis("seconds", _decades(opened), log=True))
    charts += _chart("Megabytes", room, across, Axis("MB", _decades(room), log=True))
    return section(
        "More passages",
        "Synthetic passages: clustered vectors of 384 numbers, and texts with a natural distribution of words. Both "
        "axes are logarithmic.",
        f'<div class="pair">{charts}</div>' + _table(bench, "passages"),
    )


def _chart(title: str, found: Curves, across: Axis, up: Axis) -> str:
    lines = [
        Line(
            name,
            [(spread["at"], spread["p50"]) for spread in spreads],
            style,
            [(spread["at"], spread["p25"], spread["p75"]) for spread in spreads],
        )
        for style, (name, spreads) in zip(STYLES, found.items(), strict=False)
        if spreads
    ]
    about = "; ".join(
        f"{line.label}: " + ", ".join(f"{number(x)}: {number(y)}" for x, y in line.points) for line in lines
    )
    key = "".join(f'<li><span class="stroke {line.style}"></span>{escape(line.label)}</li>' for line in lines)
    legend = f'<ul class="key">{key}</ul>'
    return f"<figure><figcaption>{title}</figcaption>{legend}{plot(lines, across, up, title, about)}</figure>"


def _table(bench: Bench, unit: str) -> str:
    """Return the medians at each size as a table."""
    columns = CURVES[unit]
    found = {name: {of["at"]: of for of in curve(bench.figures, *place)} for name, place in columns.items()}
    found = {name: spreads for name, spreads in found.items() if spreads}
    rows = [
        row(number(at), [in_unit(columns[name][2], of[at]["p50"]) if at in of else "·" for name, of in found.items()])
        for at in sorted({at for spreads in found.values() for at in spreads})
    ]
    return table(heads([unit, *found]), rows)


def _growth(spreads: Sequence[dict[str, Any]]) -> str:
    """Return how much later the first word comes with the most evidence than with the least."""
    least, most = spreads[0], spreads[-1]
    share = most["p50"] / least["p50"] - 1
    grown = f"later by {100 * share:.0f}\u00a0%" if share >= 0 else f"earlier by {-100 * share:.0f}\u00a0%"
    return f"From {number(least['at'])} to {number(most['at'])} of them, our first word comes {grown}."


def _places(found: Curves) -> list[float]:
    """Return the measured sizes, at least two."""
    places = sorted({float(spread["at"]) for spreads in found.values() for spread in spreads})
    return places if len(places) > 1 else [places[0], places[0] * 2]


def _decades(found: Curves) -> list[float]:
    return decades(spread[key] for spreads in found.values() for spread in spreads for key in ("p25", "p75"))
