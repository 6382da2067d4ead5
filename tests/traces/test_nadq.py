import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from scipy import fft, stats

from locard import Image, Outcome
from locard_traces import nadq_shift
from locard_traces.nadq import Nadq, Parameters
from locard_traces.nadq_shift import (
    BINS,
    block_evidence,
    clustering,
    decompress,
    find_shift,
    first_steps,
    fit_shares,
    fold_distances,
    noise_variance,
    window_sums,
)

RNG = np.random.default_rng(7)


class TestCore:
    def test_decompression_against_pillow(self, photograph, save):
        data = save(photograph[..., 1], quality=85)
        image = Image.from_bytes(data)
        decoded = np.asarray(Pillow.open(io.BytesIO(data)))
        luma = decompress(image.coefficients[0], image.jpeg.table(0))
        assert np.abs(np.clip(luma + 128, 0, 255) - decoded).max() < 1.5

    @pytest.mark.parametrize("shape", [(8, 8), (13, 30)])
    def test_window_sums_by_brute_force(self, shape):
        values = RNG.normal(0, 100, shape).astype(np.float32)
        found = window_sums(values)
        assert found.shape == (shape[0] - 7, shape[1] - 7)
        for y in range(found.shape[0]):
            for x in range(found.shape[1]):
                expected = values[y : y + 8, x : x + 8].astype(float).sum()
                assert found[y, x] == pytest.approx(expected, abs=1e-2)

    def test_an_eighth_of_the_window_sum_is_dc(self):
        block = RNG.normal(0, 50, (8, 8)).astype(np.float32)
        assert window_sums(block)[0, 0] / 8 == pytest.approx(
            fft.dctn(block, norm="ortho")[0, 0], rel=1e-5
        )

    def test_distances_by_brute_force(self):
        dc = RNG.normal(0, 100, (20, 19))
        there = RNG.random(dc.shape) < 0.7
        steps = np.array([3.0, 7.0])
        expected = np.zeros((8, 8, 2, BINS))
        for (y, x), value in np.ndenumerate(dc):
            for index, step in enumerate(steps):
                rest = math.fmod(abs(value), step) / step
                distance = min(rest, 1 - rest)
                if there[y, x]:
                    expected[y % 8, x % 8, index, min(int(distance * 2 * BINS), BINS - 1)] += 1
        np.testing.assert_array_equal(fold_distances(dc, there, steps), expected)

    @pytest.mark.parametrize(("step", "variance"), [(2, 0.4), (7, 0.4), (16, 0.2), (6, 9.0)])
    def test_density_against_a_simulation(self, step, variance):
        drawn = RNG.integers(-9, 10, 200_000) * step + RNG.normal(0, math.sqrt(variance), 200_000)
        distance = np.abs(drawn / step - np.rint(drawn / step))
        seen, _ = np.histogram(distance, bins=BINS, range=(0, 0.5), density=True)
        np.testing.assert_allclose(clustering(step, variance), seen / 2, atol=0.15)

    @given(st.integers(2, 16), st.floats(0.05, 100))
    @settings(max_examples=100, deadline=None)
    def test_density_never_favours_an_even_distribution(self, step, variance):
        density = clustering(step, variance)
        assert density.mean() == pytest.approx(1, abs=1e-3)
        assert np.log(density).mean() <= 1e-9

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_share_is_the_one_that_was_drawn(self, share):
        density = clustering(8, 0.5)
        mixed = share * density / BINS + (1 - share) / BINS
        found, gain = fit_shares(RNG.multinomial(20_000, mixed).astype(float), density)
        assert found == pytest.approx(share, abs=0.02)
        assert gain > 100

    def test_gain_of_evenly_spread_distances_is_that_of_chance(self):
        density = clustering(8, 0.5)
        counts = RNG.multinomial(3000, np.full(BINS, 1 / BINS), size=400).astype(float)
        _, gains = fit_shares(counts, density[None])
        # Twice the gain is a chi-square with one degree of freedom, or 0 on the boundary.
        assert np.mean(gains > stats.chi2.ppf(0.98, 1) / 2) < 0.03

    def test_steps_hidden_by_the_last_compression_are_left_out(self):
        assert first_steps(1).tolist() == list(range(2, 17))
        assert first_steps(16)[0] == 9
        assert first_steps(40).size == 0

    def test_noise_is_that_of_rounding_to_steps(self):
        rounded = np.rint(RNG.uniform(-900, 900, 200_000) / 6) * 6
        error = RNG.uniform(-3, 3, rounded.size) + RNG.uniform(-0.5, 0.5, rounded.size)
        assert noise_variance(6) == pytest.approx(error.var(), rel=0.02)


@pytest.fixture(scope="module")
def cut(photograph, resave):
    """Saved at 60, then cut: its blocks begin at (3, 5)."""
    return resave(photograph, 60)[3:, 5:]


TRUTH = np.zeros((400, 600), dtype=bool)
TRUTH[120:360, 200:480] = True


