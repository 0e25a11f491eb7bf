"""What did it cost? Summaries of measurements, such as the seconds of a stage over all questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Spread", "spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Of ``count`` measurements the median, the 95th percentile, the smallest and the largest, in their unit."""

    count: int
    p50: float
    p95: float
    low: float
    high: float


def spread(values: ArrayLike) -> Spread:
    """Summarise measurements such as seconds a question; percentiles are interpolated linearly.

    Raises ``ValueError`` where there are none.

    >>> spread([3.0, 1.0, 2.0, 5.0, 4.0])
    Spread(count=5, p50=3.0, p95=4.8, low=1.0, high=5.0)
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise ValueError("there is no measurement to summarise")
    p50, p95 = np.quantile(array, (0.5, 0.95))
    return Spread(len(array), float(p50), float(p95), float(array.min()), float(array.max()))
