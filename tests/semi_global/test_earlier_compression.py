"""The likelihood of a compression before the last two, plainly and on known histories."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_pictures import PHOTOGRAPHS, photograph, through_jpeg
from scipy.ndimage import gaussian_filter1d
from scipy.stats import norm

from locard_semi_global.evidence.earlier_compression import earlier_compression
from locard_semi_global.evidence.first_compression import first_compression
from locard_semi_global.evidence.history import HALVES, facts_of
from locard_semi_global.evidence.likelihood_of_three import ratios_of_three
from locard_semi_global.evidence.planes import Planes

MOST = 200


def _counts(values):
    return np.bincount(np.floor(values * 2).astype(int) + HALVES // 2, minlength=HALVES)


def _stacked(values):
    return np.stack([np.zeros(HALVES, np.int64), _counts(values)])


def _coefficients(steps, size, seed):
    """Return moduli after some compressions, as they are read off the last file."""
    random = np.random.default_rng(seed)
    values = random.laplace(0, 12, size)
    for step in steps[:-1]:
        values = np.rint(values / step) * step + random.normal(0, 0.3, size)
    return np.abs(np.rint(values / steps[-1]) * steps[-1])


def _plain(density, steps):
    """Return P(k) after some steps, k from 1 on: values with masses, moved and rounded in turn."""
    bins = np.arange(len(density)) / 2 + 0.25
    values, masses = bins, density
    for place, step in enumerate(steps):
        multiples = np.arange(-MOST, MOST + 1)
        if place == 0:
            shares = (np.floor(values / step + 0.5)[:, None] == multiples).astype(float)
        else:
            low, high = (multiples - 0.5) * step, (multiples + 0.5) * step
            shares = norm.cdf((high - values[:, None]) / 0.3)
            shares -= norm.cdf((low - values[:, None]) / 0.3)
        both = masses @ shares
        masses = both[MOST:].copy()
        masses[1:] += both[:MOST][::-1]
        values = multiples[MOST:] * float(step)
    masses = masses[1:] + 1e-6
    return masses / masses.sum()


@pytest.mark.parametrize("steps", [(9, 7, 4), (5, 8, 3), (16, 12, 5)])
def test_the_ratios_are_the_plain_ones(steps):
    shifted = np.abs(np.random.default_rng(2).laplace(0, 12, 8000))
    last = np.array([steps[-1]] * 2)
    ratios, found = ratios_of_three(
        _stacked(_coefficients(steps, 8000, 1)), _stacked(shifted), last
    )
    assert found[1] == steps[0]
    density = gaussian_filter1d(
        _counts(shifted)[HALVES // 2 :].astype(float), 3.0, mode="reflect", truncate=3
    )
    density /= density.sum()
    wanted = np.log(0.98 * _plain(density, steps) / _plain(density, steps[1:]) + 0.02)
    for k in range(1, 60 // steps[-1]):
        assert ratios[1, int(2 * k * steps[-1]) + HALVES // 2] == pytest.approx(
            wanted[k - 1], abs=0.03
        )


@pytest.mark.parametrize("steps", [(4,), (7, 4), (12, 5), (3, 2)])
def test_fewer_compressions_are_not_three(steps):
    shifted = np.abs(np.random.default_rng(4).laplace(0, 12, 4000))
    ratios, found = ratios_of_three(
        _stacked(_coefficients(steps, 4000, 3)), _stacked(shifted), np.array([steps[-1]] * 2)
    )
    assert found[1] == 0
    assert not ratios.any()


def _mean_over_photographs(qualities):
    means = []
    for name in PHOTOGRAPHS:
        pixels = photograph(name)
        for quality in qualities:
            pixels, table = through_jpeg(pixels, quality)
        planes = Planes.of(pixels)
        means.append(np.abs(earlier_compression(planes, facts_of(planes, table))[1]).mean())
    return np.mean(means)


@pytest.mark.parametrize(
    ("qualities", "most"), [((75,), 0.2), ((90,), 0.2), ((75, 92), 1.5)], ids=str
)
def test_photographs_with_fewer_compressions_say_little(qualities, most):
    assert _mean_over_photographs(qualities) < most


def test_photographs_with_three_compressions_say_more():
    assert _mean_over_photographs((70, 85, 92)) > 2


@pytest.mark.parametrize("qualities", [(70, 85, 92), (60, 80, 90)])
def test_what_was_brought_in_is_found_after_another_compression(qualities):
    first, _ = through_jpeg(photograph("chelsea"), qualities[0])
    first = first.copy()
    donor, _ = through_jpeg(photograph("coffee"), 88)
    first[67:195, 125:253] = donor[64:192, 128:256]
    saved, _ = through_jpeg(first, qualities[1])
    pixels, table = through_jpeg(saved, qualities[2])
    planes = Planes.of(pixels)
    facts = facts_of(planes, table)
    inside = np.zeros(planes.shape, bool)
    inside[9:24, 16:31] = True
    earlier, before_last = (
        (found[inside][:, None] < found[~inside][None]).mean()
        for found in (earlier_compression(planes, facts)[1], first_compression(planes, facts)[3])
    )
    assert earlier > 0.9
    assert earlier > before_last
