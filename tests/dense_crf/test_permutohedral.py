"""The lattice is a Gaussian filter, whatever the bands."""

from __future__ import annotations

import numpy as np
import pytest

from locard_dense_crf.bands import BAND_HEIGHT, BandRunner, band_rows
from locard_dense_crf.permutohedral import Lattice

SPANS = np.full(5, 4.0)


@pytest.fixture
def runner():
    with BandRunner(2) as runner:
        yield runner


def points(count, seed=0, high=4.0):
    random = np.random.default_rng(seed)
    return random.uniform(0, high, (5, count)).astype(np.float32)


def test_filter_follows_a_gaussian(runner):
    features = points(1500, high=2.0)
    values = np.random.default_rng(1).normal(0, 1, 1500).astype(np.float32)
    squares = ((features[:, :, None] - features[:, None, :]) ** 2).sum(axis=0)
    kernel = np.exp(-0.5 * squares.astype(float))
    lattice = Lattice([features], SPANS, runner)
    (weights,) = lattice.filter([np.ones(1500, np.float32)])
    (sums,) = lattice.filter([values + 1])
    smooth = (kernel @ (values + 1.0)) / kernel.sum(axis=1)
    assert np.corrcoef(kernel.sum(axis=1), weights)[0, 1] > 0.98
    assert np.abs(sums / weights - smooth).max() < 0.05


def test_filter_is_linear(runner):
    lattice = Lattice([points(300)], SPANS, runner)
    one, two = np.random.default_rng(2).normal(0, 1, (2, 300)).astype(np.float32)
    (a,), (b,), (both,) = (lattice.filter([v]) for v in (one, two, 2 * one - two))
    assert np.allclose(both, 2 * a - b, atol=1e-5)


def test_bands_do_not_matter(runner):
    features = points(1000)
    values = np.random.default_rng(3).normal(0, 1, 1000).astype(np.float32)
    whole = Lattice([features], SPANS, runner)
    parts = [slice(0, 10), slice(10, 700), slice(700, 1000)]
    split = Lattice([np.ascontiguousarray(features[:, part]) for part in parts], SPANS, runner)
    assert split.size == whole.size
    together = np.concatenate(split.filter([values[part] for part in parts]))
    assert np.allclose(together, whole.filter([values])[0], atol=1e-5)


def test_many_vertices(runner):
    """Far apart, each point has a simplex of its own, and hears of itself alone."""
    spans = np.full(5, 400.0)
    features = points(20_000, high=400.0)
    lattice = Lattice([features], spans, runner)
    assert lattice.size > 119_000
    values = np.arange(20_000, dtype=np.float32)
    (own,) = lattice.filter([np.ones_like(values)])
    (filtered,) = lattice.filter([values])
    share = np.isclose(filtered / own, values, rtol=1e-4).mean()
    assert share > 0.999


def test_one_point(runner):
    (value,) = Lattice([np.zeros((5, 1), np.float32)], SPANS, runner).filter(
        [np.ones(1, np.float32)]
    )
    assert value.shape == (1,)
    assert value[0] > 0


def test_too_wide_a_range_says_so(runner):
    with pytest.raises(ValueError, match="too narrow"):
        Lattice([points(3)], np.full(5, 1e6), runner)


@pytest.mark.parametrize("height", [1, BAND_HEIGHT - 1, BAND_HEIGHT, BAND_HEIGHT + 1, 1000])
def test_bands_cover_the_picture(height):
    rows = [row for band in band_rows(height) for row in range(height)[band]]
    assert rows == list(range(height))
