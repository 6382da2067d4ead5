"""Whole pictures from patches: no seams, nothing lost, bounded lots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locard.errors import LocardError
from locard_semi_global.paper.blending import look

sides = st.integers(64, 200)


def constant(patches):
    return np.full(patches.shape[:3], 0.3, np.float32), np.full(len(patches), 0.7, np.float32)


def brightness(patches):
    """Answers that follow each pixel alone: blending must give the picture back."""
    values = patches[..., 0].astype(np.float32) / 255
    return values, values.mean((1, 2))


@settings(max_examples=25, deadline=None)
@given(sides, sides, st.sampled_from([32, 64]))
def test_a_constant_stays_constant_everywhere(height, width, stride):
    found = look(np.zeros((height, width, 3), np.uint8), constant, stride)
    assert found.values.shape == (height, width)
    np.testing.assert_allclose(found.values, 0.3, rtol=1e-5)
    assert (found.labels == np.float32(0.7)).all()


@settings(max_examples=25, deadline=None)
@given(sides, sides, st.sampled_from([32, 64]), st.integers(0, 2**32 - 1))
def test_each_pixel_gets_the_answers_that_were_given_for_it(height, width, stride, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    found = look(pixels, brightness, stride)
    np.testing.assert_allclose(found.values, pixels[..., 0] / 255, atol=1e-5)


def test_patches_lie_on_the_grid_of_the_pictures_corner_and_mirrors_go_on_with_it():
    rows, columns = np.mgrid[:128, :160]
    pixels = np.repeat(((rows % 8) * 8 + columns % 8)[..., None], 3, 2).astype(np.uint8)
    seen = []

    def judge(patches):
        seen.append(patches)
        return constant(patches)

    found = look(pixels, judge, 32)
    assert found.origin == (-32, -32)
    assert found.labels.shape == (5, 6)
    patches = np.concatenate(seen)
    inner = patches.reshape(5, 6, 64, 64, 3)[1, 1]
    assert (inner == pixels[:64, :64]).all()
    corner = patches.reshape(5, 6, 64, 64, 3)[0, 0]
    assert (corner[32:, 32:] == pixels[:32, :32]).all()
    assert (corner[:32] == corner[32:][::-1]).all()  # mirrored about the edge between pixels


def test_patches_that_differ_meet_without_a_seam():
    """Neighbouring patches' own answers change step by step: the map may change no faster."""
    place = 0

    def judge(patches):
        nonlocal place
        values = (place + np.arange(len(patches))) % 2
        place += len(patches)
        masks = np.broadcast_to(values[:, None, None], patches.shape[:3]).astype(np.float32)
        return masks, values.astype(np.float32)

    found = look(np.zeros((64, 512, 3), np.uint8), judge, 32)
    steps = np.abs(np.diff(found.values, axis=1))
    assert steps.max() < np.pi / 64 + 1e-3  # the steepest slope of a raised cosine
    assert found.values.max() > 0.95


def test_a_hundred_rows_of_patches_take_lots_of_64():
    sizes = []

    def judge(patches):
        sizes.append(len(patches))
        return constant(patches)

    look(np.zeros((64, 64 * 70, 3), np.uint8), judge, 64)
    assert sizes == [64, 6]


@pytest.mark.parametrize("shape", [(63, 200, 3), (200, 63, 3)])
def test_a_picture_that_is_smaller_than_a_patch_is_refused(shape):
    with pytest.raises(LocardError, match="64 a side is the least"):
        look(np.zeros(shape, np.uint8), constant)
