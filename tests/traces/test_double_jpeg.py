import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from locard import Image, Outcome
from locard_traces import double_jpeg
from locard_traces.double_jpeg import (
    ZIGZAG,
    DoubleJpeg,
    clipped_blocks,
    find_period,
    folded_ratio,
    strongest_region,
)

RNG = np.random.default_rng(11)


def histogram_of(values):
    lowest = int(values.min())
    return np.bincount(values - lowest).astype(float), lowest


def quantised(values, *steps):
    """Quantise by each step in turn; decoding rounds pixels in between, so nothing ties."""
    for step in steps[:-1]:
        values = np.rint(values / step) * step + RNG.normal(0, 0.3, values.size)
    return np.rint(values / steps[-1]).astype(np.int64)


class TestPeriods:
    @pytest.mark.parametrize(
        ("first", "last"),
        [(5, 3), (6, 4), (3, 2), (10, 2), (8, 3), (9, 4), (4, 6), (12, 8), (20, 6)],
    )
    def test_is_first_step_over_common_divisor(self, first, last):
        histogram, _ = histogram_of(quantised(RNG.normal(0, 60 * last / 3, 20000), first, last))
        found = find_period(histogram, last)
        assert found is not None
        assert found.period == first // math.gcd(first, last)
        assert found.log10_p < -5

    @pytest.mark.parametrize("shape", ["normal", "laplace"])
    def test_single_quantisation_is_rarely_significant(self, shape):
        significant = 0
        for _ in range(400):
            histogram, _ = histogram_of(quantised(getattr(RNG, shape)(0, 80, 3000), 3))
            found = find_period(histogram, 3)
            significant += found is not None and found.log10_p <= -2
        # The nominal rate is 4; the envelope's removal colours the noise a little.
        assert significant <= 24

    def test_comb_that_no_first_step_explains_is_no_trace(self):
        values = np.rint(np.rint(RNG.normal(0, 200, 40000) / 2.3) * 2.3).astype(np.int64)
        assert find_period(histogram_of(values)[0], 1) is None

    def test_divisor_of_the_last_step_leaves_no_trace(self):
        histogram, _ = histogram_of(quantised(RNG.normal(0, 200, 20000), 2, 6))
        found = find_period(histogram, 6)
        assert found is None or found.log10_p > -2

    def test_p_value_against_simulation(self):
        lines, g = 40, 0.18
        power = RNG.exponential(size=(100_000, lines))
        simulated = np.mean(power.max(axis=1) / power.sum(axis=1) >= g)
        assert 10 ** double_jpeg._log10_fisher_g(g, lines) == pytest.approx(simulated, rel=0.15)

    @given(hnp.arrays(np.float64, st.integers(1, 80), elements=st.integers(0, 5000)))
    @settings(max_examples=100, deadline=None)
    def test_any_histogram_gives_finite_figures(self, histogram):
        found = find_period(histogram, 3)
        assert found is None or (math.isfinite(found.log10_p) and 2 <= found.period <= 64)


