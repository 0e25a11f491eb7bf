"""From the scores of questions to the results of a run, each with its 95 % interval."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.abstention_metrics import Decision, Rate, always_answer, always_refuse, false_answers, false_refusals
from eval.calibration_metrics import aurc, auroc, brier, calibration_error, reliability
from eval.catalogue import BY_KIND, CATALOGUE, GROUPINGS, OUTCOMES
from eval.cost_metrics import spread
from eval.outcomes import rate
from eval.statistics import Interval, bootstrap, bootstrap_ratio, wilson

__all__ = ["decisions", "failures", "mean", "strata", "summarise", "without_cost"]

Row = Mapping[str, Any]
Figure = dict[str, float | int]
RESAMPLES = 1000
"""Resamples if the statistic has to be computed for each of them; sums use 10 000."""


def summarise(
    rows: Sequence[Row], found: Mapping[str, Row], answered: Mapping[str, Row], with_answers: bool
) -> dict[str, Any]:
    """Return the contents of ``metrics.json``.

    ``rows`` are the records of ``questions.jsonl``; ``found`` and ``answered`` those of the other two files, by id.
    """
    asked = [row for row in rows if row["status"] is not None]
    figures = {known.name: mean(rows, known.name) for known in CATALOGUE}
    table: dict[str, Any] = {
        "counts": _counts(rows, asked),
        "metrics": {name: figure for name, figure in figures.items() if figure},
        "kinds": _kinds(rows),
    }
    table["latency"] = _latency(found, answered, {row["id"]: row["cluster"] for row in rows})
    if with_answers:
        table["metrics"] |= _abstention(asked) | _lenient(asked) | _calibration(asked)
        table |= {
            "groups": {name: _groups(asked, name) for name in GROUPINGS},
            "trivial": {"always_answer": _trivial(always_answer(decisions(asked)), asked)}
            | {"always_refuse": _trivial(always_refuse(decisions(asked)), asked)},
            "lost": _lost(asked),
            "false_answers": _rates(false_answers(decisions(asked))),
            "false_refusals": _rates(false_refusals(decisions(asked))),
            "peak_memory_mb": max((record["cost"]["peak_mb"] for record in answered.values()), default=None),
            "failures": failures(answered),
            "answers_sha256": _digest(answered),
        }
    return table


def mean(rows: Iterable[Row], name: str) -> Figure | None:
    """Return the mean of a metric over the questions that have it, with its interval and their number ``n``."""
    chosen = [row for row in rows if row["scores"].get(name) is not None]
    if not chosen:
        return None
    values = [row["scores"][name] for row in chosen]
    interval = bootstrap(values, [row["cluster"] for row in chosen], strata=strata(chosen))
    return _figure(interval, len(chosen))


def strata(rows: Sequence[Row]) -> list[bool]:
    """Return for each question whether its cluster has answerable ones.

    If unanswerable questions are clusters of their own while answerable ones share a few documents, resamples would
    contain very different shares of both, and every metric over both would look less certain than it is.
    """
    answerable = {row["cluster"] for row in rows if row["answerable"]}
    return [row["cluster"] in answerable for row in rows]


def decisions(rows: Iterable[Row], name: str = "decision.right") -> list[Decision]:
    """Return the decision on each question, from the score that says whether it was right.

    A failed question counts as a wrong decision.
    """
    found = []
    for row in rows:
        right = row["scores"].get(name, row["scores"]["decision.right"])  # older runs only have the strict score
        found.append(Decision(row["answerable"], bool(right) != row["answerable"], row["kind"]))
    return found


def failures(answered: Mapping[str, Row]) -> dict[str, str]:
    """Return the error message of each question that failed, by id."""
    return {id_: record["error"] for id_, record in answered.items() if record["error"] is not None}


def without_cost(record: Row) -> dict[str, Any]:
    """Return the part of a record that is the same in every run: everything but timings and memory."""
    return {name: value for name, value in record.items() if name != "cost"}


def _counts(rows: Sequence[Row], asked: Sequence[Row]) -> dict[str, int]:
    return {
        "questions": len(rows),
        "answerable": sum(row["answerable"] for row in rows),
        "clusters": len({row["cluster"] for row in rows}),
        "asked": len(asked),
        "answered": sum(row["status"] == "answered" for row in asked),
        "unsure": sum(row["status"] == "unsure" for row in asked),
        "abstained": sum(row["status"] == "abstained" for row in asked),
        "failed": sum(row["status"] == "failed" for row in asked),
    }


def _kinds(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the number of questions and the main results of each kind, in order of appearance."""
    kinds = {}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        of_kind = [row for row in rows if row["kind"] == kind]
        figures = {name: mean(of_kind, name) for name in BY_KIND}
        kinds[kind] = {
            "questions": len(of_kind),
            "answerable": sum(row["answerable"] for row in of_kind),
            "metrics": {name: figure for name, figure in figures.items() if figure},
        }
    return kinds


