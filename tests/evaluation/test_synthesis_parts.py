"""What synthetic pictures are made of: shapes, mosaics, histories, sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from locard.evaluation.synthesis import demosaicking
from locard.evaluation.synthesis.histories import (
    HISTORIES,
    MARGIN,
    add_sensor_noise,
    compressed,
    moved,
    paste,
)
from locard.evaluation.synthesis.shapes import KINDS, Region, draw_region, star
from locard.evaluation.synthesis.sources import (
    LEAST_REDUCTION,
    MOST_REDUCTION,
    Photograph,
    Unusable,
    distinct,
    draw_crop,
    grouped,
    inspect,
    smallest_side,
)
from locard.evaluation.treatments.pixels import encode_jpeg, resize
from locard.image import Image
from locard.testing import encode, photograph

SIDE = 96


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return resize(skimage.data.astronaut(), SIDE + MARGIN, SIDE + MARGIN)


# --- shapes ------------------------------------------------------------------------------------


@given(
    kind=st.sampled_from(sorted(KINDS)),
    share=st.floats(0.02, 0.15),
    seed=st.integers(0, 2**32),
    height=st.integers(120, 240),
    width=st.integers(120, 240),
)
def test_shapes_have_the_area_that_was_asked_for(
    kind: str, share: float, seed: int, height: int, width: int
) -> None:
    random = np.random.default_rng(seed)
    mask = star(KINDS[kind](random), share, random, height, width)
    touches = mask[[0, -1]].any() or mask[:, [0, -1]].any()
    assert mask.mean() <= share * 1.1
    if not touches:
        assert mask.mean() == pytest.approx(share, rel=0.1)


def test_regions_vary_and_stay_within_their_limits() -> None:
    random = np.random.default_rng(3)
    regions = [draw_region(random, 128, 128) for _ in range(60)]
    assert {region.kind for region in regions} == set(KINDS)
    smooth = [region for region in regions if region.edge == "smooth"]
    assert 20 <= len(smooth) <= 40
    for region in regions:
        assert 0.015 <= region.mask.mean() <= 0.31
        assert np.array_equal(region.mask, region.opacity >= 0.5)
        between = (region.opacity > 0) & (region.opacity < 1)
        assert between.any() == (region.edge == "smooth")


def test_a_straight_polygon_side_is_straight() -> None:
    """Of each outline, the polygon's corners apart, points lie on lines."""
    random = np.random.default_rng(5)
    radius = KINDS["polygon"](random)
    angles = np.linspace(-np.pi, np.pi, 7200, endpoint=False)
    outline = radius(angles) * np.exp(1j * angles)
    steps = np.diff(outline, append=outline[:1])
    turns = np.abs(np.angle(np.roll(steps, -1) / steps))
    assert np.sum(turns > 0.01) <= 2 * 9
    assert np.all(np.isfinite(outline))


# --- colour filters ----------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", demosaicking.PATTERNS)
@pytest.mark.parametrize("algorithm", demosaicking.ALGORITHMS)
def test_measured_values_stay_and_ramps_are_exact(pattern: str, algorithm: str) -> None:
    y, x = np.mgrid[0:20, 0:24]
    ramp = np.stack([2 * x + 3 * y + 10, 2 * x + 3 * y + 40, 2 * x + 3 * y + 90], axis=-1)
    ramp = ramp.astype(np.uint8)
    full = demosaicking.through_filter(ramp, pattern, algorithm)
    assert np.array_equal(full[3:-3, 3:-3], ramp[3:-3, 3:-3])
    noise = np.random.default_rng(1).integers(0, 256, (20, 24, 3), np.uint8)
    sites = demosaicking.filter_sites(pattern, 20, 24)
    assert np.array_equal(
        demosaicking.through_filter(noise, pattern, algorithm)[sites], noise[sites]
    )
    assert sites.sum(axis=2).max() == sites.sum(axis=2).min() == 1


@pytest.mark.parametrize("pattern", demosaicking.PATTERNS)
def test_bilinear_is_the_mean_of_the_nearest_measured_values(pattern: str) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (9, 10, 3), np.uint8)
    full = demosaicking.through_filter(pixels, pattern, "bilinear")
    colours = [list(pattern[:2]), list(pattern[2:])]
    for row in range(1, 8):
        for column in range(1, 9):
            for channel, name in enumerate("RGB"):
                near: dict[int, list[int]] = {0: [], 1: [], 2: []}
                for i in (-1, 0, 1):
                    for j in (-1, 0, 1):
                        if colours[(row + i) % 2][(column + j) % 2] == name:
                            near[abs(i) + abs(j)].append(int(pixels[row + i, column + j, channel]))
                values = next(found for found in near.values() if found)
                assert abs(full[row, column, channel] - np.mean(values)) <= 0.5


