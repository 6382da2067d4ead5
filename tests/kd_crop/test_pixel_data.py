"""Classes, mirrored classes, packs and windows."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from locard.errors import LocardError
from locard_kd_crop.pixel.pack import open_pack, phase_of
from locard_kd_crop.pixel.phases import (
    CLASSES,
    NO_GRID,
    cropped_probability,
    is_moved,
    mirrored,
    phase_class,
)
from locard_kd_crop.pixel.windows import draw, epoch_order, mirror

from .conftest import rows, write_rows


@given(
    x=st.integers(0, 7),
    y=st.integers(0, 7),
    height=st.integers(8, 20).map(lambda n: 8 * n),
    width=st.integers(8, 20).map(lambda n: 8 * n),
    ways=st.tuples(st.booleans(), st.booleans()),
)
def test_mirroring_permutes_classes_as_blocks_move(
    x: int, y: int, height: int, width: int, ways: tuple[bool, bool]
) -> None:
    """Number pixels by their block: in the mirrored picture, blocks begin where numbers change."""
    columns = (np.arange(width) - x) // 8
    lines = (np.arange(height) - y) // 8
    if ways[0]:
        columns = columns[::-1]
    if ways[1]:
        lines = lines[::-1]
    new_x, new_y = ((int(np.flatnonzero(np.diff(some))[0]) + 1) % 8 for some in (columns, lines))
    assert mirrored(*ways)[phase_class(x, y)] == phase_class(new_x, new_y)


@pytest.mark.parametrize("ways", [(False, False), (True, False), (False, True), (True, True)])
def test_mirroring_twice_changes_nothing(ways: tuple[bool, bool]) -> None:
    once = mirrored(*ways)
    np.testing.assert_array_equal(once[once], np.arange(CLASSES))
    assert once[0] == 0
    assert once[NO_GRID] == NO_GRID


def test_probability_of_a_crop() -> None:
    likely = np.full((3, CLASSES), 0.1)
    likely[0, 0], likely[1, NO_GRID], likely[2, 9] = 90, 90, 90
    likely /= likely.sum(1, keepdims=True)
    found = cropped_probability(np.log(likely) + 7)
    np.testing.assert_allclose(found, 1 - likely[:, 0] - likely[:, NO_GRID])
    two = np.array([[0.0, 0.0], [0.0, 700.0], [0.0, -700.0]])
    np.testing.assert_allclose(cropped_probability(two), [0.5, 1.0, np.exp(-700)])
    assert list(is_moved(np.array([0, 1, 63, 64]))) == [False, True, True, False]


@pytest.mark.parametrize(
    ("grid", "last", "phase"),
    [("0,0", "", 0), ("3,5", "ijg-90", 43), ("7,0", "", 7), ("", "ijg-90", 0), ("", "", NO_GRID)],
)
def test_class_of_a_row(grid: str, last: str, phase: int) -> None:
    assert phase_of({"grid": grid, "last_tables": last}) == phase


def test_a_pack_has_the_pictures_and_no_test_picture(made: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    pack = open_pack([made], tmp_path, lambda done, of: told.append((done, of)))
    wanted = [row for row in rows(made) if row["split"] != "test"]
    assert [one.path for one in pack.pictures] == [row["path"] for row in wanted]
    assert {one.split for one in pack.pictures} == {"train", "val"}
    assert told[-1] == (len(wanted), len(wanted))
    for number, row in enumerate(wanted):
        if row["path"].endswith(".png"):
            with Pillow.open(made / row["path"]) as picture:
                np.testing.assert_array_equal(pack.picture(number), np.asarray(picture))
    again = open_pack([made], tmp_path, lambda done, of: pytest.fail("it was there already"))
    assert again.pictures == pack.pictures
    assert not pack.picture(0).flags.writeable


def test_a_wrong_grid_is_named() -> None:
    for grid in ("1", "1,2,3", "a,b"):
        with pytest.raises(LocardError, match=f"has the grid {grid}, which"):
            phase_of({"grid": grid, "last_tables": ""})


def copy_of(made: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Return a copy of a data set, and a picture of it that is trained on."""
    copy = tmp_path / "set"
    shutil.copytree(made, copy)
    return copy, copy / next(row["path"] for row in rows(copy) if row["split"] == "train")


def test_a_missing_or_changed_picture_is_named(made: Path, tmp_path: Path) -> None:
    copy, picture = copy_of(made, tmp_path)
    data = picture.read_bytes()
    picture.write_bytes(data + b"\0")
    with pytest.raises(LocardError, match=f"{picture.name} is not the picture of the manifest"):
        open_pack([copy], tmp_path)
    broken = b"no picture"
    picture.write_bytes(broken)
    table = rows(copy)
    for row in table:
        if row["path"].endswith(picture.name):
            row["sha256"] = hashlib.sha256(broken).hexdigest()
    (other := tmp_path / "other").mkdir()
    (other / "images").symlink_to(copy / "images")
    write_rows(other, table)
    with pytest.raises(LocardError, match=f"cannot decode .*{picture.name}: .*\n.*build again"):
        open_pack([other], tmp_path)
    picture.unlink()
    with pytest.raises(LocardError, match=rf"{picture.name}: No such file(.|\n)*build again"):
        open_pack([copy], tmp_path)
    picture.write_bytes(data)
    assert open_pack([copy], tmp_path).pictures


