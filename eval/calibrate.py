"""Fit the confidence anew, for another language model or collection: signals -> coefficients -> both thresholds.

The signals are those in the receipts of the assistant's answers, each question drafted however unlikely an answer is.
What is told of the fit is cross-validated: each question is judged by coefficients that were fitted without it and
without the questions of its cluster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.calibration_metrics import auroc, brier, calibration_error, reliability
from eval.collection import opened_index
from eval.journal import Journal, RunError
from eval.questions import Question
from eval.scoring import correct
from eval.sets import KnownAnswerSet
from eval.tables import aligned, percent
from rag import prompts
from rag.abstention import Coefficients, confidence, load_coefficients
from rag.assistant import Assistant
from rag.config import Config
from rag.ingest import Progress
from rag.ports import Embedder, Generator

__all__ = ["Accepted", "Fitted", "calibrate", "fit", "take_signals", "threshold"]

Floats = NDArray[np.float64]
STRENGTH = 1.0
"""``C`` of the regularisation, as scikit-learn counts it: larger ones let the coefficients be larger."""
FOLDS = 5
THRESHOLDS = {"min_confidence": "answered from", "min_unsure": "unsure from"}
SCORES = {"auroc": "AUROC", "brier": "Brier", "ece": "ECE"}
SHARES = {
    "false_answers": "false answers",
    "false_unsure": "false unsure",
    "unsure": "unsure",
    "false_refusals": "false refusals",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which shares of the unanswerable questions may be answered, and which more met as unsure."""

    answered: float
    unsure: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """``coefficients`` of the confidence, the least one to answer with, and the least one to be unsure with.

    ``figures`` holds for "as shipped" and "fitted": both thresholds, AUROC, Brier score, calibration error, and, before
    a draft is checked, the shares of unanswerable questions that are answered and met as unsure (``false_``), and of
    answerable ones that are refused and met as unsure.
    """

    coefficients: Coefficients
    min_confidence: float
    min_unsure: float
    count: int
    figures: dict[str, dict[str, float]]

    def table(self) -> str:
        """Return the figures for a terminal."""
        rows = [["", *THRESHOLDS.values(), *SCORES.values(), *SHARES.values()]]
        for name, found in self.figures.items():
            scores = (f"{found[key]:.3f}" for key in (*THRESHOLDS, *SCORES))
            rows.append([name, *scores, *(percent(found[key]) for key in SHARES)])
        return "\n".join(aligned(rows, right=range(1, len(rows[0]))))

    def noted(self, sets: Sequence[str], accepted: Accepted, made_for: Mapping[str, str]) -> dict[str, Any]:
        """Return what the index is to note: what the assistant takes up, and how, on what and when it was fitted."""
        return {
            "coefficients": self.coefficients,
            "min_confidence": self.min_confidence,
            "min_unsure": self.min_unsure,
            "made_for": dict(made_for),
            "how": f"logistic regression (C = {STRENGTH:g}), of the unanswerable questions at most "
            f"{accepted.answered:g} answered and {accepted.unsure:g} met as unsure",
            "on": f"{self.count} questions of {', '.join(sets)}",
            "measured": {"how": f"cross-validated in {FOLDS} folds"} | self.figures["fitted"],
            "when": date.today().isoformat(),
        }


