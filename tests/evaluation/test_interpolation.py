"""Demosaicing: what every method must keep, and each one against its paper."""

from __future__ import annotations

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from locard.evaluation.synthesis.demosaicking import PATTERNS, filter_sites
from locard.evaluation.synthesis.interpolation import INTERPOLATIONS, interpolate

ALL = pytest.mark.parametrize("algorithm", INTERPOLATIONS)


def mosaic_of(scene: NDArray[np.uint8], pattern: str) -> NDArray[np.float32]:
    sites = filter_sites(pattern, *scene.shape[:2])
    return np.where(sites, scene, 0).sum(axis=2).astype(np.float32)


def noise(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(7).uniform(0, 200, (height, width)).astype(np.float32)


@ALL
@pytest.mark.parametrize("pattern", PATTERNS)
def test_measured_values_stay_and_ramps_come_back(pattern: str, algorithm: str) -> None:
    mosaic = noise(19, 26)
    sites = filter_sites(pattern, 19, 26)
    full = interpolate(mosaic, pattern, algorithm)
    assert full.dtype == np.float32
    assert full.shape == (19, 26, 3)
    assert np.array_equal(full.max(axis=2, where=sites, initial=-np.inf), mosaic)

    rows, columns = np.mgrid[0:24, 0:32].astype(np.float32)
    grey = np.repeat((20 + 3 * rows + 2 * columns)[..., None], 3, axis=2)
    ramp = np.where(filter_sites(pattern, 24, 32), grey, 0).sum(axis=2).astype(np.float32)
    inner = np.s_[5:-5, 5:-5]
    np.testing.assert_allclose(interpolate(ramp, pattern, algorithm)[inner], grey[inner], rtol=1e-5)


@ALL
def test_turning_the_mosaic_turns_the_picture(algorithm: str) -> None:
    """No direction is preferred: mirrored and transposed mosaics give the same picture."""
    mosaic = noise(20, 24)
    full = interpolate(mosaic, "RGGB", algorithm)
    mirrored = interpolate(mosaic[:, ::-1].copy(), "GRBG", algorithm)[:, ::-1]
    np.testing.assert_allclose(mirrored, full, rtol=1e-4, atol=1e-3)
    transposed = interpolate(mosaic.T.copy(), "RGGB", algorithm).transpose(1, 0, 2)
    np.testing.assert_allclose(transposed, full, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("algorithm", "gain"), [("edge-aware", 1.5), ("hamilton-adams", 4.0)])
def test_methods_that_follow_edges_beat_bilinear(algorithm: str, gain: float) -> None:
    scene = skimage.data.astronaut()[:256, :256]
    mosaic = mosaic_of(scene, "RGGB")

    def decibels(name: str) -> float:
        error = interpolate(mosaic, "RGGB", name) - scene
        return float(10 * np.log10(255**2 / np.mean(error**2)))

    assert decibels(algorithm) - decibels("bilinear") > gain


def test_hamilton_adams_follows_its_patent() -> None:
    """Green at red: the classifier and predictor of US 5,629,734, columns 5 and 6."""
    mosaic = noise(20, 20)
    full = interpolate(mosaic, "RGGB", "hamilton-adams")
    m = mosaic.astype(float)
    for y in range(4, 16, 2):
        for x in range(4, 16, 2):
            bend_x = 2 * m[y, x] - m[y, x - 2] - m[y, x + 2]
            bend_y = 2 * m[y, x] - m[y - 2, x] - m[y + 2, x]
            along_x = abs(m[y, x - 1] - m[y, x + 1]) + abs(bend_x)
            along_y = abs(m[y - 1, x] - m[y + 1, x]) + abs(bend_y)
            across = (m[y, x - 1] + m[y, x + 1]) / 2 + bend_x / 4
            down = (m[y - 1, x] + m[y + 1, x]) / 2 + bend_y / 4
            assert full[y, x, 1] == pytest.approx(across if along_x < along_y else down, rel=1e-4)


def test_edge_aware_does_not_average_across_an_edge() -> None:
    scene = np.full((20, 20, 3), 30, np.uint8)
    scene[:, 10:] = 220
    full = interpolate(mosaic_of(scene, "RGGB"), "RGGB", "edge-aware")
    assert np.array_equal(full[4:-4, :, 1], scene[4:-4, :, 1])
    assert not np.array_equal(
        interpolate(mosaic_of(scene, "RGGB"), "RGGB", "bilinear")[4:-4, :, 1], scene[4:-4, :, 1]
    )


def test_vng_selects_directions_as_its_paper_says() -> None:
    """The eight gradients at a red and at a green pixel, written out from section 3."""
    m = noise(16, 16).astype(float)
    full = interpolate(m.astype(np.float32), "RGGB", "vng")
    bilinear = interpolate(m.astype(np.float32), "RGGB", "bilinear").astype(float)
    for y, x in ((6, 6), (6, 7), (7, 6), (7, 7)):
        gradients = _vng_gradients(m, y, x)
        least, most = min(gradients.values()), max(gradients.values())
        chosen = [d for d, g in gradients.items() if g <= 1.5 * least + 0.5 * (most - least)]
        differences = [
            bilinear[y + i, x + j] - (m[y, x] + m[y + 2 * i, x + 2 * j]) / 2 for i, j in chosen
        ]
        expected = m[y, x] + np.mean(differences, axis=0)
        own = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 2}[y % 2, x % 2]
        expected[own] = m[y, x]
        np.testing.assert_allclose(full[y, x], expected, rtol=1e-3)


