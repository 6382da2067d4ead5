import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from scipy import ndimage, stats

from locard import Image, Outcome
from locard_traces.cfa import Cfa
from locard_traces.cfa_lattice import (
    Mixture,
    block_feature,
    clipped_blocks,
    evidence,
    fit_mixture,
    lattice_variance,
    log_likelihood_ratio,
    residual,
)

RNG = np.random.default_rng(11)
MIXTURE = Mixture(variance_without=0.1, mean_with=-3.0, variance_with=2.0, share_with=0.8)


def demosaicked(pixels, phase=0):
    """Return the picture with every second green sample interpolated from its neighbours."""
    green = pixels[..., 1].astype(float)
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    around = ndimage.correlate(green, cross, mode="mirror")
    acquired = np.add.outer(*map(np.arange, green.shape)) % 2 == phase
    out = pixels.copy()
    out[..., 1] = np.where(acquired, green, np.rint(around))
    return out


def variance_by_brute_force(error, y, x):
    """Weigh the 7×7 pixels of the pixel's own lattice, one by one, with the border mirrored."""
    height, width = error.shape
    weights, values = [], []
    for i in range(-3, 4):
        for j in range(-3, 4):
            if (i + j) % 2 == 0:
                row, column = abs(y + i), abs(x + j)
                row = 2 * (height - 1) - row if row >= height else row
                column = 2 * (width - 1) - column if column >= width else column
                weights.append(math.exp(-(i * i + j * j) / 2))
                values.append(float(error[row, column]))
    weights = np.array(weights) / sum(weights)
    mean = float(weights @ values)
    spread = sum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))
    return spread / (1 - float(weights @ weights))


class TestCore:
    def test_residual_of_one_point(self):
        green = np.zeros((7, 7))
        green[3, 3] = 8
        expected = np.zeros((7, 7))
        expected[3, 3] = -8
        expected[[2, 4, 3, 3], [3, 3, 2, 4]] = 2
        np.testing.assert_array_equal(residual(green), expected)

    def test_residual_of_a_slope_is_nought_inside(self):
        slope = np.add.outer(3 * np.arange(20.0), 5 * np.arange(30.0))
        np.testing.assert_allclose(residual(slope)[1:-1, 1:-1], 0, atol=1e-4)

    def test_variance_by_brute_force(self):
        error = RNG.normal(0, 4, (17, 23)).astype(np.float32)
        found = lattice_variance(error)
        for y, x in ((0, 0), (8, 8), (9, 8), (16, 22), (3, 20)):
            assert found[y, x] == pytest.approx(variance_by_brute_force(error, y, x), rel=1e-3)

    def test_variance_is_unbiased(self):
        error = RNG.normal(2, 3, (400, 400)).astype(np.float32)
        assert lattice_variance(error).mean() == pytest.approx(9, rel=0.02)

    def test_feature_by_geometric_means(self):
        variance = RNG.uniform(1, 50, (19, 26)).astype(np.float32)
        feature, varies = block_feature(variance)
        assert feature.shape == varies.shape == (2, 3)
        assert varies.all()
        for row in range(2):
            for column in range(3):
                even, odd = [], []
                for y in range(row * 8, row * 8 + 8):
                    for x in range(column * 8, column * 8 + 8):
                        (odd if (x + y) % 2 else even).append(float(variance[y, x]))
                ratio = math.prod(v ** (1 / 32) for v in even) / math.prod(
                    v ** (1 / 32) for v in odd
                )
                assert feature[row, column] == pytest.approx(math.log(ratio), abs=1e-5)

    def test_rounding_alone_says_nothing(self):
        _, varies = block_feature(np.full((16, 16), 1 / 12, np.float32))
        assert not varies.any()

    def test_clipped_blocks(self):
        green = np.full((16, 24), 100, np.uint8)
        green[0, :3] = 255
        green[9, 9:13] = 0
        np.testing.assert_array_equal(
            clipped_blocks(green), [[False, False, False], [False, True, False]]
        )

    @given(hnp.arrays(np.uint8, (24, 24)))
    @settings(max_examples=50, deadline=None)
    def test_a_mirrored_picture_swaps_the_lattices(self, green):
        feature, _ = block_feature(lattice_variance(residual(green)))
        mirrored, _ = block_feature(lattice_variance(residual(green[:, ::-1])))
        np.testing.assert_allclose(mirrored[:, ::-1], -feature, atol=1e-3)