def test_malvar_is_bilinear_with_a_gradient_correction() -> None:
    """Green at red, equation 2 of the paper: mean of four, plus half the red Laplacian."""
    pixels = np.random.default_rng(4).integers(60, 180, (12, 12, 3), np.uint8)
    full = demosaicking.through_filter(pixels, "RGGB", "malvar").astype(float)
    red, green = pixels[..., 0].astype(float), pixels[..., 1].astype(float)
    for row in (4, 6):
        for column in (4, 6):
            cross = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
            far = [(row - 2, column), (row + 2, column), (row, column - 2), (row, column + 2)]
            laplacian = red[row, column] - np.mean([red[place] for place in far])
            expected = np.mean([green[place] for place in cross]) + laplacian / 2
            assert full[row, column, 1] == pytest.approx(np.clip(expected, 0, 255), abs=0.5)


def test_malvar_is_better_than_bilinear_on_a_photograph() -> None:
    """The paper reports about 5 dB on average."""
    scene = skimage.data.astronaut()

    def decibels(algorithm: str) -> float:
        error = demosaicking.through_filter(scene, "RGGB", algorithm).astype(float) - scene
        return float(10 * np.log10(255**2 / np.mean(error**2)))

    assert 3 < decibels("malvar") - decibels("bilinear") < 7


# --- histories ---------------------------------------------------------------------------------


@given(grid_x=st.integers(0, 7), grid_y=st.integers(0, 7))
def test_the_grid_begins_where_it_was_asked_to(grid_x: int, grid_y: int) -> None:
    """Compressing again on the same grid changes little, on any other much."""
    crop = photograph(SIDE + MARGIN, SIDE + MARGIN)
    pixels = compressed(crop, 50, grid_x, grid_y)
    assert pixels.shape == (SIDE, SIDE, 3)

    def change(x: int, y: int) -> float:
        part = np.ascontiguousarray(pixels[y:, x:])
        again = Image.from_bytes(encode_jpeg(part[..., 1], 50)).pixels[..., 1]
        inner = slice(8, 64)
        return float(np.abs(again.astype(float) - part[..., 1])[inner, inner].mean())

    assert change(grid_x, grid_y) < 0.6 * change((grid_x + 4) % 8, (grid_y + 3) % 8)


@pytest.mark.parametrize("name", HISTORIES)
def test_histories_give_pictures_of_one_size(name: str, crop: np.ndarray) -> None:
    history = HISTORIES[name]
    for seed in range(4):
        recipe = history.draw(np.random.default_rng(seed))
        host, donor = history.host(crop, recipe, 1), history.donor(crop, recipe, 2)
        assert host.shape == donor.shape == (SIDE, SIDE, 3)
        assert host.dtype == donor.dtype == np.uint8
        assert np.array_equal(host, history.host(crop, recipe, 1))
        stored = Image.from_bytes(history.store(host, recipe))
        quality = stored.jpeg.quality.value if stored.jpeg and stored.jpeg.quality else None
        assert quality == recipe.get("last_quality")
        if quality is None:
            assert np.array_equal(stored.pixels, host)


def test_both_orders_of_qualities_occur() -> None:
    random = np.random.default_rng(0)
    recipes = [HISTORIES["double-jpeg"].draw(random) for _ in range(50)]
    assert {recipe["variant"] for recipe in recipes} == {"first<last", "first>last"}
    assert all(abs(int(r["first_quality"]) - int(r["last_quality"])) >= 10 for r in recipes)


def test_sensor_noise_has_its_strength_at_half_scale() -> None:
    for level in (40, 128, 224):
        flat = np.full((200, 200, 3), level, np.uint8)
        noise = add_sensor_noise(flat, 3.0, seed=1).astype(float) - flat
        expected = np.hypot(3 * np.sqrt(0.25 + 0.75 * level / 128), np.sqrt(1 / 12))
        assert noise.std() == pytest.approx(expected, rel=0.02)


