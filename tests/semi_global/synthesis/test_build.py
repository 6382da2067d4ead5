"""Building: the same again, what was begun, twins, histories, splits, what cannot be used."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from locard.evaluation.datasets.building import BuildError
from locard.evaluation.datasets.loading import load
from locard.image import Image
from locard.plugins import catalogue
from locard_kd_crop.datasets.tables import tables_of
from locard_semi_global.synthesis.build import build
from locard_semi_global.synthesis.camera import GAMMAS, SHOT_BANDS, held_out
from locard_semi_global.synthesis.plan import Options

from .conftest import SPLIT_SEED, built, camera_file, mask_of, pixels, rows, scene

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]


def locard(*words: object) -> subprocess.CompletedProcess[str]:
    command = [*LOCARD, "splice", "dataset", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- the same again ------------------------------------------------------------------------------


@pytest.mark.parametrize("world", ["jpeg", "camera"])
def test_the_number_of_workers_changes_nothing(
    world: str, photographs: Path, shapes: Path, tmp_path: Path
) -> None:
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        built(
            photographs, folder, world, sizes="144x128", shapes=shapes, images=20, workers=workers
        )
    assert files(tmp_path / "1") == files(tmp_path / "2")
    assert len(rows(tmp_path / "1")) == 20


def test_another_seed_gives_other_pictures_and_the_same_splits(
    jpeg_set: Path, photographs: Path, tmp_path: Path
) -> None:
    built(photographs, tmp_path / "other", seed=2)
    known = {row["sha256"] for row in rows(jpeg_set)}
    assert not known & {row["sha256"] for row in rows(tmp_path / "other")}
    splits = {row["host"]: row["split"] for row in rows(jpeg_set)}
    shared = [row for row in rows(tmp_path / "other") if row["host"] in splits]
    assert len(shared) > 20
    assert all(splits[row["host"]] == row["split"] for row in shared)


def test_damaged_and_missing_files_are_made_again(
    jpeg_set: Path, photographs: Path, shapes: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(jpeg_set, folder)
    images = sorted(folder.glob("images/*/*/*"))
    images[0].write_bytes(b"damaged")
    sorted(folder.glob("masks/*/*/*"))[-1].unlink()
    (folder / "manifest.csv").unlink()
    outcome = built(photographs, folder, shapes=shapes, images=96)
    assert 0 < outcome.made < 96
    assert outcome.made + outcome.kept == 96
    assert files(folder) == files(jpeg_set)


@pytest.mark.slow
def test_a_killed_build_goes_on(
    jpeg_set: Path, photographs: Path, shapes: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    words = [str(photographs), "-o", str(folder), "--world", "jpeg", "--size", "176x128,224x160"]
    words += ["--images", "96", "--seed", "1", "--split-seed", str(SPLIT_SEED)]
    command = [*LOCARD, "splice", "dataset", "build", *words, "--shapes", str(shapes), "-w", "1"]
    running = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + 60
    while not list(folder.glob("recipes/*/*.json")) and time.monotonic() < give_up:
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not (folder / "manifest.csv").exists()
    outcome = built(photographs, folder, shapes=shapes, images=96)
    assert outcome.kept > 0
    assert outcome.made > 0
    for name, data in files(jpeg_set).items():
        assert (folder / name).read_bytes() == data


# --- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jpeg_set", "camera_set"])
def test_locard_reads_the_data_set(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    dataset = load(folder, None, catalogue())
    assert dataset.facts.problems == ()
    assert dataset.without_truth == frozenset()
    count = len(rows(folder))
    assert dataset.facts.kinds == {
        "authentic": count // 4,
        "copy-move": count // 4,
        "splice": count // 2,
    }
    for sample in dataset.samples:
        image = Image.from_path(sample.path)
        truth = dataset.truth(sample, image.height, image.width)
        assert truth.any() == sample.tampered
        if sample.tampered and sample.facts["after_life"] == "none":
            assert float(sample.facts["area"]) == pytest.approx(truth.mean(), abs=1e-4)


@pytest.mark.parametrize("name", ["jpeg_set", "camera_set"])
def test_twins_differ_in_the_region_alone(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    by_number = {row["number"]: row for row in rows(folder)}
    compared = 0
    for row in by_number.values():
        if row["kind"] != "authentic":
            continue
        twin = by_number[row["twin"]]
        assert twin["twin"] == row["number"]
        same = ("split", "world", "group", "last_step", "after_life", "after_life_steps")
        assert [row[column] for column in (*same, "host", "host_past")] == [
            twin[column] for column in (*same, "host", "host_past")
        ]
        assert row["donor"] == row["mask"] == ""
        if row["last_step"] == "png" and row["after_life_steps"] == "none":
            authentic, tampered = (pixels(folder / one["path"]) for one in (row, twin))
            mask = mask_of(folder, twin)
            differs = np.any(authentic != tampered, axis=2)
            assert not np.any(differs & ~binary_dilation(mask, iterations=9))
            if twin["edge"] == "hard":
                assert not np.any(differs & ~mask)
            compared += 1
    assert compared > 0


def test_files_have_the_history_that_the_manifest_says(jpeg_set: Path, camera_set: Path) -> None:
    seen = Counter[str]()
    for folder in (jpeg_set, camera_set):
        for row in rows(folder):
            image = Image.from_path(folder / row["path"])
            chain = row["after_life_steps"]
            last = (row["last_step"] if chain == "none" else chain).split(" > ")[-1]
            if last == "png" or last.startswith("resized"):
                assert image.jpeg is None
            else:
                jpeg = image.jpeg
                assert jpeg is not None
                tables = tables_of(jpeg)
                assert tables is not None
                assert f"jpeg {tables.name} {jpeg.subsampling}" == last
            sizes = [step.split()[2] for step in chain.split(" > ") if step.startswith("resized")]
            if sizes:
                assert f"{image.width}×{image.height}" == sizes[-1]
            seen[row["after_life"]] += 1
    assert set(seen) == {"none", "saved-again", "resized", "messenger", "header-lost"}
    lived_on = 1 - seen["none"] / seen.total()
    assert 0.25 < lived_on < 0.55


def test_both_worlds_have_what_they_promise(jpeg_set: Path, camera_set: Path) -> None:
    jpeg = [row for row in rows(jpeg_set) if row["kind"] == "splice"]
    assert {row["shape"] for row in jpeg} == {"segment", "strip", "blob", "ellipse", "polygon"}
    assert {"hard", "smooth"} == {row["edge"].split()[0] for row in jpeg}
    assert any("4:4:4" in row["host_past"] for row in jpeg)
    assert any("camera-" in row["last_step"] for row in jpeg)
    assert any("ijg-" in row["last_step"] for row in jpeg)
    assert any(row["scale"] != "1.0" for row in jpeg)
    assert any(row["angle"] != "0.0" for row in jpeg)
    assert any(row["tone"] for row in jpeg)
    assert all(row["host"] != row["donor"] for row in jpeg)
    camera = [row for row in rows(camera_set) if row["kind"] == "splice"]
    assert all("shot" in row["host_past"] and "shot" in row["donor_past"] for row in camera)
    for row in camera:
        tail = row["host_past"].rsplit("reduced ", 1)
        after = float(tail[1].split()[0]) if len(tail) > 1 else 1.0
        assert float(row["host_reduction"]) * after >= 2.79
    never = [row for row in camera if row["history"] == "never compressed"]
    assert never
    assert all("jpeg" not in row["last_step"] + row["after_life_steps"] for row in never)


# --- splits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jpeg_set", "camera_set"])
def test_no_photograph_camera_or_group_is_in_two_splits(
    name: str, request: pytest.FixtureRequest
) -> None:
    found = rows(request.getfixturevalue(name))
    splits = {row["split"] for row in found}
    assert len(splits) > 1
    of_split = {
        split: {
            row[column]
            for row in found
            for column in ("host", "donor", "host_source", "donor_source", "group")
            if row["split"] == split and row[column]
        }
        for split in splits
    }
    for one, other in combinations(sorted(splits), 2):
        assert not of_split[one] & of_split[other]
    groups = {name: set[str]() for name in {row["group"] for row in found}}
    for row in found:
        groups[row["group"]] |= {row["host"], row["donor"] or row["host"]}
    for first, second in combinations(groups.values(), 2):
        assert not first & second


def test_validation_and_test_use_cameras_that_training_never_has(camera_set: Path) -> None:
    checked = Counter[str]()
    for row in rows(camera_set):
        for past in (row["host_past"], row["donor_past"]):
            if not past:
                continue
            words = past.split()
            shot = float(words[words.index("shot") + 1])
            band = next(n for n, (low, high) in enumerate(SHOT_BANDS) if low <= shot <= high)
            tone = words[words.index("gamma") + 1]
            curve = tone if tone in GAMMAS else "soft" if float(tone) < 2.2 else "hard"
            unseen = held_out(words[0].rstrip(";"), band, curve)
            assert unseen == (row["split"] != "train")
            checked[row["split"]] += 1
    assert checked["train"] > 0
    assert len(checked) > 1


def test_a_role_makes_its_own_part_alone(photographs: Path, tmp_path: Path) -> None:
    outcome = built(photographs, tmp_path / "train", images=8, role="train")
    assert dict(outcome.splits) == {"train": 8}
    assert {row["split"] for row in rows(tmp_path / "train")} == {"train"}


def test_folders_say_where_photographs_belong(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "val")):
        folder = tmp_path / split
        folder.mkdir()
        for name in ("astronaut", "coffee", "ihc")[number::2] + ("chelsea", "rocket")[number:][:1]:
            picture = scene(name)
            (folder / f"{name}.jpg").write_bytes(camera_file(picture, 90, f"{split} {name}"))
    (tmp_path / "val" / "hubble.jpg").write_bytes(camera_file(scene("hubble"), 90, "hubble"))
    paths = [str(path) for path in sorted(tmp_path.rglob("*.jpg"))]
    options = Options(tmp_path / "set", "jpeg", 40, sizes="128x128")
    build(paths, options, lambda *_: None)
    digests = {Image.from_path(Path(path)).sha256[:16]: Path(path).parent.name for path in paths}
    found = rows(tmp_path / "set")
    assert {row["split"] for row in found} == {"train", "val"}
    assert all(digests[row["host"]] == row["split"] for row in found)


# --- what cannot be used -------------------------------------------------------------------------


def test_what_cannot_be_used_is_named_and_passed_over(photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    shutil.copytree(photographs, folder)
    scene("coffee").convert("L").save(folder / "grey.jpg")
    scene("coffee").resize((100, 120)).save(folder / "small.jpg")
    (folder / "cut.jpg").write_bytes((photographs / "coffee.jpg").read_bytes()[:3000])
    (folder / "again.jpg").write_bytes((photographs / "coffee.jpg").read_bytes())
    words = [folder, "-o", tmp_path / "set", "--world", "jpeg", "--images", "8", "-w", "2"]
    done = locard("build", *words, "--size", "176x128", "--split-seed", SPLIT_SEED)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "cut.jpg" in done.stderr
    assert "grey.jpg: it is grey" in done.stdout
    assert "small.jpg: 100×120 is too small" in done.stdout
    assert "it is the same file as" in done.stdout
    assert len(rows(tmp_path / "set")) == 8


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"world": "moon"}, "there is no world 'moon'"),
        ({"sizes": "10x10"}, "'10x10' is no size of pictures"),
        ({"sizes": "4000x4000"}, "no photograph serves"),
        ({"role": "exam"}, "there is no split 'exam'"),
        ({"images": 0}, "images must be 1 or more"),
        ({"after_life": 1.5}, "must be from 0 to 1"),
    ],
)
def test_wrong_options_are_explained_and_write_nothing(
    options: dict[str, object], says: str, photographs: Path, tmp_path: Path
) -> None:
    with pytest.raises(BuildError, match=says):
        built(photographs, tmp_path / "set", **options)
    assert not (tmp_path / "set").exists()


def test_a_folder_without_segmentations_is_refused(photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = locard(
        "build",
        photographs,
        "-o",
        tmp_path / "set",
        "--world",
        "jpeg",
        "--shapes",
        tmp_path / "none",
    )
    assert done.returncode == 2
    assert "holds no segmentation" in done.stderr
    assert not (tmp_path / "set").exists()


def test_damaged_segmentations_are_named_and_passed_over(
    photographs: Path, shapes: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "shapes"
    shutil.copytree(shapes, folder)
    (folder / "0.mat").write_bytes(b"no MATLAB")
    outcome = built(photographs, tmp_path / "set", images=4, shapes=folder)
    assert [one.name for one in outcome.unusable if one.broken] == ["0.mat"]
    assert outcome.made == 4


def test_other_options_do_not_go_on_with_a_data_set(jpeg_set: Path, photographs: Path) -> None:
    before = files(jpeg_set)
    with pytest.raises(BuildError, match="made otherwise: "):
        built(photographs, jpeg_set, images=95)
    assert files(jpeg_set) == before
