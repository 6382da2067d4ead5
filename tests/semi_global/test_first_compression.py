"""The likelihood of an earlier compression, against a plain version and on known histories."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_pictures import PHOTOGRAPHS, photograph, through_jpeg
from scipy.ndimage import gaussian_filter1d
from scipy.stats import norm

from locard_semi_global.evidence.double_quantization import double_quantization
from locard_semi_global.evidence.first_compression import first_compression
from locard_semi_global.evidence.history import BANDS, HALVES, facts_of
from locard_semi_global.evidence.likelihood import likelihood_ratios
from locard_semi_global.evidence.planes import Planes

BINS = (np.arange(HALVES) - HALVES // 2) / 2


def _counts(values):
    return np.bincount(np.floor(values * 2).astype(int) + HALVES // 2, minlength=HALVES)


def _coefficients(first: int | None, last: int, size: int, seed: int, scale: float = 12):
    """Return moduli of coefficients after one compression or two, as they are read off a file."""
    random = np.random.default_rng(seed)
    values = random.laplace(0, scale, size)
    if first:
        values = np.rint(values / first) * first + random.normal(0, 0.3, size)
    return np.abs(np.rint(values / last) * last)


def _plain(before, first, last):
    """Return P(k) after the last compression alone and after both, k from 1 on, by definition."""
    multiples = np.arange(1, int(1024 / last) + 1)
    low, high = (multiples - 0.5) * last, (multiples + 0.5) * last
    single = np.array(
        [before[(a <= BINS) & (b > BINS)].sum() for a, b in zip(low, high, strict=True)]
    )
    double = np.zeros(len(multiples))
    for multiple in range(1024 // first + 1):
        a, b = max((multiple - 0.5) * first, 0), (multiple + 0.5) * first
        mass = before[(a <= BINS) & (b > BINS)].sum()
        value = multiple * first
        double += mass * (norm.cdf((high - value) / 0.3) - norm.cdf((low - value) / 0.3))
        if value == 0:  # noise about zero is as often below it
            double += mass * (norm.cdf(-low / 0.3) - norm.cdf(-high / 0.3))
    single, double = single + 1e-6, double + 1e-6
    return single / single.sum(), double / double.sum()


@pytest.mark.parametrize(("first", "last"), [(7, 4), (9, 5), (3, 2), (5, 8), (13, 12)])
def test_the_ratios_are_the_plain_ones(first, last):
    aligned = _counts(_coefficients(first, last, 4000, 1))
    shifted = _counts(np.abs(np.random.default_rng(2).laplace(0, 12, 4000)))
    ratios, steps = likelihood_ratios(
        np.stack([np.zeros(HALVES, np.int64), aligned]),
        np.stack([np.zeros(HALVES, np.int64), shifted]),
        np.array([last, last]),
    )
    assert steps[1] == first
    before = np.zeros(HALVES)
    before[HALVES // 2 :] = gaussian_filter1d(
        shifted[HALVES // 2 :].astype(float), 3.0, mode="reflect", truncate=3
    )
    single, double = _plain(before / before.sum(), first, last)
    wanted = np.log(0.98 * double / single + 0.02)
    for k in range(1, 100 // last):
        place = int(2 * k * last) + HALVES // 2
        assert ratios[1, place] == pytest.approx(wanted[k - 1], abs=2e-3)
    assert (ratios[1, HALVES // 2 : HALVES // 2 + last] == 0).all()


@pytest.mark.parametrize("last", [1, 2, 5, 12])
def test_one_compression_is_none_before(last):
    values = _coefficients(None, last, 4000, 3)
    shifted = np.abs(np.random.default_rng(4).laplace(0, 12, 4000))
    counts = [np.stack([np.zeros(HALVES, np.int64), _counts(some)]) for some in (values, shifted)]
    ratios, steps = likelihood_ratios(*counts, np.array([last, last]))
    assert steps[1] == 0
    assert (ratios == 0).all()


@pytest.mark.parametrize(("first", "last"), [(60, 90), (75, 92), (85, 95)])
def test_first_steps_of_photographs_are_found(first, last):
    right = []
    for name in PHOTOGRAPHS:
        once, before = through_jpeg(photograph(name), first)
        twice, table = through_jpeg(once, last)
        steps = facts_of(Planes.of(twice), table).first_steps
        right += [steps[band] == before[band] for band in BANDS]
    assert np.mean(right) > 0.6


@pytest.mark.parametrize("quality", [75, 90])
def test_a_photograph_compressed_once_says_little(quality):
    for name in PHOTOGRAPHS:
        pixels, table = through_jpeg(photograph(name), quality)
        planes = Planes.of(pixels)
        assert np.abs(first_compression(planes, facts_of(planes, table))[3]).mean() < 0.5


@pytest.mark.parametrize("known", [False, True])
def test_what_was_brought_in_stands_out_more_than_by_ratios_of_histograms(known):
    first, _ = through_jpeg(photograph("chelsea"), 70)
    donor, _ = through_jpeg(photograph("coffee"), 85)
    first = first.copy()
    first[67:195, 125:253] = donor[64:192, 128:256]
    pixels, table = through_jpeg(first, 90)
    planes = Planes.of(pixels)
    facts = facts_of(planes, table if known else None)
    inside = np.zeros(planes.shape, bool)
    inside[9:24, 16:31] = True
    margins = []
    for found in (first_compression(planes, facts)[3], double_quantization(planes, facts)[5]):
        pairs = found[inside][:, None] < found[~inside][None]
        margins.append(pairs.mean())
    assert margins[0] > 0.95
    assert margins[0] > margins[1]


def test_what_was_counted_of_nothing_is_nothing():
    nothing = np.zeros((36, HALVES), np.int64)
    ratios, steps = likelihood_ratios(nothing, nothing, np.ones(36, np.int64))
    assert not ratios.any()
    assert not steps.any()
