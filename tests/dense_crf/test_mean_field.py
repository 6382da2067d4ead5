"""Mean field against all pairs written out, against pydensecrf, and against its own symmetries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from locard_dense_crf import pydensecrf_backend
from locard_dense_crf.blocks import ALL_SINGLE
from locard_dense_crf.mean_field import CrfParameters, infer, unary_logits

CUSTOMARY = CrfParameters()
TOLERANCE = 10
"""The refiner's default."""


def differences(one, other):
    """Return the share of pixels with another label, and the mean difference of Q."""
    return np.mean((one > 0.5) != (other > 0.5)), np.mean(np.abs(one - other))


@pytest.fixture(scope="module")
def pydensecrf():
    pytest.importorskip("pydensecrf", reason="pydensecrf2 is not installed: no reference")
    return pydensecrf_backend.infer


def test_close_to_all_pairs(photograph, unary, dense_kernels, dense_mean_field, photograph_name):
    """A kernel that suits so small a picture: the customary one would make it all one label."""
    crf = replace(CUSTOMARY, sigma_alpha=20.0, weight_alpha=3.0)
    pixels = photograph(photograph_name, 48)
    kernels = dense_kernels(pixels, crf)
    for kind in ("soft", "noisy"):
        probability = unary(kind, 48)
        expected = dense_mean_field(probability, kernels, crf.iterations)
        assert 0.1 < np.mean(expected > 0.5) < 0.9
        for tolerance in (ALL_SINGLE, TOLERANCE):
            labels, mean = differences(infer(probability, pixels, crf, tolerance), expected)
            assert labels <= 0.02
            assert mean <= 0.02


@pytest.mark.parametrize("name", ["coffee", "rocket", "chelsea"])
def test_close_to_all_pairs_with_customary_kernels(
    photograph, unary, dense_kernels, dense_mean_field, name
):
    pixels, probability = photograph(name, 48), unary("noisy", 48)
    expected = dense_mean_field(probability, dense_kernels(pixels, CUSTOMARY), 5)
    labels, mean = differences(infer(probability, pixels, CUSTOMARY, TOLERANCE), expected)
    assert labels <= 0.02
    assert mean <= 0.02


@pytest.mark.parametrize("name", ["coffee", "astronaut", "retina"])
def test_close_to_all_pairs_with_colour_only(
    photograph, unary, dense_kernels, dense_mean_field, name
):
    crf = CrfParameters(
        weight_gamma=0.0, sigma_alpha=12.0, weight_alpha=3.0, colour_only=0.9, iterations=5
    )
    pixels = photograph(name, 48)
    kernels = dense_kernels(pixels, crf)
    for kind in ("soft", "noisy"):
        probability = unary(kind, 48)
        expected = dense_mean_field(probability, kernels, crf.iterations)
        labels, mean = differences(infer(probability, pixels, crf, TOLERANCE), expected)
        assert labels <= 0.02
        assert mean <= 0.02


def test_colour_only_is_what_pydensecrf_computes(photograph, unary, photograph_name, pydensecrf):
    crf = replace(CUSTOMARY, sigma_alpha=30.0, weight_alpha=4.0, colour_only=0.8)
    pixels, probability = photograph(photograph_name, 200, 256), unary("noisy", 200, 256)
    ours = infer(probability, pixels, crf, ALL_SINGLE)
    labels, mean = differences(ours, pydensecrf(probability, pixels, crf))
    assert labels <= 0.02
    assert mean <= 0.02


def test_colour_only_keeps_what_looks_like_its_surroundings():
    """On even ground the appearance kernel alone lets the many outvote the few."""
    pixels = np.full((120, 160, 3), 120, np.uint8)
    probability = np.full((120, 160), 0.2, np.float32)
    probability[40:70, 60:100] = 0.8
    crf = CrfParameters(weight_gamma=0.0, sigma_alpha=30.0, weight_alpha=6.0)
    assert infer(probability, pixels, crf).max() < 0.5
    kept = infer(probability, pixels, replace(crf, colour_only=1.0))
    assert np.mean((kept > 0.5) != (probability > 0.5)) < 0.01


def test_smoothness_kernel_alone_is_almost_exact(
    photograph, unary, dense_kernels, dense_mean_field
):
    crf = replace(CUSTOMARY, weight_alpha=0.0)
    pixels, probability = photograph("coffee", 45, 52), unary("noisy", 45, 52)
    expected = dense_mean_field(probability, dense_kernels(pixels, crf), 5)
    assert np.abs(infer(probability, pixels, crf, TOLERANCE) - expected).max() < 5e-3


