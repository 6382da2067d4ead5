import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from locard import Image, Outcome
from locard.image.quality import LUMINANCE, scaled
from locard_traces.ghost import (
    Ghost,
    GhostPart,
    averaged,
    block_dct,
    differences,
    dips,
    normalised,
    strongest_ghost,
    suspicion,
)
from locard_traces.ghost_sheet import draw_sheet

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def luma(photograph):
    return np.asarray(Pillow.fromarray(photograph).convert("L"))


def saved_again(luma, quality):
    buffer = io.BytesIO()
    Pillow.fromarray(luma).save(buffer, "JPEG", quality=quality)
    return np.asarray(Pillow.open(buffer)).astype(float)


class TestDifferences:
    def test_dct_against_its_definition(self):
        block = RNG.uniform(0, 255, (8, 8))
        basis = np.array(
            [
                [
                    np.sqrt((1 if k == 0 else 2) / 8) * np.cos(np.pi * (2 * n + 1) * k / 16)
                    for n in range(8)
                ]
                for k in range(8)
            ]
        )
        np.testing.assert_allclose(
            block_dct(block)[0, 0], basis @ (block - 128) @ basis.T, atol=1e-3
        )

    @pytest.mark.parametrize("quality", [52, 70, 85, 95])
    def test_against_really_saving_the_picture(self, luma, quality):
        squares = (luma - saved_again(luma, quality)) ** 2
        expected = squares.reshape(50, 8, 75, 8).mean(axis=(1, 3))
        found = differences(block_dct(luma), [quality])[0]
        assert found.mean() == pytest.approx(expected.mean(), rel=0.01, abs=0.1)
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.97

    def test_block_on_the_quantiser_changes_nothing(self):
        table = np.reshape(scaled(LUMINANCE, 80), (8, 8))
        coefficients = (RNG.integers(-3, 4, (2, 3, 8, 8)) * table).astype(np.float32)
        found = differences(coefficients, [79, 80, 81])
        assert found[1].max() < 1e-9
        assert found[0].min() > 0
        assert found[2].min() > 0

    def test_window_is_17_pixels(self):
        blocks = RNG.uniform(0, 10, (6, 7)).astype(np.float32)
        # On half pixels the window around a block's centre has whole bounds.
        halves = np.kron(blocks, np.ones((16, 16)))
        expected = [
            [halves[16 * r - 9 : 16 * r + 25, 16 * c - 9 : 16 * c + 25].mean() for c in range(1, 6)]
            for r in range(1, 5)
        ]
        np.testing.assert_allclose(averaged(blocks[None])[0, 1:-1, 1:-1], expected, rtol=1e-5)


class TestCurves:
    def test_normalised_spans_nought_to_one(self):
        found = RNG.uniform(1, 9, (50, 3, 4)).astype(np.float32)
        found[:, 0, 0] = 4
        scaled_curves = normalised(found)
        assert np.all(scaled_curves[:, 0, 0] == 0)
        assert np.all(scaled_curves.reshape(50, -1)[:, 1:].max(axis=0) == 1)
        assert np.all(scaled_curves.min(axis=0) == 0)

    def test_falling_curve_has_no_dip(self):
        falling = np.geomspace(100, 1, 50, dtype=np.float32)[:, None, None]
        assert not dips(falling).any()

    def test_dip_against_arithmetic(self):
        curve = np.full((50, 1, 1), 10.0, np.float32)
        curve[20] = 4
        deep = dips(curve)
        assert deep[20, 0, 0] == pytest.approx(1 - 4.02 / 10.02, rel=1e-5)
        assert np.flatnonzero(deep).tolist() == [20]

    @given(hnp.arrays(np.float32, (12, 3, 3), elements=st.floats(0, 65025, width=32)))
    @settings(max_examples=50, deadline=None)
    def test_any_curves_stay_in_range(self, found):
        for values in (dips(found), normalised(found)):
            assert values.min() >= 0
            assert values.max() <= 1

    def test_own_quality_and_above_are_left_out(self):
        deep = np.zeros((50, 20, 20), np.float32)
        deep[30] = 0.9
        deep[10, :8, :8] = 0.5
        qualities = range(51, 101)
        assert strongest_ghost(deep, qualities, None).quality == 81
        assert strongest_ghost(deep, qualities, 82).quality == 61
        assert strongest_ghost(deep, qualities, 60) is None

    def test_suspicion_points_at_the_odd_part(self):
        deep = np.array([[0.2, 0.0]], np.float32)
        found = np.array([[[50.0, 50.0]], [[0.0, 0.0]]], np.float32)
        small, large = GhostPart(70, 0.1, deep), GhostPart(70, 0.7, deep)
        np.testing.assert_allclose(suspicion(small, found), [[0.5, 0]])
        np.testing.assert_allclose(suspicion(large, found), [[0.5, 1]])
        assert not suspicion(large, found * 0).any()
        assert not suspicion(None, found).any()


class TestDetector:
    def test_earlier_quality_of_a_whole_picture(self, photograph, resave, save):
        data = save(resave(photograph, 65), quality=90, subsampling=0)
        finding = Ghost().examine(Image.from_bytes(data))
        assert finding.reason == "ghost-throughout"
        assert abs(finding.measurements["ghost_quality"] - 65) <= 1
        assert finding.measurements["own_quality"] == 90

    def test_part_that_was_saved_before(self, photograph, resave, save):
        pixels = photograph.copy()
        pixels[160:288, 240:400] = resave(photograph, 65)[160:288, 240:400]
        finding = Ghost().examine(Image.from_bytes(save(pixels, quality=92, subsampling=0)))
        truth = np.zeros((400, 600), dtype=bool)
        truth[160:288, 240:400] = True
        marked = finding.map.at_pixels(400, 600) > 0.5
        assert finding.reason == "ghost-in-part"
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert abs(finding.measurements["ghost_quality"] - 65) <= 1
        assert 2 * (marked & truth).sum() / (marked.sum() + truth.sum()) > 0.7

    @pytest.mark.parametrize("quality", [70, 85, 95])
    def test_single_compression_leaves_the_map_flat(self, photograph, save, quality):
        finding = Ghost().examine(Image.from_bytes(save(photograph, quality=quality)))
        assert (finding.reason, finding.score) == ("no-ghost", 0.0)
        assert not finding.map.values.any()

    def test_same_finding_twice(self, photograph):
        one, two = (Ghost().examine(Image.from_array(photograph)) for _ in range(2))
        np.testing.assert_array_equal(one.map.values, two.map.values)
        np.testing.assert_array_equal(one.pictures["ghosts"], two.pictures["ghosts"])
        assert one.measurements == two.measurements
        assert set(one.measurements) == set(Ghost.glossary)

    def test_curve_has_a_value_for_each_quality(self, photograph):
        finding = Ghost({"lowest_quality": 71}).examine(Image.from_array(photograph))
        assert len(finding.measurements["curve"]) == 30

    def test_degenerate_pictures(self, degenerate):
        finding = Ghost().examine(degenerate)
        assert finding.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
        assert finding.explanation


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (4, 4), (200, 300)])
def test_sheet_of_any_shape(shape):
    sheet = draw_sheet(
        np.zeros((5, *shape), np.float32), range(60, 65), np.zeros(20), range(51, 71), [55]
    )
    assert sheet.dtype == np.uint8
    assert sheet.ndim == 3
    assert (sheet == (200, 60, 40)).all(axis=2).any()
