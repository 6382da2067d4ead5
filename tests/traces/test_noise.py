import numpy as np
import pytest
import pywt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from locard import Image, Outcome
from locard_traces.noise import Noise, noise_levels, suspicion, unevenness

RNG = np.random.default_rng(5)


def levels_by_brute_force(luma, block):
    """Filter with db8 written out as sums, on a mirrored border, and take medians in loops."""
    taps = np.array(pywt.Wavelet("db8").dec_hi)
    mirrored = np.pad(luma.astype(float), len(taps) - 2, mode="symmetric")
    for axis in (0, 1):
        mirrored = np.apply_along_axis(
            lambda line: np.convolve(line, taps, mode="valid")[::2], axis, mirrored
        )
    rows, columns = (side // (2 * block) for side in luma.shape)
    levels = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            tile = mirrored[1 + row * block :, 1 + column * block :][:block, :block]
            ranked = sorted(np.abs(tile).ravel())
            levels[row, column] = (ranked[block**2 // 2 - 1] + ranked[block**2 // 2]) / 2
    return levels


class TestLevels:
    @pytest.mark.parametrize("shape", [(64, 64), (70, 91), (33, 120)])
    def test_against_sums_and_sorting(self, shape):
        luma = RNG.uniform(0, 255, shape).astype(np.float32)
        np.testing.assert_allclose(
            noise_levels(luma) * 0.6745, levels_by_brute_force(luma, 8), rtol=1e-4
        )

    @pytest.mark.parametrize("sigma", [1.0, 5.0, 20.0])
    def test_gaussian_noise_has_its_deviation(self, sigma):
        levels = noise_levels(RNG.normal(128, sigma, (512, 512)))
        assert np.median(levels) == pytest.approx(sigma, rel=0.03)

    def test_a_smooth_slope_has_none(self):
        slope = np.add.outer(np.linspace(0, 200, 128), np.linspace(0, 50, 160))
        assert noise_levels(slope)[1:-1, 1:-1].max() < 0.01

    def test_blocks_lie_where_the_noise_is(self):
        luma = np.full((192, 192), 100.0)
        luma[64:128, 96:160] += RNG.normal(0, 8, (64, 64))
        found = np.argwhere(noise_levels(luma) > 4)
        assert {tuple(cell) for cell in found} == {
            (row, column) for row in range(4, 8) for column in range(6, 10)
        }

    @pytest.mark.parametrize("shape", [(1, 1), (7, 5), (15, 200)])
    def test_pictures_smaller_than_a_block(self, shape):
        assert noise_levels(np.zeros(shape)).size == 0


class TestComparison:
    def test_octaves_against_logarithms(self):
        levels = np.full((5, 5), 3.0)
        levels[0] = [6, 12, 1.5, 0, 3]
        found = unevenness(levels)
        np.testing.assert_allclose(found.octaves[0], [1, 2, -1, 0, 0])
        assert (found.typical, found.measured, found.spread) == (3.0, 24, 0.0)

    def test_levels_of_nought_are_left_out(self):
        levels = np.zeros((6, 6))
        levels[:3] = 2
        found = unevenness(levels, least=0)
        assert (found.measured, found.octaves.any()) == (18, False)

    def test_too_little_noise_to_compare(self):
        levels = np.zeros((6, 6))
        levels[0] = 2
        assert unevenness(levels) is None

    def test_map_values(self):
        octaves = np.array([0.0, 1, -1, 3, -3])
        np.testing.assert_allclose(suspicion(octaves), [0, 0.5, 0.5, 0.75, 0.75])

    @given(hnp.arrays(np.float64, (6, 7), elements=st.floats(1e-3, 1e6)), st.floats(0.1, 10))
    @settings(max_examples=100, deadline=None)
    def test_scale_does_not_matter(self, levels, factor):
        one, other = unevenness(levels, least=0), unevenness(levels * factor, least=0)
        np.testing.assert_allclose(one.octaves, other.octaves, atol=1e-9)


class TestDetector:
    def test_noisier_patch_stands_out_and_decides_nothing(self, photograph):
        pixels = photograph.astype(float)
        pixels[96:224, 320:448] += RNG.normal(0, 25, (128, 128, 1))
        picture = Image.from_array(np.clip(pixels, 0, 255).astype(np.uint8))
        finding = Noise().examine(picture)
        inside = np.zeros(finding.map.values.shape, dtype=bool)
        inside[6:14, 20:28] = True
        assert finding.map.cell == 16
        assert np.median(finding.map.values[inside]) > np.quantile(finding.map.values[~inside], 0.9)
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "aid-to-the-eye")

    def test_same_finding_twice(self, photograph):
        one, two = (Noise().examine(Image.from_array(photograph)) for _ in range(2))
        np.testing.assert_array_equal(one.map.values, two.map.values)
        assert (one.score, one.measurements) == (two.score, two.measurements)

    def test_every_measurement_is_explained(self, photograph):
        measured = Noise().examine(Image.from_array(photograph)).measurements
        assert set(measured) == set(Noise.glossary)

    def test_degenerate_pictures(self, degenerate):
        finding = Noise().examine(degenerate)
        assert finding.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
        if finding.map is not None:
            assert finding.map.values.min() >= 0
            assert finding.map.values.max() < 1