class TestLikelihood:
    @pytest.mark.parametrize(("period", "lowest"), [(2, -7), (3, 4), (5, -30), (8, 0)])
    def test_folding_by_brute_force(self, period, lowest):
        histogram = RNG.integers(0, 50, 61).astype(float)
        seen, expected = np.zeros(period), np.zeros(period)
        for index, count in enumerate(histogram):
            total = weights = 0.0
            for offset in range(-(period // 2), period // 2 + 1):
                weight = 0.5 if period % 2 == 0 and abs(offset) == period // 2 else 1.0
                total += weight * histogram[min(max(index + offset, 0), 60)]
                weights += weight
            seen[(index + lowest) % period] += count
            expected[(index + lowest) % period] += total / weights
        brute = np.maximum((seen + 1) / (expected + 1), 0.02)
        np.testing.assert_allclose(folded_ratio(histogram, lowest, period), brute)

    def test_smooth_histogram_says_nothing(self):
        np.testing.assert_allclose(folded_ratio(np.full(60, 40.0), -30, 3), 1, rtol=0.02)

    def test_values_that_the_first_step_cannot_give_speak_against_two(self):
        histogram, lowest = histogram_of(quantised(RNG.normal(0, 100, 20000), 6, 2))
        ratio = folded_ratio(histogram, lowest, 3)
        assert ratio[0] == pytest.approx(3, rel=0.05)
        assert max(ratio[1:]) < 0.05

    def test_zigzag_is_the_standard_order(self):
        diagonals = [row + column for row, column in ZIGZAG]
        assert diagonals == sorted(diagonals)
        assert len(set(ZIGZAG)) == 15


class TestBlocks:
    def test_clipped_blocks_by_brute_force(self):
        pixels = RNG.integers(0, 256, (37, 50, 3), dtype=np.uint8)
        clipped = clipped_blocks(pixels, (5, 7))
        for row in range(5):
            for column in range(7):
                block = pixels[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8].reshape(-1, 3)
                count = sum(1 for pixel in block if 0 in pixel or 255 in pixel)
                assert clipped[row, column] == (count >= 4)

    def test_strongest_region_is_by_evidence_not_by_size(self):
        evidence = np.full((9, 9), -1.0)
        evidence[:3, :3] = 1
        evidence[6:8, 6:8] = 5
        region = strongest_region(evidence, evidence)
        assert region.blocks.sum() == 4
        assert region.evidence == pytest.approx(20 / math.log(10))

    def test_no_region_without_positive_evidence(self):
        assert strongest_region(np.zeros((4, 4)), np.zeros((4, 4))) is None


@pytest.fixture(scope="module")
def spliced(photograph, other_photograph, resave, save):
    """Saved at 60, a never compressed patch brought in, saved at 90."""
    pixels = resave(photograph, 60).copy()
    pixels[120:280, 200:360] = other_photograph[60:220, 100:260]
    return Image.from_bytes(save(pixels, quality=90, subsampling=0))


class TestDetector:
    def test_patch_is_found_where_it_is(self, spliced):
        finding = DoubleJpeg().examine(spliced)
        truth = np.zeros((400, 600), dtype=bool)
        truth[120:280, 200:360] = True
        assert finding.outcome is Outcome.DETECTED
        assert 2 * (finding.mask & truth).sum() / (finding.mask.sum() + truth.sum()) > 0.85
        assert finding.map.values.dtype == np.float32
        assert finding.map.values.shape == (50, 75)
        assert finding.map.at_pixels(400, 600)[truth].mean() > 0.8
        (region,) = finding.regions
        assert abs(region.x - 200) <= 16
        assert abs(region.y - 120) <= 16
        assert set(finding.measurements) == set(DoubleJpeg.glossary)

    def test_periods_are_those_of_the_known_tables(self, spliced, photograph, save):
        first = Pillow.open(io.BytesIO(save(photograph, quality=60))).quantization[0]
        tables = np.reshape(first, (8, 8)), spliced.jpeg.table(0)
        periodic = DoubleJpeg().examine(spliced).measurements["periodic"]
        assert len(periodic) >= 8
        for line in periodic:
            q1, q2 = (int(table[ZIGZAG[line["coefficient"]]]) for table in tables)
            assert line["period"] == q1 // math.gcd(q1, q2)

    def test_evenly_double_is_not_detected(self, photograph, resave, save):
        data = save(resave(photograph, 60), quality=90, subsampling=0)
        finding = DoubleJpeg().examine(Image.from_bytes(data))
        assert finding.outcome is Outcome.NOT_DETECTED
        assert finding.measurements["suspicious_share"] < 0.05
        assert finding.score < 0.5

    def test_weak_trace_decides_nothing_but_has_a_map(self, spliced):
        certain = DoubleJpeg().examine(spliced)
        finding = DoubleJpeg(double_jpeg.Parameters(max_false_periods=1e-300)).examine(spliced)
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "weak-trace")
        assert finding.score == 0
        assert finding.mask is None
        np.testing.assert_array_equal(finding.map.values, certain.map.values)

    def test_one_periodic_coefficient_alone_is_evidence(self):
        coefficients = np.rint(RNG.laplace(0, 12, (60, 60, 8, 8))).astype(np.int16)
        table = np.full((8, 8), 5)
        single = double_jpeg.analyse(coefficients, table, log10_p_limit=-3)
        assert single.periodic == ()
        assert not single.evidence.any()
        values = np.rint(
            np.rint(RNG.laplace(0, 60, (60, 60)) / 8) * 8 + RNG.normal(0, 0.3, (60, 60))
        )
        coefficients[..., 0, 1] = np.rint(values / 5)
        coefficients[:20, :20, 0, 1] = np.rint(RNG.laplace(0, 60, (20, 20)) / 5)
        double = double_jpeg.analyse(coefficients, table, log10_p_limit=-3)
        assert [(line.coefficient, line.period) for line in double.periodic] == [(1, 8)]
        inside, outside = double.evidence[:20, :20].mean(), double.evidence[40:, 40:].mean()
        assert inside > 0.1
        assert outside < 0

    @pytest.mark.parametrize("quality", [55, 75, 90, 96])
    def test_single_compression_invents_nothing(self, photograph, save, quality):
        finding = DoubleJpeg().examine(Image.from_bytes(save(photograph, quality=quality)))
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "single-compression")
        assert finding.map is None
        assert finding.mask is None
        assert finding.score == 0

    def test_flat_blocks_make_no_comb(self, save):
        ramp = np.repeat(np.arange(40, 200, dtype=np.uint8), 8)[:640]
        tiles = np.tile(np.repeat(RNG.permutation(ramp[::8]), 8), (320, 1))
        finding = DoubleJpeg().examine(Image.from_bytes(save(tiles, quality=80)))
        assert finding.reason == "too-few-blocks"

    def test_same_finding_twice(self, spliced):
        one, two = DoubleJpeg().examine(spliced), DoubleJpeg().examine(spliced)
        np.testing.assert_array_equal(one.map.values, two.map.values)
        assert (one.score, one.measurements) == (two.score, two.measurements)

    def test_degenerate_pictures(self, degenerate):
        if DoubleJpeg.needs.unmet(degenerate.header):
            pytest.skip("the engine would not run it: not a JPEG")
        finding = DoubleJpeg().examine(degenerate)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert finding.explanation
