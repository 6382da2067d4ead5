"""Maps at display size and boxes in displayed pixels, against brute force and Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from locard import overlay
from locard.findings import HeatMap
from locard.report.orientation import displayed_box, displayed_size
from locard.report.rasters import legend_png, map_png, outline_png, reduced, resampled


@st.composite
def heat_maps(draw):
    """Maps over a picture, on a grid that may begin anywhere and leave a border."""
    height, width = draw(st.integers(9, 40)), draw(st.integers(9, 40))
    cell = draw(st.integers(1, 8))
    origin = draw(st.integers(-2, 5)), draw(st.integers(-2, 5))
    rows = draw(st.integers(1, max(1, (height - origin[1]) // cell)))
    columns = draw(st.integers(1, max(1, (width - origin[0]) // cell)))
    values = np.random.default_rng(draw(st.integers(0, 99))).random((rows, columns))
    return HeatMap(values.astype(np.float32), cell, origin), (height, width)


@settings(deadline=None)
@given(heat_maps())
def test_at_the_stored_size_every_pixel_has_the_value_of_its_cell(case):
    heat_map, size = case
    found = resampled(heat_map, size, size)
    assert np.allclose(found, heat_map.at_pixels(*size), atol=1e-6)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
def test_reduction_takes_the_mean_of_the_cells_in_a_pixel(height, width, seed):
    values = np.random.default_rng(seed).random((3 * height, 3 * width)).astype(np.float32)
    mean = values.reshape(height, 3, width, 3).mean(axis=(1, 3))
    found = resampled(HeatMap(values), values.shape, (height, width))
    assert np.allclose(found, mean, atol=1e-5)


@settings(deadline=None)
@given(heat_maps(), st.integers(1, 20), st.integers(1, 20))
def test_no_value_is_invented_at_any_size(case, height, width):
    heat_map, stored = case
    found = resampled(heat_map, stored, (height, width))
    assert found.shape == (height, width)
    assert found.min() >= heat_map.values.min() - 1e-5
    assert found.max() <= heat_map.values.max() + 1e-5


def opened(raster):
    return Pillow.open(io.BytesIO(raster.data))


def test_map_png_has_the_colours_and_is_transparent_where_there_is_no_evidence():
    values = np.array([[0.0, overlay.FADE / 2, 0.5, 1.0]], dtype=np.float32)
    rgba = np.asarray(opened(map_png(values)).convert("RGBA"))
    assert np.array_equal(rgba[..., :3], overlay.heat(values))
    assert rgba[0, :, 3].tolist() == [0, 128, 255, 255]


def test_outline_png_covers_the_outline_alone():
    edge = np.zeros((4, 5), dtype=bool)
    edge[1, 2] = True
    alpha = np.asarray(opened(outline_png(edge)).convert("RGBA"))[..., 3]
    assert np.array_equal(alpha > 0, edge)


def test_legend_runs_from_the_first_colour_to_nearly_the_last():
    strip = np.asarray(opened(legend_png()).convert("RGB"))[0]
    assert np.array_equal(strip[0], overlay.colours()[0])
    assert np.abs(strip[-1].astype(int) - overlay.colours()[-1]).max() < 8


def test_reduced_keeps_proportions_and_never_enlarges():
    pixels = np.zeros((100, 50, 3), dtype=np.uint8)
    assert reduced(pixels, 20).shape == (20, 10, 3)
    assert reduced(pixels, 500).shape == (100, 50, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_turned_as_pillow_turns_the_picture(orientation):
    stored = np.zeros((20, 30), dtype=np.uint8)
    x, y, width, height = 4, 3, 9, 5
    stored[y : y + height, x : x + width] = 255
    picture = Pillow.fromarray(stored)
    picture.getexif()[274] = orientation
    turned = np.asarray(ImageOps.exif_transpose(picture))
    rows, columns = np.nonzero(turned)
    there = columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1
    assert displayed_box((x, y, width, height), 30, 20, orientation) == there
    assert displayed_size(30, 20, orientation) == turned.shape[::-1]
