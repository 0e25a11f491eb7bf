"""From samples to results: spreads, and ratios of what was measured in turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eval.bench.samples import Sample
from eval.cost_metrics import spread
from eval.plots import number
from eval.statistics import bootstrap

__all__ = ["RATIOS", "Ratio", "by_name", "curve", "figures", "ratio", "spread_of", "values_of"]

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times better ``ours`` is than ``theirs`` in the values ``value`` of a part; above 1 is better.

    ``less``: smaller values are better (seconds, memory), so theirs is divided by ours. ``unit`` is the unit of sizes,
    if the part measures several.
    """

    name: str
    label: str
    part: str
    ours: str
    theirs: str
    value: str
    less: bool = True
    unit: str = ""

    def words(self, at: str) -> str:
        """Return the label, with the size ``at`` if there is one."""
        return f"{self.label}, {self.unit}: {number(float(at))}" if at else self.label


RATIOS = (
    Ratio("first_token", "faster to first word than the plain recipe", "answers", "again", "recipe", "first_token_s"),
    Ratio("first_token.new", "faster to first word, new passages", "answers", "first", "recipe", "first_token_s"),
    Ratio("total", "faster to checked answer than the plain recipe", "answers", "again", "recipe", "total_s"),
    Ratio("total.new", "faster to checked answer, new passages", "answers", "first", "recipe", "total_s"),
    Ratio("writing", "writing speed relative to llama.cpp alone", "answers", "again", "bare", "writing_rate", False),
    Ratio("writing.recipe", "faster writing than the recipe", "answers", "again", "recipe", "writing_rate", False),
    Ratio("embedding", "faster on passages than SentenceTransformer.encode", "embedding", "footnote", "library",
          "rate", False),
    Ratio("query", "faster on questions than SentenceTransformer.encode", "query", "footnote", "library", "seconds_s"),
    Ratio("evidence", "faster to first word than the plain recipe", "evidence", "footnote", "recipe", "first_token_s",
          unit="passages read"),
    Ratio("dense", "faster dense search than exact FAISS", "sizes", "footnote", "exact", "dense_s", unit="passages"),
    Ratio("cold.first_token", "faster to first word in a new process", "cold", "footnote", "recipe", "first_token_s"),
    Ratio("busy.one", "speed beside one busy process, relative to idle", "busy", "one", "idle", "total_s"),
    Ratio("busy.two", "speed beside two busy processes", "busy", "two", "idle", "total_s"),
    Ratio("busy.model", "speed beside another language model", "busy", "model", "idle", "total_s"),
    Ratio("cold.memory", "less memory in that process", "cold", "footnote", "recipe", "peak_mb"),
)  # fmt: skip
"""Every ratio between two systems, in the order in which it is shown."""


def figures(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return ``spreads`` of every value by part, system and size, and the ``ratios`` by name (``name@size``)."""
    ratios = dict[str, dict[str, float]]()
    for known in RATIOS:
        for at in sorted({sample.at for sample in samples if sample.part == known.part}, key=lambda at: at or 0):
            if found := ratio(known, [sample for sample in samples if sample.at == at]):
                ratios[known.name if at is None else f"{known.name}@{at:.0f}"] = found
    return {"spreads": _spreads(samples), "ratios": ratios}


def ratio(known: Ratio, samples: Iterable[Sample]) -> dict[str, float] | None:
    """Return the median of the ratios of each pair with its 95 % bootstrap interval; None without pairs.

    A pair is what both systems took for the same thing, where both took it: without a draft there is no first word.
    Ours 2, 1 and 4 seconds, theirs 6, 4 and 4: the ratios are 3, 4 and 1, and their median is 3.

    >>> known = Ratio("", "", "p", "a", "b", "s")
    >>> taken = [Sample("p", "a", "1", {"s": 2}), Sample("p", "a", "2", {"s": 1}), Sample("p", "a", "3", {"s": 4}),
    ...     Sample("p", "b", "1", {"s": 6}), Sample("p", "b", "2", {"s": 4}), Sample("p", "b", "3", {"s": 4})]
    >>> found = ratio(known, taken)
    >>> found["point"], found["low"], found["high"], found["n"], found["ours"], found["theirs"]
    (3.0, 1.0, 4.0, 3, 2.0, 4.0)
    """
    taken = [sample for sample in samples if sample.part == known.part]
    ours, theirs = (values_of(taken, system, known.value) for system in (known.ours, known.theirs))
    pairs = [(ours[id_], theirs[id_]) for id_ in ours if id_ in theirs]
    if not pairs:
        return None
    each = [b / a if known.less else a / b for a, b in pairs]
    interval = bootstrap(each, statistic=lambda rows: float(np.median(rows)), resamples=RESAMPLES)
    middle = np.median(pairs, axis=0)
    return {
        "point": interval.point,
        "low": interval.low,
        "high": interval.high,
        "n": len(pairs),
        "ours": float(middle[0]),
        "theirs": float(middle[1]),
    }


def by_name(name: str) -> tuple[Ratio, str]:
    """Return the ratio ``name`` of ``figures`` and the size it was measured at, as text, or none."""
    first, _, at = name.partition("@")
    return next(known for known in RATIOS if known.name == first), at


def values_of(samples: Iterable[Sample], system: str, value: str) -> dict[str, float]:
    """Return one value of one system by sample id; the last one if it was measured more than once."""
    return {s.id: s.values[value] for s in samples if s.system == system and value in s.values}


def spread_of(figures: Mapping[str, Any], part: str, system: str) -> dict[str, dict[str, Any]]:
    """Return the spread of each value of a system, in a part with a single size."""
    rows = (row for row in figures["spreads"] if (row["part"], row["system"]) == (part, system))
    return {row["value"]: row for row in rows if row["at"] is None}


def curve(figures: Mapping[str, Any], part: str, system: str, value: str) -> list[dict[str, Any]]:
    """Return the spread of one value of a system at each size, smallest first."""
    rows = (row for row in figures["spreads"] if (row["part"], row["system"], row["value"]) == (part, system, value))
    return sorted((row for row in rows if row["at"] is not None), key=lambda row: float(row["at"]))


def _spreads(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    taken = dict[tuple[str, str, float | None, str], list[float]]()
    for sample in samples:
        for name, value in sample.values.items():
            taken.setdefault((sample.part, sample.system, sample.at, name), []).append(value)
    return [
        {"part": part, "system": system, "at": at, "value": value, **asdict(spread(values))}
        for (part, system, at, value), values in taken.items()
    ]
