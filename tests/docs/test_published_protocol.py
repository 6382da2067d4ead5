"""The lenient protocol by which our figures are held against published ones."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = str(Path(__file__).parents[2] / "benchmarks")
sys.path.insert(0, FOLDER)
try:
    protocol = importlib.import_module("published_protocol")
finally:
    sys.path.remove(FOLDER)

TRUTH = np.zeros((80, 100), np.bool_)
TRUTH[20:60, 30:70] = True


def test_a_perfect_map_and_its_inverse_are_both_perfect() -> None:
    values = TRUTH.astype(np.float32)
    assert protocol.lenient_f1(values, TRUTH) == (1, 1)
    assert protocol.lenient_f1(1 - values, TRUTH) == (1, 1)


def test_what_lies_at_the_border_does_not_count() -> None:
    values = np.zeros(TRUTH.shape, np.float32)
    values[15:65, 25:75] = 1
    assert protocol.lenient_f1(values, TRUTH) == (1, 1)
    values[14, 25:75] = 1
    assert protocol.lenient_f1(values, TRUTH)[0] < 1


def test_seven_pixels_inside_do_not_count_either() -> None:
    values = np.zeros(TRUTH.shape, np.float32)
    values[27:53, 37:63] = 1
    assert protocol.lenient_f1(values, TRUTH) == (1, 1)
    values[27, 37:63] = 0
    assert protocol.lenient_f1(values, TRUTH)[0] < 1


def test_a_map_of_zeros_is_worth_marking_everything() -> None:
    inside, outside = 26 * 26, TRUTH.size - 50 * 50
    everything = 2 * inside / (2 * inside + outside)
    at_half, best = protocol.lenient_f1(np.zeros(TRUTH.shape, np.float32), TRUTH)
    assert at_half == pytest.approx(everything)
    assert best == pytest.approx(everything)


def test_a_mask_that_is_all_border_has_no_figure() -> None:
    narrow = np.zeros(TRUTH.shape, np.bool_)
    narrow[20:34, 30:70] = True
    assert protocol.lenient_f1(narrow.astype(np.float32), narrow) is None
