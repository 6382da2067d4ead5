"""Parts: regions, what they are filled with, cameras, sizes, splits. Functions of arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from locard.evaluation.datasets.building import BuildError
from locard.evaluation.synthesis.shapes import Region
from locard.testing import photograph
from locard_kd_crop.datasets.photographs import Look, Photograph
from locard_kd_crop.datasets.tables import ijg
from locard_semi_global.synthesis.camera import (
    DEMOSAICINGS,
    GAMMAS,
    NONE,
    SHOT_BANDS,
    Camera,
    draw_camera,
    held_out,
    photographed,
)
from locard_semi_global.synthesis.content import (
    Motion,
    carried,
    draw_motion,
    elsewhere,
    pasted,
    reduced,
    toned,
)
from locard_semi_global.synthesis.jpeg_world import Compression, compressed
from locard_semi_global.synthesis.pictures import make
from locard_semi_global.synthesis.pieces import COPY_MOVE, JPEG, SPLICE, Piece
from locard_semi_global.synthesis.regions import (
    LARGEST_SHARE,
    LEAST_PIXELS,
    SMALLEST_SHARE,
    Area,
    draw_area,
    read_segmentation,
)
from locard_semi_global.synthesis.resizing import REDUCERS, resized
from locard_semi_global.synthesis.saving import Save, decode, draw_save, encode
from locard_semi_global.synthesis.sizes import parse
from locard_semi_global.synthesis.sources import Club, clubs, divided, stated_split

from .conftest import SPLIT_SEED

SEEDS = st.integers(0, 2**32)


def black(height: int, width: int) -> NDArray[np.uint8]:
    return np.zeros((height, width, 3), np.uint8)


# --- regions -------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_the_mask_is_where_half_or_more_is_the_donors(seed: int) -> None:
    """A white donor on a black host: bright is the donor's, and nothing outside the box is."""
    area = draw_area(np.random.default_rng(seed), 96, 144, ())
    white = np.full((area.height, area.width, 3), 255, np.uint8)
    picture = pasted(black(96, 144), white, area)[..., 0]
    assert np.array_equal(picture >= 128, area.region.mask)
    assert area.region.mask.sum() >= LEAST_PIXELS
    inside = np.zeros((96, 144), np.bool_)
    inside[area.top : area.top + area.height, area.left : area.left + area.width] = True
    assert not picture[~inside].any()
    if area.sigma == 0:
        assert set(np.unique(picture)) <= {0, 255}


def test_shares_are_small_and_large() -> None:
    shares = [
        draw_area(np.random.default_rng(seed), 128, 192, ()).region.mask.mean()
        for seed in range(300)
    ]
    small, large = np.mean(np.array(shares) < 0.02), np.mean(np.array(shares) > 0.3)
    assert small > 0.15
    assert large > 0.03
    assert min(shares) < 2 * SMALLEST_SHARE
    assert max(shares) <= 1.2 * LARGEST_SHARE


def test_segments_are_pasted_in_their_own_form(shapes: Path) -> None:
    """Every segment of the fixture is a rectangle: so is the region, of the share asked for."""
    files = tuple(str(path) for path in sorted(shapes.iterdir()))
    found = 0
    for seed in range(40):
        area = draw_area(np.random.default_rng(seed), 200, 300, files)
        if area.region.kind == "segment" and area.sigma == 0:
            assert area.region.mask.sum() == area.width * area.height
            found += 1
    assert found > 5


