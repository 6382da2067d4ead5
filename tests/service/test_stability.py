"""``locard analyze --probe`` in real processes, and what it says in a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import skimage.data

from locard.outcomes import Outcome
from locard.stability import COPIES, Observation, Stability, summary
from locard.testing import encode, jpeg, photograph

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
PIPELINE = """
name = "two"
version = "7"

[[steps]]
name = "grid"
plugin = "jpeg-grid"

[[steps]]
name = "noise"
plugin = "noise"
"""


def analyze(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "p.toml").write_text(PIPELINE)
    command = [*LOCARD, "analyze", *words, "-p", "p.toml", "-w", "2"]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        env={**os.environ, "TMPDIR": str(folder)},
    )


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict], int]:
    folder = tmp_path_factory.mktemp("probed")
    scene = skimage.data.astronaut()[:300, :320]
    (folder / "photo.jpg").write_bytes(jpeg(scene, 75))
    (folder / "flat.png").write_bytes(encode(scene * 0, "PNG"))
    (folder / "tiny.png").write_bytes(encode(photograph(9, 9), "PNG"))
    (folder / "text.jpg").write_text("no image")
    data = jpeg(scene, 60)
    (folder / "cut.jpg").write_bytes(data[: len(data) // 2])
    names = ["photo.jpg", "missing.jpg", "flat.png", "tiny.png", "text.jpg", "cut.jpg", "photo.jpg"]
    done = analyze(folder, *names, "--probe", "--json", "--maps", "maps")
    assert "Traceback" not in done.stderr
    return folder, [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def test_lines_come_in_order_and_keep_to_the_schema(probed) -> None:
    folder, lines, code = probed
    names = ["photo.jpg", "missing.jpg", "flat.png", "tiny.png", "text.jpg", "cut.jpg", "photo.jpg"]
    assert [line["file"] for line in lines] == names
    assert code == 1
    schema = json.loads(files("locard").joinpath("schemas/analyze.schema.json").read_text())
    for line in lines:
        jsonschema.Draft202012Validator(schema).validate(line)
        if "stability" in line:
            Stability.model_validate(line["stability"])
    assert not list(folder.glob("locard-*"))


def test_every_copy_is_examined_by_every_step(probed) -> None:
    stability = probed[1][0]["stability"]
    assert stability["pipeline"] == "two"
    assert stability["pipeline_version"] == "7"
    assert [copy["treatment"] for copy in stability["copies"]] == list(COPIES)
    assert len({copy["sha256"] for copy in stability["copies"]}) == len(COPIES)
    assert [step["step"] for step in stability["steps"]] == ["grid", "noise"]
    for step, finding in zip(stability["steps"], probed[1][0]["findings"], strict=True):
        assert [copy["treatment"] for copy in step["copies"]] == list(COPIES)
        assert step["untouched"]["score"] == finding["score"]
        assert step["untouched"]["outcome"] == finding["outcome"]
        assert step["version"] == finding["version"]


def test_a_shift_moves_the_grid_and_a_resize_destroys_it(probed) -> None:
    grid = {copy["treatment"]: copy for copy in probed[1][0]["stability"]["steps"][0]["copies"]}
    scores = {name: copy["score"] for name, copy in grid.items()}
    assert grid["crop-4-4"]["outcome"] == "detected"
    assert grid["scale-0.75"]["outcome"] != "detected"
    assert scores["crop-1-2"] != scores["jpeg-90"]


def test_maps_of_copies_agree_with_the_map_of_the_file(probed) -> None:
    noise = {copy["treatment"]: copy for copy in probed[1][0]["stability"]["steps"][1]["copies"]}
    assert all(copy["map_correlation"] is not None for copy in noise.values())
    assert noise["jpeg-95"]["map_correlation"] > 0.5


def test_a_file_given_twice_says_the_same_twice(probed) -> None:
    first, last = (probed[1][place]["stability"]["steps"] for place in (0, -1))
    assert first == last


@pytest.mark.slow
def test_every_probe_compares_its_maps_however_many_there_are(tmp_path: Path) -> None:
    """More files than are under way at a time, one of them slow and one there twice."""
    sides = [500, 160, 164, 168, 172, 160]
    for place, side in enumerate(sides):
        (tmp_path / f"{place}.png").write_bytes(encode(photograph(side, side), "PNG"))
    names = [f"{place}.png" for place in range(len(sides))]
    done = analyze(tmp_path, *names, "--probe", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == names
    for line in lines:
        noise = line["stability"]["steps"][1]
        assert all(copy["map_correlation"] is not None for copy in noise["copies"])
    assert lines[1]["stability"]["steps"] == lines[5]["stability"]["steps"]


def test_maps_are_kept_of_the_files_alone(probed) -> None:
    folder, lines, _ = probed
    hashes = {line["sha256"] for line in lines}
    kept = {path.name[:64] for path in (folder / "maps").iterdir()}
    assert kept
    assert kept <= hashes


def test_what_has_no_copies_says_why(probed) -> None:
    lines = {line["file"]: line for line in probed[1]}
    assert "stability" not in lines["missing.jpg"]
    assert "stability" not in lines["text.jpg"]
    tiny = {copy["treatment"]: copy["refused"] for copy in lines["tiny.png"]["stability"]["copies"]}
    assert "fewer than 8 pixels" in tiny["scale-0.75"]
    assert tiny["jpeg-90"] is None
    cut = lines["cut.jpg"]["stability"]
    assert all(copy["refused"] for copy in cut["copies"])
    assert "no copy was examined" in cut["steps"][0]["summary"]


def test_words(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(encode(photograph(120, 140), "PNG"))
    done = analyze(tmp_path, "photo.png", "--probe")
    assert done.returncode == 0, done.stderr
    assert "On 10 treated copies" in done.stdout
    assert "a cut moves the JPEG grid" in done.stdout
    assert "of 10 copies; score" in done.stdout
    for name in COPIES:
        assert done.stdout.count(f"    {name:<12}") == 2


def seen(outcome: Outcome, score: float | None = None) -> Observation:
    return Observation(treatment="x", outcome=outcome, score=score)


@pytest.mark.parametrize(
    ("untouched", "copies", "sentence"),
    [
        (
            seen(Outcome.DETECTED, 12.9),
            [seen(Outcome.DETECTED, 3.14159), seen(Outcome.NOT_DETECTED, 14.2)],
            "detected in 1 of 2 copies, not detected in 1; score 3.142 to 14.2; "
            "untouched: detected, 12.9",
        ),
        (
            seen(Outcome.DETECTED, 12.9),
            [seen(Outcome.NOT_APPLICABLE)],
            "detected in 0 of 1 copy, not applicable in 1; untouched: detected, 12.9",
        ),
        (
            seen(Outcome.INCONCLUSIVE),
            [seen(Outcome.INCONCLUSIVE), seen(Outcome.FAILED)],
            "inconclusive in 1 of 2 copies, failed in 1; untouched: inconclusive",
        ),
        (
            seen(Outcome.NOT_DETECTED, 0),
            [seen(Outcome.NOT_DETECTED, 0)],
            "not detected in 1 of 1 copy; score 0; untouched: not detected, 0",
        ),
        (seen(Outcome.DETECTED, 1), [], "untouched: detected, 1; no copy was examined"),
    ],
)
def test_summaries(untouched: Observation, copies: list[Observation], sentence: str) -> None:
    assert summary(untouched, copies) == sentence
