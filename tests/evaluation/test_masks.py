"""Masks: their polarity, and that none is bent to fit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from locard.evaluation.datasets import DatasetError
from locard.evaluation.datasets.masks import fitted, read_bright, read_dark, read_pixels
from locard.testing import encode

LEVELS = np.array([[0, 1, 127, 128, 129, 255]], np.uint8).repeat(2, axis=0)

sides = st.integers(1, 9)


def test_bright_begins_at_128(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(encode(LEVELS, "PNG"))
    expected = [[False, False, False, True, True, True]] * 2
    np.testing.assert_array_equal(read_bright(path), expected)
    np.testing.assert_array_equal(read_dark(path), np.logical_not(expected))
    np.testing.assert_array_equal(read_bright(path, 1), LEVELS >= 1)
    np.testing.assert_array_equal(read_bright(path, 255), LEVELS == 255)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_the_kind_of_file_makes_no_difference(tmp_path: Path, mode: str) -> None:
    mask = np.zeros((4, 6), np.uint8)
    mask[1:3, 2:] = 255
    path = tmp_path / "mask.png"
    path.write_bytes(encode(mask, "PNG", mode))
    np.testing.assert_array_equal(read_bright(path, 255), mask == 255)
    assert read_pixels(path).shape == (4, 6, 3)


def test_a_mask_that_may_be_in_its_opacity_is_refused(tmp_path: Path) -> None:
    """White everywhere, and opaque where something was pasted: read as white, all is tampered."""
    opacity = np.zeros((4, 6), np.uint8)
    opacity[1:3, 2:] = 255
    white = np.full((4, 6, 3), 255, np.uint8)
    path = tmp_path / "mask.png"
    Pillow.fromarray(np.dstack([white, opacity])).save(path)
    for read in (read_bright, read_dark, read_pixels):
        with pytest.raises(DatasetError, match="parts of it are transparent"):
            read(path)
    Pillow.fromarray(np.dstack([white, np.full_like(opacity, 255)])).save(path)
    assert read_bright(path).all()


def test_what_is_no_mask_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    with pytest.raises(DatasetError, match=f"the mask {re.escape(str(path))} cannot be read"):
        read_bright(path)
    path.write_bytes(encode(LEVELS, "PNG")[:-20])
    with pytest.raises(DatasetError, match="cannot be read"):
        read_pixels(path)


@given(sides, sides, sides, sides)
def test_a_mask_fits_exactly_or_not_at_all(
    height: int, width: int, image_height: int, image_width: int
) -> None:
    mask = np.ones((height, width), bool)
    if (height, width) == (image_height, image_width):
        assert fitted(mask, image_height, image_width) is mask
        return
    with pytest.raises(DatasetError) as caught:
        fitted(mask, image_height, image_width)
    words = caught.value.message
    assert f"{width} × {height}" in words
    assert f"{image_width} × {image_height}" in words
    assert ("transposed" in words) == ((height, width) == (image_width, image_height))
