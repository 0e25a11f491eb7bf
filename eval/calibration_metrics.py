"""Calibration metrics: is a confident answer more often right? Curves and numbers over (confidence, right or wrong).

``confidence`` and ``correct`` have one entry per question and the same length. The caller decides what counts as
correct (the answer is right; the question is answerable). The order of equal confidences never matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Bin", "aurc", "auroc", "balanced_accuracy", "brier", "calibration_error", "reliability", "risk_coverage"]


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers with a confidence from ``low`` to ``high``: how many, how confident, how often right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (coverage, risk), n points each: answering the i most confident questions, how many are wrong.

    ``coverage_i = i / n`` and ``risk_i = wrong among the i most confident / i`` (El-Yaniv and Wiener 2010). Within
    questions of equal confidence the risk is the one expected when they come in random order.

    Right at 0.9, wrong at 0.8, right at 0.3:

    >>> coverage, risk = risk_coverage([0.9, 0.8, 0.3], [1, 0, 1])
    >>> [round(float(x), 3) for x in risk]
    [0.0, 0.5, 0.333]
    """
    scores, right = _pair(confidence, correct)
    order = np.argsort(-scores, kind="stable")
    _, group, size = np.unique(-scores[order], return_inverse=True, return_counts=True)
    wrong = np.bincount(group, weights=1 - right[order], minlength=len(size))
    errors = np.cumsum((wrong / size)[group])
    ranks = np.arange(1, len(scores) + 1)
    return ranks / max(1, len(scores)), errors / ranks


def aurc(confidence: ArrayLike, correct: ArrayLike) -> float | None:
    """Return the area under the risk–coverage curve, ``mean of risk_i`` (Geifman et al. 2019); lower is better.

    None without questions. As above: (0 + 1/2 + 1/3) / 3.

    >>> round(aurc([0.9, 0.8, 0.3], [1, 0, 1]), 3)
    0.278
    """
    _, risk = risk_coverage(confidence, correct)
    return float(risk.mean()) if risk.size else None


def auroc(confidence: ArrayLike, correct: ArrayLike) -> float | None:
    """Return the probability that a right one has a higher confidence than a wrong one, ties counting half.

    ``(rank sum of the right ones - p (p + 1) / 2) / (p q)`` for p right and q wrong ones, tied ranks averaged (Mann and
    Whitney 1947). None if all are right or all are wrong. Of the 2 pairs of a right (0.9, 0.3) and the wrong one (0.8)
    one is in order:

    >>> auroc([0.9, 0.8, 0.3], [1, 0, 1])
    0.5
    """
    scores, right = _pair(confidence, correct)
    positive, negative = int(right.sum()), int((1 - right).sum())
    if not positive or not negative:
        return None
    _, group, size = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    ranks = (last - (size - 1) / 2)[group]
    return float((ranks[right == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def balanced_accuracy(called: ArrayLike, correct: ArrayLike) -> float | None:
    """Return the mean of the shares of right and of wrong ones that are called so; guessing has 1/2.

    ``(sensitivity + specificity) / 2`` (Brodersen et al. 2010). None if all are right or all are wrong. Of two right
    ones one is called right, and so is the wrong one:

    >>> balanced_accuracy([1, 0, 1], [1, 1, 0])
    0.25
    """
    guesses, right = _pair(called, correct)
    if not right.any() or right.all():
        return None
    return float(guesses[right == 1].mean() + 1 - guesses[right == 0].mean()) / 2


def reliability(confidence: ArrayLike, correct: ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """Return the points of a reliability diagram: ``bins`` equally wide bins from 0 to 1, without the empty ones.

    A confidence on a border belongs to the upper bin, 1 to the last one.

    >>> reliability([0.1, 0.2, 0.9], [0, 1, 1], bins=2)
    (Bin(low=0.0, high=0.5, count=2, confidence=0.15, accuracy=0.5), \
Bin(low=0.5, high=1.0, count=1, confidence=0.9, accuracy=1.0))
    """
    scores, right = _pair(confidence, correct)
    edges = np.linspace(0, 1, bins + 1)
    index = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, bins - 1)
    return tuple(
        Bin(
            float(edges[i]),
            float(edges[i + 1]),
            int(inside.sum()),
            round(float(scores[inside].mean()), 12),
            round(float(right[inside].mean()), 12),
        )
        for i in range(bins)
        if (inside := index == i).any()
    )


def calibration_error(points: Sequence[Bin]) -> float | None:
    """Return the expected calibration error of a reliability diagram, or None if it is empty.

    ``ECE = sum over the bins of count / n * |accuracy - confidence|`` (Naeini et al. 2015). Here 2/3 * |0.5 - 0.15| +
    1/3 * |1 - 0.9| = 0.267:

    >>> round(calibration_error(reliability([0.1, 0.2, 0.9], [0, 1, 1], bins=2)), 3)
    0.267
    """
    total = sum(point.count for point in points)
    gaps = sum(point.count * abs(point.accuracy - point.confidence) for point in points)
    return gaps / total if total else None


def brier(confidence: ArrayLike, correct: ArrayLike) -> float | None:
    """Return the mean of ``(confidence - correct)²`` (Brier 1950), or None without questions.

    (0.01 + 0.64 + 0.01) / 3:

    >>> round(brier([0.1, 0.2, 0.9], [0, 1, 1]), 3)
    0.22
    """
    scores, right = _pair(confidence, correct)
    return float(((scores - right) ** 2).mean()) if scores.size else None


def _pair(confidence: ArrayLike, correct: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    scores, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if scores.shape != right.shape or scores.ndim != 1:
        raise ValueError(f"expected two rows of the same length, not {scores.shape} and {right.shape}")
    if not np.isin(right, (0, 1)).all() or not np.isfinite(scores).all():
        raise ValueError("correct is 0 or 1, and confidence a finite number")
    return scores, right
