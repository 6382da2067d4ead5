"""``locard dataset synthesize`` in real processes: what it writes, and what stops it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import skimage
from scipy.ndimage import binary_dilation
from sklearn.metrics import roc_auc_score

from locard.evaluation.datasets.leaks import find_leaks
from locard.evaluation.datasets.loading import load
from locard.evaluation.synthesis.histories import HISTORIES
from locard.image import Image
from locard.plugins import catalogue
from locard.testing import encode, photograph

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
NAMES = ("astronaut.png", "coffee.png", "rocket.jpg", "chelsea.png")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for name in NAMES:
        shutil.copy(Path(skimage.__file__).parent / "data" / name, folder)
    return folder


def synthesize(*words: object) -> subprocess.CompletedProcess[str]:
    command = [*LOCARD, "dataset", "synthesize", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "chart"
    done = synthesize(photographs, "-o", folder, "--count", 3, "--size", 96, "-w", 2)
    assert done.returncode == 0, done.stderr
    assert "21 pairs in 7 histories, from 4 photographs in 2 groups" in done.stdout
    return folder


def test_a_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    done = synthesize(tmp_path / "nowhere", "-o", tmp_path / "chart")
    assert done.returncode == 2
    assert "nowhere: " in done.stderr
    assert "0 of 0 photographs can be used" in done.stderr


def test_the_manifest_is_a_data_set(made: Path) -> None:
    dataset = load(made, None, catalogue())
    assert dataset.layout.name == "manifest"
    assert dataset.facts.problems == ()
    assert dataset.facts.kinds == {"authentic": 21, "copy-move": 3, "splice": 18}
    per_history = Counter(sample.facts["history"] for sample in dataset.samples)
    assert per_history == dict.fromkeys(HISTORIES, 6)
    assert len({sample.group for sample in dataset.samples}) == 2
    for name in HISTORIES:
        assert f"| {name} |" in (made / "README.md").read_text()


def test_twins_differ_in_the_region_alone(made: Path) -> None:
    twins: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows(made):
        stem = row["path"].rsplit("-", 1)[0]
        twins.setdefault(stem, {})["mask" if row["mask"] else "none"] = row
    assert len(twins) == 21
    for pair in twins.values():
        tampered, authentic = pair["mask"], pair["none"]
        left = {name: value for name, value in tampered.items() if value != authentic[name]}
        assert left.keys() == {"path", "kind", "mask", "sha256"}
        one, two = (Image.from_path(made / row["path"]) for row in (tampered, authentic))
        assert (one.width, one.height, one.format) == (two.width, two.height, two.format)
        assert (one.jpeg and one.jpeg.component_tables) == (two.jpeg and two.jpeg.component_tables)
        mask = Image.from_path(made / tampered["mask"]).luma > 127
        different = np.any(one.pixels != two.pixels, axis=2)
        assert mask.mean() == pytest.approx(float(tampered["area"]), abs=1e-4)
        assert different[mask].mean() > 0.5
        # A smooth edge reaches 6 px beyond the shape, whose corners it rounds; JPEG carries a
        # change across 16 px.
        reach = binary_dilation(mask, np.ones((3, 3)), iterations=28 if one.jpeg else 12)
        assert not different[~reach].any()


def test_rows_say_what_the_files_are(made: Path) -> None:
    for row in rows(made):
        image = Image.from_path(made / row["path"])
        assert image.sha256 == row["sha256"]
        assert image.width == image.height == 96
        quality = image.jpeg.quality.value if image.jpeg and image.jpeg.quality else ""
        assert str(quality) == row["last_quality"]
        assert (row["host"] == row["donor"]) == (row["history"] == "copy-move")
        assert row["host"][:8] in row["group"]
        assert row["donor"][:8] in row["group"]


def test_the_same_seed_gives_the_same_files(made: Path, photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    words = ("--size", 96, "--histories", "cfa,noise", "-w", 1)
    assert synthesize(photographs, "-o", folder, "--count", 2, *words).returncode == 0
    expected = [
        row
        for row in rows(made)
        if row["history"] in ("cfa", "noise") and "00002" not in row["path"]
    ]
    assert rows(folder) == expected
    more = synthesize(photographs, "-o", folder, "--count", 3, *words)
    assert "6 pairs in 2 histories, of which 4 were there already" in more.stdout
    assert rows(folder) == [row for row in rows(made) if row["history"] in ("cfa", "noise")]


def test_damaged_and_missing_pairs_are_made_again(
    made: Path, photographs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(made, folder)
    images = sorted(folder.glob("images/*/*"))
    images[0].write_bytes(b"damaged")
    images[10].unlink()
    next(folder.glob("masks/noise/*")).unlink()
    (folder / "manifest.csv").unlink()
    done = synthesize(photographs, "-o", folder, "--count", 3, "--size", 96)
    assert done.returncode == 0, done.stderr
    assert "of which 18 were there already" in done.stdout
    for path in sorted(made.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (folder / path.relative_to(made)).read_bytes()


@pytest.mark.slow
def test_a_killed_build_goes_on(made: Path, photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    words = [*LOCARD, "dataset", "synthesize", str(photographs), "-o", str(folder)]
    words += ["--count", "3", "--size", "96", "-w", "2"]
    running = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + 120
    while len(list(folder.glob("recipes/*/*.json"))) < 3 and time.monotonic() < give_up:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not (folder / "manifest.csv").exists()
    done = synthesize(photographs, "-o", folder, "--count", 3, "--size", 96)
    assert "were there already" in done.stdout
    assert rows(folder) == rows(made)


def test_what_cannot_be_read_is_named_and_passed_over(photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(photographs, folder)
    good = (folder / "coffee.png").read_bytes()
    (folder / "broken.png").write_bytes(good[: len(good) // 2])
    (folder / "twin.png").write_bytes(good)
    (folder / "small.png").write_bytes(encode(photograph(100, 100), "PNG"))
    (folder / "grey.png").write_bytes(encode(photograph(400, 400), "PNG", "L"))
    out = tmp_path / "out"
    words = ("--count", 1, "--size", 96, "--histories", "noise")
    done = synthesize(folder, tmp_path / "nothing.jpg", "-o", out, *words)
    assert done.returncode == 1
    assert "broken.png: the PNG is cut" in done.stderr
    assert "nothing.jpg: there is no such file" in done.stderr
    assert "small.png: 100×100 is too small" in done.stdout
    assert "grey.png: it is grey" in done.stdout
    assert "it is the same file as" in done.stdout
    assert len(rows(out)) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--histories", "magic"], "there is no history 'magic'"),
        (["--size", "8"], "pictures of 8 px cannot be made"),
        (["--size", "2000"], "0 of 4 photographs can be used; it takes two"),
    ],
)
def test_wrong_words_are_refused(
    words: list[str], sentence: str, photographs: Path, tmp_path: Path
) -> None:
    done = synthesize(photographs, "-o", tmp_path / "none", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()


def test_another_folder_is_left_alone(made: Path, photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    done = synthesize(photographs, "-o", tmp_path, "--size", 96)
    assert done.returncode == 2
    assert "holds other files" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    other = synthesize(photographs, "-o", made, "--size", 96, "--seed", 1)
    assert other.returncode == 2
    assert "made otherwise: seed differ" in other.stderr
    assert json.loads((made / "synthesis.json").read_text())["seed"] == 0


@pytest.mark.slow
def test_detectors_see_what_theory_says(tmp_path: Path) -> None:
    """Each history is seen where theory says, and no authentic twin is flagged."""
    detectors = {"grid-shift": "jpeg-grid", "double-jpeg": "double-jpeg", "noise": "noise"}
    names = ("astronaut.png", "ihc.png", "motorcycle_left.png", "retina.jpg")
    files = [Path(skimage.__file__).parent / "data" / name for name in names]
    chart = tmp_path / "chart"
    words = ("--count", 8, "--size", 190, "--histories", ",".join(detectors))
    assert synthesize(*files, "-o", chart, *words).returncode == 0
    flagged: Counter[tuple[str, bool]] = Counter()
    areas: dict[str, list[float]] = {history: [] for history in detectors}
    for row in rows(chart):
        image = Image.from_path(chart / row["path"])
        finding = catalogue().step(detectors[row["history"]])().examine(image)
        flagged[row["history"], row["kind"] == "splice"] += finding.outcome == "detected"
        if row["mask"] and finding.map is not None:
            truth = Image.from_path(chart / row["mask"]).luma > 127
            heat = finding.map.at_pixels(190, 190)
            areas[row["history"]].append(roc_auc_score(truth.ravel(), heat.ravel()))
    assert sum(flagged[history, False] for history in detectors) == 0
    assert flagged["grid-shift", True] >= 2
    assert np.mean(areas["double-jpeg"]) > 0.85
    assert np.mean(areas["noise"]) > 0.75


@pytest.mark.slow
def test_headers_do_not_tell_the_classes(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    for seed in range(12):
        (sources / f"{seed}.png").write_bytes(encode(photograph(270, 270, seed), "PNG"))
    out = tmp_path / "out"
    assert synthesize(sources, "-o", out, "--count", 6, "--size", 96).returncode == 0
    findings = find_leaks(load(out, "manifest", catalogue()))
    assert findings
    assert not [finding for finding in findings if finding.leaks]
