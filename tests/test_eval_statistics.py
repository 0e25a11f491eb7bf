from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from eval.calibration_metrics import auroc
from eval.cost_metrics import spread
from eval.statistics import (
    Interval,
    bootstrap,
    bootstrap_ratio,
    holm,
    mcnemar_exact,
    paired_bootstrap,
    sign_flip_test,
    wilson,
)

unit = st.floats(0, 1)
rates = st.lists(unit, min_size=1, max_size=40)


def near(interval: Interval, low: float, high: float, within: float) -> bool:
    return abs(interval.low - low) < within and abs(interval.high - high) < within


def two_tails(lost: int, won: int) -> float:
    """Return the exact two-sided p-value that as many flip each way, counted out."""
    tail = sum(math.comb(lost + won, k) for k in range(min(lost, won) + 1))
    return min(1.0, 2 * tail / (1 << (lost + won)))


class TestBootstrap:
    def test_agrees_with_scipy_where_nothing_is_clustered(self) -> None:
        values = np.random.default_rng(1).beta(2, 1, 300)
        theirs = stats.bootstrap((values,), np.mean, n_resamples=10_000, method="percentile", rng=2)
        ours = bootstrap(values)
        assert near(ours, theirs.confidence_interval.low, theirs.confidence_interval.high, within=0.002)
        assert ours.point == pytest.approx(values.mean())
        assert ours.clusters == 300

    def test_agrees_with_a_plain_restatement_for_clusters(self) -> None:
        rng = np.random.default_rng(3)
        clusters = [f"d{number}" for number in rng.integers(0, 25, 400)]
        level = {name: rng.random() for name in clusters}
        values = [float(rng.random() < level[name]) for name in clusters]
        names = sorted(set(clusters))
        means = []
        for _ in range(4_000):
            drawn = [names[number] for number in rng.integers(0, len(names), len(names))]
            resample = [v for name in drawn for v, c in zip(values, clusters, strict=True) if c == name]
            means.append(np.mean(resample))
        low, high = np.quantile(means, [0.025, 0.975])
        ours = bootstrap(values, clusters)
        assert near(ours, low, high, within=0.01)
        alone = bootstrap(values)
        assert ours.high - ours.low > 1.3 * (alone.high - alone.low), "questions of a document are not independent"

    def test_the_general_path_agrees_with_the_fast_one(self) -> None:
        rng = np.random.default_rng(4)
        values, clusters = rng.random(200), [int(number) for number in rng.integers(0, 30, 200)]
        fast = bootstrap(values, clusters)
        general = bootstrap(values, clusters, lambda rows: float(rows.mean()), resamples=3_000)
        assert near(general, fast.low, fast.high, within=0.006)
        assert (general.point, general.clusters) == (pytest.approx(fast.point), 30)

    def test_auroc_of_two_columns(self) -> None:
        rng = np.random.default_rng(5)
        right = (rng.random(250) < 0.6).astype(float)
        scores = np.round(right * 0.4 + rng.random(250), 1)
        rows = np.stack([scores, right], axis=1)
        theirs = stats.bootstrap(
            (scores, right),
            lambda s, r: roc_auc_score(r, s),
            paired=True,
            vectorized=False,
            n_resamples=1_000,
            method="percentile",
            rng=6,
        ).confidence_interval
        ours = bootstrap(rows, None, lambda drawn: auroc(drawn[:, 0], drawn[:, 1]), resamples=1_000)
        assert near(ours, theirs.low, theirs.high, within=0.012)
        assert ours.point == pytest.approx(roc_auc_score(right, scores))

    def test_undefined_resamples_are_left_out(self) -> None:
        rows = [[0.9, 1.0], [0.1, 0.0], [0.4, 1.0]]
        ours = bootstrap(rows, None, lambda drawn: auroc(drawn[:, 0], drawn[:, 1]), resamples=200)
        assert (ours.low, ours.high) == (1.0, 1.0)

    def test_the_interval_covers_the_truth_as_often_as_it_says(self) -> None:
        rng = np.random.default_rng(7)
        covered = 0
        for seed in range(300):
            level = np.repeat(rng.beta(4, 4, 40), 5)
            clusters = np.repeat(np.arange(40), 5).tolist()
            interval = bootstrap((rng.random(200) < level).astype(float), clusters, resamples=1_000, seed=seed)
            covered += interval.low <= 0.5 <= interval.high
        assert 0.90 <= covered / 300 <= 0.98

    def test_one_cluster_says_nothing_about_clusters(self) -> None:
        assert bootstrap([0, 1, 1, 0], ["d"] * 4) == bootstrap([0, 1, 1, 0])

    @given(rates, st.integers(0, 3))
    @settings(max_examples=50)
    def test_range_order_and_repeatability(self, values: list[float], seed: int) -> None:
        ours = bootstrap(values, resamples=200, seed=seed)
        assert min(values) - 1e-12 <= ours.low <= ours.high <= max(values) + 1e-12
        assert ours == bootstrap(values, resamples=200, seed=seed)

    def test_names_of_clusters_do_not_matter(self) -> None:
        values = [0.0, 1.0, 1.0, 0.5]
        assert bootstrap(values, ["z", "a", "z", "b"]) == bootstrap(values, [1, 2, 1, 3])

    def test_a_ratio_is_that_of_the_sums(self) -> None:
        rng = np.random.default_rng(9)
        below = rng.integers(0, 5, 200)
        above = rng.binomial(below, 0.7)
        theirs = stats.bootstrap(
            (above, below),
            lambda a, b, axis: a.sum(axis=axis) / b.sum(axis=axis),
            paired=True,
            vectorized=True,
            n_resamples=5_000,
            method="percentile",
            rng=1,
        ).confidence_interval
        ours = bootstrap_ratio(above, below)
        assert near(ours, theirs.low, theirs.high, within=0.006)
        assert ours.point == pytest.approx(above.sum() / below.sum())

    @pytest.mark.parametrize(
        "call",
        [
            lambda: bootstrap([]),
            lambda: bootstrap([], None, lambda rows: 0.0),
            lambda: bootstrap([1.0], ["a", "b"]),
            lambda: bootstrap([float("nan")]),
            lambda: bootstrap([[1.0, 1.0]], None, lambda rows: auroc(rows[:, 0], rows[:, 1]), resamples=10),
            lambda: bootstrap_ratio([0.0], [0.0]),
            lambda: paired_bootstrap([1.0], [1.0, 0.0]),
            lambda: wilson(3, 2),
            lambda: spread([]),
        ],
    )
    def test_nonsense_is_refused(self, call: object) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            call()  # type: ignore[operator]