def test_segmentations_are_read_as_they_are(shapes: Path, tmp_path: Path) -> None:
    labels = read_segmentation(str(shapes / "1.mat"))
    assert labels.shape == (60, 90)
    assert np.count_nonzero(labels == 3) == 13 * 30
    (tmp_path / "other.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(BuildError, match="no segmentation of the Berkeley data set"):
        read_segmentation(str(tmp_path / "other.mat"))


# --- content -------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS, width=st.integers(8, 90), height=st.integers(8, 90))
def test_every_motion_fills_its_box(seed: int, width: int, height: int) -> None:
    """Content is white everywhere, so the box is: no border of a turned picture shows in it."""
    motion = draw_motion(np.random.default_rng(seed), 0.7, 0.7).fitted(width, height, (120, 100))
    need = motion.source(width, height)
    assert need[0] <= 120
    assert need[1] <= 100
    content = carried(np.full((need[1], need[0], 3), 255, np.uint8), motion, width, height)
    assert content.shape == (height, width, 3)
    assert content.min() >= 250


def test_content_that_only_moves_keeps_every_value() -> None:
    source = photograph(40, 60)
    assert np.array_equal(carried(source, Motion(), 60, 40), source)
    assert np.array_equal(carried(source, Motion(mirrored=True), 60, 40), source[:, ::-1])
    turned = carried(photograph(60, 40), Motion(angle=90.0), 60, 40)
    assert np.array_equal(turned, np.rot90(photograph(60, 40)))


def test_scaled_content_is_larger() -> None:
    """A dark square of 10 pixels becomes one of 15."""
    source = np.full((40, 40, 3), 200, np.uint8)
    source[15:25, 15:25] = 20
    content = carried(source, Motion(scale=1.5), 60, 60)
    assert np.count_nonzero(content[..., 0] < 110) == pytest.approx(225, abs=15)


def test_a_photograph_that_is_not_reduced_keeps_every_value() -> None:
    pixels = photograph(80, 120)
    part = reduced(pixels, 60, 40, 1.0, np.random.default_rng(1))
    places = [
        (y, x)
        for y in range(41)
        for x in range(61)
        if np.array_equal(pixels[y : y + 40, x : x + 60], part)
    ]
    assert len(places) == 1


def test_a_reduced_part_is_what_the_whole_reduced_photograph_shows() -> None:
    from PIL import Image as Pillow

    pixels = photograph(240, 360)
    part = reduced(pixels, 120, 80, 3.0, np.random.default_rng(1))
    whole = Pillow.fromarray(pixels).resize((120, 80), Pillow.Resampling.LANCZOS)
    assert np.array_equal(part, np.asarray(whole))


def test_tone_changes_what_it_says() -> None:
    pixels = photograph(40, 60)
    assert np.abs(toned(pixels, (1, 0, 1, 1)).astype(int) - pixels).max() <= 1
    assert toned(pixels, (1, 20, 1, 1)).mean() > pixels.mean() + 10
    grey = toned(pixels, (1, 0, 1, 0))
    assert np.ptp(grey.astype(int), axis=2).max() <= 1


def _area(mask: NDArray[np.bool_], box: tuple[int, int, int, int]) -> Area:
    return Area(Region("blob", "hard", mask, mask.astype(np.float32)), *box, 0.0)


@given(seed=SEEDS)
def test_copies_come_from_elsewhere_where_there_is_room(seed: int) -> None:
    area = _area(np.zeros((60, 100), np.bool_), (10, 20, 20, 15))
    x, y = elsewhere(np.random.default_rng(seed), area, (20, 15), (100, 60))
    assert x + 20 <= 10 or x >= 30 or y + 15 <= 20 or y >= 35
    assert 0 <= x <= 80
    assert 0 <= y <= 45


# --- pictures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def piece(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Piece:
    found = [Look(str(path)).inspect() for path in sorted(photographs.iterdir())[:6]]
    members = tuple(one for one in found if isinstance(one, Photograph))
    names = tuple(one.camera for one in members)
    club = Club("train-0", "train", members, names, (ijg(77),))
    return Piece(
        tmp_path_factory.mktemp("none"), JPEG, club, tuple(range(6)), (176, 128), (0,), 4, 1, 0, ()
    )


def test_a_splice_changes_its_region_and_nothing_else(piece: Piece) -> None:
    for seed in range(12):
        made = make(piece, SPLICE, np.random.default_rng(seed))
        differs = np.any(made.host != made.tampered, axis=2)
        assert not np.any(differs & (made.area.region.opacity == 0))
        assert np.mean(differs[made.area.region.mask]) > 0.8
        assert made.facts["host"] != made.facts["donor"]
        assert made.facts["host_source"] != made.facts["donor_source"]


def test_a_copy_move_moves_the_pictures_own_content(piece: Piece) -> None:
    checked = 0
    for seed in range(40):
        made = make(piece, COPY_MOVE, np.random.default_rng(seed))
        facts = made.facts
        assert "donor" not in facts
        if facts["scale"] != 1 or facts["angle"] or facts["mirrored"] == "yes" or "tone" in facts:
            continue
        x, y = map(int, str(facts["moved"]).split(","))
        assert (x, y) != (0, 0)
        ys, xs = np.nonzero(made.area.region.opacity == 1)
        assert np.array_equal(made.tampered[ys, xs], made.host[ys - y, xs - x])
        checked += ys.size > 0
    assert checked > 5


# --- JPEG ----------------------------------------------------------------------------------------


def test_an_earlier_compression_leaves_its_grid_where_it_was_cut() -> None:
    history = (Compression(Save(ijg(60), "4:4:4"), 3, 5),)
    pixels = compressed(photograph(80, 120), history, 112, 72)
    again = [
        np.abs(decode(encode(pixels[y:, x:], history[0].save)).astype(int) - pixels[y:, x:]).mean()
        for y in range(8)
        for x in range(8)
    ]
    assert int(np.argmin(again)) == (8 - 5) * 8 + (8 - 3)


def test_tables_of_cameras_and_ijg_are_both_drawn() -> None:
    random = np.random.default_rng(1)
    drawn = {draw_save(random, (ijg(91), ijg(40)), 80, 95).tables for _ in range(60)}
    assert ijg(91) in drawn
    assert ijg(40) not in drawn
    assert len(drawn) > 8


# --- cameras -------------------------------------------------------------------------------------


def test_held_out_cameras_leave_every_part_to_training() -> None:
    train = [
        (demosaicing, band, curve)
        for demosaicing in DEMOSAICINGS
        for band in range(len(SHOT_BANDS))
        for curve in GAMMAS
        if not held_out(demosaicing, band, curve)
    ]
    total = len(DEMOSAICINGS) * len(SHOT_BANDS) * len(GAMMAS)
    assert 0.15 < 1 - len(train) / total < 0.35
    assert [len({one[place] for one in train}) for place in range(3)] == [6, 3, 3]


def _camera(**changed: object) -> Camera:
    plain: dict[str, object] = {
        "demosaicing": NONE,
        "pattern": "RGGB",
        "exposure": 1.0,
        "shot": 0.0,
        "read": 0.0,
        "red": 1.0,
        "blue": 1.0,
        "curve": "srgb",
        "gamma": 0.0,
        "contrast": 0.0,
        "saturation": 1.0,
        "denoising": NONE,
        "sharpening": 0.0,
        "radius": 1.0,
        "reduction": 1.0,
        "reducer": "lanczos",
        "seed": 1,
    }
    return Camera(**{**plain, **changed})  # type: ignore[arg-type]


def test_a_camera_without_faults_gives_the_scene_back() -> None:
    scene = photograph(64, 96)
    same = photographed(scene, _camera())
    # 4096 steps of light are few in the deepest shadows, where sRGB is steepest.
    assert np.abs(same.astype(int) - scene).max() <= 1
    balanced = photographed(np.minimum(scene, 180), _camera(red=2.0, blue=1.5))
    assert np.abs(balanced.astype(int) - np.minimum(scene, 180)).max() <= 1


@pytest.mark.parametrize("demosaicing", [name for name in DEMOSAICINGS if name != NONE])
def test_demosaicing_leaves_a_pattern_of_period_two(demosaicing: str) -> None:
    """Noise is weaker where green was interpolated than where it was measured."""
    grey = np.full((96, 96, 3), 128, np.uint8)
    shot = photographed(grey, _camera(demosaicing=demosaicing, read=0.02)).astype(float)
    residual = (shot[..., 1] - uniform_filter(shot[..., 1], 3)) ** 2
    measured = (residual[0::2, 1::2].mean() + residual[1::2, 0::2].mean()) / 2
    interpolated = (residual[0::2, 0::2].mean() + residual[1::2, 1::2].mean()) / 2
    assert measured > 1.2 * interpolated


def test_noise_has_the_strength_that_the_camera_says() -> None:
    """At grey 128 light is .2158, and sRGB's slope there 2.044 grey levels in 1/255 light."""
    grey = np.full((200, 200, 3), 128, np.uint8)
    shot, read = 4e-4, 0.003
    deviation = photographed(grey, _camera(shot=shot, read=read)).astype(float).std()
    light = ((128 / 255 + 0.055) / 1.055) ** 2.4
    slope = 1.055 / 2.4 * light ** (1 / 2.4 - 1)
    assert deviation == pytest.approx(255 * slope * np.sqrt(shot * light + read**2), rel=0.03)


def test_drawn_cameras_keep_to_their_side() -> None:
    random = np.random.default_rng(3)
    for unseen in (True, False):
        for _ in range(30):
            camera = draw_camera(random, unseen, 1.6)
            band = next(n for n, (a, b) in enumerate(SHOT_BANDS) if a <= camera.shot <= b)
            assert held_out(camera.demosaicing, band, camera.curve) == unseen
            assert camera.reduction in (1.0, 1.5)


@pytest.mark.parametrize("method", REDUCERS)
def test_plain_reduction_aliases_and_filtered_does_not(method: str) -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::2] = 255
    small = resized(stripes, (40, 40), method).astype(float)[4:-4, 4:-4]
    assert (small.std() > 40) == method.startswith("plain-")


