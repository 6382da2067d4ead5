import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from locard import Image, Outcome
from locard_traces.blk import Blk, Parameters, standardised
from locard_traces.blk_grid import find_grid, mismatch, subtract_median, vertical_lines

RNG = np.random.default_rng(3)


def lines_by_brute_force(luma, y, x):
    """Return the strength of one pixel's vertical line, step by step as published."""
    height, width = luma.shape

    def difference(row, column):
        if not 0 <= row < height or not 0 < column < width - 1:
            return 0.0
        found = abs(2 * luma[row, column] - luma[row, column - 1] - luma[row, column + 1])
        return float(found) if found <= 50 else 0.0

    def summed(column):
        return sum(difference(row, column) for row in range(y - 16, y + 17))

    def weak(column):
        around = range(max(column - 16, 0), min(column + 17, width))
        return summed(column) - statistics.median(summed(c) for c in around)

    return statistics.median(weak(x + 8 * step) for step in (-2, -1, 0, 1, 2))


class TestCore:
    @pytest.mark.parametrize(("rows", "columns", "reach"), [(1, 1, 2), (3, 5, 4), (4, 60, 16)])
    def test_median_by_sorting(self, rows, columns, reach):
        lines = RNG.integers(0, 9, (rows, columns)).astype(np.float32)
        found = subtract_median(lines, reach)
        for row in range(rows):
            for column in range(columns):
                around = lines[row, max(column - reach, 0) : column + reach + 1]
                expected = lines[row, column] - statistics.median(around.tolist())
                assert found[row, column] == pytest.approx(expected)

    @given(
        hnp.arrays(
            np.float32,
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=40),
            elements=st.floats(-100, 100, width=32),
        ),
        st.floats(-50, 50),
    )
    @settings(max_examples=50, deadline=None)
    def test_median_takes_a_constant_away(self, lines, constant):
        shifted = (lines + np.float32(constant)).astype(np.float32)
        np.testing.assert_allclose(
            subtract_median(shifted, 5), subtract_median(lines, 5), atol=1e-3
        )

    def test_lines_by_brute_force(self):
        luma = RNG.uniform(80, 110, (50, 90)).astype(np.float32)
        luma[:, 40:] += 60
        found = vertical_lines(luma)
        for y, x in ((25, 40), (0, 24), (49, 60), (10, 39), (30, 51)):
            assert found[y, x] == pytest.approx(lines_by_brute_force(luma, y, x), abs=1e-2)

    @pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 6), (7, 1)])
    def test_grid_of_steps_is_found(self, x, y):
        levels = RNG.uniform(100, 120, (25, 30))
        luma = np.kron(levels, np.ones((8, 8)))[(8 - y) % 8 :, (8 - x) % 8 :]
        luma += RNG.normal(0, 0.5, luma.shape)
        grid = find_grid(vertical_lines(luma), vertical_lines(luma.T).T)
        assert (grid.x, grid.y) == (x, y)
        assert grid.contrast > 10

    def test_noise_has_no_grid(self):
        luma = RNG.normal(128, 5, (400, 400))
        assert find_grid(vertical_lines(luma), vertical_lines(luma.T).T).contrast < 4

    def test_mismatch_by_brute_force(self):
        strength = RNG.normal(0, 10, (30, 37)).astype(np.float32)
        found = mismatch(strength, 3, 5)
        assert found.shape == (3, 4)
        for row in range(3):
            for column in range(4):
                block = strength[5 + row * 8 :, 3 + column * 8 :][:8, :8].astype(float)
                down = [sum(block[i, x] for i in range(1, 7)) for x in range(8)]
                across = [sum(block[y, i] for i in range(1, 7)) for y in range(8)]
                expected = max(down[1:7]) - min(down[0], down[7])
                expected += max(across[1:7]) - min(across[0], across[7])
                assert found[row, column] == pytest.approx(expected)

    def test_lines_inside_mismatch_those_at_the_border_do_not(self):
        lines = np.zeros((16, 16), np.float32)
        lines[:, [7, 8]] = lines[[7, 8]] = 10
        lines[:, [0, 15]] = lines[[0, 15]] = 10
        assert (mismatch(lines, 0, 0) < 0).all()
        lines[:, 4] += 30
        found = mismatch(lines, 0, 0)
        assert (found[:, 0] > 0).all()
        assert (found[:, 1] < 0).all()

    @given(
        hnp.arrays(np.float64, (7, 5), elements=st.floats(-1e3, 1e3)),
        st.floats(0.01, 100),
        st.floats(-100, 100),
    )
    @settings(max_examples=50, deadline=None)
    def test_standardised_knows_no_scale(self, found, factor, offset):
        spread = np.median(np.abs(found - np.median(found)))
        if 0 < spread < 1e-3:
            return
        one = standardised(found)
        np.testing.assert_allclose(standardised(found * factor + offset), one, atol=1e-3, rtol=1e-3)


TRUTH = np.zeros((400, 600), dtype=bool)
TRUTH[100:260, 200:420] = True


@pytest.fixture(scope="module")
def host(photograph, resave):
    """A JPEG, decoded."""
    return resave(photograph, 60)


@pytest.fixture(scope="module")
def spliced(host, other_photograph, resave):
    """A part of another JPEG brought in off the grid."""
    pixels = host.copy()
    pixels[100:260, 200:420] = resave(other_photograph, 60)[50:210, 101:321]
    return pixels


class TestDetector:
    def test_part_off_the_grid_stands_out(self, spliced):
        finding = Blk().examine(Image.from_array(spliced))
        values = finding.map.at_pixels(400, 600)
        marked = values > 0.5
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "aid-to-the-eye")
        assert finding.measurements["grid"] == [0, 0]
        assert set(finding.measurements) == set(Blk.glossary)
        assert marked[TRUTH].mean() > 0.6
        assert 2 * (marked & TRUTH).sum() / (marked.sum() + TRUTH.sum()) > 0.5

    def test_authentic_twin_does_not(self, host, spliced):
        twin = Blk().examine(Image.from_array(host)).map.at_pixels(400, 600) > 0.5
        assert twin[TRUTH].mean() < 0.2
        assert twin.mean() < 0.15

    @pytest.mark.parametrize(("left", "top"), [(3, 0), (5, 6)])
    def test_grid_moves_with_the_cut(self, host, left, top):
        finding = Blk().examine(Image.from_array(host[top:, left:]))
        assert finding.measurements["grid"] == [(8 - left) % 8, (8 - top) % 8]
        assert finding.map.origin == tuple(finding.measurements["grid"])

    def test_uncompressed_photograph_has_no_grid(self, photograph):
        finding = Blk().examine(Image.from_array(photograph))
        assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "no-grid")
        assert finding.map is None
        assert finding.measurements["grid"] is None

    def test_threshold_is_a_parameter(self, host):
        finding = Blk(Parameters(min_contrast=1e6)).examine(Image.from_array(host))
        assert finding.reason == "no-grid"

    def test_same_finding_twice(self, spliced):
        one, two = (Blk().examine(Image.from_array(spliced)) for _ in range(2))
        np.testing.assert_array_equal(one.map.values, two.map.values)
        assert (one.score, one.measurements) == (two.score, two.measurements)

    def test_degenerate_pictures(self, degenerate):
        if Blk.needs.unmet(degenerate.header):
            pytest.skip("the engine would not run it: too small")
        finding = Blk().examine(degenerate)
        assert finding.outcome is Outcome.INCONCLUSIVE
        assert math.isfinite(finding.measurements["contrast"])
