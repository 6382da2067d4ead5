"""Intervals of shares, balanced accuracy and AUC, against scipy and by simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from locard.evaluation.metrics import METRICS
from locard.evaluation.metrics.bootstrap import mean_interval
from locard.evaluation.metrics.proportions import area, clopper_pearson, hull, mean_of_two
from locard.evaluation.metrics.summary import summarise
from locard.evaluation.rows import Row
from locard.outcomes import Outcome

LEAST_COVERAGE = 0.93


@pytest.mark.parametrize(("hits", "trials"), [(0, 7), (7, 7), (1, 50), (23, 40), (1, 1), (0, 5000)])
def test_the_interval_of_a_share_is_that_of_scipy(hits: int, trials: int) -> None:
    expected = binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert clopper_pearson(hits / trials, trials) == pytest.approx(tuple(expected), abs=1e-12)


@given(st.floats(0, 1), st.integers(1, 500))
def test_a_share_of_parts_of_trials_lies_within_its_interval(share: float, trials: int) -> None:
    low, high = clopper_pearson(share, trials)
    assert 0 <= low <= share <= high <= 1
    assert low < high


def test_mover_adds_the_distances_to_the_bounds_in_squares() -> None:
    # Zou and Donner: for a sum, (l1, u1) = (3, 8) around 6 and (l2, u2) = (4, 15) around 8.
    low, high = mean_of_two(6, (3, 8), 8, (4, 15))
    assert 2 * low == pytest.approx(14 - np.hypot(3, 4))
    assert 2 * high == pytest.approx(14 + np.hypot(2, 7))


@given(st.floats(0, 1), st.integers(1, 300), st.integers(1, 300))
def test_the_interval_of_an_area_holds_it_and_mirrors(auc: float, m: int, n: int) -> None:
    low, high = area(auc, m, n)
    assert 0 <= low <= auc + 1e-9
    assert auc - 1e-9 <= high <= 1
    assert high - low > 0.001
    mirrored = area(1 - auc, m, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(("auc", "m", "n"), [(0.8, 20, 30), (1.0, 7, 12), (0.97, 100, 9)])
def test_at_its_ends_the_area_is_two_deviations_of_hanley_and_mcneil_away(auc, m, n) -> None:
    for end in area(auc, m, n):
        if end == 1:
            continue
        # Hanley and McNeil's formula, with the mean of both numbers of others in place of each.
        q1, q2, others = end / (2 - end), 2 * end**2 / (1 + end), (m + n) / 2 - 1
        variance = end * (1 - end) + others * (q1 - end**2) + others * (q2 - end**2)
        assert abs(auc - end) == pytest.approx(norm.ppf(0.975) * np.sqrt(variance / (m * n)))


def test_the_hull_holds_both() -> None:
    assert hull((0.1, 0.3), (0.2, 0.4)) == (0.1, 0.4)


# --- in the table --------------------------------------------------------------------------------


def verdicts(
    flagged: list[bool], tampered: list[bool], groups: list[str] | None = None
) -> list[Row]:
    return [
        Row(
            sample=f"{at:05}", sha256="", kind="splice" if is_tampered else "authentic",
            treatment="none", step="s", score=float(flag), group=groups[at] if groups else None,
            outcome=Outcome.DETECTED if flag else Outcome.NOT_DETECTED,
        )
        for at, (flag, is_tampered) in enumerate(zip(flagged, tampered, strict=True))
    ]  # fmt: skip


def estimates(rows: list[Row], count: int = 400):
    return summarise(rows, {"s": True}, count=count)[0].metrics


def test_no_false_alarm_in_seven_images_is_bounded_as_scipy_does() -> None:
    found = estimates(verdicts([False] * 7 + [True] * 9, [False] * 7 + [True] * 9))
    none = binomtest(0, 7).proportion_ci(0.95, method="exact")
    every = binomtest(9, 9).proportion_ci(0.95, method="exact")
    assert (found["false_positive_rate"].low, found["false_positive_rate"].high) == (
        0, pytest.approx(none.high),
    )  # fmt: skip
    assert found["sensitivity"].low == pytest.approx(every.low)
    balanced = found["balanced_accuracy"]
    assert balanced.low == pytest.approx(1 - np.hypot(none.high, 1 - every.low) / 2)
    assert balanced.high == 1
    assert found["image_auc"].low == pytest.approx(area(1.0, 9, 7)[0])
    assert (found["equal_error_rate"].value, found["equal_error_rate"].low) == (0, None)


def test_a_group_is_one_trial() -> None:
    groups = [f"g{at % 4}" for at in range(40)]
    found = estimates(verdicts([False] * 40, [False] * 40, groups))["false_positive_rate"]
    assert found.high == pytest.approx(binomtest(0, 4).proportion_ci(method="exact").high)


def test_no_interval_of_a_share_is_shorter_than_the_exact_one() -> None:
    random = np.random.default_rng(2)
    tampered = random.random(60) < 0.5
    flagged = random.random(60) < np.where(tampered, 0.7, 0.2)
    found = estimates(verdicts(flagged.tolist(), tampered.tolist()))
    for name, of_class in (("sensitivity", tampered), ("false_positive_rate", ~tampered)):
        exact = binomtest(int(flagged[of_class].sum()), int(of_class.sum()))
        low, high = exact.proportion_ci(0.95, method="exact")
        assert found[name].low <= low + 1e-12
        assert found[name].high >= high - 1e-12
    assert set(found) == set(METRICS)


def coverage(draw: Callable[[np.random.Generator], list[Row]], metric: str, truth: float) -> float:
    random = np.random.default_rng(11)
    found = [estimates(draw(random), count=200)[metric] for _ in range(300)]
    return float(np.mean([e.low is not None and e.low <= truth <= e.high for e in found]))


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.02, 0.05, 0.95])
@pytest.mark.parametrize("of_group", [1, 3])
def test_intervals_of_shares_hold_the_truth_as_often_as_they_say(
    rate: float, of_group: int
) -> None:
    """Thirty groups that are flagged as a whole: the hardest case."""

    def draw(random: np.random.Generator) -> list[Row]:
        flagged = np.repeat(random.random(30) < rate, of_group)
        groups = np.repeat(np.arange(30), of_group).astype(str)
        return verdicts(flagged.tolist(), [False] * flagged.size, groups.tolist())

    assert coverage(draw, "false_positive_rate", rate) >= LEAST_COVERAGE


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_the_bootstrap_alone_does_not(rate: float) -> None:
    random = np.random.default_rng(11)
    found = [mean_interval((random.random(30) < rate).astype(float), count=200) for _ in range(300)]
    assert np.mean([e.low <= rate <= e.high for e in found]) < 0.85


@pytest.mark.slow
@pytest.mark.parametrize("separation", [1.2, 2.3, 3.3])
def test_intervals_of_both_classes_hold_the_truth(separation: float) -> None:
    """Normal scores of unit variance; flagged above the middle."""

    def draw(random: np.random.Generator) -> list[Row]:
        tampered = np.arange(40) < 15
        scores = random.normal(separation * tampered)
        rows = verdicts((scores > separation / 2).tolist(), tampered.tolist())
        return [replace(row, score=float(s)) for row, s in zip(rows, scores, strict=True)]

    right, auc = norm.cdf(separation / 2), norm.cdf(separation / np.sqrt(2))
    assert coverage(draw, "balanced_accuracy", float(right)) >= LEAST_COVERAGE
    assert coverage(draw, "image_auc", float(auc)) >= LEAST_COVERAGE
