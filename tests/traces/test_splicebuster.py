from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.stats import multivariate_normal

from locard import Image, Outcome
from locard_traces.cooccurrence import (
    CLASSES,
    STEP,
    count_cells,
    features,
    merge_symmetric,
    quantised_residual,
    sum_blocks,
)
from locard_traces.mixture import (
    RIDGE,
    fit_gaussian_uniform,
    gaussian_likelihood,
    squared_distances,
    weighted_moments,
)
from locard_traces.splicebuster import (
    Anomaly,
    Splicebuster,
    analyse,
    block_side,
    spread,
    suspicion,
    whitened,
)

RNG = np.random.default_rng(7)
QUADRUPLES = list(product((-1, 0, 1), repeat=4))


def index_of(values):
    return sum((value + 1) * 3**place for place, value in enumerate(values))


def residual_by_hand(luma, y, x, down):
    """Filter at one pixel with [1, −3, 3, −1], divide by the step, round, and clip to ±1."""
    dy, dx = (1, 0) if down else (0, 1)
    taps = ((-1, 1.0), (0, -3.0), (1, 3.0), (2, -1.0))
    value = sum(tap * float(luma[y + k * dy, x + k * dx]) for k, tap in taps)
    return max(-1, min(1, round(value / STEP)))


def features_by_hand(luma, usable, top, left, block):
    """Count the four kinds of co-occurrence of one block in dictionaries, pixel by pixel."""
    counts = np.zeros((2, 25))
    for y, x in product(range(top, top + block), range(left, left + block)):
        if not usable[y, x]:
            continue
        for down, along in product((False, True), repeat=2):
            first = -2 if down == along else -1
            values = [
                residual_by_hand(luma, y + k * along, x + k * (not along), down)
                for k in range(first, first + 4)
            ]
            counts[int(down == along), CLASSES[index_of(values)]] += 1
    return np.sqrt(counts / counts.sum(axis=1, keepdims=True)).ravel()


class TestMerging:
    def test_classes_are_the_orbits_of_sign_and_direction(self):
        classes = merge_symmetric()
        for one, other in product(QUADRUPLES, repeat=2):
            negative = tuple(-value for value in other)
            related = one in (other, other[::-1], negative, negative[::-1])
            assert (classes[index_of(one)] == classes[index_of(other)]) == related

    def test_there_are_as_many_as_burnsides_lemma_says(self):
        symmetries = (
            lambda v: v,
            lambda v: v[::-1],
            lambda v: tuple(-k for k in v),
            lambda v: tuple(-k for k in v[::-1]),
        )
        fixed = sum(symmetry(v) == v for symmetry in symmetries for v in QUADRUPLES)
        assert len(set(CLASSES)) == fixed / 4 == 25


class TestFeatures:
    @pytest.mark.parametrize("axis", [0, 1])
    def test_residual_by_hand(self, axis):
        luma = RNG.uniform(100, 110, (20, 23)).astype(np.float32)
        found = quantised_residual(luma, axis)
        assert set(np.unique(found)) == {-1, 0, 1}
        for y, x in product(range(1, 18), range(1, 21)):
            assert found[y, x] == residual_by_hand(luma, y, x, down=axis == 0)

    @pytest.mark.parametrize(("shape", "block"), [((38, 46), 32), ((41, 33), 24), ((47, 47), 16)])
    def test_blocks_by_hand(self, shape, block):
        luma = np.rint(RNG.normal(120, 2, shape)).astype(np.float32)
        usable = RNG.random(shape) < 0.8
        found, share = features(luma, usable, block)
        rows, columns = found.shape[:2]
        assert (rows, columns) == tuple((side - 6) // 8 - block // 8 + 1 for side in shape)
        for row, column in {(0, 0), (rows - 1, columns - 1), (0, columns - 1)}:
            top, left = 3 + 8 * row, 3 + 8 * column
            expected = features_by_hand(luma, usable, top, left, block)
            np.testing.assert_allclose(found[row, column], expected, atol=1e-6)
            inside = usable[top : top + block, left : left + block]
            assert share[row, column] == pytest.approx(inside.mean())

    def test_nothing_usable_gives_zeros(self):
        found, share = features(np.zeros((40, 40), np.float32), np.zeros((40, 40), bool), 32)
        assert not found.any()
        assert not share.any()

    @pytest.mark.parametrize("shape", [(1, 1), (5, 60), (37, 37), (13, 200)])
    def test_pictures_smaller_than_a_block(self, shape):
        found, share = features(np.zeros(shape, np.float32), np.ones(shape, bool), 32)
        assert found.size == share.size == 0
        assert found.shape[2] == 50

    @given(
        hnp.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(2))),
        st.integers(1, 6),
    )
    @settings(max_examples=60, deadline=None)
    def test_sums_by_brute_force(self, cells, side):
        found = sum_blocks(cells, side)
        rows, columns = (max(n - side + 1, 0) for n in cells.shape[:2])
        assert found.shape == (rows, columns, 2)
        for row, column in product(range(rows), range(columns)):
            window = cells[row : row + side, column : column + side].astype(int)
            np.testing.assert_array_equal(found[row, column], window.sum(axis=(0, 1)))

    @given(hnp.arrays(np.uint8, st.tuples(st.integers(30, 45), st.integers(30, 45))))
    @settings(max_examples=40, deadline=None)
    def test_invariants(self, grey):
        luma, usable = grey.astype(np.float32), np.ones(grey.shape, bool)
        found, _ = features(luma, usable, 16)
        np.testing.assert_allclose((found**2).sum(axis=2), 2, rtol=1e-5)
        for same in (255 - luma, luma + 40):
            np.testing.assert_array_equal(features(same, usable, 16)[0], found)
        turned = features(np.ascontiguousarray(luma.T), usable.T, 16)[0]
        np.testing.assert_array_equal(turned, found.swapaxes(0, 1))

    def test_every_usable_pixel_counts_once_in_each_direction(self):
        usable = RNG.random((50, 70)) < 0.5
        counts, pixels = count_cells(RNG.uniform(0, 255, (50, 70)).astype(np.float32), usable)
        assert (counts.shape, pixels.shape) == ((5, 8, 2, 25), (5, 8))
        np.testing.assert_array_equal(counts.sum(axis=3), 2 * pixels[..., None].repeat(2, 2))
        assert pixels.sum() == usable[3:43, 3:67].sum()


