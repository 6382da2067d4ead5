import math
from itertools import product

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import fft, ndimage
from scipy.stats import binom

from locard import Image, Outcome
from locard_traces.even_blocks import find_even_blocks, lowest, measure_blocks, valid_blocks
from locard_traces.noisesniffer import Noisesniffer, distinct_channels, suspicion
from locard_traces.quiet_regions import Background, find_quiet_regions, strength

RNG = np.random.default_rng(13)
BACKGROUND = Background(cells=48.0, chance=0.5, block_area=9)


def noise_field(shape, seed=1):
    """Grey of 120 with normal noise, the same everywhere: the background model itself."""
    noise = np.random.default_rng(seed).normal(120, 6, shape)
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


class TestBlocks:
    def test_measures_by_transform(self):
        channel = RNG.integers(0, 256, (14, 17), dtype=np.uint8)
        sums, energies, variances = measure_blocks(channel)
        assert sums.shape == energies.shape == variances.shape == (12, 15)
        for y, x in product(range(12), range(15)):
            block = channel[y : y + 3, x : x + 3].astype(float)
            dct = fft.dctn(block, norm="ortho")
            low = sum(dct[i, j] ** 2 for i, j in product(range(3), repeat=2) if 0 < i + j < 3)
            assert sums[y, x] == block.sum()
            assert energies[y, x] == pytest.approx(36 * low)
            assert variances[y, x] == pytest.approx(81 * block.var())

    def test_extreme_samples_do_not_overflow(self):
        board = (255 * (np.indices((9, 9)).sum(axis=0) % 2)).astype(np.uint8)
        stripes = np.zeros((9, 9), np.uint8)
        stripes[:, 4:] = 255
        for channel in (board, stripes, stripes.T):
            for values in measure_blocks(np.ascontiguousarray(channel)):
                assert values.min() >= 0
        assert measure_blocks(stripes)[1].max() == 6 * (3 * 255) ** 2 + 2 * (3 * 255) ** 2

    def test_valid_blocks_by_hand(self):
        pixels = RNG.integers(10, 14, (12, 15, 2), dtype=np.uint8)
        valid = valid_blocks(pixels)
        for y, x in product(range(10), range(13)):
            block = pixels[y : y + 3, x : x + 3].reshape(-1, 2)
            extreme = [bool(np.isin(block[:, c], [10, 13]).any()) for c in range(2)]
            assert valid[y, x] == (not any(extreme))

    @given(hnp.arrays(np.int32, st.integers(1, 60), elements=st.integers(0, 4)), st.data())
    @settings(max_examples=80, deadline=None)
    def test_lowest_by_sorting(self, values, data):
        blocks = np.flatnonzero(values >= data.draw(st.integers(0, 1)))
        count = data.draw(st.integers(0, blocks.size))
        chosen = lowest(values, blocks, count)
        assert len(set(chosen)) == count
        assert set(chosen) <= set(blocks)
        assert sorted(values[chosen]) == sorted(values[blocks])[:count]

    def test_equal_values_are_taken_from_everywhere(self):
        chosen = lowest(np.zeros(40_000, np.int32), np.arange(40_000), 10_000)
        np.testing.assert_allclose(np.bincount(chosen // 1000, minlength=40), 250, atol=5)

    def test_counts_by_brute_force(self):
        pixels = RNG.integers(100, 140, (40, 50, 3), dtype=np.uint8)
        found = find_even_blocks(pixels, valid_blocks(pixels), 16, 500, 0.2, 0.5)
        valid = np.flatnonzero(valid_blocks(pixels))
        size = valid.size // round(valid.size / 500)
        assert found.bins == 3 * (valid.size // size)
        assert found.even.sum() == found.bins * int(size * 0.2)
        assert found.quiet.sum() == found.bins * int(size * 0.2 * 0.5)
        assert found.even.shape == (3, 4)
        # Every distinct ranking of one bin, without ties to break: energies by transform.
        grey = RNG.permutation(np.arange(30 * 8)).reshape(15, 16).astype(np.uint8)[..., None]
        one = find_even_blocks(grey, valid_blocks(grey), 4, 10_000, 0.3, 0.5)
        blocks = np.flatnonzero(valid_blocks(grey))
        low, variance = {}, {}
        for number in blocks:
            y, x = divmod(int(number), 14)
            block = grey[y : y + 3, x : x + 3, 0].astype(float)
            dct = fft.dctn(block, norm="ortho")
            low[number] = sum(dct[k] ** 2 for k in [(0, 1), (1, 0), (1, 1), (0, 2), (2, 0)])
            variance[number] = block.var()
        even = sorted(blocks, key=low.__getitem__)[: int(blocks.size * 0.3)]
        quiet = sorted(even, key=variance.__getitem__)[: int(blocks.size * 0.3 * 0.5)]
        for counts, chosen in ((one.even, even), (one.quiet, quiet)):
            expected = np.zeros((4, 4), int)
            for number in chosen:
                y, x = divmod(int(number), 14)
                expected[y // 4, x // 4] += 1
            np.testing.assert_array_equal(counts, expected)

    def test_flat_bins_are_left_out(self):
        pixels = noise_field((120, 120, 1))
        pixels[:100] = 120
        found = find_even_blocks(pixels, valid_blocks(pixels), 20, 20_000, 0.1, 0.5)
        assert (found.bins, found.flat_bins) == (0, 1)
        assert not found.even.any()


class TestFalseAlarms:
    @pytest.mark.parametrize(
        ("even", "quiet", "size"), [(900, 700, 1), (903, 455, 3), (9, 9, 1), (4000, 3999, 12)]
    )
    def test_against_the_binomial_distribution(self, even, quiet, size):
        tail = binom.logsf(quiet // 9 - 1, math.ceil(even / 9), 0.5) / math.log(10)
        tests = 0.5 * 9 * 48**2 * 0.316915 * 4.062570**size / size
        assert BACKGROUND.log10_nfa(even, quiet, size) == pytest.approx(tail + math.log10(tests))

    def test_polyominoes_are_about_as_many_as_counted(self):
        fixed = {4: 19, 8: 2725, 12: 505861}  # A001168 of the On-Line Encyclopedia
        for size, count in fixed.items():
            tests = BACKGROUND.log10_tests(size) - math.log10(0.5 * 9 * 48**2)
            assert tests == pytest.approx(math.log10(count), abs=0.1)

    def test_grows_over_the_excess_and_stops_there(self):
        even = np.full((6, 8), 900)
        quiet = np.full((6, 8), 440)
        quiet[1:4, 2:5] = 700
        regions = find_quiet_regions(even, quiet, BACKGROUND)
        expected = np.zeros((6, 8), bool)
        expected[1:4, 2:5] = True
        assert len(regions) == 1
        np.testing.assert_array_equal(regions[0].cells, expected)
        assert (regions[0].even, regions[0].quiet) == (8100, 6300)
        assert regions[0].log10_nfa == BACKGROUND.log10_nfa(8100, 6300, 9)

    def test_no_region_in_even_counts(self):
        assert find_quiet_regions(np.full((6, 8), 900), np.full((6, 8), 450), BACKGROUND) == ()

    @given(
        hnp.arrays(np.int64, (4, 5), elements=st.integers(0, 400)),
        hnp.arrays(np.float64, (4, 5), elements=st.floats(0, 1)),
    )
    @settings(max_examples=60, deadline=None)
    def test_invariants_of_regions(self, even, share):
        quiet = (even * share).astype(np.int64)
        regions = find_quiet_regions(even, quiet, BACKGROUND)
        bounds = [region.log10_nfa for region in regions]
        assert bounds == sorted(bounds)
        for region in regions:
            assert ndimage.label(region.cells)[1] == 1
            assert region.log10_nfa < 0
            counts = int(even[region.cells].sum()), int(quiet[region.cells].sum())
            assert (region.even, region.quiet) == counts
            assert region.log10_nfa == BACKGROUND.log10_nfa(*counts, int(region.cells.sum()))
        found = strength(even, quiet, BACKGROUND, regions)
        assert np.isneginf(found[even == 0]).all()
        covered = np.any([region.cells for region in regions] or [np.zeros((4, 5), bool)], axis=0)
        assert (found[covered & (even > 0)] > 0).all()

    def test_bound_holds_where_noise_is_the_same_everywhere(self):
        alarms = 0
        for seed in range(40):
            finding = Noisesniffer().examine(Image.from_array(noise_field((256, 384, 3), seed)))
            alarms += finding.reason == "quiet-region"
        assert alarms <= 2

    def test_map_values(self):
        strengths = np.array([-np.inf, -10, 0, 10, 90])
        np.testing.assert_allclose(suspicion(strengths), [0, 0.25, 0.5, 0.75, 0.95])


TRUTH = (slice(100, 250), slice(200, 400))


def quieter(pixels):
    """Smooth a patch a little, which takes noise out of it."""
    changed = pixels.copy()
    changed[TRUTH] = ndimage.gaussian_filter(pixels, (0.6, 0.6, 0))[TRUTH]
    return changed


class TestDetector:
    def test_quiet_patch_lights_up_and_its_twin_does_not(self):
        # Sky and field of the photograph, whose own noise was taken out, with noise of one level.
        smooth = ndimage.gaussian_filter(skimage.data.rocket().astype(float), (3, 3, 0))
        noise = np.random.default_rng(2).normal(0, 5, smooth.shape)
        scene = np.clip(np.rint(40 + 0.7 * smooth + noise), 0, 255).astype(np.uint8)
        inside = np.zeros(scene.shape[:2], bool)
        inside[TRUTH] = True
        found, twin = (
            Noisesniffer({"cell": 50}).examine(Image.from_array(pixels))
            for pixels in (quieter(scene), scene)
        )
        marked = found.map.at_pixels(*inside.shape) > 0.5
        assert (found.reason, twin.reason) == ("quiet-region", "no-region")
        assert found.score > 10
        assert marked[inside].mean() > 0.9
        assert marked[~inside].mean() < 0.1
        assert not (twin.map.values > 0.5).any()
        assert twin.score == 0

    def test_decides_nothing_and_explains_every_figure(self, photograph):
        finding = Noisesniffer().examine(Image.from_array(photograph))
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert finding.mask is None
        assert finding.map.cell == 100
        assert finding.map.values.shape == (4, 6)
        assert set(finding.measurements) == set(Noisesniffer.glossary)

    def test_same_finding_twice(self, photograph):
        one, two = (Noisesniffer().examine(Image.from_array(photograph)) for _ in range(2))
        np.testing.assert_array_equal(one.map.values, two.map.values)
        assert (one.score, one.measurements) == (two.score, two.measurements)

    def test_grey_pictures_count_once(self, photograph, save):
        grey = np.ascontiguousarray(photograph[..., 1])
        three = np.repeat(grey[..., None], 3, axis=2)
        assert distinct_channels(three).shape == (400, 600, 1)
        assert distinct_channels(photograph) is photograph
        one, other = (
            Noisesniffer().examine(Image.from_bytes(save(pixels, "PNG")))
            for pixels in (grey, three)
        )
        assert one.measurements == other.measurements
        assert one.measurements["even_blocks"] <= 0.1 * 400 * 600

    @pytest.mark.parametrize(
        ("pixels", "outcome", "reason"),
        [
            (np.full((300, 300, 3), 255, np.uint8), Outcome.INCONCLUSIVE, "no-noise"),
            (np.full((300, 300, 3), 90, np.uint8), Outcome.INCONCLUSIVE, "no-noise"),
            (noise_field((64, 120, 3)), Outcome.NOT_APPLICABLE, "too-small"),
        ],
    )
    def test_pictures_it_has_nothing_to_say_of(self, pixels, outcome, reason):
        finding = Noisesniffer().examine(Image.from_array(pixels))
        assert (finding.outcome, finding.reason) == (outcome, reason)
        assert finding.map is None
        assert finding.explanation

    def test_degenerate_pictures(self, degenerate):
        if Noisesniffer.needs.unmet(degenerate.header):
            pytest.skip("the engine would not run it: too small")
        finding = Noisesniffer().examine(degenerate)
        assert finding.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
