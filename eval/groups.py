"""Outcomes by kind, genre, language and path, with Wilson intervals since groups are small."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from eval import charts
from eval.markup import section, table
from eval.runs import Run
from eval.tables import GROUP_TITLES, LOST, NAMELESS, OUTCOMES_SHOWN, grouped

__all__ = ["groups_section"]

ALSO = {"outcome.unsure": "unsure", "outcome.false_unsure": "unsure, unanswerable"}
"""Outcomes that fit on the page, besides ``OUTCOMES_SHOWN``."""


def groups_section(run: Run) -> str:
    """Return one HTML table per grouping: a bar and every outcome of each group."""
    body = "".join(f"<h3>By {grouping}</h3>{_grid(grouping, groups)}" for grouping, groups in grouped(run.metrics))
    if not body:
        return ""
    return section(
        "Outcomes by group",
        "Helpful: right, or unsure with every fact among its quotes. The bar shows the answerable questions: "
        + _key()
        + " Intervals are Wilson's, 95 %.",
        body,
    )


def _grid(grouping: str, groups: Mapping[str, Any]) -> str:
    columns = OUTCOMES_SHOWN | ALSO
    rows = []
    for name, group in groups.items():
        cells = "".join(f"<td>{_cell(group['outcomes'].get(outcome))}</td>" for outcome in columns)
        label = escape(name or NAMELESS)
        rows.append(
            f'<tr><th scope="row">{label}</th><td>{group["questions"]}</td><td class="wide">{_bar(name, group)}</td>'
            f"{cells}</tr>"
        )
    head = f'<th scope="col">{GROUP_TITLES[grouping]}</th><th scope="col">n</th><th scope="col" class="wide"></th>'
    return table(head + "".join(f'<th scope="col">{label}</th>' for label in columns.values()), rows, "bars")


def _cell(rate: Mapping[str, float] | None) -> str:
    if not rate:
        return "–"
    ends = f"{100 * rate['low']:.0f} – {100 * rate['high']:.0f} %"
    return f'{rate["count"]} of {rate["total"]}<br><span class="faint">{ends}</span>'


def _bar(name: str, group: Mapping[str, Any]) -> str:
    """Return the outcomes of a group's answerable questions; those neither right nor wrong may still have helped."""
    counts = {outcome.partition(".")[2]: rate["count"] for outcome, rate in group["outcomes"].items()}
    if not group["answerable"] or "right" not in counts:
        return ""
    parts = {"none": counts["right"], "unsure": counts["helpful"] - counts["right"], "reading": counts["wrong"]}
    parts["refusal"] = group["answerable"] - sum(parts.values())
    words = ", ".join(f"{BAR[style]}: {count}" for style, count in parts.items())
    return charts.stacked(parts, group["answerable"], f"{name or NAMELESS}: {words}")


BAR = {"none": "right", "unsure": LOST["unsure"], "reading": "wrong", "refusal": "refused, or quoted another place"}
"""The parts of a bar, by CSS class."""


def _key() -> str:
    return ", ".join(f'<span class="swatch {style}"></span>&nbsp;{escape(label)}' for style, label in BAR.items()) + "."