def take_signals(
    known: KnownAnswerSet,
    questions: Sequence[Question],
    config: Config,
    embedder: Embedder,
    generator: Generator,
    file: Path,
    indexes: Path,
    tell: Progress,
) -> list[dict[str, Any]]:
    """Return a record a question (``id, answerable, cluster, signals``); those in ``file`` are not taken again.

    A question without evidence, or about the collection as a whole, has no signals and is left out.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with opened_index(known, config, embedder, indexes, tell) as index, Journal(file) as journal:
        everything = replace(config, min_unsure=0.0, min_confidence=0.0)
        assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), everything)
        for question in questions:
            if question.id not in journal.records:
                answer = assistant.ask(question.question, question.history, question.id)
                right = answer.status == "answered" and bool(correct(question, answer.answer))
                row = {
                    "id": question.id,
                    "answerable": question.answerable,
                    "right": right,
                    "cluster": question.cluster,
                }
                journal.append({**row, "signals": answer.receipt.get("signals")})
            tell("signals", len(journal.records), len(questions), question.id)
        wanted = load_coefficients()["drafted"].keys() - {"intercept"}
        return [row for row in journal.records.values() if row["signals"] and wanted <= row["signals"].keys()]


def calibrate(rows: Sequence[Mapping[str, Any]], accepted: Accepted, before: tuple[float, float]) -> Fitted:
    """Return what is fitted on the records of ``take_signals``.

    ``before`` are both thresholds that the coefficients as they ship are used with. Raises ``RunError`` where the
    questions are too few, or all answerable, or none.
    """
    answerable = np.array([row["answerable"] for row in rows], dtype=float)
    clusters = [row["cluster"] for row in rows]
    if not 0 < answerable.sum() < len(rows) or len(set(clusters)) < FOLDS:
        raise RunError(
            f"It takes questions of at least {FOLDS} clusters, some that the documents answer and some that they do "
            "not. Give more sets."
        )
    shipped, told = load_coefficients(), {"read": answerable, "drafted": _right(rows)}
    judged = {stage: _cross_validated(_values(rows, names), told[stage], clusters) for stage, names in shipped.items()}
    as_shipped = {
        stage: np.array([confidence(row["signals"], names) for row in rows]) for stage, names in shipped.items()
    }
    least = threshold(judged["drafted"], answerable, accepted.answered)
    unsure = threshold(judged["read"], answerable, min(1.0, accepted.answered + accepted.unsure))
    figures = {
        "as shipped": _figures(as_shipped, told, *before),
        "fitted": _figures(judged, told, least, unsure),
    }
    coefficients = {stage: _fitted(rows, names, told[stage]) for stage, names in shipped.items()}
    return Fitted(coefficients, least, unsure, len(rows), figures)


def _right(rows: Sequence[Mapping[str, Any]]) -> Floats:
    return np.array([row["right"] for row in rows], dtype=float)


def _values(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> Floats:
    """Return the signals called by ``names``, the intercept left out, as an array of shape (rows, signals)."""
    return np.array([[row["signals"][name] for name in names if name != "intercept"] for row in rows])


def _fitted(rows: Sequence[Mapping[str, Any]], names: Iterable[str], answerable: Floats) -> dict[str, float]:
    """Return the coefficients of the signals called by ``names``."""
    intercept, *weights = (round(float(weight), 4) for weight in fit(_values(rows, names), answerable))
    return {"intercept": intercept, **dict(zip((n for n in names if n != "intercept"), weights, strict=True))}


def fit(values: ArrayLike, answerable: ArrayLike, strength: float = STRENGTH) -> Floats:
    """Return the intercept and a coefficient a column of ``values``, (n, d): L2-regularised logistic regression.

    The least ``sum log(1 + exp(-y z)) + |w|² / (2 strength)`` with y = ±1 and z = intercept + w · values, found by
    Newton's method, each step halved until it is one down; the intercept is not held back.
    """
    columns = np.asarray(values, dtype=np.float64)
    rows = np.column_stack([np.ones(len(columns)), columns])
    right = np.asarray(answerable, dtype=np.float64)
    held = np.diag([0.0] + [1 / strength] * columns.shape[1])

    def loss(weights: Floats) -> float:
        return float(np.logaddexp(0, (1 - 2 * right) * (rows @ weights)).sum() + weights @ held @ weights / 2)

    weights = np.zeros(rows.shape[1])
    for _ in range(100):
        sure = 1 / (1 + np.exp(-np.clip(rows @ weights, -50, 50)))
        slope = rows.T @ (sure - right) + held @ weights
        curve = (rows.T * (sure * (1 - sure))) @ rows + held
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), slope)
        while loss(weights - step) > loss(weights) and np.abs(step).max() > 1e-10:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def threshold(judged: ArrayLike, answerable: ArrayLike, accepted: float) -> float:
    """Return the least confidence with which at most the share ``accepted`` of unanswerable questions is answered.

    It lies midway between the confidence of the first of them that is refused and the next higher one of any question.

    >>> threshold([0.9, 0.75, 0.5, 0.25], [1, 0, 1, 0], accepted=0.5), threshold([0.9, 0.7], [1, 0], accepted=0)
    (0.375, 0.8)
    """
    scores, right = np.asarray(judged, dtype=np.float64), np.asarray(answerable, dtype=bool)
    wrong = np.sort(scores[~right])[::-1]
    allowed = int(accepted * len(wrong) + 1e-9)
    if allowed >= len(wrong):
        return 0.0
    above = scores[scores > wrong[allowed]]
    refused = float(wrong[allowed])
    return (refused + float(above.min())) / 2 if above.size else refused + 1e-3


def _cross_validated(values: Floats, answerable: Floats, clusters: Sequence[str]) -> Floats:
    """Return the confidence of each question by coefficients that were fitted without its cluster."""
    order = sorted(set(clusters), key=lambda name: hashlib.sha256(name.encode()).digest())
    folds = {name: place % FOLDS for place, name in enumerate(order)}
    fold = np.array([folds[name] for name in clusters])
    judged = np.zeros(len(values))
    for number in range(FOLDS):
        out = fold == number
        intercept, *weights = fit(values[~out], answerable[~out])
        judged[out] = 1 / (1 + np.exp(-np.clip(intercept + values[out] @ np.array(weights), -50, 50)))
    return judged


def _figures(judged: Mapping[str, Floats], told: Mapping[str, Floats], least: float, unsure: float) -> dict[str, float]:
    """Return the figures of both probabilities: of being right (scores), of what is answered and met as unsure."""
    right, answerable, score = told["drafted"], told["read"], judged["drafted"]
    shown = judged["read"] >= unsure
    answered = shown & (score >= least)
    shown &= ~answered
    found = {
        "min_confidence": least,
        "min_unsure": unsure,
        "auroc": auroc(score, right),
        "brier": brier(score, right),
        "ece": calibration_error(reliability(score, right)),
        "false_answers": answered[answerable == 0].mean(),
        "false_unsure": shown[answerable == 0].mean(),
        "unsure": shown[answerable == 1].mean(),
        "false_refusals": 1 - (answered | shown)[answerable == 1].mean(),
    }
    return {name: round(float(value or 0.0), 6) for name, value in found.items()}
