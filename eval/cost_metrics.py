"""Cost metrics: summaries of measurements, such as the seconds of a stage over all questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Spread", "spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles, minimum and maximum of ``count`` measurements, in their unit.

    The range from ``p25`` to ``p75`` is the middle half.
    """

    count: int
    p25: float
    p50: float
    p75: float
    p95: float
    low: float
    high: float


def spread(values: ArrayLike) -> Spread:
    """Summarise measurements such as seconds a question; percentiles are interpolated linearly.

    Raises ``ValueError`` if there are none.

    >>> spread([3.0, 1.0, 2.0, 5.0, 4.0])
    Spread(count=5, p25=2.0, p50=3.0, p75=4.0, p95=4.8, low=1.0, high=5.0)
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise ValueError("there is no measurement to summarise")
    p25, p50, p75, p95 = map(float, np.quantile(array, (0.25, 0.5, 0.75, 0.95)))
    return Spread(len(array), p25, p50, p75, p95, float(array.min()), float(array.max()))
