"""The gate: what may not get worse. A floor for each metric, the accepted baseline, and what is never tolerated."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eval import baseline as baselines
from eval.catalogue import CATALOGUE, GROUPINGS, metric
from eval.collection import opened_index
from eval.compare import FLIPPED, Difference, Flip, difference, flips
from eval.journal import RunError
from eval.run import Selection
from eval.run import run as measure
from eval.runs import Run
from eval.sets import KnownAnswerSet
from eval.summary import mean
from eval.tables import aligned, figure
from rag.config import Config
from rag.ingest import Progress
from rag.ports import Embedder

__all__ = ["Limits", "Line", "Verdict", "check", "fast_tier", "limits"]

NEVER = {
    "citation.validity": "a mark without a citation that holds in the stored text",
    "citation.verbatim": "a quote that does not stand in its document",
}
"""Metrics of which anything below 1 is a fault of the program."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What ``gate.toml`` says of a set: by how much a metric may fall below the baseline, and where it must not be.

    A floor is a ceiling for a metric of which less is better. ``groups`` holds those of groups of questions, by their
    grouping (``eval.catalogue.GROUPINGS``) and name.
    """

    margin: float = 0.02
    watched: tuple[str, ...] = ()
    floors: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One metric at the gate: of all questions, or of a ``group`` of them."""

    name: str
    now: float
    floor: float | None
    difference: Difference | None
    margin: float
    group: str = ""

    @property
    def faults(self) -> list[str]:
        """Return why it does not pass; nothing where it does."""
        known = metric(self.name)
        sign = 1 if known is None or known.higher else -1
        faults = []
        if self.floor is not None and sign * (self.now - self.floor) < 0:
            faults.append("below its floor" if sign > 0 else "above its limit")
        if (
            self.difference
            and max(sign * self.difference.gained.low, sign * self.difference.gained.high) < -self.margin
        ):
            faults.append("worse than the baseline")
        return faults


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found: its lines, what is never tolerated, and the questions that flipped."""

    lines: list[Line]
    never: list[str]
    flips: list[Flip]
    notes: list[str]

    @property
    def passes(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.never and not any(line.faults for line in self.lines)

    def table(self) -> str:
        """Return all of it for a terminal: the metrics, then every question that flipped."""
        rows = [["Metric", "floor", "baseline", "now", "difference", "", "lost", "won", ""]]
        rows += [_cells(line) for line in self.lines]
        lines = [*aligned(rows, right=(1, 2, 3, 4, 6, 7)), *self.notes]
        lines += [f"NEVER: {text}" for text in self.never]
        for flip in self.flips:
            way = "lost" if flip.after < flip.before else "won "
            lines.append(f"{way}  {flip.metric}  {flip.id}: {flip.question}")
        return "\n".join([*lines, "", "The gate is passed." if self.passes else "THE GATE IS NOT PASSED."])


def limits(file: Path, name: str) -> Limits:
    """Read the limits of the set ``name``; the usual ones where the file does not know it.

    Raises ``RunError`` where the file or a metric in it is not understood.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8"))
        margin, watched = float(table["margin"]), tuple(table["watched"])
        of_set = table.get("floors", {}).get(name, {})
        floors = {key: float(value) for key, value in of_set.items() if not isinstance(value, dict)}
        groups = _group_floors({key: value for key, value in of_set.items() if isinstance(value, dict)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{file} cannot be read ({error}).") from error
    for key in (*watched, *floors):
        if metric(key) is None:
            raise RunError(f"{file} names {key!r}, which is no metric.")
    for (grouping, group), floor in groups.items():
        _check_group(f"{file} has floors for the {grouping} {group} of {name}", grouping, floor)
    return Limits(margin, watched, floors, groups)


def _check_group(where: str, grouping: str, floors: Mapping[str, float]) -> None:
    """Raise ``RunError`` where questions are not grouped like this, or a metric is not one of single questions."""
    if grouping not in GROUPINGS:
        raise RunError(f"{where}. Questions are grouped by {', '.join(GROUPINGS)}.")
    known = {metric.name for metric in CATALOGUE}
    if other := [name for name in floors if name not in known]:
        raise RunError(f"{where}: {other[0]!r} is no metric of single questions.")


def _group_floors(tables: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[tuple[str, str], dict[str, float]]:
    """Return the floors of each group by its grouping and name."""
    return {
        (grouping, group): {key: float(value) for key, value in floors.items()}
        for grouping, groups in tables.items()
        for group, floors in groups.items()
    }


def check(run: Run, baseline: Run | None, limit: Limits) -> Verdict:
    """Hold a run against its limits and, where there is one, the baseline; both are of the same set."""
    names = dict.fromkeys((*limit.watched, *limit.floors))
    lines, notes = [], list[str]()
    for name in names:
        known, now = metric(name), run.metrics["metrics"].get(name)
        if known is None or now is None:
            continue
        found = difference(known, baseline.questions, run.questions) if baseline else None
        lines.append(Line(name, now["point"], limit.floors.get(name), found, limit.margin))
    if missing := [name for name in limit.floors if name not in run.metrics["metrics"]]:
        notes.append(f"Not measured in this run: {', '.join(missing)}.")
    for (grouping, group), floors in limit.groups.items():
        held, absent = _held(run, grouping, group, floors)
        lines += held
        notes += absent
    if baseline and (rest := baseline.questions.keys() ^ run.questions.keys()):
        notes.append(f"{len(rest)} questions are in one of the two only and were left out of the comparison.")
    flipped = flips(baseline.questions, run.questions, FLIPPED) if baseline else []
    return Verdict(lines, _never(run), flipped, notes)


def _held(run: Run, grouping: str, group: str, floors: Mapping[str, float]) -> tuple[list[Line], list[str]]:
    """Return the lines of a group of questions, and what could not be measured of it."""
    rows = [row for row in run.questions.values() if row.get(grouping) == group]
    if not rows:
        return [], [f"No question of this run has the {grouping} {group}."]
    means = {name: mean(rows, name) for name in floors}
    lines = [
        Line(name, found["point"], floors[name], None, 0.0, f"{grouping} {group}")
        for name, found in means.items()
        if found
    ]
    absent = ", ".join(name for name, found in means.items() if not found)
    return lines, [f"Not measured in this run for the {grouping} {group}: {absent}."] if absent else []


def fast_tier(
    known: KnownAnswerSet,
    config: Config,
    embedder: Embedder,
    baseline: Path,
    indexes: Path,
    progress: Progress | None = None,
) -> Run:
    """Measure without a language model: retrieval, and the recorded drafts through today's verification.

    The drafts are verified against the evidence that they were written from, so that retrieval and the rest are judged
    apart. ``baseline`` is the folder of baselines. Raises ``RunError`` where the set has none.
    """
    accepted, recorded = baselines.load(baseline, known.name), baselines.drafts(baseline, known.name)
    generator = baselines.replay(recorded, accepted.made) if recorded else None
    with opened_index(known, config, embedder, indexes, progress) as index:
        given = {id_: baselines.evidence_of(record, index) for id_, record in recorded.items()}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "gate"
        chosen = Selection(only=tuple(sorted(recorded)))
        return measure(known, chosen, config, embedder, generator, place, indexes, progress, given)


def _never(run: Run) -> list[str]:
    """List what is never tolerated."""
    found = [f"{id_} failed: {message}" for id_, message in run.metrics.get("failures", {}).items()]
    for name, fault in NEVER.items():
        for id_, row in run.questions.items():
            value = row["scores"].get(name)
            if value is not None and value < 1:
                found.append(f"{id_}: {fault}")
    return found


def _cells(line: Line) -> list[str]:
    found, floor = line.difference, line.floor
    name = f"{line.group}: {line.name}" if line.group else line.name
    cells = [name, "–" if floor is None else figure(line.name, floor)]
    if found is None:
        return [*cells, "–", figure(line.name, line.now), "–", "", "", "", "; ".join(line.faults) or "ok"]
    gained = found.gained
    return [
        *cells,
        figure(line.name, found.before),
        figure(line.name, line.now),
        f"{100 * gained.point:+.1f}",
        f"[{100 * gained.low:+.1f}, {100 * gained.high:+.1f}]",
        str(found.lost),
        str(found.won),
        "; ".join(line.faults) or "ok",
    ]