def test_a_changed_manifest_gets_a_new_pack(made: Path, tmp_path: Path) -> None:
    copy, _ = copy_of(made, tmp_path)
    before = open_pack([copy], tmp_path)
    write_rows(copy, rows(copy)[:-2])
    assert open_pack([copy], tmp_path).key != before.key


def test_data_sets_that_divide_photographs_differently_are_refused(
    made: Path, tmp_path: Path
) -> None:
    copy, _ = copy_of(made, tmp_path)
    changed = rows(copy)
    test = next(row["photograph_sha256"] for row in changed if row["split"] == "test")
    for row in changed:
        if row["photograph_sha256"] == test:
            row["split"] = "train"
    write_rows(copy, changed)
    with pytest.raises(LocardError, match="divide photographs differently"):
        open_pack([made, copy], tmp_path)


def test_bad_packs_and_folders_are_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(LocardError, match="has no manifest that can be read"):
        open_pack([tmp_path], tmp_path)
    (tmp_path / "manifest.csv").write_text("path,kind\na.png,crop\n")
    with pytest.raises(LocardError, match="has no column sha256, split"):
        open_pack([tmp_path], tmp_path)
    with pytest.raises(LocardError, match="cannot write the pack"):
        open_pack([made], made / "manifest.csv")
    open_pack([made], tmp_path)
    pixels = next(tmp_path.glob("pixels-*/pixels.u8"))
    pixels.write_bytes(pixels.read_bytes()[:-1])
    with pytest.raises(LocardError, match="is damaged"):
        open_pack([made], tmp_path)
    index = pixels.with_name("index.json")
    index.write_text(json.dumps({"pictures": [{"path": "a"}]}))
    with pytest.raises(LocardError, match="is damaged"):
        open_pack([made], tmp_path)


def test_windows_are_in_phase_and_inside(made: Path, tmp_path: Path) -> None:
    pack = open_pack([made], tmp_path)
    windows = draw(pack, "train", 72, 3, seed=4)
    large = [
        number
        for number, one in enumerate(pack.pictures)
        if one.split == "train" and min(one.height, one.width) >= 72
    ]
    assert list(windows.picture) == list(np.repeat(large, 3))
    assert len(large) < len([one for one in pack.pictures if one.split == "train"])
    assert not (windows.top % 8).any()
    assert not (windows.left % 8).any()
    assert windows.left.max() > 0
    pixels = windows.pixels(np.arange(len(windows)))
    assert pixels.shape == (len(windows), 72, 72, 3)
    for place in (0, len(windows) - 1):
        top, left = windows.top[place], windows.left[place]
        whole = pack.picture(int(windows.picture[place]))
        np.testing.assert_array_equal(pixels[place], whole[top : top + 72, left : left + 72])
    same = draw(pack, "train", 72, 3, seed=4)
    np.testing.assert_array_equal(same.top, windows.top)
    assert (draw(pack, "train", 72, 3, seed=5).top != windows.top).any()


def test_mirrored_windows_keep_the_grid_of_their_class() -> None:
    """JPEGs whose grid was moved, mirrored, have their block edges where the new class says."""
    random = np.random.default_rng(3)
    pixels = np.empty((24, 128, 128, 3), np.uint8)
    phases = random.integers(0, 64, len(pixels))
    for place, phase in enumerate(phases):
        file = io.BytesIO()
        noise = random.normal(128, 30, (144, 144, 3)).clip(0, 255).astype(np.uint8)
        Pillow.fromarray(noise).save(file, "JPEG", quality=20, subsampling=0)
        y, x = (8 - phase // 8) % 8, (8 - phase % 8) % 8
        pixels[place] = np.asarray(Pillow.open(file))[y : y + 128, x : x + 128]
    turned, became = mirror(pixels.copy(), random)
    assert (turned != pixels).any((1, 2, 3)).sum() > 10
    new = np.take_along_axis(became, phases[:, None], 1)[:, 0]
    for picture, phase in zip(turned.astype(float), new, strict=True):
        assert phase_class(_edges(picture, 1), _edges(picture, 0)) == phase


def _edges(picture: np.ndarray, axis: int) -> int:
    """Return at which position modulo 8 the second difference across the block edge is largest."""
    steps = np.abs(np.diff(picture, axis=axis)).mean(tuple({0, 1, 2} - {axis}))
    before = np.arange(len(steps)) + 1
    return int(np.argmax([steps[before % 8 == phase].mean() for phase in range(8)]))


def test_strata_are_drawn_by_their_weights(made: Path, tmp_path: Path) -> None:
    windows = draw(open_pack([made], tmp_path), "train", 64, 2, seed=1)
    random = np.random.default_rng(1)
    assert sorted(epoch_order(windows, {}, random)) == list(range(len(windows)))
    order = epoch_order(windows, dict.fromkeys("BCDE", 0.0), random)
    assert len(order) == len(windows)
    assert {windows.pack.pictures[windows.picture[one]].stratum for one in order} == {"A"}
