"""Traces of pixels: against plain versions, in bands, turned over, and where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_pictures import band, photograph, random_pixels, through_jpeg
from numpy.typing import NDArray
from plain_traces import (
    plain_cfa,
    plain_content,
    plain_cooccurrence,
    plain_correlation,
    plain_noise,
)

from locard_semi_global.evidence import cfa, content, cooccurrence, correlation, noise
from locard_semi_global.evidence.planes import Planes
from locard_semi_global.evidence.symmetry import exchanged

Channels = NDArray[np.float32]


@dataclass(frozen=True)
class Trace:
    """A trace, and what its channels are told to be."""

    module: ModuleType
    of: Callable[[Planes], Channels]
    plain: Callable[[Planes], NDArray[np.float64]]
    count: int


def plain_pairs(planes: Planes) -> NDArray[np.float64]:
    return plain_cooccurrence(planes.luma, cooccurrence.NAMES)


TRACES = (
    Trace(cfa, cfa.cfa, lambda p: plain_cfa(p.rgb), 20),
    Trace(noise, noise.noise, lambda p: plain_noise(p.rgb, p.luma.astype(float)), 27),
    Trace(
        correlation,
        correlation.correlation,
        lambda p: plain_correlation(p.rgb, p.luma.astype(float)),
        9,
    ),
    Trace(cooccurrence, cooccurrence.cooccurrence, plain_pairs, 50),
    Trace(content, content.content, lambda p: plain_content(p.rgb, p.luma.astype(float)), 5),
)
EACH = pytest.mark.parametrize(
    "trace", TRACES, ids=lambda trace: trace.module.__name__.rpartition(".")[2]
)


def planes_of(pixels: NDArray[np.uint8]) -> Planes:
    return Planes.of(np.ascontiguousarray(pixels))


def even(height: int, width: int, value: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


def demosaicked(pixels: NDArray[np.uint8], row: int, column: int) -> NDArray[np.uint8]:
    """Replace green at the other two places by the mean of its neighbours, in a Bayer pattern.

    Green was measured where y + x has the parity of row + column.
    """
    green = pixels[..., 1].astype(float)
    padded = np.pad(green, 1, mode="reflect")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    y, x = np.indices(green.shape)
    found = pixels.copy()
    found[..., 1] = np.where((y + x + row + column) % 2 == 0, green, np.round(around / 4))
    return found


@EACH
def test_a_trace_has_its_channels(trace: Trace) -> None:
    found = trace.of(planes_of(random_pixels(1, 40, 56)))
    assert found.dtype == np.float32
    assert found.shape == (trace.count, 5, 7)
    assert len(set(trace.module.NAMES)) == trace.count
    assert all(
        set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in trace.module.NAMES
    )


@EACH
@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_a_photograph_has_the_evidence_that_the_definition_gives(trace: Trace, name: str) -> None:
    planes = planes_of(photograph(name)[40:120, 100:180])
    np.testing.assert_allclose(trace.of(planes), trace.plain(planes), atol=2e-4)


@EACH
def test_decoded_luma_is_what_counts_where_there_is_one(trace: Trace) -> None:
    pixels, _ = through_jpeg(photograph("rocket")[:64, :96], 60)
    luma = np.round(pixels @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
    planes = Planes.of(pixels, luma)
    np.testing.assert_allclose(trace.of(planes), trace.plain(planes), atol=2e-4)


@EACH
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 4), width=st.integers(1, 4))
def test_random_pixels_have_the_evidence_that_the_definition_gives(
    trace: Trace, seed: int, height: int, width: int
) -> None:
    planes = planes_of(random_pixels(seed, 8 * height, 8 * width))
    np.testing.assert_allclose(trace.of(planes), trace.plain(planes), atol=2e-4)


@EACH
def test_a_band_with_a_margin_of_eight_cells_has_the_same_bits(trace: Trace) -> None:
    planes = planes_of(photograph("astronaut", 248, 384))
    whole = trace.of(planes)
    for first, last in ((0, 9), (9, 24), (17, 40), (39, 48)):
        top, bottom = max(0, first - 8), min(48, last + 8)
        part = trace.of(band(planes, top, bottom))[:, first - top : last - top]
        np.testing.assert_array_equal(part, whole[:, first:last])


@EACH
def test_a_window_with_a_margin_of_eight_cells_has_the_same_bits(trace: Trace) -> None:
    pixels = photograph("retina", 312, 264)
    whole = trace.of(planes_of(pixels))
    part = trace.of(planes_of(pixels[8:224, 16:280]))
    np.testing.assert_array_equal(part[:, 8:-8, 8:-8], whole[:, 9:20, 10:27])


@EACH
def test_a_picture_has_the_same_evidence_each_time(trace: Trace) -> None:
    pixels = photograph("coffee", 200, 120)
    np.testing.assert_array_equal(trace.of(planes_of(pixels)), trace.of(planes_of(pixels)))


@EACH
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), smooth=st.booleans())
def test_a_turned_picture_has_turned_evidence(trace: Trace, seed: int, smooth: bool) -> None:
    pixels = random_pixels(seed, 48, 32)
    if smooth:
        pixels = np.repeat(np.repeat(pixels[:12, :8], 4, axis=0), 4, axis=1) // 2 + pixels // 16
    found, module = trace.of(planes_of(pixels)), trace.module
    mirrored = trace.of(planes_of(pixels[:, ::-1]))
    np.testing.assert_allclose(mirrored, found[list(module.FLIP_X), :, ::-1], atol=2e-4)
    upturned = trace.of(planes_of(pixels[::-1]))
    np.testing.assert_allclose(upturned, found[list(module.FLIP_Y), ::-1], atol=2e-4)
    transposed = trace.of(planes_of(pixels.transpose(1, 0, 2)))
    expected = found[list(module.TRANSPOSED)].transpose(0, 2, 1)
    np.testing.assert_allclose(transposed, expected, atol=2e-4)


@EACH
@pytest.mark.parametrize(
    "pixels",
    [
        random_pixels(5, 8, 8),
        random_pixels(6, 8, 120),
        random_pixels(7, 120, 8),
        even(40, 48, (0, 0, 0)),
        even(40, 48, (255, 255, 255)),
        even(40, 48, (255, 0, 0)),
        even(40, 48, (17, 130, 211)),
        np.repeat(random_pixels(8, 40, 48)[..., :1], 3, axis=2),
        255 * (np.indices((40, 48)).sum(axis=0) % 2)[..., None].repeat(3, axis=2).astype(np.uint8),
    ],
    ids=["cell", "row", "column", "black", "white", "red", "colour", "grey", "chessboard"],
)
def test_nothing_is_too_small_or_too_plain(trace: Trace, pixels: NDArray[np.uint8]) -> None:
    found = trace.of(planes_of(pixels))
    assert found.shape[1:] == (pixels.shape[0] // 8, pixels.shape[1] // 8)
    assert np.isfinite(found).all()


def test_the_strongest_residuals_are_no_infinity() -> None:
    """Signs of luma that follow the KV kernel and the third difference, in every cell."""
    y, x = np.indices((48, 48))
    for pattern in ((x + y) % 2, x % 2, y % 2, (x // 2 + y) % 2):
        extreme = np.repeat((255 * pattern).astype(np.uint8)[..., None], 3, axis=2)
        planes = planes_of(extreme)
        expected = plain_noise(planes.rgb, planes.luma.astype(float))
        np.testing.assert_allclose(noise.noise(planes), expected, atol=2e-4)


def test_no_trace_but_content_sees_where_a_plain_colour_lies() -> None:
    found = [trace.of(planes_of(even(40, 48, (9, 80, 200)))) for trace in TRACES[:4]]
    for channels in found:
        np.testing.assert_allclose(channels, channels[:, :1, :1] + 0 * channels, atol=1e-6)
    np.testing.assert_allclose(found[0], 0, atol=1e-6)
    np.testing.assert_allclose(found[2], 0, atol=1e-6)


def test_interpolated_green_stands_out_at_its_places() -> None:
    pixels = demosaicked(photograph("chelsea"), 0, 1)
    green = dict(zip(cfa.NAMES, cfa.cfa(planes_of(pixels)), strict=True))
    for kind in ("green", "green-wide", "green-power"):
        measured = green[f"cfa-{kind}-01"] + green[f"cfa-{kind}-10"]
        interpolated = green[f"cfa-{kind}-00"] + green[f"cfa-{kind}-11"]
        assert (measured > interpolated).mean() > 0.95


def test_the_phase_of_a_pattern_shifts_with_it() -> None:
    pixels = photograph("coffee")
    one = cfa.cfa(planes_of(demosaicked(pixels, 0, 0)))
    other = cfa.cfa(planes_of(demosaicked(pixels, 0, 1)))
    sign = cfa.NAMES.index("cfa-green-00"), cfa.NAMES.index("cfa-green-01")
    assert (one[sign[0]] > one[sign[1]]).mean() > 0.95
    assert (other[sign[0]] < other[sign[1]]).mean() > 0.95


def test_stronger_noise_is_stronger_in_every_channel_of_noise() -> None:
    generator = np.random.default_rng(11)
    draws = generator.normal(size=(96, 96, 3))
    quiet, loud = (
        noise.noise(planes_of(np.clip(np.round(128 + s * draws), 0, 255).astype(np.uint8)))
        for s in (2, 6)
    )
    assert (loud - quiet > 0.5).all()


def test_residuals_of_white_noise_are_as_strong_as_their_kernels() -> None:
    """The mean of |r| is σ √(2/π) times the norm of the kernel, for normal noise."""
    luma = np.random.default_rng(3).normal(128, 5, (512, 512)).astype(np.float32)
    planes = Planes.of(np.zeros((512, 512, 3), np.uint8), luma)
    means = np.exp(noise.noise(planes)[:18:2]).mean(axis=(1, 2)) - noise.MEAN_FLOOR
    norms = np.sqrt([2, 2, 6, 6, 20, 20, 4, 596 / 144, 1.25])
    np.testing.assert_allclose(means / (5 * np.sqrt(2 / np.pi)), norms, rtol=0.02)


def test_colours_that_are_one_correlate_wholly_and_independent_ones_do_not() -> None:
    pixels = random_pixels(9, 96, 96)
    same = correlation.correlation(planes_of(np.repeat(pixels[..., :1], 3, axis=2)))
    assert (same[:3] > 0.999).all()
    apart = correlation.correlation(planes_of(pixels))
    assert abs(apart[:3].mean()) < 0.02


def test_neighbours_correlate_as_the_laplacian_makes_them() -> None:
    """White noise through the kernel: Σ k k' over Σ k², by lag."""
    luma = np.random.default_rng(4).normal(128, 20, (512, 512)).astype(np.float32)
    planes = Planes.of(np.zeros((512, 512, 3), np.uint8), luma)
    means = correlation.correlation(planes)[3:].mean(axis=(1, 2))
    expected = np.array([-0.5, -0.5, 1 / 16, 1 / 16, 1 / 8, 1 / 8]) / 1.25
    np.testing.assert_allclose(means, expected, atol=0.01)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), strength=st.integers(0, 255))
