"""Robustness: runs under several conditions on the same questions, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from eval import charts, runs
from eval.catalogue import CATALOGUE, Metric, metric
from eval.compare import Difference, difference
from eval.conditions import CONDITIONS
from eval.journal import RunError
from eval.markup import section, table
from eval.runs import Run
from eval.summary import mean
from eval.tables import aligned, figure, interval, percent

__all__ = ["ConditionResult", "Robustness", "beside", "robustness", "robustness_section", "robustness_table"]

SHOWN = {
    "answer.correct": "right",
    "answer.contains": "holds a reference",
    "answer.fact_coverage": "facts stated",
    "citation.span": "cites the gold",
    "decision.right": "answered at all",
    "evidence.distractors": "of the evidence distracts",
}
"""The metrics shown for each condition, if the set allows."""
FOUND = "as found"
"""The name of retrieved evidence, as opposed to composed evidence."""
ALONE = "gold-only"


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """The results (``mean``) of a run under one condition, and its gain over the reference."""

    condition: str
    figures: Mapping[str, Mapping[str, float]]
    gained: Difference | None

    @property
    def label(self) -> str:
        """The label for readers."""
        return CONDITIONS[self.condition].label if self.condition else FOUND


@dataclass(frozen=True, slots=True)
class Robustness:
    """Runs on the ``count`` questions that all of them answered, in the order of ``CONDITIONS``.

    The gains are relative to ``reference``: the gold alone if available, otherwise the first one.
    """

    count: int
    reference: str
    rows: Sequence[ConditionResult]


def beside(run: Run) -> list[Run]:
    """Return the runs near ``run`` that only differ in their condition, the largest for each condition."""
    found: dict[str, Run] = {}
    for file in sorted(run.folder.resolve().parent.glob(f"*/{runs.METRICS}")):
        try:
            other = runs.load(file.parent)
        except RunError:
            continue
        name = _condition(other)
        if name == _condition(run) or other.made["code"] != run.made["code"] or _others(run, other):
            continue
        if name not in found or _asked(other) > _asked(found[name]):
            found[name] = other
    return [other for other in found.values() if _asked(other)]


def robustness(compared: Sequence[Run]) -> Robustness | None:
    """Compare runs under different conditions; None if there is only one condition.

    Raises:
        RunError: they differ in more than the condition, or share no answered question.
    """
    chosen: dict[str, Run] = {}
    for run in compared:
        if other := _others(compared[0], run):
            raise RunError(
                f"{run.folder} has another {', '.join(other)} than {compared[0].folder}. Only the condition may differ."
            )
        chosen.setdefault(_condition(run), run)
    if len(chosen) < 2:
        return None
    shared = set.intersection(*({id_ for id_, row in run.questions.items() if _counts(row)} for run in chosen.values()))
    if not shared:
        raise RunError("The runs share no answered question that has gold.")
    names = [name for name in ("", *CONDITIONS) if name in chosen]
    tables = {name: {id_: chosen[name].questions[id_] for id_ in sorted(shared)} for name in names}
    reference = ALONE if ALONE in names else names[0]
    return Robustness(len(shared), reference, [_under(name, tables[name], tables[reference]) for name in names])


def robustness_table(found: Robustness) -> str:
    """Return the comparison for a terminal."""
    main, rest = _drawn(found), [known for known in _shown(found) if known not in _drawn(found)]
    names = [name for known in main for name in (SHOWN[known.name], "95 %")]
    rows = [["Evidence", *names, "difference", "95 %", *(SHOWN[known.name] for known in rest)]]
    for row in found.rows:
        cells = [cell for known in main for cell in _cells(known, row)]
        rows.append([row.label, *cells, *_gained(row), *(_cells(known, row)[0] for known in rest)])
    lines = aligned(rows, right=range(1, len(rows[0])))
    return "\n".join([*lines, f"The same {found.count} questions; differences relative to {_against(found)}."])


def robustness_section(found: Robustness) -> str:
    """Return the comparison as HTML: one row per condition, with its intervals."""
    drawn = dict(zip(_drawn(found), ("first", "second"), strict=False))
    rows = []
    for row in found.rows:
        spans = [(style, *_span(row, known)) for known, style in drawn.items()]
        bar = charts.intervals(spans, f"{row.label}: {_words(row, drawn)}")
        cells = [cell for known in drawn for cell in _cells(known, row)]
        told = "".join(f"<td{FAINT if at % 2 else ''}>{cell}</td>" for at, cell in enumerate([*cells, *_gained(row)]))
        told += f"<td>{_cells(DISTRACTS, row)[0] if DISTRACTS.name in row.figures else '–'}</td>"
        first = " class=opens" if row.condition in GROUPS else ""
        rows.append(f'<tr{first}><th scope="row">{escape(row.label)}</th><td class="wide">{bar}</td>{told}</tr>')
    names = [f'<span class="stroke {style}"></span>{escape(SHOWN[known.name])}' for known, style in drawn.items()]
    head = "".join(f'<th scope="col">{name}</th><th scope="col"{FAINT}>95 %</th>' for name in [*names, "difference"])
    head += f'<th scope="col">{escape(SHOWN[DISTRACTS.name])}</th>'
    return section(
        "Robustness",
        f"The same {found.count} questions, answered from retrieved evidence and from composed evidence: the "
        f"gold passages alone, and among others without any gold. Differences are relative to {_against(found)}.",
        table(f'<th scope="col">Evidence</th><th class="wide">{charts.SCALE}</th>{head}', rows, "bars conditions"),
    )


DRAWN = ("answer.correct", "answer.contains", "citation.span")
"""The metrics in the chart, at most two; a set with gold only has the last one."""
DISTRACTS = next(known for known in CATALOGUE if known.name == "evidence.distractors")
GROUPS = ("gold-only", "gold-first")
"""The conditions that start a group of rows."""
FAINT = ' class="faint spare"'


def _drawn(found: Robustness) -> list[Metric]:
    return [known for known in _shown(found) if known.name in DRAWN][:2]


def _against(found: Robustness) -> str:
    return f"the {CONDITIONS[ALONE].label}" if found.reference == ALONE else FOUND


def _under(name: str, rows: Mapping[str, Any], reference: Mapping[str, Any]) -> ConditionResult:
    figures = {known: found for known in SHOWN if (found := mean(rows.values(), known))}
    main = next(known for known in map(metric, SHOWN) if known and known.name in figures)
    return ConditionResult(name, figures, None if rows is reference else difference(main, reference, rows))


def _shown(found: Robustness) -> list[Metric]:
    names = (name for name in SHOWN if all(name in row.figures for row in found.rows))
    return [known for name in names if (known := metric(name))]


def _cells(known: Metric, row: ConditionResult) -> tuple[str, str]:
    numbers = row.figures[known.name]
    return figure(known.name, numbers["point"]), interval(known.name, numbers)


def _gained(row: ConditionResult) -> tuple[str, str]:
    if row.gained is None:
        return "–", ""
    gained = row.gained.gained
    return f"{100 * gained.point:+.1f}", f"{100 * gained.low:+.1f} – {100 * gained.high:+.1f}"


def _span(row: ConditionResult, known: Metric) -> tuple[float, float, float]:
    numbers = row.figures[known.name]
    return numbers["low"], numbers["point"], numbers["high"]


def _words(row: ConditionResult, series: Iterable[Metric]) -> str:
    return ", ".join(f"{percent(row.figures[known.name]['point'])} {SHOWN[known.name]}" for known in series)


def _condition(run: Run) -> str:
    return str(run.made["identity"]["selection"].get("condition", ""))


def _others(first: Run, second: Run) -> list[str]:
    """Return the differences between two runs, except for the selection of questions."""
    one, two = first.made["identity"], second.made["identity"]
    return [name for name in one if name != "selection" and one[name] != two.get(name)]


def _asked(run: Run) -> int:
    return int(run.metrics["counts"]["asked"])


def _counts(row: Mapping[str, Any]) -> bool:
    return bool(row["gold"] or row.get("documents")) and row["answerable"] and row["status"] is not None
