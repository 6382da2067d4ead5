"""The heat map's colours, checked with scikit-image's colour science."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import deltaE_ciede2000, rgb2lab

from locard import overlay

# Full dichromacy as linear RGB: Machado, Oliveira & Fernandes 2009, severity 1.0.
DICHROMACY = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def lab(colours):
    return rgb2lab(colours[None] / 255.0)[0]


def seen_by(colours, matrix):
    encoded = colours / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(matrix).T, 0, 1)
    back = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return lab(back * 255.0)


def test_lightness_rises_with_every_step():
    lightness = lab(overlay.colours())[:, 0]
    assert np.all(np.diff(lightness) > 0)
    assert lightness[0] < 15
    assert lightness[-1] > 90


def test_equal_steps_look_about_equally_large():
    colours = lab(overlay.colours()[::15])
    steps = deltaE_ciede2000(colours[:-1], colours[1:])
    assert steps.max() / steps.min() < 2.0


@pytest.mark.parametrize("kind", DICHROMACY)
def test_the_order_survives_colour_blindness(kind):
    lightness = seen_by(overlay.colours()[::8], DICHROMACY[kind])[:, 0]
    assert np.all(np.diff(lightness) > 0)


def test_outline_colour_is_far_from_every_colour_of_the_map():
    from locard.report.rasters import OUTLINE_COLOUR

    colours = lab(overlay.colours())
    outline = lab(np.array([OUTLINE_COLOUR]))
    assert deltaE_ciede2000(colours, np.broadcast_to(outline, colours.shape)).min() > 25


def test_heat_shows_the_ends_and_clips_what_lies_beyond():
    values = np.array([[-1.0, 0.0, 1.0, 7.0]], dtype=np.float32)
    first, last = overlay.colours()[[0, -1]]
    assert np.array_equal(overlay.heat(values)[0], [first, first, last, last])


@settings(deadline=None)
@given(arrays(np.uint8, (3, 4, 3)), st.floats(0, 1))
def test_no_evidence_shows_the_picture_in_grey(pixels, alpha):
    laid = overlay.overlay(pixels, np.zeros((3, 4), dtype=np.float32), alpha)
    grey = pixels.astype(float) @ [0.299, 0.587, 0.114] * overlay.PICTURE_BRIGHTNESS
    assert np.abs(laid - grey[..., None]).max() <= 0.51


@settings(deadline=None)
@given(arrays(np.uint8, (3, 4, 3)))
def test_opaque_evidence_hides_the_picture(pixels):
    values = np.linspace(overlay.FADE, 1, 12, dtype=np.float32).reshape(3, 4)
    assert np.array_equal(overlay.overlay(pixels, values, 1.0), overlay.heat(values))


def test_overlay_leaves_the_picture_as_it_was():
    pixels = np.full((2, 2, 3), 200, dtype=np.uint8)
    overlay.overlay(pixels, np.ones((2, 2), dtype=np.float32))
    assert np.all(pixels == 200)


@settings(deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))))
def test_outline_is_the_mask_without_its_eroded_self(mask):
    from scipy.ndimage import binary_erosion

    assert np.array_equal(overlay.outline(mask), mask & ~binary_erosion(mask))