# --- sizes and splits ----------------------------------------------------------------------------


def test_sizes_are_read() -> None:
    assert parse("256x384, 512x384,384x256") == ((384, 256), (512, 384))
    for wrong in ("384", "0x0", "99999x1", "384x64", "a", ""):
        with pytest.raises(BuildError, match="is no size of pictures"):
            parse(wrong)


def _photograph(number: int, camera: str, path: str = "") -> Photograph:
    fingerprint = int(np.random.default_rng(number).integers(2**62))
    sha256 = f"{number:064x}"
    return Photograph(
        f"{number}", path, sha256, 600, 400, camera, fingerprint, None, "", (0, 0), ""
    )


def test_a_split_is_the_same_whatever_else_is_given() -> None:
    many = [_photograph(number, f"Camera {number // 3}") for number in range(300)]
    whole = divided(many, 7)
    part = divided(many[30:60], 7)
    assert all(whole[sha256] == split for sha256, split in part.items())
    shares = [list(whole.values()).count(split) / 300 for split in ("train", "val", "test")]
    assert shares == pytest.approx([0.7, 0.15, 0.15], abs=0.08)
    for first in range(0, 300, 3):
        assert len({whole[one.sha256] for one in many[first : first + 3]}) == 1
    assert divided(many, 8) != whole


