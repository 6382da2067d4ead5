"""The check passes what is built, and fails what was spoilt, in each way."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from locard.evaluation.datasets.building import sha256_of_bytes
from locard.evaluation.datasets.loading import load
from locard.plugins import catalogue
from locard_kd_crop.commands import app
from locard_kd_crop.datasets.check import Check, check

from .conftest import built, rows, write_rows

Row = dict[str, str]
LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]


@pytest.fixture(scope="module")
def lossless(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a data set of stratum A alone."""
    folder = tmp_path_factory.mktemp("lossless") / "set"
    built(photographs, folder, pairs=48, strata=("A",), sizes="64")
    return folder


def checked(folder: Path) -> Check:
    return check(load(folder, None, catalogue()))


def spoilt(source: Path, target: Path, change: Callable[[Row, Path], None]) -> Check:
    """Check a copy of a data set, each row of which was changed together with its file."""
    shutil.copytree(source, target)
    found = rows(target)
    for row in found:
        change(row, target / row["path"])
        row["sha256"] = sha256_of_bytes((target / row["path"]).read_bytes())
    write_rows(target, found)
    return checked(target)


def of_crops(change: Callable[[Pillow.Image], bytes]) -> Callable[[Row, Path], None]:
    """Change the files of all crops."""

    def apply(row: Row, path: Path) -> None:
        if row["kind"] == "crop":
            with Pillow.open(path) as picture:
                path.write_bytes(change(picture))

    return apply


def saved(picture: Pillow.Image, form: str = "PNG", **how: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **how)
    return file.getvalue()


def leaking(found: Check) -> set[str]:
    return {leak.feature for leak in found.inspection.leaks if leak.leaks}


def test_what_was_built_is_clean(made: Path) -> None:
    found = checked(made)
    assert found.pairs == 80
    assert found.clean, (found.differences, found.divisions, found.inspection)
    assert "place in the frame" in {leak.feature for leak in found.inspection.leaks}


def test_the_classes_do_not_differ_at_one_size(lossless: Path) -> None:
    found = checked(lossless)
    assert (found.pairs, found.clean) == (48, True)


@pytest.mark.parametrize(
    ("feature", "change"),
    [
        ("width × height", lambda picture: saved(picture.crop((0, 0, 64, 60)))),
        ("file format", lambda picture: saved(picture, "BMP")),
        ("quantisation tables", lambda picture: saved(picture, "JPEG", quality=50)),
        ("chroma subsampling", lambda picture: saved(picture, "JPEG", subsampling="4:2:0")),
        ("JPEG coding", lambda picture: saved(picture, "JPEG", progressive=True)),
        ("metadata", lambda picture: saved(picture, icc_profile=b"A" * 200)),
    ],
)
def test_crops_that_were_saved_otherwise_fail(
    feature: str, change: Callable[[Pillow.Image], bytes], lossless: Path, tmp_path: Path
) -> None:
    found = spoilt(lossless, tmp_path / "set", of_crops(change))
    assert not found.clean
    assert feature in leaking(found)
    assert len(found.differences) == 48
    assert all(feature in sentence for sentence in found.differences)


def test_crops_that_are_stored_larger_fail(lossless: Path, tmp_path: Path) -> None:
    change = of_crops(lambda picture: saved(picture, compress_level=0))
    found = spoilt(lossless, tmp_path / "set", change)
    assert "bytes per pixel" in leaking(found)
    assert not found.clean


def test_crops_that_all_lie_in_a_corner_fail(lossless: Path, tmp_path: Path) -> None:
    def to_the_corner(row: Row, _path: Path) -> None:
        if row["kind"] == "crop":
            x, y = row["offset"].split(",")
            row["x"], row["y"] = str(int(x)), str(int(y))

    found = spoilt(lossless, tmp_path / "set", to_the_corner)
    assert "place in the frame" in leaking(found)
    assert found.differences == ()
    assert not found.clean


