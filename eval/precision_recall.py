"""Precision, recall and F1, used for citations and for refusals."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PrecisionRecall"]


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision, recall and their harmonic mean, each between 0 and 1."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, precision: float, recall: float) -> PrecisionRecall:
        """Add ``F1 = 2 P R / (P + R)``, or 0 if both are 0.

        >>> PrecisionRecall.of(0.5, 1.0)
        PrecisionRecall(precision=0.5, recall=1.0, f1=0.6666666666666666)
        """
        total = precision + recall
        return cls(precision, recall, 2 * precision * recall / total if total else 0.0)
