"""False-alarm bounds: against exact integers and scipy."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from locard_traces.zero_nfa import (
    log10_binomial_tail,
    log10_nfa,
    log10_tests,
    smallest_region,
)


def exact_tail(trials, successes):
    """Return log10 P(Bin(trials, 1/64) ≥ successes) from integers, which nothing rounds."""
    term = math.comb(trials, successes) * 63 ** (trials - successes)
    total = 0
    for count in range(successes, trials + 1):
        total += term
        term = term * (trials - count) // ((count + 1) * 63)
    return math.log10(total) - trials * math.log10(64)


@pytest.mark.parametrize(
    ("trials", "successes"),
    [
        (1, 1),
        (16, 5),
        (505, 50),
        (4096, 60),
        (4096, 100),
        (4096, 257),
        (4096, 3500),
        (4096, 4095),
        (9999, 400),
        (16384, 16000),
    ],
)
def test_tail_is_that_of_exact_integers(trials, successes):
    expected = exact_tail(trials, successes)
    assert log10_binomial_tail(trials, successes, 1 / 64) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_tail_is_that_of_scipy(data):
    trials = data.draw(st.integers(1, 2000))
    successes = data.draw(st.integers(1, trials))
    probability = data.draw(st.sampled_from([1 / 64, 0.1, 0.5, 0.97]))
    expected = stats.binom.logsf(successes - 1, trials, probability) / math.log(10)
    if expected > -280:
        tail = log10_binomial_tail(trials, successes, probability)
        assert tail == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_tail_of_all_successes_is_a_power():
    assert log10_binomial_tail(10**6, 10**6, 1 / 64) == pytest.approx(-(10**6) * math.log10(64))


def test_tail_passes_smoothly_from_one_way_of_summing_to_the_other():
    """Around 1e-250, log10 of the tail keeps falling, ever faster."""
    tails = [log10_binomial_tail(100_000, k, 1 / 64) for k in range(2900, 3100)]
    assert min(tails) < -250 < max(tails)
    steps = [after - before for before, after in pairwise(tails)]
    assert all(step < 0 for step in steps)
    assert all(after < before for before, after in pairwise(steps))


@pytest.mark.parametrize("arguments", [(5, 6, 0.5), (-1, 0, 0.5), (5, -1, 0.5), (5, 1, 0.0)])
def test_tail_refuses_what_is_no_binomial(arguments):
    with pytest.raises(ValueError, match="no binomial tail"):
        log10_binomial_tail(*arguments)


def test_nfa_of_a_picture_whose_pixels_all_agree():
    """512×384 pixels: 498·370 voters, so 2879 successes in 3072 trials."""
    tests = 2 * math.log10(64 * 512 * 384)
    expected = tests + exact_tail(512 * 384 // 64, 498 * 370 // 64)
    assert expected < -4000
    assert log10_nfa(498 * 370, 512 * 384, log10_tests(512, 384)) == pytest.approx(expected)


def test_smallest_region_is_the_least_that_can_be_meaningful():
    tests = log10_tests(600, 400)
    least = smallest_region(tests)
    blocks = math.ceil(tests / math.log10(64))
    assert (
        log10_nfa(blocks * 64, blocks * 64, tests)
        < 0
        < log10_nfa((blocks - 1) * 64, (blocks - 1) * 64, tests)
    )
    assert (blocks - 1) * 64 < least <= blocks * 64


def test_declared_smallest_side_is_the_least_at_which_agreement_is_meaningful():
    from locard_traces.jpeg_grid import JpegGrid

    def best_possible(side):
        return log10_nfa((side - 14) ** 2, side**2, log10_tests(side, side))

    side = JpegGrid.needs.min_side
    assert best_possible(side) < 0 < best_possible(side - 1)