def test_wrong_offsets_and_places_are_found(lossless: Path, tmp_path: Path) -> None:
    def wrong(row: Row, _path: Path) -> None:
        if row["pair"] == "0":
            row["offset"] = "0,0" if row["kind"] == "crop" else "1,0"
        if row["pair"] == "1":
            row["x"] = ""

    found = spoilt(lossless, tmp_path / "set", wrong)
    sentences = " ".join(found.differences)
    assert "pair 0: the crop is aligned to the grid" in sentences
    assert "pair 0: the uncropped picture is not aligned to the grid" in sentences
    assert "pair 0: its offset is not that of" in sentences
    assert "2 pictures have no place in the frame in the manifest" in sentences


def test_a_photograph_in_two_splits_fails(lossless: Path, tmp_path: Path) -> None:
    def moved(row: Row, _path: Path) -> None:
        row["split"] = "test" if row["pair"] == "0" else "train"

    found = spoilt(lossless, tmp_path / "set", moved)
    assert len(found.divisions) == 2
    assert found.divisions[0].endswith("is in more than one split: test, train")
    assert not found.clean


def test_rows_that_say_different_things_of_a_pair_fail(lossless: Path, tmp_path: Path) -> None:
    def other(row: Row, _path: Path) -> None:
        if row["pair"] == "0" and row["kind"] == "crop":
            row["first_quality"], row["kind"] = "1", "crop"

    found = spoilt(lossless, tmp_path / "set", other)
    assert found.differences == ("pair 0: the manifest says different things of first_quality",)


def test_one_file_in_both_classes_fails_where_a_phase_can_be_seen(
    lossless: Path, tmp_path: Path
) -> None:
    def same(row: Row, path: Path) -> None:
        if row["pair"] == "0" and row["kind"] == "crop":
            path.write_bytes(path.with_name("000000-authentic.png").read_bytes())

    found = spoilt(lossless, tmp_path / "set", same)
    (names,) = found.contradictions
    assert [name.rsplit("-", 1)[1] for name in names] == ["authentic.png", "crop.png"]
    assert not found.clean


def test_a_window_that_was_drawn_twice_is_no_contradiction(lossless: Path, tmp_path: Path) -> None:
    first: dict[tuple[str, str], Path] = {}

    def again(row: Row, path: Path) -> None:
        of_photograph = first.setdefault((row["photograph_sha256"], row["kind"]), path)
        if row["kind"] == "authentic" and int(row["pair"]) < 24:
            path.write_bytes(of_photograph.read_bytes())

    found = spoilt(lossless, tmp_path / "set", again)
    assert found.inspection.duplicates
    assert found.contradictions == ()
    assert found.clean


def test_missing_and_changed_files_are_named(lossless: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(lossless, folder)
    files = sorted(folder.glob("images/A/*"))
    files[0].unlink()
    files[3].write_bytes(files[2].read_bytes())
    done = CliRunner().invoke(app, ["dataset", "check", str(folder), "--json"])
    assert done.exit_code == 1, done.output
    said = json.loads(done.stdout)
    assert (said["images"], said["pairs"], said["clean"]) == (94, 46, False)
    assert files[0].name in said["problems"][0]
    assert "SHA-256" in said["problems"][1]
    assert said["differences"][0] == (
        "pair 0: it is no pair of one authentic picture and one crop: 1 crop"
    )


def test_locard_evaluate_reads_the_set(made: Path, tmp_path: Path) -> None:
    dataset = load(made, None, catalogue())
    assert dataset.layout.name == "crop-pairs"
    assert dataset.facts.problems == ()
    assert dataset.facts.kinds == {"authentic": 80, "crop": 80}
    words = ["evaluate", "--dataset", str(made), "-p", "jpeg-grid", "--limit", "6", "-w", "1"]
    done = subprocess.run(
        [*LOCARD, *words, "-o", str(tmp_path / "out")],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "results.json").is_file()


def test_the_command_says_that_there_is_nothing_to_look_at(made: Path) -> None:
    done = CliRunner().invoke(app, ["dataset", "check", str(made)])
    assert done.exit_code == 0, done.output
    assert "160 pictures in 80 pairs" in done.stdout
    assert "Nothing to look at." in done.stdout
