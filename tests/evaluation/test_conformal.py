"""Thresholds with a promise, held against their definition and against drawn data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locard.evaluation.metrics.conformal import conformal, grouped_conformal, grouped_quantile

RATE = 0.05


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 30)), min_size=1, max_size=80),
    st.sampled_from([0.05, 0.1, 0.3]),
)
def test_threshold_of_groups_is_the_smallest_that_its_definition_allows(
    drawn: list[tuple[int, int]], rate: float
) -> None:
    scores = np.array([score for score, _ in drawn], np.float64)
    groups = np.array([group for _, group in drawn])

    def allowed(threshold: float) -> bool:
        shares = [np.mean(scores[groups == group] > threshold) for group in np.unique(groups)]
        return bool(sum(shares) + 1 <= rate * (len(shares) + 1) + 1e-9)

    def kept(threshold: float) -> bool:
        shares = [np.mean(scores[groups == group] > threshold) for group in np.unique(groups)]
        return bool(np.mean(shares) <= rate + 1e-9)

    fitting = [threshold for threshold in np.unique(scores) if allowed(threshold)]
    assert grouped_conformal(scores, groups, rate) == (min(fitting) if fitting else None)
    few = grouped_quantile(scores, groups, rate)
    assert few == min(threshold for threshold in np.unique(scores) if kept(threshold))


def test_groups_of_one_give_the_plain_threshold() -> None:
    scores = np.random.default_rng(3).normal(size=200)
    assert grouped_conformal(scores, np.arange(200), RATE) == conformal(scores, RATE)


def test_few_groups_promise_nothing() -> None:
    scores = np.arange(500.0)
    assert grouped_conformal(scores, np.arange(500) % 18, RATE) is None
    assert grouped_conformal(scores, np.arange(500) % 19, RATE) is not None


def test_pictures_of_new_groups_exceed_it_as_seldom_as_promised() -> None:
    """Groups of very different size and level: counting pictures would promise too much."""
    random = np.random.default_rng(4)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        sizes = random.integers(1, 30, count)
        groups = np.repeat(np.arange(count), sizes)
        return random.normal(size=count)[groups] + 0.2 * random.normal(size=groups.size), groups

    exceeded = []
    for _ in range(600):
        threshold = grouped_conformal(*drawn(60), RATE)
        assert threshold is not None
        scores, groups = drawn(20)
        exceeded.append(np.mean([np.mean(scores[groups == g] > threshold) for g in range(20)]))
    assert np.mean(exceeded) == pytest.approx(RATE, abs=0.015)
    assert np.mean(exceeded) < RATE + 0.008
