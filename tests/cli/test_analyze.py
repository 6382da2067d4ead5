"""``locard analyze`` as a script uses it: real processes, real files, hostile names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import bad_files
import jsonschema
import numpy as np
import pytest
from PIL import Image

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
PIPELINE = """
name = "two"
version = "1"

[[steps]]
name = "noise"
plugin = "noise"

[[steps]]
name = "ela"
plugin = "ela"

[[steps]]
name = "history"
plugin = "double-jpeg"

[[steps]]
name = "refined"
plugin = "dense-crf"
input = "noise"
"""
HOSTILE_NAMES = [
    "quote'\".jpg",
    "line\nbreak.jpg",
    "<script>alert(1)<.jpg",
    "x" * 246 + ".jpg",
    "\u202egpj.txet\u202c.jpg",
    "\x1b[31mred.jpg",
    "-n.jpg",
    "undecodable-\udcff.jpg",
]


def locard(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LOCARD, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        errors="surrogateescape",
    )


def photograph(path: Path, size: tuple[int, int] = (96, 80), quality: int = 90) -> None:
    generator = np.random.default_rng(3)
    pixels = generator.normal(128, 40, (size[1], size[0], 3)).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, "JPEG", quality=quality)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(files("locard").joinpath("schemas/analyze.schema.json").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.toml").write_text(PIPELINE)
    return tmp_path


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str, int]:
    """One run over every bad file and every hostile name, by file name."""
    folder = tmp_path_factory.mktemp("everything")
    (folder / "p.toml").write_text(PIPELINE)
    (folder / "in").mkdir()
    bad_files.write_all(folder / "in")
    for name in HOSTILE_NAMES:
        photograph(folder / "in" / name)
    (folder / "in" / "link.jpg").symlink_to("nowhere.jpg")
    names = [os.fspath(path) for path in (folder / "in").iterdir()]
    done = locard("analyze", *names, "missing.jpg", "-p", "p.toml", "--json", folder=folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    by_name = {Path(line["file"]).name: line for line in lines}
    assert len(by_name) == len(lines)
    return by_name, done.stderr, done.returncode


def test_every_line_keeps_to_the_schema(everything, schema):
    validator = jsonschema.Draft202012Validator(schema)
    for line in everything[0].values():
        validator.validate(line)


def test_bad_files_stop_nothing(everything):
    lines, errors, code = everything
    assert code == 1
    assert "Traceback" not in errors
    for name in HOSTILE_NAMES:
        outcomes = [finding["outcome"] for finding in lines[name]["findings"]]
        assert len(outcomes) == 4
        assert "failed" not in outcomes


def test_what_cannot_be_opened_says_why(everything):
    lines, _, _ = everything
    for name, words in {"missing.jpg": "no such file", "link.jpg": "broken link"}.items():
        assert words in lines[name]["error"]
        assert lines[name]["sha256"] is None
        assert lines[name]["findings"] == []


def test_broken_files_are_failed_findings_with_a_reason(everything):
    lines, _, _ = everything
    for sample in bad_files.broken():
        findings = {finding["step"]: finding for finding in lines[sample.name]["findings"]}
        assert findings["noise"]["outcome"] == "failed", sample.name
        assert findings["noise"]["reason"] == sample.reason, sample.name
        assert findings["noise"]["explanation"].isprintable(), sample.name
        assert findings["noise"]["explanation"], sample.name
        assert findings["refined"]["outcome"] in ("failed", "not_applicable")


def test_special_files_are_examined(everything):
    lines, _, _ = everything
    for sample in bad_files.special():
        outcomes = {
            finding["step"]: (finding["outcome"], finding["explanation"])
            for finding in lines[sample.name]["findings"]
        }
        assert not [item for item in outcomes.values() if item[0] == "failed"], sample.name


def test_order_twins_and_maps(folder, schema):
    for number in range(6):
        photograph(folder / f"{number}.jpg", (256 + 8 * number, 192))
    names = ["5.jpg", "./0.jpg", "3.jpg", "0.jpg", "1.jpg", "5.jpg"]
    done = locard("analyze", *names, "-p", "p.toml", "--json", "--maps", "m", "-w", "2",
                  folder=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == names
    assert lines[1]["sha256"] == lines[3]["sha256"]
    for line in lines:
        jsonschema.Draft202012Validator(schema).validate(line)
        noise = next(item for item in line["findings"] if item["step"] == "noise")
        values = np.load(folder / noise["map"])
        assert Path(noise["map"]).name == f"{line['sha256']}-noise.npy"
        assert values.dtype == np.float32
        assert values.shape == (line["height"], line["width"])
        assert 0 <= values.min() <= values.max() <= 1
        with Image.open((folder / noise["map"]).with_suffix(".png")) as overlay:
            assert overlay.size == (line["width"], line["height"])


def test_words_for_people(folder):
    photograph(folder / "\x1b[31mred.jpg")
    done = locard("analyze", "\x1b[31mred.jpg", "-p", "p.toml", folder=folder)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "inconclusive" in done.stdout


def test_quiet_prints_nothing(folder):
    photograph(folder / "a.jpg")
    done = locard("analyze", "a.jpg", "-p", "p.toml", "--quiet", folder=folder)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["analyze", "a.jpg", "-p", "none"], "there is no pipeline 'none'"),
        (["analyze", "a.jpg", "-p", "missing.toml"], "cannot read pipeline"),
        (["analyze", "a.jpg", "-p", "p.toml", "--executor", "moon"], "no executor 'moon'"),
        (["analyze", "a.jpg", "-p", "p.toml", "--maps", "p.toml"], "cannot write maps"),
        (["analyze"], "Missing argument"),
        (["analyze", "a.jpg", "--workers", "0"], "--workers"),
    ],
)
def test_a_wrong_command_does_nothing_and_says_why(folder, words, message):
    photograph(folder / "a.jpg")
    done = locard(*words, folder=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_gone_away_ends_it_in_silence(folder):
    photograph(folder / "a.jpg")
    reader, writer = os.pipe()
    os.close(reader)
    command = [*LOCARD, "analyze", "a.jpg", "-p", "p.toml", "--json"]
    done = subprocess.run(
        command, cwd=folder, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1, "its output was not taken to the end"


def test_a_folder_gives_its_images_and_says_what_it_passed_over(folder):
    photograph(folder / "a.jpg")
    (folder / "notes.txt").write_text("not an image")
    done = locard("analyze", ".", "-p", "p.toml", "--json", folder=folder)
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["./a.jpg"]
    assert "2 files in folders were passed over" in done.stderr
    assert done.returncode == 0
