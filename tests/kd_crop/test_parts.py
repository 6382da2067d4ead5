"""Sizes, tables, splits and windows, each for itself."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locard.evaluation.datasets.building import BuildError
from locard_kd_crop.datasets.photographs import Photograph, fingerprint
from locard_kd_crop.datasets.recipes import CAMERA, ROOM, Recipe, draw_windows
from locard_kd_crop.datasets.sizes import parse
from locard_kd_crop.datasets.splits import divided, sources
from locard_kd_crop.datasets.strata import ALIKE, BETTER, WORSE, fits, ratio_band
from locard_kd_crop.datasets.tables import Tables, ijg
from locard_kd_crop.datasets.tools import LastStep


def photograph_of(number: int, camera: str = "", seen: int | None = None) -> Photograph:
    random = np.random.default_rng(number)
    return Photograph(
        name=f"{number}.jpg", path="", sha256=f"{number:02x}" * 32, width=640, height=480,
        camera=camera, fingerprint=int(random.integers(2**63)) if seen is None else seen,
        tables=ijg(90), subsampling="4:2:0", mcu=(16, 16), own="",
    )  # fmt: skip


@given(
    width=st.integers(64, 300),
    height=st.integers(64, 300),
    more=st.tuples(st.integers(ROOM, 400), st.integers(ROOM, 400)),
    mcu=st.sampled_from([(8, 8), (16, 8), (16, 16), (8, 16), (32, 8)]),
    phase=st.none() | st.tuples(st.integers(0, 7), st.integers(0, 7)),
    seed=st.integers(0, 2**32),
)
def test_windows_lie_inside_and_at_their_phase(
    width: int,
    height: int,
    more: tuple[int, int],
    mcu: tuple[int, int],
    phase: tuple[int, int] | None,
    seed: int,
) -> None:
    frame = (width + more[0], height + more[1])
    recipe = Recipe(
        CAMERA, CAMERA, 1.0, frame, mcu, (width, height), phase, ijg(90), "", LastStep()
    )
    uncropped, cropped = draw_windows(np.random.default_rng(seed), recipe)
    assert uncropped != cropped
    for window in (uncropped, cropped):
        assert (window.width, window.height) == (width, height)
        assert 0 <= window.x <= frame[0] - width
        assert 0 <= window.y <= frame[1] - height
    assert (uncropped.x % mcu[0], uncropped.y % mcu[1]) == (0, 0)
    assert (cropped.x % 8, cropped.y % 8) == (phase or (0, 0))
    assert abs(uncropped.x - cropped.x) <= mcu[0]
    assert abs(uncropped.y - cropped.y) <= mcu[1]


@pytest.mark.parametrize("mcu", [(8, 8), (16, 16)])
def test_no_class_lies_further_left(mcu: tuple[int, int]) -> None:
    size, drawn = (128, 128), []
    for seed in range(4000):
        phase = (seed % 8, seed // 8 % 8)
        recipe = Recipe(CAMERA, CAMERA, 1.0, (200, 200), mcu, size, phase, ijg(90), "", LastStep())
        drawn.append(draw_windows(np.random.default_rng(seed), recipe))
    # Standard error of the mean: at most 8 px / √4000.
    assert np.mean([one.x - other.x for one, other in drawn]) == pytest.approx(0, abs=0.5)
    assert np.mean([one.y - other.y for one, other in drawn]) == pytest.approx(0, abs=0.5)


def test_step_ratios_are_those_of_the_tables() -> None:
    assert ijg(80).step_ratio(ijg(90)) == pytest.approx(2, abs=0.1)  # scale factors 40 and 20
    assert ijg(90).step_ratio(ijg(90)) == 1
    assert ratio_band(1) == "0.9-1.15"
    assert ratio_band(1.15) == "1.15-1.5"
    assert fits(BETTER, ijg(80), ijg(90))
    assert not fits(BETTER, ijg(75), ijg(89))
    assert not fits(BETTER, ijg(85), ijg(94))
    assert fits(ALIKE, ijg(90), ijg(90))
    assert not fits(ALIKE, ijg(90), ijg(80))
    assert fits(WORSE, ijg(90), ijg(80))
    assert not fits(WORSE, ijg(95), ijg(50))  # 10 times coarser


def test_tables_are_named_by_what_they_are() -> None:
    assert ijg(75).name == "ijg-75"
    own = Tables((1,) * 64, (2,) * 64)
    assert own.name.startswith("camera-")
    assert own.name != Tables((2,) * 64, (2,) * 64).name


def test_sizes_are_read() -> None:
    square, both, between = parse("256, 640x480,64-128")
    random = np.random.default_rng(0)
    assert square.draw(random, (1000, 1000)) == (256, 256)
    assert both.draw(random, (1000, 1000)) == (640, 480)
    assert not both.fits((600, 1000))
    drawn = [between.draw(random, (100, 1000)) for _ in range(200)]
    assert (min(w for w, _ in drawn), max(w for w, _ in drawn)) == (64, 100)
    assert max(h for _, h in drawn) > 120


@pytest.mark.parametrize("words", ["", "63", "256x", "9000", "64-", "١٢٨"])
def test_what_is_no_size_is_refused(words: str) -> None:
    with pytest.raises(BuildError, match="is no size of pictures"):
        parse(words)


def test_no_camera_and_no_scene_is_in_two_splits() -> None:
    photographs = [photograph_of(n, f"camera {n % 12}") for n in range(60)]
    photographs += [photograph_of(n) for n in range(60, 100)]
    splits = divided(photographs, seed=1, hold_out_cameras=4)
    cameras: dict[str, set[str]] = {}
    for one in photographs:
        cameras.setdefault(one.camera or one.sha256, set()).add(splits[one.sha256])
    assert all(len(found) == 1 for found in cameras.values())
    per_split = Counter(split for c, found in cameras.items() if "cam" in c for split in found)
    assert per_split == {"test": 4, "val": 2, "train": 6}
    assert Counter(splits[one.sha256] for one in photographs[60:]) == {
        "test": 6, "val": 6, "train": 28,
    }  # fmt: skip


def test_pictures_of_one_scene_share_a_source_and_its_cameras() -> None:
    one, other = photograph_of(1, "A", seen=0b1011), photograph_of(2, "B", seen=0b1000)
    third, alone = photograph_of(3, "B", seen=2**60 - 1), photograph_of(4, "C", seen=2**40 - 1)
    names = sources([one, other, third, alone])
    assert [names[p.sha256] for p in (one, other, third, alone)] == ["A + B"] * 3 + ["C"]


def test_fingerprints_are_those_of_the_scene() -> None:
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (8, 9, 3), np.uint8)
    scene = np.kron(coarse, np.ones((20, 20, 1), np.uint8))
    noisy = np.clip(scene + random.normal(0, 5, scene.shape), 0, 255).astype(np.uint8)
    assert (fingerprint(scene) ^ fingerprint(noisy)).bit_count() <= 4
    assert (fingerprint(scene) ^ fingerprint(scene[:, ::-1])).bit_count() > 20