@pytest.fixture(scope="module")
def spliced(photograph, other_photograph, resave, save):
    """An uncompressed photograph with a part from a JPEG, off the grid, saved at 90."""
    pixels = photograph.copy()
    pixels[120:360, 200:480] = resave(other_photograph, 60)[11:251, 21:301]
    return Image.from_bytes(save(pixels, quality=90, subsampling=0))


class TestShift:
    @pytest.mark.parametrize("quality", [75, 90, 95])
    def test_cut_and_step_are_found(self, cut, save, quality):
        image = Image.from_bytes(save(cut, quality=quality, subsampling=0))
        luma = decompress(image.coefficients[0][:49, :74], image.jpeg.table(0))
        found = find_shift(luma, int(image.jpeg.table(0)[0, 0]))
        # Five columns and three rows were cut off: the next block begins 8 − 5 and 8 − 3 later.
        assert (found.x, found.y, found.first_step) == (3, 5, 13)
        assert found.share > 0.7
        assert found.lead > 100

    def test_no_detail(self):
        assert find_shift(np.zeros((64, 64), np.float32), 3) is None

    def test_evidence_is_the_density_of_each_mean(self):
        luma = RNG.normal(0, 20, (40, 56)).astype(np.float32)
        shift = nadq_shift.Shift(3, 5, 11, 0.5, 0.0, 0.0)
        evidence, there = block_evidence(luma, shift, 4)
        assert evidence.shape == there.shape == (4, 6)
        assert there.all()
        candidates = [
            np.log(0.95 * clustering(11, f * noise_variance(4)) + 0.05) for f in (1, 2, 4)
        ]
        expected = np.empty((3, 4, 6))
        for row in range(4):
            for column in range(6):
                window = luma[5 + row * 8 : 13 + row * 8, 3 + column * 8 : 11 + column * 8]
                ratio = abs(float(window.astype(float).sum()) / 8 / 11)
                distance = abs(ratio - round(ratio))
                expected[:, row, column] = [c[int(distance * 2 * BINS)] for c in candidates]
        assert any(np.allclose(evidence, each) for each in expected)


class TestDetector:
    def test_part_compressed_before_stands_out(self, spliced):
        finding = Nadq().examine(spliced)
        assert finding.reason == "grid-in-part"
        assert finding.measurements["first_step"] == 13
        marked = finding.map.at_pixels(400, 600) > 0.5
        assert 2 * (marked & TRUTH).sum() / (marked.sum() + TRUTH.sum()) > 0.6
        x, y = finding.map.origin
        # The part's blocks begin where 21 and 11 columns and rows are left over.
        assert (x, y) == ((200 - 21) % 8, (120 - 11) % 8)
        assert set(finding.measurements) == set(Nadq.glossary)

    def test_authentic_twin_shows_nothing(self, photograph, save):
        image = Image.from_bytes(save(photograph, quality=90, subsampling=0))
        finding = Nadq().examine(image)
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "no-shifted-grid")
        assert finding.map is None
        assert finding.score < 4

    def test_part_brought_into_a_cut_picture_stands_out(self, cut, other_photograph, save):
        pixels = cut.copy()
        pixels[100:260, 200:400] = other_photograph[50:210, 100:300]
        truth = np.zeros(pixels.shape[:2], dtype=bool)
        truth[100:260, 200:400] = True
        finding = Nadq().examine(Image.from_bytes(save(pixels, quality=90, subsampling=0)))
        marked = finding.map.at_pixels(*truth.shape) > 0.5
        assert finding.reason == "grid-throughout"
        assert 2 * (marked & truth).sum() / (marked.sum() + truth.sum()) > 0.7

    def test_cut_picture_without_it_is_nearly_unmarked(self, cut, save):
        finding = Nadq().examine(Image.from_bytes(save(cut, quality=90, subsampling=0)))
        assert finding.reason == "grid-throughout"
        assert (finding.map.values > 0.5).mean() < 0.1

    def test_same_grid_twice_is_not_its_matter(self, photograph, resave, save):
        data = save(resave(photograph, 60), quality=90, subsampling=0)
        assert Nadq().examine(Image.from_bytes(data)).reason == "no-shifted-grid"

    def test_strong_last_compression(self, cut, save):
        finding = Nadq().examine(Image.from_bytes(save(cut, quality=20)))
        assert finding.reason == "nothing-to-look-at"

    def test_threshold_is_a_parameter(self, spliced):
        assert Nadq(Parameters(min_lead=1e6)).examine(spliced).reason == "no-shifted-grid"

    def test_same_finding_twice(self, spliced):
        one, two = Nadq().examine(spliced), Nadq().examine(spliced)
        np.testing.assert_array_equal(one.map.values, two.map.values)
        assert (one.score, one.measurements) == (two.score, two.measurements)

    def test_degenerate_pictures(self, degenerate):
        if Nadq.needs.unmet(degenerate.header):
            pytest.skip("the engine would not run it: no JPEG or too small")
        finding = Nadq().examine(degenerate)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert finding.map is None
