"""Scores, offsets, tiles and first tables, against formulas and against whole pictures."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pillow

from locard.engine.contract import checked_finding
from locard.findings import Finding, HeatMap
from locard.image import Image
from locard.testing import photograph
from locard_kd_crop.decision import HIGHEST_SCORE, local_odds, phases_of
from locard_kd_crop.first_table import first_table
from locard_kd_crop.phase.evidence import count
from locard_kd_crop.phase.luma import luma_of, luma_table
from locard_kd_crop.tiles import MOST, count_tile, tiling

LOGITS = arrays(np.float64, 65, elements=st.floats(-40, 40))


@given(LOGITS)
def test_the_score_is_the_log_odds_of_a_moved_grid(logits):
    exact = [math.exp(value) for value in logits]
    total = math.fsum(exact)
    moved, rest = math.fsum(exact[1:64]), exact[0] + exact[64]
    found = phases_of(logits)
    bounded = min(max(math.log(moved / rest), -HIGHEST_SCORE), HIGHEST_SCORE)
    assert found.score == pytest.approx(bounded, abs=1e-9)
    assert found.probabilities == pytest.approx([value / total for value in exact], abs=1e-12)
    assert found.offset_share == pytest.approx(max(exact[1:64]) / moved, abs=1e-9)
    assert local_odds(logits, 9) == pytest.approx(math.log(exact[9] / rest), abs=1e-9)


@given(arrays(np.float64, 65, elements=st.floats(-1e6, 1e6)))
def test_no_logits_lead_to_anything_but_finite_numbers(logits):
    found = phases_of(logits)
    assert abs(found.score) <= HIGHEST_SCORE
    assert np.isfinite(found.probabilities).all()
    assert 0 <= found.offset_share <= 1


@pytest.mark.parametrize(("x", "y", "cut"), [(3, 5, (5, 3)), (0, 1, (0, 7)), (7, 0, (1, 0))])
def test_the_offset_is_what_is_missing_of_a_block(x, y, cut):
    logits = np.zeros(65)
    logits[8 * y + x] = 5
    found = phases_of(logits)
    assert (found.grid, found.cut) == ((x, y), cut)


@settings(deadline=None, max_examples=12)
@given(st.integers(64, 420), st.integers(64, 420), st.integers(0, 100))
def test_tiles_count_what_the_whole_picture_has(height, width, seed):
    luma = photograph(height, width, seed)[..., 1].astype(np.float32)
    parts = [count_tile(luma, tile) for tile in tiling(height, width)]
    whole, total = count(luma), parts[0]
    for part in parts[1:]:
        total = total + part
    np.testing.assert_array_equal(total.ac, whole.ac)
    np.testing.assert_array_equal(total.dc, whole.dc)


@given(st.integers(64, 20000), st.integers(64, 20000))
def test_tiles_cover_every_picture_and_are_few(height, width):
    tiles = tiling(height, width)
    corners = sum((t.bottom - t.top) * (t.right - t.left) for t in tiles)
    assert corners == (height - 7) * (width - 7)
    assert len(list(tiles)) == tiles.rows * tiles.columns <= MOST
    assert all(t.top % 8 == t.left % 8 == 0 for t in tiles)
    heat_map = HeatMap(np.zeros((tiles.rows, tiles.columns), np.float32), cell=tiles.side)
    checked_finding(Finding.inconclusive("map", "", map=heat_map), width, height)


@pytest.mark.parametrize("quality", [55, 60, 75, 85, 92, 96])
def test_the_first_quality_is_read_off_a_lossless_crop(quality):
    with Pillow.open(io.BytesIO(jpeg_of(skimage.data.astronaut(), quality))) as picture:
        luma = np.asarray(picture.convert("L"), np.float32)[6:, 3:]
    found = first_table(count(luma), 8 * 2 + 5, None)
    assert found.quality == pytest.approx(quality, abs=2)
    assert found.step_ratio is None


def test_the_step_ratio_is_the_mean_over_all_bands():
    first, last = (jpeg_of(skimage.data.astronaut(), quality) for quality in (85, 90))
    with Pillow.open(io.BytesIO(first)) as picture:
        steps = np.array(picture.quantization[0])
        cropped = np.asarray(picture)[6:, 3:]
    image = Image.from_bytes(jpeg_of(cropped, 90))
    found = first_table(count(luma_of(image)), 8 * 2 + 5, luma_table(image))
    with Pillow.open(io.BytesIO(last)) as picture:
        ratio = (np.array(picture.quantization[0]) / steps).mean()
    assert found.quality == 85
    assert found.step_ratio == pytest.approx(ratio)
    assert found.fits[1:].argmax() + 1 == 8 * 2 + 5


def jpeg_of(pixels: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=quality)
    return file.getvalue()