class TestMixture:
    @pytest.mark.parametrize("mean", [3.0, -3.0, 1.5])
    def test_finds_what_was_drawn(self, mean):
        drawn = np.concatenate([RNG.normal(0, 0.4, 800), RNG.normal(mean, 1.0, 3200)])
        found = fit_mixture(drawn)
        assert found.mean_with == pytest.approx(mean, abs=0.1)
        assert found.variance_without == pytest.approx(0.16, abs=0.05)
        assert found.variance_with == pytest.approx(1.0, abs=0.12)
        assert found.share_with == pytest.approx(0.8, abs=0.04)

    def test_one_distribution_around_nought_is_not_separated(self):
        assert fit_mixture(RNG.normal(0, 0.4, 4000)).separation < 0.3

    @given(
        hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(-20, 20)),
    )
    @settings(max_examples=100, deadline=None)
    def test_any_feature_gives_a_finite_mixture(self, feature):
        found = fit_mixture(feature)
        assert all(math.isfinite(v) for v in (found.mean_with, found.separation))
        assert found.variance_without > 0
        assert found.variance_with > 0
        assert 0 <= found.share_with <= 1

    def test_ratio_between_the_means_against_scipy(self):
        values = np.linspace(-3, 0, 20)
        expected = stats.norm.logpdf(values, 0, math.sqrt(0.1)) - stats.norm.logpdf(
            values, -3, math.sqrt(2)
        )
        np.testing.assert_allclose(log_likelihood_ratio(values, MIXTURE), expected)

    @given(hnp.arrays(np.float64, 40, elements=st.floats(-30, 30)))
    @settings(max_examples=50, deadline=None)
    def test_ratio_never_rises_towards_the_trace(self, values):
        ratio = log_likelihood_ratio(np.sort(values), MIXTURE)
        assert (np.diff(ratio) >= 0).all()

    def test_blocks_without_evidence_count_nought(self):
        there = np.zeros((9, 9), dtype=bool)
        assert not evidence(np.full((9, 9), -5.0), there, MIXTURE).any()


@pytest.fixture(scope="module")
def host(photograph):
    """As a camera with bilinear interpolation would have made it."""
    return demosaicked(photograph)


@pytest.fixture(scope="module")
def spliced(host, other_photograph):
    """A part of another demosaicked photograph, made smaller, brought in."""
    smaller = Pillow.fromarray(demosaicked(other_photograph)).resize((360, 240))
    pixels = host.copy()
    pixels[96:240, 200:344] = np.asarray(smaller)[60:204, 90:234]
    return pixels


TRUTH = np.zeros((400, 600), dtype=bool)
TRUTH[96:240, 200:344] = True


class TestDetector:
    @pytest.mark.parametrize(
        ("options", "least"), [({"format": "PNG"}, 0.9), ({"format": "JPEG", "quality": 98}, 0.5)]
    )
    def test_resampled_part_stands_out(self, spliced, options, least):
        buffer = io.BytesIO()
        Pillow.fromarray(spliced).save(buffer, **options)
        finding = Cfa().examine(Image.from_bytes(buffer.getvalue()))
        marked = finding.map.at_pixels(400, 600) > 0.5
        assert finding.reason == "aid-to-the-eye"
        assert finding.map.values.dtype == np.float32
        assert finding.map.cell == 8
        assert 2 * (marked & TRUTH).sum() / (marked.sum() + TRUTH.sum()) > least
        assert set(finding.measurements) == set(Cfa.glossary)

    def test_authentic_twin_does_not(self, host):
        finding = Cfa().examine(Image.from_array(host))
        assert finding.measurements["separation"] > 2
        assert finding.score < 0.01
        assert (finding.map.values > 0.5).mean() < 0.01

    def test_part_on_the_other_lattice_stands_out(self, host, other_photograph):
        pixels = host.copy()
        pixels[96:240, 200:344] = demosaicked(other_photograph, 1)[60:204, 90:234]
        finding = Cfa().examine(Image.from_array(pixels))
        marked = finding.map.at_pixels(400, 600) > 0.5
        assert 2 * (marked & TRUTH).sum() / (marked.sum() + TRUTH.sum()) > 0.8

    @pytest.mark.parametrize(("phase", "name"), [(0, "even"), (1, "odd")])
    def test_lattice_is_read_from_the_picture(self, photograph, phase, name):
        finding = Cfa().examine(Image.from_array(demosaicked(photograph, phase)))
        assert finding.measurements["acquired_lattice"] == name

    def test_cutting_a_row_off_changes_the_lattice(self, host):
        finding = Cfa().examine(Image.from_array(host[1:]))
        assert finding.measurements["acquired_lattice"] == "odd"

    def test_resampled_picture_says_nothing(self, host):
        smaller = np.asarray(Pillow.fromarray(host).resize((450, 300)))
        finding = Cfa().examine(Image.from_array(smaller))
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "no-cfa-trace")
        assert finding.map is None
        assert finding.measurements["acquired_lattice"] is None

    def test_strong_compression_says_nothing(self, host, resave):
        finding = Cfa().examine(Image.from_array(resave(host, 40)))
        assert finding.reason == "no-cfa-trace"

    def test_photograph_without_a_filter_array_says_nothing(self, photograph):
        assert Cfa().examine(Image.from_array(photograph)).reason == "no-cfa-trace"

    def test_clipped_picture_says_nothing(self):
        pixels = np.where(RNG.random((96, 96, 3)) < 0.5, 0, 255).astype(np.uint8)
        assert Cfa().examine(Image.from_array(pixels)).reason == "too-few-blocks"

    def test_grey_picture_in_three_channels(self, host):
        grey = np.repeat(host[..., 1:2], 3, axis=2)
        finding = Cfa().examine(Image.from_array(grey))
        assert (finding.outcome, finding.reason) == (Outcome.NOT_APPLICABLE, "no-colour")

    def test_same_finding_twice(self, spliced):
        one, two = (Cfa().examine(Image.from_array(spliced)) for _ in range(2))
        np.testing.assert_array_equal(one.map.values, two.map.values)
        assert (one.score, one.measurements) == (two.score, two.measurements)

    def test_degenerate_pictures(self, degenerate):
        if Cfa.needs.unmet(degenerate.header):
            pytest.skip("the engine would not run it: grey or too small")
        finding = Cfa().examine(degenerate)
        assert finding.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
        assert finding.explanation