def _groups(asked: Sequence[Row], grouping: str) -> dict[str, Any]:
    """Return the number of questions and the outcome rates of each group, in order of appearance."""
    groups = {}
    for name in dict.fromkeys(row.get(grouping) or "" for row in asked):
        rows = [row for row in asked if (row.get(grouping) or "") == name]
        rates = {outcome: rate([row["scores"].get(outcome) for row in rows]) for outcome in OUTCOMES}
        groups[name] = {
            "questions": len(rows),
            "answerable": sum(row["answerable"] for row in rows),
            "outcomes": _rates({outcome: found for outcome, found in rates.items() if found.total}),
        }
    return groups


def _lenient(asked: Sequence[Row]) -> dict[str, Figure]:
    """Return the abstention metrics, counting an unsure answer with the right passage as an answer."""
    return {
        name.replace("abstention.", "lenient."): found
        for name, found in _abstention(asked, "decision.lenient").items()
        if name in ("abstention.false_refusal_rate", "abstention.macro_f1")
    }


def _abstention(asked: Sequence[Row], decided: str = "decision.right") -> dict[str, Figure]:
    """Return the metrics of ``eval.abstention_metrics.abstention`` as ratios of sums over the questions.

    F1 is such a ratio too: ``2 TP / (predicted + actual)``. ``decided`` is the score that says who decided right.
    """
    made = decisions(asked, decided)
    answerable = np.array([decision.answerable for decision in made], dtype=float)
    refused = np.array([decision.abstained for decision in made], dtype=float)
    sides = {"refusal": (refused, 1 - answerable), "answerable": (1 - refused, answerable)}
    figures = {
        "abstention.false_answer_rate": _ratio((1 - refused) * (1 - answerable), 1 - answerable, asked),
        "abstention.false_refusal_rate": _ratio(refused * answerable, answerable, asked),
    }
    for side, (chosen, wanted) in sides.items():
        both = chosen * wanted
        figures[f"abstention.{side}_precision"] = _ratio(both, chosen, asked)
        figures[f"abstention.{side}_recall"] = _ratio(both, wanted, asked)
        figures[f"abstention.{side}_f1"] = _ratio(2 * both, chosen + wanted, asked)
    figures["abstention.macro_f1"] = _statistic(np.stack([answerable, refused], axis=1), asked, _macro_f1)
    return {name: figure for name, figure in figures.items() if figure}


def _macro_f1(rows: NDArray[np.float64]) -> float:
    answerable, refused = rows.T
    refusal = 2 * (refused * (1 - answerable)).sum() / max(1.0, (refused + 1 - answerable).sum())
    answers = 2 * ((1 - refused) * answerable).sum() / max(1.0, (1 - refused + answerable).sum())
    return float(refusal + answers) / 2


def _calibration(asked: Sequence[Row]) -> dict[str, Figure]:
    """Return how well the confidence separates answerable questions from others."""
    sure = [row for row in asked if row["confidence"] is not None]
    if not sure:
        return {}
    values = np.array([[row["confidence"], row["answerable"]] for row in sure], dtype=float)
    figures = {
        "calibration.auroc": _statistic(values, sure, lambda rows: auroc(*rows.T)),
        "calibration.aurc": _statistic(values, sure, lambda rows: aurc(*rows.T)),
        "calibration.brier": _statistic(values, sure, lambda rows: brier(*rows.T)),
        "calibration.ece": _statistic(values, sure, lambda rows: calibration_error(reliability(*rows.T))),
    }
    return {name: figure for name, figure in figures.items() if figure}


