"""Calibrate the confidence for another language model or collection: signals -> coefficients -> thresholds.

The signals come from the receipts of answers, with a draft for every question, however unlikely an answer is. The
reported results are cross-validated: each question is judged by coefficients that were fitted without its cluster.
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

__all__ = ["Fitted", "Tolerance", "calibrate", "fit", "take_signals", "threshold"]

Floats = NDArray[np.float64]
STRENGTH = 1.0
"""``C`` of the regularisation, as in scikit-learn: larger values allow larger coefficients."""
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
class Tolerance:
    """Tolerance shares of unanswerable questions that are answered, and that get an unsure answer."""

    answered: float
    unsure: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """The fitted ``coefficients``, and the thresholds for an answer and for an unsure answer.

    ``figures`` compares "as shipped" with "fitted": both thresholds, AUROC, Brier score, calibration error, and, before
    a draft is checked, the shares of unanswerable questions that are answered or get an unsure answer (``false_``), and
    of answerable ones that are refused or get an unsure answer.
    """

    coefficients: Coefficients
    min_confidence: float
    min_unsure: float
    count: int
    figures: dict[str, dict[str, float]]

    def table(self) -> str:
        """Return the results for a terminal."""
        rows = [["", *THRESHOLDS.values(), *SCORES.values(), *SHARES.values()]]
        for name, found in self.figures.items():
            scores = (f"{found[key]:.3f}" for key in (*THRESHOLDS, *SCORES))
            rows.append([name, *scores, *(percent(found[key]) for key in SHARES)])
        return "\n".join(aligned(rows, right=range(1, len(rows[0]))))

    def noted(self, sets: Sequence[str], accepted: Tolerance, made_for: Mapping[str, str]) -> dict[str, Any]:
        """Return what is saved in the index: the fit, and how, on what and when it was made."""
        return {
            "coefficients": self.coefficients,
            "min_confidence": self.min_confidence,
            "min_unsure": self.min_unsure,
            "made_for": dict(made_for),
            "how": f"logistic regression (C = {STRENGTH:g}); of the unanswerable questions, at most "
            f"{accepted.answered:g} answered and {accepted.unsure:g} unsure",
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
    """Return one record per question (``id, answerable, cluster, signals``), reusing those in ``file``.

    Questions without evidence, or about the whole collection, have no signals and are skipped.
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


def calibrate(rows: Sequence[Mapping[str, Any]], accepted: Tolerance, before: tuple[float, float]) -> Fitted:
    """Fit coefficients and thresholds to the records of ``take_signals``.

    ``before`` holds both thresholds that the shipped coefficients are used with. Raises ``RunError`` if there are too
    few questions, or if all or none of them are answerable.
    """
    answerable = np.array([row["answerable"] for row in rows], dtype=float)
    clusters = [row["cluster"] for row in rows]
    if not 0 < answerable.sum() < len(rows) or len(set(clusters)) < FOLDS:
        raise RunError(
            f"Calibration needs questions from at least {FOLDS} clusters, both answerable and unanswerable ones. "
            "Add more test sets."
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
    """Return the signals ``names``, without the intercept, as an array of shape (rows, signals)."""
    return np.array([[row["signals"][name] for name in names if name != "intercept"] for row in rows])


def _fitted(rows: Sequence[Mapping[str, Any]], names: Iterable[str], answerable: Floats) -> dict[str, float]:
    """Return the coefficients of the signals ``names``."""
    intercept, *weights = (round(float(weight), 4) for weight in fit(_values(rows, names), answerable))
    return {"intercept": intercept, **dict(zip((n for n in names if n != "intercept"), weights, strict=True))}


def fit(values: ArrayLike, answerable: ArrayLike, strength: float = STRENGTH) -> Floats:
    """Return intercept and coefficients for the columns of ``values``, (n, d): L2-regularised logistic regression.

    Minimises ``sum log(1 + exp(-y z)) + |w|² / (2 strength)`` with y = ±1 and z = intercept + w · values, by Newton's
    method, halving each step until it descends. The intercept is not regularised.
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
    """Return the lowest confidence with which at most the share ``accepted`` of unanswerable questions is answered.

    It lies midway between the most confident refused one of them and the next higher confidence of any question.

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
    """Return the confidence of each question from coefficients that were fitted without its cluster."""
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
    """Return the results for both probabilities: of being right (scores), and of what is answered or unsure."""
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
