"""Evidence on disk: what is kept, what is computed again, and what cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from noisy_squares import SIDE, make_set, read_manifest, write_manifest
from PIL import Image as Pillow

from locard.errors import LocardError
from locard.evaluation.datasets.loading import load
from locard.image import Image
from locard.plugins import catalogue
from locard_semi_global.extraction import extract_picture
from locard_semi_global.looking import luma_and_table
from locard_semi_global.training.cache import Row, gather, read
from locard_semi_global.training.samples import rows_of


def rows_in(
    cache: Path, folder: Path, said: list[int] | None = None
) -> tuple[list[Row], list[str]]:
    data_set = load(folder, None, catalogue())
    usable = [one for one in data_set.samples if one.name not in data_set.without_truth]

    def progress(words: str, done: int, total: int) -> None:
        if said is not None and done == 0:
            said.append(total)

    return gather(cache, data_set, usable, 1, progress)


def test_a_window_is_the_evidence_of_its_picture_and_its_mask(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", 2)
    rows, problems = rows_in(tmp_path / "cache", folder)
    assert not problems
    assert [row.kind for row in rows] == ["authentic", "splice"]
    window = read(rows[1])
    image = Image.from_path(folder / "1.jpg")
    luma, table = luma_and_table(image)
    assert table is not None
    evidence = extract_picture(image.pixels, luma, table)
    # Nine by ten cells: one window of eight by eight.
    assert rows[1].shape == window.values.shape[1:] == (8, 8)
    places = [
        (top, left)
        for top in range(2)
        for left in range(3)
        if np.array_equal(evidence.values[:, top : top + 8, left : left + 8], window.values)
    ]
    assert len(places) == 1
    np.testing.assert_array_equal(window.medians, evidence.medians)
    np.testing.assert_array_equal(window.spreads, evidence.spreads)
    top, left = places[0]
    mask = np.asarray(Pillow.open(folder / "1-mask.png"))[8 * top :, 8 * left :][:64, :64]
    shares = mask.reshape(16, 4, 16, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(window.labels, shares, atol=0.51)


def test_what_is_kept_is_not_computed_again_wherever_the_data_set_lies(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", 3)
    said: list[int] = []
    first, _ = rows_in(tmp_path / "cache", folder, said)
    folder.rename(tmp_path / "elsewhere")
    second, _ = rows_in(tmp_path / "cache", tmp_path / "elsewhere", said)
    assert said == [3, 0]
    assert [row.path for row in first] == [row.path for row in second]


def test_another_mask_is_another_window(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", 2)
    first, _ = rows_in(tmp_path / "cache", folder)
    Pillow.fromarray(np.full(SIDE, 255, np.uint8)).save(folder / "1-mask.png")
    second, _ = rows_in(tmp_path / "cache", folder)
    assert first[0].path == second[0].path
    assert first[1].path != second[1].path
    assert read(second[1]).labels.min() == 255


def test_a_damaged_picture_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", 4)
    data = (folder / "2.jpg").read_bytes()
    (folder / "2.jpg").write_bytes(data[: len(data) // 2])
    rows, problems = rows_in(tmp_path / "cache", folder)
    assert [row.name for row in rows] == ["0.jpg", "1.jpg", "3.jpg"]
    assert len(problems) == 1
    assert problems[0].startswith("2.jpg: ")


def test_a_picture_below_64_pixels_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", 3)
    Pillow.new("RGB", (63, 200), "red").save(folder / "0.jpg")
    rows, problems = rows_in(tmp_path / "cache", folder)
    assert [row.name for row in rows] == ["1.jpg", "2.jpg"]
    assert problems == ["0.jpg: 63×200 is too small: it takes 64 px a side"]


def test_damaged_evidence_is_named(tmp_path: Path) -> None:
    rows, _ = rows_in(tmp_path / "cache", make_set(tmp_path / "set", 1))
    rows[0].path.write_bytes(b"x" * 10)
    with pytest.raises(LocardError, match="cannot be read"):
        read(rows[0])


def quiet(words: str, done: int, total: int) -> None:
    pass


def test_pictures_go_to_their_split_and_to_none_where_their_tables_tell(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", 4)
    rows = read_manifest(folder)
    rows[0]["split"], rows[1]["split"], rows[2]["split"] = "val", "test", "train"
    write_manifest(folder, rows)
    found = rows_of([folder], [], tmp_path / "cache", 1, catalogue(), quiet)
    assert [row.name for row in found.training] == ["2.jpg", "3.jpg"]
    assert [row.name for row in found.validation] == ["0.jpg"]


def test_a_source_in_both_splits_is_refused(tmp_path: Path) -> None:
    training = make_set(tmp_path / "a", 2)
    validation = make_set(tmp_path / "b", 2, "val")
    rows = read_manifest(validation)
    rows[1]["group"] = "train 0"
    write_manifest(validation, rows)
    with pytest.raises(LocardError, match="sources are in the training and in the validation"):
        rows_of([training, validation], [], tmp_path / "cache", 1, catalogue(), quiet)


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set", 2)
    with pytest.raises(LocardError, match="no pictures of the split val"):
        rows_of([folder], [], tmp_path / "cache", 1, catalogue(), quiet)
