"""Votes: identical to brute force, and invariant where the method is."""

from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image as PillowImage
from scipy.fft import dctn

from locard_traces.zero_votes import NO_VOTE, count_zeros, find_constant, luma_of, vote


def decoded_jpeg(pixels, quality):
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(PillowImage.open(file))


def windows_of(luma):
    return sliding_window_view(luma, (8, 8))


def brute_zeros(luma):
    """Zeros of all windows by scipy's transform; a modulus of ½ up to rounding is no zero."""
    small = np.abs(dctn(windows_of(luma), axes=(2, 3), norm="ortho")) < 0.5 - 1e-9
    return small.sum(axis=(2, 3)) - small[..., 0, 0]


def brute_constant(luma):
    windows = windows_of(luma)
    along_x = (windows == windows[..., :1]).all(axis=(2, 3))
    along_y = (windows == windows[..., :1, :]).all(axis=(2, 3))
    return along_x | along_y


def brute_votes(luma):
    """The definition, pixel by pixel."""
    zeros, constant = brute_zeros(luma), brute_constant(luma)
    votes = np.full(luma.shape, NO_VOTE)
    for y in range(7, luma.shape[0] - 7):
        for x in range(7, luma.shape[1] - 7):
            over = zeros[y - 7 : y + 1, x - 7 : x + 1]
            best = np.argwhere(over == over.max())
            row, column = best[0] + (y - 7, x - 7)
            if len(best) == 1 and over.max() > 0 and not constant[row, column]:
                votes[y, x] = column % 8 + 8 * (row % 8)
    return votes


CROPS = {
    "textured": (skimage.data.astronaut, (slice(0, 90), slice(170, 290)), None),
    "compressed": (skimage.data.coffee, (slice(50, 141), slice(203, 310)), 70),
    "smooth": (skimage.data.coffee, (slice(300, 380), slice(0, 97)), 95),
    "saturated": (skimage.data.rocket, (slice(0, 80), slice(0, 100)), None),
    "drawing": (skimage.data.logo, (slice(60, 150), slice(100, 210)), None),
}


@pytest.fixture(params=CROPS, scope="module")
def crop_luma(request):
    load, (rows, columns), quality = CROPS[request.param]
    pixels = np.ascontiguousarray(load()[rows, columns, :3])
    return luma_of(pixels if quality is None else decoded_jpeg(pixels, quality))


def test_zeros_are_those_of_brute_force(crop_luma):
    np.testing.assert_array_equal(count_zeros(crop_luma), brute_zeros(crop_luma))


def test_constant_windows_are_those_of_brute_force(crop_luma):
    np.testing.assert_array_equal(find_constant(crop_luma), brute_constant(crop_luma))


def test_votes_are_those_of_brute_force(crop_luma):
    np.testing.assert_array_equal(vote(crop_luma), brute_votes(crop_luma))


def test_the_crops_have_what_makes_votes_hard():
    """The comparison above covers ties at ½, constant windows and void pixels."""
    lumas = [
        luma_of(np.ascontiguousarray(load()[part][..., :3])) for load, part, _ in CROPS.values()
    ]
    coefficients = [dctn(windows_of(luma), axes=(2, 3), norm="ortho") for luma in lumas]
    assert any((np.abs(np.abs(c) - 0.5) < 1e-9).mean() > 1e-3 for c in coefficients)
    assert any(find_constant(luma).any() for luma in lumas)
    assert all((vote(luma)[7:-7, 7:-7] == NO_VOTE).any() for luma in lumas)


@pytest.mark.parametrize("frequency", [(0, 4), (4, 0), (4, 4)])
def test_a_coefficient_of_one_half_is_no_zero(frequency):
    """Four equal cosines ±⅛ give just ±½; without one of them it is ⅜, a zero."""
    one = np.zeros((8, 8))
    one[frequency] = 8.0
    signs = np.sign(dctn(one, type=3, norm="ortho"))
    window = np.full((8, 8), 100.0)
    above = np.argwhere(signs > 0)[:4]
    window[tuple(above.T)] += 1
    assert dctn(window, norm="ortho")[frequency] == pytest.approx(0.5, abs=1e-12)
    with_half = count_zeros(window)
    np.testing.assert_array_equal(with_half, brute_zeros(window))
    window[tuple(above[0])] -= 1
    assert dctn(window, norm="ortho")[frequency] == pytest.approx(0.375, abs=1e-12)
    np.testing.assert_array_equal(count_zeros(window), brute_zeros(window))


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(16, 24), st.integers(16, 24)),
        elements=st.integers(100, 103),
    )
)
def test_votes_of_small_integers_are_those_of_brute_force(luma):
    luma = luma.astype(np.float64)
    np.testing.assert_array_equal(vote(luma), brute_votes(luma))


def test_luma_rounds_halves_up():
    pixels = np.array([[[0, 0, 0], [255, 255, 255], [0, 0, 250], [0, 0, 13]]], np.uint8)
    # .114 · 250 is 28.5 exactly; .114 · 13 is 1.482.
    np.testing.assert_array_equal(luma_of(pixels), [[0, 255, 29, 1]])


def test_luma_of_grey_is_grey():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(luma_of(np.dstack([grey] * 3)), grey)


@pytest.fixture(scope="module")
def compressed_luma():
    return luma_of(decoded_jpeg(skimage.data.coffee()[100:260, 100:300], 80))


@settings(max_examples=15, deadline=None)
@given(dx=st.integers(0, 15), dy=st.integers(0, 15))
def test_a_crop_shifts_the_phases(compressed_luma, dx, dy):
    whole = vote(compressed_luma)
    part = vote(np.ascontiguousarray(compressed_luma[dy:, dx:]))
    seen = whole[dy + 7 : -7, dx + 7 : -7]
    x, y = (seen % 8 - dx) % 8, (seen // 8 - dy) % 8
    expected = np.where(seen == NO_VOTE, NO_VOTE, x + 8 * y)
    np.testing.assert_array_equal(part[7:-7, 7:-7], expected)


def test_transposing_swaps_the_axes_of_the_votes(compressed_luma):
    votes = vote(compressed_luma)
    swapped = np.where(votes == NO_VOTE, NO_VOTE, votes // 8 + 8 * (votes % 8)).T
    transposed = vote(np.ascontiguousarray(compressed_luma.T))
    np.testing.assert_array_equal(transposed, swapped)


def test_brightness_does_not_matter(compressed_luma):
    np.testing.assert_array_equal(vote(compressed_luma + 7), vote(compressed_luma))


def test_most_pixels_vote_for_the_compression(compressed_luma):
    votes = vote(compressed_luma)
    assert (votes[votes != NO_VOTE] == 0).mean() > 0.8


@pytest.mark.parametrize("shape", [(8, 8), (14, 100), (15, 15)])
def test_the_border_is_void(shape):
    luma = np.random.default_rng(1).integers(90, 110, shape).astype(np.float64)
    votes = vote(luma)
    assert votes.shape == shape
    votes[7:-7, 7:-7] = NO_VOTE
    assert (votes == NO_VOTE).all()