def _trivial(scores: Any, asked: Sequence[Row]) -> dict[str, float]:
    """Return the scores of a trivial rule."""
    right = scores.confusion.answered_answerable + scores.confusion.abstained_unanswerable
    names = ("macro_f1", "false_answer_rate", "false_refusal_rate")
    return {"decision_right": right / max(1, len(asked)), **{name: getattr(scores, name) for name in names}}


def _lost(asked: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Return by kind, and in total, where answerable questions were lost; ``none`` were not."""
    lost: dict[str, Counter[str]] = {"all": Counter()}
    for row in asked:
        if row["answerable"]:
            for name in ("all", row["kind"]):
                lost.setdefault(name, Counter())[row["lost"] or "none"] += 1
    return {name: dict(counts) for name, counts in lost.items()}


def _rates(rates: Mapping[str, Rate]) -> dict[str, dict[str, float]]:
    """Return each rate with its Wilson interval: groups are too small, or too often zero, to resample."""
    table = {}
    for name, found in rates.items():
        interval = wilson(found.count, found.total)
        table[name] = asdict(found) | {"low": round(interval.low, 6), "high": round(interval.high, 6)}
    return table


def _latency(found: Mapping[str, Row], answered: Mapping[str, Row], clusters: Mapping[str, str]) -> dict[str, Any]:
    """Return the spread of the seconds of each stage since the question; of first tokens if there were any."""
    seconds: dict[str, dict[str, float]] = {"search_s": {id_: row["cost"]["seconds"] for id_, row in found.items()}}
    for id_, record in answered.items():
        drafted = any(call.get("draft") for call in record["calls"])
        for name, value in record["cost"].items():
            if name.endswith("_s") and (drafted or name != "first_token_s"):
                seconds.setdefault(name, {})[id_] = value
    return {name: _spread(values, clusters) for name, values in seconds.items() if values}


def _spread(seconds: Mapping[str, float], clusters: Mapping[str, str]) -> dict[str, Any]:
    """Return the spread of measurements by question id; ``between`` holds the intervals of both percentiles."""
    values, groups = list(seconds.values()), [clusters[id_] for id_ in seconds]
    between = {}
    for name, share in {"p50": 0.5, "p95": 0.95}.items():
        interval = bootstrap(values, groups, _quantile(share), resamples=RESAMPLES)
        between[name] = [round(interval.low, 4), round(interval.high, 4)]
    return asdict(spread(values)) | {"between": between}


def _quantile(share: float) -> Callable[[NDArray[np.float64]], float]:
    return lambda drawn: float(np.quantile(drawn, share))


def _digest(answered: Mapping[str, Row]) -> str:
    """Return the SHA-256 of all answers, in the order of their ids, without their cost."""
    digest = hashlib.sha256()
    for _, record in sorted(answered.items()):
        digest.update(json.dumps(without_cost(record), sort_keys=True).encode())
    return digest.hexdigest()


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64], rows: Sequence[Row]) -> Figure | None:
    if not below.sum():
        return None
    clusters = [row["cluster"] for row in rows]
    return _figure(bootstrap_ratio(above, below, clusters, strata=strata(rows)), int(np.count_nonzero(below)))


def _statistic(values: NDArray[np.float64], rows: Sequence[Row], statistic: Any) -> Figure | None:
    if statistic(values) is None:
        return None
    clusters = [row["cluster"] for row in rows]
    return _figure(bootstrap(values, clusters, statistic, resamples=RESAMPLES, strata=strata(rows)), len(rows))


def _figure(interval: Interval, number: int) -> Figure:
    figure: Figure = {name: round(value, 6) for name, value in asdict(interval).items()}
    return figure | {"clusters": interval.clusters, "n": number}
