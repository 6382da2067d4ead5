"""Building: the same again, what was begun, what is missing, what breaks on the way."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from locard.evaluation.datasets.building import BuildError
from locard.testing import encode, photograph
from locard_kd_crop.datasets.programs import ToolError
from locard_kd_crop.datasets.tools import TOOLS

from .conftest import built, camera_file, rows

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]


def locard(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    command = [*LOCARD, "crop", "dataset", *map(str, words)]
    environment = {**os.environ, **more}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment
    )


def test_the_same_seed_gives_the_same_files(made: Path, photographs: Path, tmp_path: Path) -> None:
    """A larger data set contains the smaller, and one worker makes what two make."""
    folder = tmp_path / "again"
    outcome = built(photographs, folder, pairs=20, workers=1)
    assert (outcome.made, outcome.kept) == (20, 0)
    assert rows(folder) == [row for row in rows(made) if int(row["pair"]) < 20]
    for row in rows(folder):
        assert (folder / row["path"]).read_bytes() == (made / row["path"]).read_bytes()


def test_damaged_and_missing_pairs_are_made_again(
    made: Path, photographs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(made, folder)
    images = sorted(folder.glob("images/*/*"))
    images[0].write_bytes(b"damaged")
    images[10].unlink()
    (folder / "recipes/E/000004.json").write_bytes(b"[{")
    (folder / "manifest.csv").unlink()
    outcome = built(photographs, folder, pairs=80)
    assert (outcome.made, outcome.kept, outcome.failed) == (3, 77, {})
    for path in sorted(made.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (folder / path.relative_to(made)).read_bytes()


@pytest.mark.slow
def test_a_killed_build_goes_on(made: Path, photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    words = [str(photographs), "-o", str(folder), "--tool", "pillow", "--size", "64-128"]
    command = [*LOCARD, "crop", "dataset", "build", *words, "--pairs", "80", "-w", "2"]
    running = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + 60
    while len(list(folder.glob("recipes/*/*.json"))) < 5 and time.monotonic() < give_up:
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    outcome = built(photographs, folder, pairs=80)
    assert outcome.kept >= 5
    assert outcome.made + outcome.kept == 80
    assert rows(folder) == rows(made)


def test_a_missing_photograph_costs_its_own_pairs_alone(
    made: Path, photographs: Path, tmp_path: Path
) -> None:
    folder, sources = tmp_path / "set", tmp_path / "photographs"
    shutil.copytree(made, folder)
    shutil.copytree(photographs, sources)
    (sources / "coffee.jpg").unlink()
    (sources / "new.jpg").write_bytes(camera_file("coffee", 90, "Model new"))
    lost = [row for row in rows(made) if row["photograph"] == "coffee.jpg"]
    (folder / lost[0]["path"]).unlink()
    kept = [row for row in rows(made) if row["photograph"] != "coffee.jpg"]
    (folder / kept[0]["path"]).unlink()
    outcome = built(sources, folder, pairs=80)
    assert outcome.failed == {"coffee.jpg: it is missing now": 1}
    assert (outcome.made, outcome.kept) == (1, 78)
    assert [one.why for one in outcome.unusable] == ["the data set was begun without it"]
    assert {row["path"] for row in kept} <= {row["path"] for row in rows(folder)}


def test_what_cannot_be_used_is_named_and_passed_over(photographs: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "mixed", tmp_path / "out"
    shutil.copytree(photographs, folder)
    good = (folder / "retina.jpg").read_bytes()
    scene = photograph(400, 400)
    (folder / "a [0] %d.jpg").write_bytes(camera_file("coffee", 90, "Model odd"))
    (folder / "broken.jpg").write_bytes(good[: len(good) // 2])
    (folder / "twin.jpg").write_bytes(good)
    (folder / "small.png").write_bytes(encode(photograph(90, 90), "PNG"))
    (folder / "grey.jpg").write_bytes(encode(scene, "JPEG", "L"))
    (folder / "cmyk.jpg").write_bytes(encode(scene, "JPEG", "CMYK"))
    deep = io.BytesIO()
    Pillow.fromarray(scene[:, :, 0].astype(np.uint16) * 257).save(deep, "PNG")
    (folder / "deep.png").write_bytes(deep.getvalue())
    (folder / "text.jpg").write_bytes(b"this is no photograph")
    (folder / "flat.jpg").write_bytes(encode(np.full((400, 400, 3), 255, np.uint8), "JPEG"))
    words = ("--pairs", 20, "--size", "64,96x80", "--tool", "pillow", "-w", 2)
    done = locard("build", folder, tmp_path / "nothing.jpg", "-o", out, *words)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for sentence in ("broken.jpg: ", "nothing.jpg: there is no such file", "text.jpg: "):
        assert sentence in done.stderr
    for sentence in ("small.png: 90×90 is too small", "grey.jpg: it is grey", "deep.png: it is"):
        assert sentence in done.stdout
    assert "cmyk.jpg: it is CMYK" in done.stdout
    assert "it is the same file as" in done.stdout
    assert "20 pairs by Pillow" in done.stdout
    assert len(rows(out)) == 40


def test_the_splits_are_the_same_at_all_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(12):
        side = 160 if number % 3 else 320
        data = encode(photograph(side, side + 8 * number), "JPEG")
        (folder / f"{number}.jpg").write_bytes(data)
    splits = []
    for size in ("64", "256"):
        out = tmp_path / size
        words = ("--pairs", 40, "--size", size, "--tool", "pillow", "--strata", "A", "-w", 2)
        assert locard("build", folder, "-o", out, *words).returncode == 0
        splits.append({row["photograph_sha256"]: row["split"] for row in rows(out)})
    small, large = splits
    assert large.items() <= small.items()
    assert len(large) < len(small)


def test_files_that_were_cropped_before_serve_reduced_alone(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name in ("coffee", "ihc"):
        data = camera_file(name, 88, f"Model {name}", stated=(4000, 3000))
        (folder / f"{name}.jpg").write_bytes(data)
    outcome = built(folder, tmp_path / "set", pairs=4, sizes="64", strata=("A",))
    assert outcome.variants == {"A": ("earlier",)}
    facts = json.loads((tmp_path / "set" / "crop-dataset.json").read_bytes())["photographs"]
    assert {one["own"] for one in facts} == {
        "its EXIF says 4000×3000: it was cropped, resized or turned"
    }


@pytest.mark.parametrize(
    ("tool", "package"),
    [
        ("imagemagick", "apt-get install imagemagick"),
        ("libvips", "apt-get install libvips-tools"),
        ("jpegtran", "apt-get install libjpeg-turbo-progs"),
    ],
)
def test_a_missing_tool_is_named_with_its_package(
    tool: str, package: str, photographs: Path, tmp_path: Path
) -> None:
    words = ("--tool", tool, "-o", tmp_path / "set", "--pairs", 1)
    done = locard("build", photographs, *words, PATH=str(tmp_path))
    assert done.returncode == 2
    assert "is not installed" in done.stderr
    assert package in done.stderr
    assert not (tmp_path / "set").exists()


def test_a_tool_that_fails_half_way_costs_its_own_pairs_alone(
    photographs: Path, tmp_path: Path
) -> None:
    try:
        TOOLS["libvips"].version()
    except ToolError as error:
        pytest.skip(error.message)
    real, programs, folder = shutil.which("vips"), tmp_path / "bin", tmp_path / "set"
    programs.mkdir()
    failing = programs / "vips"
    failing.write_text(
        '#!/bin/sh\ncase "$1" in --version) exec {real} "$@";; esac\n'
        'echo x >> {log}\n[ $(wc -l < {log}) -gt 9 ] && echo "out of \\033[31mmemory" && exit 7\n'
        'exec {real} "$@"\n'.format(real=real, log=tmp_path / "log")
    )
    failing.chmod(0o755)
    words = ("build", photographs, "-o", folder, "--tool", "libvips", "--pairs", 10)
    words = (*words, "--size", 64, "-w", 1)
    done = locard(*words, PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 1
    assert "libvips failed (exit code 7): out of \\x1b[31mmemory" in done.stderr
    assert len(rows(folder)) == 8
    again = locard(*words)
    assert (again.returncode, len(rows(folder))) == (0, 20), again.stderr
    assert "of which 4 were there already" in again.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tool": "scissors"}, "there is no tool 'scissors'"),
        ({"strata": ("A", "Z")}, "there is no stratum 'Z'"),
        ({"tool": "jpegtran", "strata": ("A",)}, "jpegtran cuts at the grid alone"),
        ({"sizes": "big"}, "'big' is no size of pictures"),
        ({"sizes": "8"}, "'8' is no size of pictures"),
        ({"sizes": "4000"}, "no photograph serves for stratum A"),
        ({"pairs": 0}, "pairs must be 1 or more"),
        ({"hold_out_cameras": 7}, "7 cameras cannot be kept for the test"),
        ({"hold_out_cameras": -1}, "must be 0 or more"),
    ],
)
def test_wrong_options_are_refused(
    options: dict[str, object], sentence: str, photographs: Path, tmp_path: Path
) -> None:
    tool = str(options.pop("tool", "pillow"))
    if tool == "jpegtran" and shutil.which("jpegtran") is None:
        pytest.skip("jpegtran is not installed")
    with pytest.raises(BuildError, match=sentence):
        built(photographs, tmp_path / "none", tool, **options)
    assert not (tmp_path / "none").exists()


def test_another_folder_is_left_alone(made: Path, photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BuildError, match="holds other files"):
        built(photographs, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    with pytest.raises(BuildError, match="made otherwise: seed differ"):
        built(photographs, made, seed=1)