def test_lattice_is_that_of_pydensecrf(photograph, unary, photograph_name, pydensecrf):
    """Without blocks the appearance kernel is the same approximation, up to rounding."""
    crf = replace(CUSTOMARY, weight_gamma=0.0, weight_alpha=2.0)
    pixels, probability = photograph(photograph_name, 200, 256), unary("noisy", 200, 256)
    ours = infer(probability, pixels, crf, ALL_SINGLE)
    assert np.abs(ours - pydensecrf(probability, pixels, crf)).max() < 2e-5


@pytest.mark.parametrize("iterations", [5, 10])
def test_close_to_pydensecrf(
    photograph, unary, photograph_name, unary_kind, iterations, pydensecrf
):
    crf = replace(CUSTOMARY, iterations=iterations)
    height, width = (300, 400) if photograph_name in ("chelsea", "coffee") else (400, 500)
    pixels = photograph(photograph_name, height, width)
    probability = unary(unary_kind, height, width)
    expected = pydensecrf(probability, pixels, crf)
    labels, mean = differences(infer(probability, pixels, crf, TOLERANCE), expected)
    assert labels <= 0.02
    assert mean <= 0.02


def test_close_to_pydensecrf_on_mere_noise(photograph, photograph_name, pydensecrf):
    """The hardest map: every area is at the tipping point between the labels."""
    random = np.random.default_rng(0)
    probability = np.clip(random.normal(0.5, 0.3, (300, 400)), 0.02, 0.98).astype(np.float32)
    pixels = photograph(photograph_name, 300, 400)
    expected = pydensecrf(probability, pixels, CUSTOMARY)
    labels, mean = differences(infer(probability, pixels, CUSTOMARY, ALL_SINGLE), expected)
    assert labels <= 0.005
    assert mean <= 0.005


def test_same_bits_on_any_number_of_threads(photograph, unary):
    pixels, probability = photograph("retina", 700, 300), unary("noisy", 700, 300)
    alone = infer(probability, pixels, CUSTOMARY, TOLERANCE, threads=1)
    for threads in (2, 3, 8):
        together = infer(probability, pixels, CUSTOMARY, TOLERANCE, threads=threads)
        assert np.array_equal(alone, together)


def test_same_bits_from_read_only_memory(photograph, unary):
    pixels, probability = photograph("coffee", 60), unary("soft", 60)
    expected = infer(probability, pixels, CUSTOMARY, TOLERANCE)
    pixels.setflags(write=False)
    probability.setflags(write=False)
    assert np.array_equal(infer(probability, pixels, CUSTOMARY, TOLERANCE), expected)


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(
        np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20).map(lambda s: (*s, 3))
    ),
    st.data(),
)
def test_swapping_the_labels_swaps_the_result(pixels, data):
    # Sixteenths: so that 1 - p is exact, and only the iteration itself can break the symmetry.
    levels = data.draw(hnp.arrays(np.int8, pixels.shape[:2], elements=st.integers(0, 16)))
    probability = (levels / 16).astype(np.float32)
    crf = replace(CUSTOMARY, weight_gamma=1.0, weight_alpha=1.0)
    refined = infer(probability, pixels, crf, TOLERANCE)
    swapped = infer(1 - probability, pixels, crf, TOLERANCE)
    assert refined.dtype == np.float32
    assert refined.min() >= 0
    assert refined.max() <= 1
    # Two labels: the rows of Q sum to 1.
    assert np.allclose(refined + swapped, 1, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([(1, 1), (7, 5), (1, 33), (29, 1), (16, 16), (130, 9)]),
    st.floats(0, 1, width=32),
    st.integers(0, 255),
)
def test_one_colour_and_one_level_give_one_level(shape, level, grey):
    pixels = np.full((*shape, 3), grey, np.uint8)
    refined = infer(np.full(shape, level, np.float32), pixels, CUSTOMARY, TOLERANCE)
    assert refined.shape == shape
    assert (refined > 0.5).all() or (refined < 0.5).all() or np.ptp(refined) < 1e-3


def test_no_kernel_leaves_the_map(unary):
    probability = unary("noisy", 30)
    crf = replace(CUSTOMARY, weight_alpha=0.0, weight_gamma=0.0)
    refined = infer(probability, np.zeros((30, 30, 3), np.uint8), crf, TOLERANCE)
    assert np.allclose(refined, probability, atol=1e-6)


def test_unary_is_the_log_of_the_odds():
    logits = unary_logits(np.array([[0.0, 0.5, 0.75, 1.0]], np.float32))
    assert np.allclose(logits, [[np.log(1e-5), 0, np.log(3), -np.log(1e-5)]], atol=1e-5)


def test_too_narrow_a_kernel_says_so():
    pixels = np.zeros((2, 20_000, 3), np.uint8)
    crf = replace(CUSTOMARY, sigma_alpha=0.01, sigma_beta=0.001)
    with pytest.raises(ValueError, match="too narrow"):
        infer(np.full((2, 20_000), 0.5, np.float32), pixels, crf, TOLERANCE)