def test_folders_decide_and_training_has_what_is_in_two() -> None:
    photographs = [
        _photograph(1, "A", "/set/train/1.jpg"),
        _photograph(2, "A", "/set/val/2.jpg"),
        _photograph(3, "B", "/set/val/3.jpg"),
        _photograph(4, "C", "/set/Test/x/4.jpg"),
    ]
    found = divided(photographs, 1)
    assert [found[one.sha256] for one in photographs] == ["train", "train", "val", "test"]
    assert stated_split("/train/photographs/val/1.jpg") == "val"
    assert stated_split("/photographs/train.jpg") is None


def test_clubs_have_two_photographs_or_more_of_one_split() -> None:
    photographs = [_photograph(number, f"Camera {number}") for number in range(120)]
    splits = divided(photographs, SPLIT_SEED)
    largest = {one.sha256: number % 2 for number, one in enumerate(photographs)}
    found = clubs(photographs, splits, largest, 1)
    members = [one.sha256 for club in found for one in club.photographs]
    assert len(members) == len(set(members)) == 120
    for club in found:
        assert 2 <= len(club.photographs) <= 8
        assert {splits[one.sha256] for one in club.photographs} == {club.split}
    alone = {photographs[0].sha256: 0}
    assert clubs(photographs, splits, alone, 1) == []
