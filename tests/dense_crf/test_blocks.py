"""Blocks cover each pixel once, and hold colours that are close."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from locard_dense_crf.blocks import ALL_SINGLE, LARGEST_SIDE, Blocks, largest_side_for

pictures = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=14).map(lambda shape: (*shape, 3)),
    elements=st.integers(0, 30),
)


def spans(blocks, shape):
    """Yield each block's part of the picture as a pair of slices."""
    for row, column, side in zip(blocks.rows, blocks.columns, blocks.sides, strict=True):
        yield np.s_[row : min(row + side, shape[0]), column : min(column + side, shape[1])]


@settings(max_examples=40, deadline=None)
@given(pictures, st.integers(0, 30))
def test_each_pixel_in_one_block_of_close_colours(pixels, tolerance):
    blocks = Blocks.cover(pixels, tolerance)
    shape = pixels.shape[:2]
    covered = np.zeros(shape, int)
    for span in spans(blocks, shape):
        covered[span] += 1
        part = pixels[span].reshape(-1, 3).astype(int)
        assert np.ptp(part, axis=0).max() <= tolerance
    assert (covered == 1).all()


@settings(max_examples=40, deadline=None)
@given(pictures)
def test_sums_and_features_are_those_of_the_pixels(pixels):
    blocks = Blocks.cover(pixels, 8)
    shape = pixels.shape[:2]
    widths = np.array([80.0, 40.0, 13.0, 7.0, 5.0])
    values = np.arange(pixels[..., 0].size, dtype=np.float32).reshape(shape)
    sums, features = blocks.sums(values), blocks.features(pixels, 128, 1 / widths)
    y, x = np.mgrid[: shape[0], : shape[1]]
    for n, span in enumerate(spans(blocks, shape)):
        assert blocks.areas(*shape)[n] == values[span].size
        assert sums[n] == pytest.approx(values[span].sum())
        place = [x[span].mean(), y[span].mean() + 128]
        mean = np.array([*place, *pixels[span].reshape(-1, 3).mean(axis=0)])
        assert features[:, n] == pytest.approx(mean / widths, rel=1e-5, abs=1e-6)


def test_values_go_to_all_pixels_of_their_block():
    pixels = np.zeros((11, 13, 3), np.uint8)
    pixels[:, 8:] = 200
    blocks = Blocks.cover(pixels, 10)
    picture = np.ones((11, 13), np.float32)
    blocks.add_to(picture, np.arange(len(blocks), dtype=np.float32))
    for n, span in enumerate(spans(blocks, picture.shape)):
        assert (picture[span] == 1 + n).all()


def test_an_even_picture_has_the_largest_blocks():
    blocks = Blocks.cover(np.full((64, 64, 3), 7, np.uint8), 0)
    assert (blocks.sides == LARGEST_SIDE).all()
    assert len(blocks) == (64 // LARGEST_SIDE) ** 2


def test_single_pixels_on_demand():
    assert len(Blocks.cover(np.zeros((9, 10, 3), np.uint8), ALL_SINGLE)) == 90


def test_channels_count_one_by_one():
    """A difference in blue alone keeps pixels apart."""
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[1, 1, 2] = 50
    assert len(Blocks.cover(pixels, 49)) == 4
    assert len(Blocks.cover(pixels, 50)) == 1


@pytest.mark.parametrize(("sigma", "side"), [(0.5, 1), (15.9, 1), (16, 2), (40, 4), (80, 8)])
def test_blocks_are_small_beside_the_kernel(sigma, side):
    assert largest_side_for(sigma) == side