class TestPairs:
    def test_the_paired_interval_agrees_with_scipy(self) -> None:
        rng = np.random.default_rng(10)
        before = rng.random(200)
        after = np.clip(before + rng.normal(0.02, 0.1, 200), 0, 1)
        theirs = stats.bootstrap((after - before,), np.mean, n_resamples=10_000, method="percentile", rng=1)
        ours = paired_bootstrap(before, after)
        assert near(ours, theirs.confidence_interval.low, theirs.confidence_interval.high, within=0.001)
        assert ours.point == pytest.approx(after.mean() - before.mean())

    def test_the_paired_interval_is_that_of_the_other_way_round(self) -> None:
        before, after = [0.1, 0.5, 0.9, 0.2], [0.3, 0.4, 1.0, 0.9]
        there, back = paired_bootstrap(before, after), paired_bootstrap(after, before)
        assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)

    def test_the_randomisation_test_agrees_with_scipy(self) -> None:
        rng = np.random.default_rng(11)
        before = rng.random(60)
        after = before + rng.normal(0.03, 0.1, 60)
        theirs = stats.permutation_test(
            (after, before),
            lambda a, b, axis: np.mean(a - b, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=10_000,
            rng=1,
        )
        assert sign_flip_test(before, after) == pytest.approx(theirs.pvalue, abs=0.01)

    def test_clustered_differences_are_weaker_evidence(self) -> None:
        before, after = [0.0] * 12, [1.0] * 12
        assert sign_flip_test(before, after) < 0.005
        assert sign_flip_test(before, after, [0, 1, 2] * 4) > 0.2

    @pytest.mark.parametrize("lost", range(0, 30, 3))
    @pytest.mark.parametrize("won", range(0, 30, 4))
    def test_mcnemar_is_the_binomial_test(self, lost: int, won: int) -> None:
        assert mcnemar_exact(lost, won) == pytest.approx(two_tails(lost, won), abs=1e-12)

    def test_mcnemar_of_thousands(self) -> None:
        assert mcnemar_exact(1400, 1600) == pytest.approx(two_tails(1400, 1600), rel=1e-9)

    # Worked by hand: 4 * 0.005, 3 * 0.01, 2 * 0.03, and 0.04 raised to what stands before it.
    @pytest.mark.parametrize(
        ("p_values", "expected"),
        [
            ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
            ([0.5, 0.6], [1.0, 1.0]),
            ([0.05], [0.05]),
            ([], []),
        ],
    )
    def test_holm(self, p_values: Sequence[float], expected: Sequence[float]) -> None:
        assert holm(p_values) == pytest.approx(tuple(expected))

    @given(st.lists(unit, max_size=12))
    def test_holm_lies_between_nothing_and_bonferroni(self, p_values: list[float]) -> None:
        adjusted = holm(p_values)
        for p, q in zip(p_values, adjusted, strict=True):
            assert p <= q <= min(1.0, len(p_values) * p) + 1e-12
        by_p = sorted(zip(p_values, adjusted, strict=True))
        assert [q for _, q in by_p] == sorted(adjusted), "the order of the p-values is kept"


class TestRatesAndMeasurements:
    @pytest.mark.parametrize("n", [1, 2, 10, 57, 3000])
    @pytest.mark.parametrize("confidence", [0.9, 0.95])
    def test_wilson_is_where_the_score_test_just_accepts(self, n: int, confidence: float) -> None:
        z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
        for successes in {0, 1, n // 3, n - 1, n}:
            ours = wilson(successes, n, confidence)
            middle, rate = (ours.low + ours.high) / 2, successes / n
            assert middle == pytest.approx((rate + z2 / (2 * n)) / (1 + z2 / n), abs=1e-12)
            for bound in (ours.low, ours.high):
                assert (rate - bound) ** 2 == pytest.approx(z2 * bound * (1 - bound) / n, abs=1e-12)
            assert ours.point == rate

    def test_wilson_of_nothing_knows_nothing(self) -> None:
        assert wilson(0, 0) == Interval(0.0, 1.0, 0.0, 0)

    @given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
    def test_the_spread_is_ordered_and_ignores_order(self, values: list[float]) -> None:
        ours = spread(values)
        assert ours.low <= ours.p50 <= ours.p95 <= ours.high
        assert ours == spread(values[::-1])
        assert ours.p50 == pytest.approx(float(np.median(values)))
