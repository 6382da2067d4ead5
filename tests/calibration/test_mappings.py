"""Mappings and bounds against lir (Netherlands Forensic Institute) and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lir.algorithms.bayeserror import elub as lir_elub

from locard.calibration import mappings

GRID = 1e-4
"""lir looks for the bounds on a grid, and passes over losses between its points."""


def ratios(seed: int, tampered: int, authentic: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(tampered + authentic) < tampered
    return generator.normal(np.where(labels, shift, -shift), 1.0), labels


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("counts", [(40, 60), (300, 25)])
@pytest.mark.parametrize("shift", [0.05, 0.5, 2.0])
def test_bounds_are_those_of_lir(seed, counts, shift):
    values, labels = ratios(seed, *counts, shift)
    expected = lir_elub(values.copy(), labels.astype(int), step_size=GRID)
    assert mappings.elub(values, labels) == pytest.approx(expected, abs=2 * GRID)


@pytest.mark.parametrize("seed", range(5))
def test_bounds_are_the_ends_of_gain_by_brute_force(seed):
    values, labels = ratios(seed, 30, 45, 0.8)
    lower, upper = mappings.elub(values, labels)
    h1, h2 = np.append(values[labels], -np.inf), np.append(values[~labels], np.inf)

    def gains(threshold: float) -> bool:
        odds = 10.0**threshold
        loss = np.mean(h1 <= threshold) + odds * np.mean(h2 > threshold)
        return loss <= min(1.0, odds)

    for threshold in np.linspace(lower + 1e-6, upper - 1e-6, 400):
        assert gains(threshold)
    assert not gains(upper + 1e-6)
    assert not gains(lower - 1e-6)


def test_bounds_of_separated_classes_are_given_by_their_size():
    # Nothing misleads but the added one: 1 of 51 and of 31, against all but the added one.
    values = np.concatenate([np.full(30, 9.0), np.full(50, -9.0)])
    labels = np.arange(80) < 30
    lower, upper = mappings.elub(values, labels)
    assert upper == pytest.approx(np.log10(30 / 31) - np.log10(1 / 51))
    assert lower == pytest.approx(-(np.log10(50 / 51) - np.log10(1 / 31)))


def test_useless_ratios_have_no_room():
    values, labels = ratios(1, 50, 50, -2.0)
    assert mappings.elub(values, labels) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("values", "labels"),
    [([1.0, 2.0], [True, True]), ([1.0, 2.0], [False, False]), ([1.0, np.nan], [True, False])],
)
def test_bounds_need_both_classes_and_numbers(values, labels):
    with pytest.raises(ValueError, match="both classes"):
        mappings.elub(values, labels)


@given(
    st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=40),
    st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=40),
)
@settings(max_examples=200, deadline=None)
def test_bounds_enclose_one_and_never_exceed_what_the_counts_allow(h1, h2):
    labels = np.arange(len(h1) + len(h2)) < len(h1)
    lower, upper = mappings.elub(np.array(h1 + h2), labels)
    assert -np.log10(len(h1) + 1) <= lower <= 0 <= upper <= np.log10(len(h2) + 1)


def test_a_score_at_a_threshold_belongs_to_the_upper_step():
    found = mappings.steps([0.0, 1.0, 1.5, 2.0, 9.0], [1.0, 2.0], [-1.0, 0.0, 1.0])
    assert found.tolist() == [-1.0, 0.0, 0.0, 1.0, 1.0]


def test_logistic_is_a_line():
    assert mappings.logistic([[0.0, 2.0]], 0.5, -1.0).tolist() == [[-1.0, 0.0]]