def test_paste_changes_nothing_outside(crop: np.ndarray) -> None:
    host = crop[:SIDE, :SIDE]
    donor = 255 - host
    for seed in range(8):
        region = draw_region(np.random.default_rng(seed), SIDE, SIDE)
        pasted = paste(host, donor, region)
        assert np.array_equal(pasted[region.opacity == 0], host[region.opacity == 0])
        assert np.array_equal(pasted[region.opacity == 1], donor[region.opacity == 1])


@given(seed=st.integers(0, 2**32))
def test_a_moved_part_comes_from_inside_the_picture(seed: int) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    mask = draw_region(random, SIDE, SIDE).mask
    copy, x, y = moved(pixels, mask, random)
    rows, columns = np.nonzero(mask)
    assert (rows - y).min() >= 0
    assert (columns - x).min() >= 0
    assert (rows - y).max() < SIDE
    assert (columns - x).max() < SIDE
    assert np.array_equal(copy[mask], pixels[rows - y, columns - x])
    if mask.mean() < 0.08:
        assert not mask[rows - y, columns - x].any()
        assert x % 8 or y % 8


def test_hard_regions_are_pasted_whole(crop: np.ndarray) -> None:
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[20:40, 30:60] = True
    region = Region("ellipse", "hard", mask, mask.astype(np.float32))
    host = crop[:SIDE, :SIDE]
    assert np.array_equal(paste(host, 255 - host, region) != host, np.repeat(mask[..., None], 3, 2))


# --- sources -----------------------------------------------------------------------------------


def test_groups_share_no_photograph() -> None:
    photographs = [Photograph(f"{n}", f"/{n}", f"{n:064d}", 1, 1) for n in range(9)]
    groups = grouped(photographs, seed=3)
    assert [len(group) for group in groups] == [2, 2, 2, 3]
    assert sorted(one.name for group in groups for one in group) == list("012345678")
    assert groups == grouped(photographs, seed=3)
    assert groups != grouped(photographs, seed=4)


def test_the_same_file_is_taken_once() -> None:
    one, two = Photograph("a", "/a", "0" * 64, 1, 1), Photograph("b", "/b", "0" * 64, 1, 1)
    photographs, unusable = distinct([one, two])
    assert photographs == [one]
    assert unusable == [Unusable("b", "it is the same file as a")]


def test_photographs_are_inspected(tmp_path: Path) -> None:
    def put(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    scene = photograph(270, 300)
    good = inspect(put("good.png", encode(scene, "PNG")), 96)
    assert isinstance(good, Photograph)
    assert (good.width, good.height) == (300, 270)
    small = inspect(put("small.png", encode(scene[:250], "PNG")), 96)
    assert small == Unusable(
        "small.png", "300×250 is too small: 96 px reduced 2.5 times take 260 px a side"
    )
    grey = inspect(put("grey.png", encode(scene, "PNG", "L")), 96)
    assert isinstance(grey, Unusable)
    assert "grey" in grey.why
    cut = inspect(put("cut.png", encode(scene, "PNG")[:3000]), 96)
    assert isinstance(cut, Unusable)
    assert cut.broken


def test_crops_are_reduced_enough_and_avoid_empty_parts() -> None:
    scene = photograph(800, 800).copy()
    scene[:, :250] = 255
    crops = [draw_crop(scene, 104, np.random.default_rng(seed)) for seed in range(10)]
    for crop in crops:
        assert LEAST_REDUCTION <= crop.reduction <= MOST_REDUCTION
        assert crop.pixels.shape == (104, 104, 3)
        assert (crop.pixels == 255).mean() < 0.1
    assert smallest_side(96) == 260


@pytest.mark.parametrize("quality", [50, 75])
def test_reduced_crops_carry_no_grid(quality: int) -> None:
    """After the reduction, no place of the 8-pixel grid is any better than another."""
    scene = Image.from_bytes(encode_jpeg(skimage.data.retina()[:1400, :1400], quality)).pixels
    crop = draw_crop(scene, 480, np.random.default_rng(1)).pixels.astype(float).mean(axis=2)
    jumps = np.abs(np.diff(crop, axis=1) - np.roll(np.diff(crop, axis=1), 1, axis=1)).mean(axis=0)
    by_place = np.array([jumps[place::8].mean() for place in range(8)])
    assert by_place.max() / by_place.min() < 1.15
