"""Statistics: how certain is a result, and is one run better than another?

Questions about the same document are not independent, so resampling draws whole clusters (documents, conversations)
instead of single questions (Cameron, Gelbach and Miller 2008). Everything is deterministic: the seed is an argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Interval",
    "bootstrap",
    "bootstrap_ratio",
    "holm",
    "mcnemar_exact",
    "paired_bootstrap",
    "sign_flip_test",
    "wilson",
]

Floats = NDArray[np.float64]
_BLOCK = 4_000_000  # random numbers drawn at a time: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its confidence interval; ``clusters`` is the number of independent groups behind it."""

    low: float
    high: float
    point: float
    clusters: int


class Drawing(TypedDict, total=False):
    """How many resamples are drawn (10 000) and how: see ``bootstrap``."""

    resamples: int
    seed: int
    confidence: float
    strata: Sequence[Hashable] | None


def bootstrap(
    values: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    statistic: Callable[[Floats], float | None] | None = None,
    **drawing: Unpack[Drawing],
) -> Interval:
    """Return ``statistic(values)``, by default the mean, with its percentile bootstrap interval (Efron 1979).

    As many clusters as there are, are drawn with replacement; the ``(1 ± confidence) / 2`` quantiles of the
    statistic over the resamples are the interval. ``clusters`` names the cluster of each value; without it,
    or where all are in the same one, each value is its own. ``strata`` names a group for each value, the same within
    a cluster: from each as many clusters are drawn as it has, so that what a set was designed to hold (so many
    questions without an answer) is the same in every resample.

    ``values`` may have a row a question, (n,) or (n, d), for a statistic of several columns: it is called
    once a resample with the rows drawn, so ask for fewer. Resamples for which it is undefined (None, NaN) are
    left out. Raises ``ValueError`` where there are no values. The mean of 2 questions, 0 and 1, is 0, 1/2 or
    1 in a resample with probabilities 1/4, 1/2, 1/4:

    >>> bootstrap([0.0, 1.0])
    Interval(low=0.0, high=1.0, point=0.5, clusters=2)
    """
    if statistic is None:
        array = _array(values)
        return bootstrap_ratio(array, np.ones_like(array), clusters, **drawing)
    rows = np.asarray(values, dtype=np.float64)
    if not len(rows):
        raise ValueError("there is nothing to resample")
    sampler = _sampler(len(rows), clusters, **drawing)
    members = [np.flatnonzero(sampler.groups == group) for group in range(sampler.clusters)]
    found = []
    for _ in range(sampler.resamples):
        drawn = sampler.draw(1)[0]
        found.append(statistic(rows[np.concatenate([members[group] for group in drawn])]))
    return sampler.interval(np.array(found, dtype=np.float64), statistic(rows))


def bootstrap_ratio(
    numerators: ArrayLike,
    denominators: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    **drawing: Unpack[Drawing],
) -> Interval:
    """Return ``sum(numerators) / sum(denominators)`` with its percentile bootstrap interval.

    For rates over what each question has a different number of (right citations / citations). Sums are taken
    once a cluster, so that 10 000 resamples cost little. As ``bootstrap`` otherwise.

    >>> bootstrap_ratio([1, 0, 2], [1, 0, 3]).point
    0.75
    """
    parts = np.stack([_array(numerators), _array(denominators)], axis=1)
    sampler = _sampler(len(parts), clusters, **drawing)
    sums = np.stack([np.bincount(sampler.groups, weights=part, minlength=sampler.clusters) for part in parts.T])
    found: list[Floats] = []
    step = max(1, _BLOCK // sampler.clusters)
    for begin in range(0, sampler.resamples, step):
        above, below = sums[:, sampler.draw(min(step, sampler.resamples - begin))].sum(axis=2)
        found.append(np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0))
    above, below = sums.sum(axis=1)
    return sampler.interval(np.concatenate(found), above / below if below else None)


def paired_bootstrap(
    before: ArrayLike,
    after: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    **drawing: Unpack[Drawing],
) -> Interval:
    """Return the mean of ``after - before`` on the same questions, in the same order, with its interval.

    >>> paired_bootstrap([0.0, 0.5, 0.5], [0.5, 1.0, 1.0])
    Interval(low=0.5, high=0.5, point=0.5, clusters=3)
    """
    return bootstrap(_differences(before, after), clusters, **drawing)