class TestMixture:
    def test_distances_against_scipy(self):
        points, mean = RNG.normal(size=(50, 6)), RNG.normal(size=6)
        factor = RNG.normal(size=(6, 6))
        covariance = factor @ factor.T + np.eye(6)
        distances = squared_distances(points, mean, np.linalg.inv(covariance))
        expected = multivariate_normal(mean, covariance).logpdf(points)
        constant = 6 * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1]
        np.testing.assert_allclose(-(distances + constant) / 2, expected)

    def test_moments_against_numpy(self):
        points, weights = RNG.normal(size=(80, 5)), RNG.random(80) * (RNG.random(80) < 0.7)
        mean, covariance = weighted_moments(points, weights)
        np.testing.assert_allclose(mean, np.average(points, axis=0, weights=weights))
        expected = np.cov(points.T, aweights=weights, bias=True)
        np.testing.assert_allclose(covariance, expected, atol=1e-12)

    def test_likelihood_of_one_gaussian_against_scipy(self):
        points = RNG.normal(size=(200, 4)) * [1, 2, 3, 0.5] + 7
        covariance = np.cov(points.T, bias=True) + RIDGE * np.eye(4)
        expected = multivariate_normal(points.mean(axis=0), covariance).logpdf(points).mean()
        assert gaussian_likelihood(points) == pytest.approx(expected)

    def test_recovers_what_points_were_drawn_from(self):
        inliers = RNG.normal([1.0, -2.0, 0.5], [0.3, 0.2, 0.1], (900, 3))
        outliers = RNG.uniform(-5, 5, (100, 3))
        points = np.concatenate([inliers, outliers])
        fit = fit_gaussian_uniform(points, np.ptp(points, axis=0))
        np.testing.assert_allclose(fit.mean, [1, -2, 0.5], atol=0.03)
        deviations = np.sqrt(np.diag(np.linalg.inv(fit.precision)))
        np.testing.assert_allclose(deviations, [0.3, 0.2, 0.1], rtol=0.15)
        assert fit.share == pytest.approx(0.9, abs=0.02)
        outlying = squared_distances(points, fit.mean, fit.precision) > fit.boundary
        assert outlying[:900].mean() < 0.02
        assert outlying[900:].mean() > 0.95

    def test_at_the_boundary_both_are_equally_likely(self):
        points = np.concatenate([RNG.normal(0, 0.2, (400, 2)), RNG.uniform(-3, 3, (60, 2))])
        extent = np.ptp(points, axis=0)
        fit = fit_gaussian_uniform(points, extent)
        gaussian = multivariate_normal(fit.mean, np.linalg.inv(fit.precision))
        direction = np.array([0.6, 0.8])
        unit = direction @ fit.precision @ direction
        point = fit.mean + direction * np.sqrt(fit.boundary / unit)
        assert fit.share * gaussian.pdf(point) == pytest.approx((1 - fit.share) / extent.prod())

    def test_more_starts_are_never_worse(self):
        points = np.concatenate([RNG.normal(4, 0.2, (300, 2)), RNG.normal(-4, 1, (200, 2))])
        likelihoods = [
            fit_gaussian_uniform(points, np.ptp(points, axis=0), starts).log_likelihood
            for starts in (1, 3, 10)
        ]
        assert likelihoods == sorted(likelihoods)