def _vng_gradients(m: NDArray[np.float64], y: int, x: int) -> dict[tuple[int, int], float]:
    def step(first: tuple[int, int], second: tuple[int, int]) -> float:
        return abs(float(m[y + first[0], x + first[1]] - m[y + second[0], x + second[1]]))

    north = (
        step((-1, 0), (1, 0))
        + step((-2, 0), (0, 0))
        + step((-1, -1), (1, -1)) / 2
        + step((-1, 1), (1, 1)) / 2
        + step((-2, -1), (0, -1)) / 2
        + step((-2, 1), (0, 1)) / 2
    )
    east = (
        step((0, 1), (0, -1))
        + step((0, 2), (0, 0))
        + step((-1, 1), (-1, -1)) / 2
        + step((1, 1), (1, -1)) / 2
        + step((-1, 2), (-1, 0)) / 2
        + step((1, 2), (1, 0)) / 2
    )
    south = (
        step((1, 0), (-1, 0))
        + step((2, 0), (0, 0))
        + step((1, -1), (-1, -1)) / 2
        + step((1, 1), (-1, 1)) / 2
        + step((2, -1), (0, -1)) / 2
        + step((2, 1), (0, 1)) / 2
    )
    west = (
        step((0, -1), (0, 1))
        + step((0, -2), (0, 0))
        + step((-1, -1), (-1, 1)) / 2
        + step((1, -1), (1, 1)) / 2
        + step((-1, -2), (-1, 0)) / 2
        + step((1, -2), (1, 0)) / 2
    )
    found = {(-1, 0): north, (0, 1): east, (1, 0): south, (0, -1): west}
    for i, j in ((-1, 1), (1, 1), (1, -1), (-1, -1)):
        ahead = step((i, j), (-i, -j)) + step((2 * i, 2 * j), (0, 0))
        if (y + x) % 2:
            found[i, j] = ahead + step((2 * i, j), (0, -j)) + step((i, 2 * j), (-i, 0))
        else:
            found[i, j] = (
                ahead
                + (
                    step((i, 0), (0, -j))
                    + step((0, j), (-i, 0))
                    + step((2 * i, j), (i, 0))
                    + step((i, 2 * j), (0, j))
                )
                / 2
            )
    return found