def sign_flip_test(
    before: ArrayLike,
    after: ArrayLike,
    clusters: Sequence[Hashable] | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> float:
    """Return the two-sided p-value of a paired randomisation test of the mean difference (Fisher; Smucker 2007).

    If neither run is better, the difference of a cluster may as well have the other sign:
    ``p = (1 + resamples whose |sum| is at least the one seen) / (1 + resamples)``.

    >>> sign_flip_test([0.2, 0.4], [0.2, 0.4])
    1.0
    """
    differences = _differences(before, after)
    groups = _groups(clusters, len(differences))
    sums = np.bincount(groups, weights=differences)
    seen = abs(float(sums.sum()))
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK // len(sums))
    as_far: int = 0
    for begin in range(0, resamples, step):
        signs = rng.integers(0, 2, (min(step, resamples - begin), len(sums))) * 2 - 1
        as_far += int(np.count_nonzero(np.abs(signs @ sums) >= seen - 1e-9))
    return (1 + as_far) / (1 + resamples)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the rate ``successes / n`` with its score interval (Wilson 1927); 0 to 1 where n is 0.

    ``(p + z²/2n ± z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n)``. For 8 of 10 and z = 1.96, it is
    (0.8 + 0.192 ± 1.96 * sqrt(0.016 + 0.0096)) / 1.384:

    >>> interval = wilson(8, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.49, 0.943)
    """
    from scipy.stats import binomtest

    if n == successes == 0:
        return Interval(0.0, 1.0, 0.0, 0)
    bounds = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return Interval(float(bounds.low), float(bounds.high), successes / n, n)


def mcnemar_exact(lost: int, won: int) -> float:
    """Return the two-sided p-value that as many questions flip each way (McNemar 1947, exact).

    ``min(1, 2 * P(X <= min(lost, won)))``, X binomial with ``lost + won`` trials of 1/2. For 1 lost and 5
    won: 2 * (1 + 6) / 64 = 0.21875.

    >>> round(mcnemar_exact(1, 5), 12), mcnemar_exact(0, 0)
    (0.21875, 1.0)
    """
    from scipy.stats import binomtest

    return float(binomtest(lost, lost + won).pvalue) if lost + won else 1.0


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p-values corrected for their number, in the given order (Holm 1979).

    Sorted ascending, ``max over j <= i of min(1, (m - j + 1) p_j)``. Of three, the smallest is tripled, the
    next doubled:

    >>> holm([0.04, 0.01, 0.02])
    (0.04, 0.03, 0.04)
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def _array(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"expected a list of numbers, not an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a value is not a finite number")
    return array


def _differences(before: ArrayLike, after: ArrayLike) -> Floats:
    first, second = _array(before), _array(after)
    if first.shape != second.shape:
        raise ValueError(f"expected the same questions twice, not {len(first)} and {len(second)}")
    return second - first


def _groups(clusters: Sequence[Hashable] | None, size: int) -> NDArray[np.intp]:
    if clusters is None:
        return np.arange(size)
    if len(clusters) != size:
        raise ValueError(f"expected a cluster for each of {size} values, not {len(clusters)}")
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(clusters))}
    if len(numbers) < 2:
        return np.arange(size)
    return np.array([numbers[cluster] for cluster in clusters], dtype=np.intp)


def _strata(strata: Sequence[Hashable] | None, groups: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return the cluster numbers in each stratum; the first value of a cluster decides its stratum."""
    first = np.unique(groups, return_index=True)[1]
    if strata is None:
        return [np.arange(len(first))]
    if len(strata) != len(groups):
        raise ValueError(f"expected a stratum for each of {len(groups)} values, not {len(strata)}")
    layers: dict[Hashable, list[int]] = {}
    for cluster, value in enumerate(first):
        layers.setdefault(strata[value], []).append(cluster)
    return [np.array(layer, dtype=np.intp) for layer in layers.values()]


@dataclass(frozen=True, slots=True)
class _Sampler:
    """Draws clusters with replacement: ``groups`` has the cluster of each value, ``layers`` those of each stratum."""

    groups: NDArray[np.intp]
    layers: Sequence[NDArray[np.intp]]
    resamples: int
    random: np.random.Generator
    confidence: float

    @property
    def clusters(self) -> int:
        return int(self.groups.max()) + 1

    def draw(self, resamples: int) -> NDArray[np.intp]:
        """Return from each stratum as many clusters as it has; shape (resamples, clusters)."""
        parts = [layer[self.random.integers(0, len(layer), (resamples, len(layer)))] for layer in self.layers]
        return np.concatenate(parts, axis=1)

    def interval(self, found: Floats, point: float | None) -> Interval:
        """Return the percentile interval of the statistic ``found`` on each resample; ``point`` is that of all."""
        defined = found[np.isfinite(found)]
        if point is None or not math.isfinite(point) or not defined.size:
            raise ValueError("the statistic is not defined on these values")
        low, high = np.quantile(defined, ((1 - self.confidence) / 2, (1 + self.confidence) / 2))
        return Interval(float(low), float(high), float(point), self.clusters)


def _sampler(
    size: int,
    clusters: Sequence[Hashable] | None,
    resamples: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    strata: Sequence[Hashable] | None = None,
) -> _Sampler:
    groups = _groups(clusters, size)
    return _Sampler(groups, _strata(strata, groups), resamples, np.random.default_rng(seed), confidence)