def test_shares_of_co_occurrences_sum_to_one(seed: int, strength: int) -> None:
    pixels = (random_pixels(seed, 24, 40).astype(int) * strength // 255).astype(np.uint8)
    shares = cooccurrence.cooccurrence(planes_of(pixels)) ** 2
    np.testing.assert_allclose(shares[:25].sum(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(shares[25:].sum(axis=0), 1, atol=1e-5)


def test_a_plain_colour_has_one_co_occurrence() -> None:
    found = cooccurrence.cooccurrence(planes_of(even(40, 40, (80, 80, 80))))
    named = dict(zip(cooccurrence.NAMES, found, strict=True))
    for half in ("perpendicular", "parallel"):
        np.testing.assert_allclose(named[f"cooccurrence-{half}-zzzz"], 1)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_negative_has_the_traces_of_the_picture(seed: int) -> None:
    pixels = random_pixels(seed, 24, 24)
    one, other = planes_of(pixels), planes_of(255 - pixels)
    for trace in TRACES[:4]:
        np.testing.assert_allclose(trace.of(one), trace.of(other), atol=3e-4)


def test_permutations_exchange_words_of_names() -> None:
    names = ("a-across", "a-down", "b")
    assert exchanged(names) == (0, 1, 2)
    assert exchanged(names, ("across", "down")) == (1, 0, 2)
    assert [cfa.NAMES[place] for place in cfa.FLIP_X[:4]] == [
        "cfa-red-01",
        "cfa-red-00",
        "cfa-red-11",
        "cfa-red-10",
    ]
