"""Maps of a picture and of its copies, compared at the same points of the scene."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locard.evaluation.metrics import agreement
from locard.evaluation.treatments import parse
from locard.findings import HeatMap
from locard.image import Image


@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    cell=st.integers(1, 8),
    x=st.integers(-4, 7),
    y=st.integers(-4, 7),
    height=st.integers(8, 90),
    width=st.integers(8, 90),
)
def test_sampling_reads_what_the_map_shows_at_pixels(
    rows: int, columns: int, cell: int, x: int, y: int, height: int, width: int
) -> None:
    values = np.random.default_rng(1).random((rows, columns)).astype(np.float32)
    heat = HeatMap(values, cell, (x, y))
    all_x, all_y = np.arange(width, dtype=float), np.arange(height, dtype=float)
    read = agreement.sample(values, cell, (x, y), all_x, all_y, (width, height))
    assert np.array_equal(read, heat.at_pixels(height, width))


def test_points_spread_over_the_whole_side() -> None:
    assert agreement.points(4).tolist() == [0, 1, 2, 3]
    many = agreement.points(1280)
    assert len(many) == 128
    assert many[0] == 4.5
    assert many[-1] == 1279 - 4.5


@pytest.mark.parametrize("name", ["crop-3-5", "crop-7-0", "scale-0.75", "scale-1.25", "jpeg-90"])
def test_the_same_scene_is_read_in_a_copy(name: str) -> None:
    """A map that is the picture itself agrees with the copy's map, if points match."""
    y, x = np.mgrid[0:160, 0:200]
    scene = (127 + 60 * np.sin(x / 9) + 60 * np.cos(y / 7)).astype(np.uint8)
    treatment = parse(name)
    copy = Image.from_bytes(treatment.apply(Image.from_array(scene)))
    px, py = agreement.points(200), agreement.points(160)
    own = agreement.sample(scene.astype(np.float32) / 255, 1, (0, 0), px, py, (200, 160))
    other = agreement.sample(
        copy.luma / 255,
        1,
        (0, 0),
        treatment.places(px, "x", 200),
        treatment.places(py, "y", 160),
        (copy.width, copy.height),
    )
    found = agreement.correlation(own, other)
    assert found is not None
    assert found > 0.98
    unmoved = agreement.sample(copy.luma / 255, 1, (0, 0), px, py, (copy.width, copy.height))
    if name.startswith(("crop", "scale")):
        wrong = agreement.correlation(own, unmoved)
        assert wrong is not None
        assert wrong < found - 0.02
        assert np.isnan(other).any() == name.startswith("crop")


def test_correlation_is_numpys() -> None:
    random = np.random.default_rng(4)
    one = random.random((20, 20)).astype(np.float32)
    other = (one + random.random((20, 20))).astype(np.float32)
    expected = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    assert agreement.correlation(one, other) == pytest.approx(expected, abs=1e-6)
    assert agreement.correlation(one, 1 - one) == pytest.approx(-1)


def test_what_is_not_defined_is_none() -> None:
    one = np.random.default_rng(4).random((20, 20)).astype(np.float32)
    assert agreement.correlation(one, np.zeros_like(one)) is None
    assert agreement.correlation(one, np.full_like(one, np.nan)) is None
    assert agreement.overlap(one * 0, one * 0) is None


def test_overlap_counts_points_that_both_have() -> None:
    one = np.array([[1, 1, 0, 0, 1]], np.float32)
    other = np.array([[1, 0, 1, 0, np.nan]], np.float32)
    assert agreement.overlap(one, other) == pytest.approx(1 / 3)
