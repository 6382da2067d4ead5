"""Evidence of whole pictures: bands, statistics."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from locard_semi_global import extraction
from locard_semi_global.extraction import extract_picture, statistics


@pytest.mark.parametrize("pixels", [16 * 64 * 40, 20 * 64 * 40])
def test_bands_give_the_very_same_evidence(pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = np.ascontiguousarray(skimage.data.astronaut()[:456, :320])
    luma = rgb[..., 1].copy()
    whole = extract_picture(rgb, luma, None)
    monkeypatch.setattr(extraction, "_BAND_PIXELS", pixels)
    banded = extract_picture(rgb, luma, None)
    np.testing.assert_array_equal(banded.facts.steps, whole.facts.steps)
    np.testing.assert_array_equal(banded.facts.histograms, whole.facts.histograms)
    np.testing.assert_array_equal(banded.values, whole.values)
    np.testing.assert_array_equal(banded.medians, whole.medians)


def test_a_table_of_the_file_is_taken_and_otherwise_estimated() -> None:
    rgb = np.ascontiguousarray(skimage.data.chelsea()[:128, :128])
    table = np.arange(1, 65).reshape(8, 8)
    own = extract_picture(rgb, None, table)
    assert not own.facts.estimated
    np.testing.assert_array_equal(own.facts.steps, table)
    assert extract_picture(rgb, None, None).facts.estimated


def test_luma_of_bytes_and_of_floats_are_the_same() -> None:
    rgb = np.ascontiguousarray(skimage.data.chelsea()[:64, :96])
    luma = rgb[..., 1].copy()
    first = extract_picture(rgb, luma, None)
    second = extract_picture(rgb, luma.astype(np.float32), None)
    np.testing.assert_array_equal(first.values, second.values)


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((64, 64, 3), np.uint8),
        np.full((64, 80, 3), 255, np.uint8),
        np.full((8, 8, 3), 77, np.uint8),
        np.random.default_rng(1).integers(0, 256, (8, 256, 3)).astype(np.uint8),
        np.random.default_rng(2).integers(0, 256, (200, 8, 3)).astype(np.uint8),
        np.repeat(np.arange(64, dtype=np.uint8)[:, None, None], 3, 2).repeat(64, 1),
    ],
    ids=["black", "white", "one-cell", "one-row", "one-column", "grey-ramp"],
)
def test_poor_pictures_have_finite_evidence(rgb: np.ndarray) -> None:
    found = extract_picture(np.ascontiguousarray(rgb), None, None)
    assert found.values.shape == (190, rgb.shape[0] // 8, rgb.shape[1] // 8)
    assert np.isfinite(found.values.astype(np.float32)).all()
    assert np.isfinite(found.medians).all()
    assert (found.spreads >= 0).all()


@settings(max_examples=30, deadline=None)
@given(
    arrays(
        np.float16,
        st.tuples(st.just(3), st.integers(1, 9), st.integers(1, 9)),
        elements=st.floats(-100, 100, width=16),
    )
)
def test_statistics_are_the_medians(values: np.ndarray) -> None:
    medians, spreads = statistics(values)
    for channel, plane in enumerate(values.astype(np.float64)):
        middle = np.median(plane)
        assert medians[channel] == pytest.approx(middle, abs=1e-4)
        expected = 1.4826 * np.median(np.abs(plane - middle))
        assert spreads[channel] == pytest.approx(expected, abs=1e-3)


def test_statistics_of_large_pictures_are_of_cells_from_everywhere() -> None:
    random = np.random.default_rng(3)
    values = random.normal(5, 2, (2, 300, 400)).astype(np.float16)
    medians, spreads = statistics(values)
    np.testing.assert_allclose(medians, 5, atol=0.1)
    np.testing.assert_allclose(spreads, 2, atol=0.1)
    # The lower half of the picture counts as much as the upper one.
    values[:, 150:] += 10
    assert 9 < statistics(values)[0][0] < 11
