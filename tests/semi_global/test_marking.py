"""Where a map is cut: against the expectation itself, and within bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from locard_semi_global import marking
from locard_semi_global.marking import BIAS, LEAST, MOST, cut_of, marked

LOGITS = arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(-9, 9, width=32)
)


@settings(max_examples=200, deadline=None)
@given(LOGITS)
def test_no_other_cut_has_a_larger_expected_f1(logits: np.ndarray) -> None:
    chances = 1 / (1 + np.exp(-(logits.astype(np.float64) + BIAS))).ravel()

    def expected(count: int) -> float:
        chosen = np.sort(chances)[-count:]
        return float(2 * chosen.sum() / (count + chances.sum()))

    cut = cut_of(logits)
    assert LEAST <= cut <= MOST
    if LEAST < cut < MOST:
        kept = int((logits > cut).sum())
        best = max(expected(count) for count in range(1, chances.size + 1))
        assert expected(kept) == pytest.approx(best, rel=1e-4)


@settings(max_examples=100, deadline=None)
@given(LOGITS)
def test_the_order_of_places_stays(logits: np.ndarray) -> None:
    drawn = marked(logits)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(np.ptp(drawn), np.ptp(logits), atol=1e-5)
    np.testing.assert_allclose(drawn - logits, -cut_of(logits), atol=1e-5)


def test_a_map_that_is_sure_is_cut_near_half_and_an_unsure_one_lower() -> None:
    sure = np.full((20, 20), -8.0, np.float32)
    sure[5:10, 5:10] = 8
    unsure = np.where(sure > 0, -0.5, -5).astype(np.float32)
    assert (marked(sure) > 0).sum() == 25
    assert cut_of(unsure) < -0.5
    assert (marked(unsure) > 0).sum() == 25


def test_a_map_without_any_suspicion_marks_nothing() -> None:
    assert not (marked(np.full((10, 10), -6.0, np.float32)) > 0).any()
    assert cut_of(np.full((10, 10), -60.0, np.float32)) == LEAST


def test_a_map_that_is_foreign_all_over_is_marked_all_over() -> None:
    assert (marked(np.full((10, 10), 90.0, np.float32)) > 0).all()


@pytest.mark.parametrize("value", [-200.0, 200.0])
def test_extreme_logits_are_cut_within_bounds(value: float) -> None:
    assert marking.LEAST <= cut_of(np.full((3, 3), value, np.float32)) <= marking.MOST