class TestBlocks:
    @pytest.mark.parametrize(
        ("height", "width", "side"),
        [
            (1100, 1500, 128),
            (480, 640, 64),
            (256, 384, 64),
            (200, 200, 32),
            (66, 5000, 32),
            (143, 143, None),
        ],
    )
    def test_side_is_halved_until_twenty_fit(self, height, width, side):
        assert block_side(height, width) == side

    def test_whitened_components_are_uncorrelated_of_variance_one(self):
        cells = RNG.normal(size=(20, 30, 12)) @ RNG.normal(size=(12, 12))
        points = whitened(cells.astype(np.float32), np.ones((20, 30), bool), 5)
        np.testing.assert_allclose(np.cov(points.T, bias=True), np.eye(5), atol=1e-4)

    def test_features_without_variance(self):
        even = np.ones((20, 30, 50), np.float32)
        assert analyse(even, np.ones((20, 30), bool), 10, 10) is None

    def test_half_stands_for_even_odds(self):
        anomaly = Anomaly(np.array([[0.0, 8.0, 16.0, 24.0]]), 8.0, np.ones((1, 4), bool), 0.0)
        np.testing.assert_allclose(suspicion(anomaly), [[0, 1 / 2, 2 / 3, 3 / 4]])
        assert anomaly.outlying == 0.5

    @pytest.mark.parametrize("block", [32, 64, 128])
    def test_a_block_has_its_value_at_its_centre(self, block):
        values = np.arange(12, dtype=np.float32).reshape(3, 4) / 12
        height, width = (6 + block + 8 * (n - 1) for n in values.shape)
        found = spread(values, block, height, width).at_pixels(height, width)
        assert found.shape == (height, width)
        for row, column in product(range(3), range(4)):
            centre = 3 + 8 * row + block // 2, 3 + 8 * column + block // 2
            assert found[centre] == values[row, column]
        assert (found[0, 0], found[-1, -1]) == (values[0, 0], values[-1, -1])


TRUTH = (slice(106, 246), slice(300, 460))


def patched(pixels, change):
    """Return a picture with a changed patch."""
    changed = pixels.astype(float)
    changed[TRUTH] = change(changed)[TRUTH]
    return Image.from_array(np.clip(np.rint(changed), 0, 255).astype(np.uint8))


def noisier(pixels):
    return pixels + np.random.default_rng(3).normal(0, 4, pixels.shape)


def smoother(pixels):
    return ndimage.gaussian_filter(pixels, (1, 1, 0))


@pytest.fixture(scope="module")
def noisy():
    return patched(skimage.data.rocket(), noisier)


class TestDetector:
    @pytest.mark.parametrize(
        ("name", "change"), [("rocket", noisier), ("rocket", smoother), ("coffee", smoother)]
    )
    def test_splice_lights_up_and_its_twin_does_not(self, name, change):
        pixels = getattr(skimage.data, name)()
        inside = np.zeros(pixels.shape[:2], bool)
        inside[TRUTH] = True
        found, twin = (
            Splicebuster().examine(image).map.at_pixels(*inside.shape)
            for image in (patched(pixels, change), Image.from_array(pixels))
        )
        assert (found[inside] > 0.5).mean() > 0.7
        assert (found[~inside] > 0.5).mean() < 0.3
        assert (twin[inside] > 0.5).mean() < 0.15

    def test_decides_nothing_and_explains_every_figure(self, noisy):
        finding = Splicebuster().examine(noisy)
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "aid-to-the-eye")
        assert finding.mask is None
        assert set(finding.measurements) == set(Splicebuster.glossary)
        assert finding.measurements["block"] == 64

    def test_same_finding_in_every_thread(self, noisy):
        alone = Splicebuster().examine(noisy)
        with ThreadPoolExecutor(4) as pool:
            findings = list(pool.map(lambda _: Splicebuster().examine(noisy), range(4)))
        for finding in findings:
            np.testing.assert_array_equal(finding.map.values, alone.map.values)
            assert (finding.score, finding.measurements) == (alone.score, alone.measurements)

    def test_clipped_parts_are_left_out(self, photograph):
        pixels = photograph.copy()
        pixels[:, :200] = 255
        finding = Splicebuster().examine(Image.from_array(pixels))
        assert finding.measurements["used_share"] < 0.75
        assert not finding.map.at_pixels(400, 600)[:, :120].any()

    @pytest.mark.parametrize(
        ("pixels", "outcome", "reason"),
        [
            (np.full((300, 300, 3), 255, np.uint8), Outcome.INCONCLUSIVE, "clipped"),
            (np.full((300, 300, 3), 90, np.uint8), Outcome.INCONCLUSIVE, "too-even"),
            (np.full((100, 200, 3), 90, np.uint8), Outcome.NOT_APPLICABLE, "too-small"),
        ],
    )
    def test_pictures_it_has_nothing_to_say_of(self, pixels, outcome, reason):
        finding = Splicebuster().examine(Image.from_array(pixels))
        assert (finding.outcome, finding.reason) == (outcome, reason)
        assert finding.map is None
        assert finding.explanation

    def test_degenerate_pictures(self, degenerate):
        finding = Splicebuster().examine(degenerate)
        assert finding.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
