"""The traces of JPEG history against plain versions of themselves, and what all must keep to."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from jpeg_pictures import (
    band,
    photograph,
    plain_dct,
    plain_pooled,
    random_pixels,
    through_jpeg,
)
from numpy.typing import NDArray

from locard.image.quality import LUMINANCE, scaled
from locard_semi_global.evidence import (
    dct,
    double_quantization,
    earlier_compression,
    first_compression,
    ghost,
    grid,
    histogram,
)
from locard_semi_global.evidence.history import BANDS, HALVES, RATIO_BANDS, Facts, facts_of
from locard_semi_global.evidence.planes import Planes

Trace = Callable[[Planes, Facts], NDArray[np.float32]]

TRACES: dict[str, tuple[ModuleType, Trace]] = {
    "grid": (grid, lambda planes, _: grid.grid(planes)),
    "dct": (dct, lambda planes, _: dct.dct(planes)),
    "histogram": (histogram, histogram.histogram),
    "double-quantization": (double_quantization, double_quantization.double_quantization),
    "first-compression": (first_compression, first_compression.first_compression),
    "earlier-compression": (earlier_compression, earlier_compression.earlier_compression),
    "ghost": (ghost, lambda planes, _: ghost.ghost(planes)),
}
EACH = pytest.mark.parametrize(("module", "trace"), TRACES.values(), ids=TRACES)


def _picture(kind: str) -> tuple[Planes, Facts]:
    if kind == "random":
        planes = Planes.of(random_pixels(6, 56, 80))
        return planes, facts_of(planes, np.arange(2, 66).reshape(8, 8))
    pixels, table = through_jpeg(photograph("chelsea", 168, 120), 80)
    planes = Planes.of(pixels)
    return planes, facts_of(planes, table)


PICTURES = pytest.mark.parametrize("kind", ["photograph", "random"])


@PICTURES
def test_grid_is_the_plain_one(kind):
    planes, _ = _picture(kind)
    luma = planes.luma.astype(np.float64)
    cross = luma[:-1, :-1] - luma[:-1, 1:] - luma[1:, :-1] + luma[1:, 1:]
    cross = np.minimum(np.abs(cross), 8)
    height, width = planes.shape
    means = np.empty((16, height, width))
    for row in range(height):
        for column in range(width):
            inside = cross[8 * row : 8 * row + 7], cross[:, 8 * column : 8 * column + 7]
            for phase in range(8):
                at = [8 * column + phase] if phase < 7 else [8 * column - 1, 8 * column + 7]
                at = [x for x in at if 0 <= x < cross.shape[1]]
                means[phase, row, column] = inside[0][:, at].mean()
                at = [8 * row + phase] if phase < 7 else [8 * row - 1, 8 * row + 7]
                at = [y for y in at if 0 <= y < cross.shape[0]]
                means[8 + phase, row, column] = inside[1][at].mean()
    logs = np.log(plain_pooled(means, 5) + 0.05).reshape(2, 8, height, width)
    wanted = (logs - logs.mean(axis=1, keepdims=True)).reshape(16, height, width)
    assert np.abs(grid.grid(planes) - wanted).max() < 1e-4


@PICTURES
def test_dct_is_the_plain_one(kind):
    planes, _ = _picture(kind)
    v, u = np.mgrid[:8, :8]
    radius = np.hypot(v, u)

    def means(plane, edges):
        moduli = np.abs(plain_dct(plane.astype(np.float64) - 128))
        bounds = (0.5, *edges, 99)
        bands = [
            moduli[..., (radius >= low) & (radius < high)].mean(axis=-1)
            for low, high in pairwise(bounds)
        ]
        return np.array(bands), (moduli[..., radius > 0] < 0.5).mean(axis=-1)

    seven, near = means(planes.luma, (1.5, 2.5, 3.5, 4.7, 6.0, 7.5))
    three = (2.5, 4.7)
    on, _ = means(planes.luma, three)
    off, off_near = means(planes.luma[4:-4, 4:-4], three)
    around, around_near = np.empty_like(on), np.empty_like(near)
    for row, column in np.ndindex(*planes.shape):
        some = np.s_[..., max(0, row - 1) : row + 1, max(0, column - 1) : column + 1]
        around[:, row, column] = off[some].mean(axis=(1, 2))
        around_near[row, column] = off_near[some].mean()
    wanted = [
        *np.log(seven + 0.05),
        near,
        *np.log(means(planes.cb, three)[0] + 0.05),
        *np.log(means(planes.cr, three)[0] + 0.05),
        *(np.log(on + 0.05) - np.log(around + 0.05)),
        near - around_near,
    ]
    assert np.abs(dct.dct(planes) - np.array(wanted)).max() < 1e-3


@PICTURES
def test_histogram_is_the_plain_one(kind):
    planes, facts = _picture(kind)
    multiples = np.floor(np.abs(plain_dct(planes.luma - 128.0)) / facts.steps + 0.5)
    diagonal = np.add.outer(np.arange(8), np.arange(8))
    shares = []
    for first, last in ((1, 2), (3, 4), (5, 7), (8, 14)):
        some = multiples[..., (diagonal >= first) & (diagonal <= last)]
        shares += [(some == value).mean(axis=-1) for value in range(5)]
        shares += [(some >= 5).mean(axis=-1)]
    difference = np.abs(histogram.histogram(planes, facts) - plain_pooled(np.array(shares), 3))
    # A coefficient between two multiples may be rounded otherwise in single precision.
    assert np.median(difference) < 1e-6
    assert difference.max() < 0.05


@PICTURES
def test_double_quantization_is_the_plain_one(kind):
    planes, facts = _picture(kind)
    sums = np.zeros((5, *planes.shape))
    for place, (v, u) in enumerate(BANDS[:RATIO_BANDS]):
        values = planes.dct[..., v, u].astype(np.float64)
        values = np.abs(values) if place else values
        bins = np.clip(np.floor(values * 2) + HALVES // 2, 0, HALVES - 1).astype(int)
        sums[v + u] += facts.histograms[place, bins]
    total = sums.sum(axis=0)
    wanted = [*sums, plain_pooled(total, 3), plain_pooled(total, 7)]
    found = double_quantization.double_quantization(planes, facts)
    assert np.abs(found - np.array(wanted)).max() < 1e-4


@PICTURES
def test_ghost_is_the_plain_one(kind):
    planes, _ = _picture(kind)
    spectra = plain_dct(planes.rgb[..., 1] - 128.0)
    errors = []
    for quality in (50, 65, 75, 85, 92, 97):
        table = np.array(scaled(LUMINANCE, quality)).reshape(8, 8)
        lost = spectra - table * np.rint(spectra / table)
        errors.append((lost**2).mean(axis=(2, 3)))
    wanted = np.log(plain_pooled(np.array(errors), 3) + 0.05)
    difference = np.abs(ghost.ghost(planes) - wanted)
    assert np.median(difference) < 1e-5
    assert difference.max() < 0.02


def test_ghost_is_near_what_an_encoder_does():
    pixels = photograph("coffee", 240, 160)
    found = ghost.ghost(Planes.of(pixels))
    green = pixels[..., 1]
    for place, quality in enumerate((50, 65, 75, 85, 92)):
        decoded, _ = through_jpeg(green, quality)
        squares = (decoded.astype(float) - green) ** 2
        wanted = plain_pooled(squares.reshape(20, 8, 30, 8).mean(axis=(1, 3)), 3)
        difference = found[place] - np.log(wanted + 0.05)
        assert np.median(np.abs(difference)) < 0.1


def test_ghost_is_deepest_at_the_quality_that_there_was():
    for place, quality in ((2, 75), (3, 85), (4, 92)):
        pixels, _ = through_jpeg(photograph("chelsea")[..., 1], quality)
        grey = np.repeat(pixels[..., None], 3, axis=2)
        found = ghost.ghost(Planes.of(grey)).mean(axis=(1, 2))
        falls = found[:-1] - found[1:]
        assert found[place] < found[:place].min() - 1
        assert falls.argmax() == place - 1


def test_grid_shows_where_the_grid_lies():
    pixels, _ = through_jpeg(photograph("chelsea"), 60)
    found = grid.grid(Planes.of(pixels[5:, 3:])).mean(axis=(1, 2))
    assert found[:8].argmax() == 4
    assert found[8:].argmax() == 2


def test_double_quantization_finds_what_was_compressed_once():
    first, _ = through_jpeg(photograph("chelsea"), 60)
    mixed = first.copy()
    mixed[64:192, 128:256] = photograph("coffee")[64:192, 128:256]
    pixels, table = through_jpeg(mixed, 90)
    planes = Planes.of(pixels)
    found = double_quantization.double_quantization(planes, facts_of(planes, table))[5]
    inside = np.zeros(found.shape, bool)
    inside[9:23, 17:31] = True
    assert found[inside].mean() < found[~inside].mean() - 2


@EACH
def test_names_and_permutations_fit(module, trace):
    planes, facts = _picture("photograph")
    found = trace(planes, facts)
    assert found.dtype == np.float32
    assert found.shape == (len(module.NAMES), *planes.shape)
    assert len(set(module.NAMES)) == len(module.NAMES)
    for permutation in (module.FLIP_X, module.FLIP_Y, module.TRANSPOSED):
        assert sorted(permutation) == list(range(len(module.NAMES)))


@EACH
@PICTURES
def test_a_band_has_the_bits_of_the_whole(module, trace, kind):
    if kind == "random":
        planes = Planes.of(random_pixels(7, 8 * 40, 8 * 9))
    else:
        planes = Planes.of(through_jpeg(photograph("astronaut", 328, 320), 85)[0])
    facts = facts_of(planes, None)
    whole = trace(planes, facts)
    for first, last in ((0, 13), (13, 14), (14, 33), (33, 40)):
        above, below = min(first, 8), min(40 - last, 8)
        some = trace(band(planes, first - above, last + below), facts)
        assert (some[:, above : above + last - first] == whole[:, first:last]).all()


@EACH
@pytest.mark.parametrize("known", [False, True])
def test_mirrored_pictures_have_mirrored_evidence(module, trace, known):
    pixels, table = through_jpeg(photograph("coffee", 163, 124), 85)
    planes = Planes.of(pixels)
    table = table if known else None
    found = trace(planes, facts_of(planes, table))
    for turn, permutation in ((np.s_[:, ::-1], module.FLIP_X), (np.s_[::-1], module.FLIP_Y)):
        mirrored = Planes.of(planes.rgb[turn], planes.luma[turn])
        got = trace(mirrored, facts_of(mirrored, table))
        wanted = found[(list(permutation), *(turn if isinstance(turn, tuple) else (turn,)))]
        assert np.abs(got - wanted).max() < 1e-4


@EACH
def test_a_transposed_picture_has_transposed_evidence(module, trace):
    pixels, table = through_jpeg(photograph("coffee", 160, 120), 85)
    planes = Planes.of(pixels)
    found = trace(planes, facts_of(planes, table))
    turned = Planes.of(planes.rgb.transpose(1, 0, 2), planes.luma.T)
    got = trace(turned, facts_of(turned, table.T))
    difference = np.abs(got - found[list(module.TRANSPOSED)].transpose(0, 2, 1))
    if module is ghost:  # the library's table of luma is nearly symmetric only
        assert np.median(difference) < 0.15
    else:
        assert np.quantile(difference, 0.99) < 1e-3


def _edge_cases() -> dict[str, NDArray[np.uint8]]:
    random = random_pixels(8, 64, 64)
    grey = np.repeat(random[..., :1], 3, axis=2)
    return {
        "one cell": random[:8, :8],
        "one cell wide": random[:, :15],
        "one cell high": random[:15],
        "two cells": random[:8, :16],
        "black": np.zeros((40, 48, 3), np.uint8),
        "white": np.full((40, 48, 3), 255, np.uint8),
        "one colour": np.full((64, 64, 3), (200, 31, 7), np.uint8),
        "clipped": np.where(random > 127, np.uint8(255), np.uint8(0)),
        "grey": grey,
    }


@EACH
@pytest.mark.parametrize("pixels", _edge_cases().values(), ids=_edge_cases())
@pytest.mark.parametrize("known", [False, True])
def test_odd_pictures_have_finite_evidence(module, trace, pixels, known):
    planes = Planes.of(pixels)
    facts = facts_of(planes, np.full((8, 8), 255) if known else None)
    found = trace(planes, facts)
    assert found.shape == (len(module.NAMES), *planes.shape)
    assert np.isfinite(found).all()
    assert (trace(Planes.of(pixels), facts) == found).all()


@EACH
def test_luma_beyond_its_range_is_no_trouble(module, trace):
    planes = Planes.of(photograph("coffee", 64, 64))
    wild = Planes.of(planes.rgb, planes.luma * np.float32(3) - np.float32(250))
    assert np.isfinite(trace(wild, facts_of(wild, None))).all()
