"""The demo finds what was done to its photographs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "demo"


@pytest.mark.slow
def test_the_demo_finds_what_was_done(tmp_path: Path):
    shutil.copytree(DEMO, tmp_path / "demo")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "demo" / "demo.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    output = tmp_path / "demo-output"
    assert done.stdout.rstrip().endswith(str(output / "report.html"))
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    names = {exhibit["label"]: exhibit["names"][0] for exhibit in report["exhibits"]}
    outcomes = {
        (Path(names[result["exhibit"]]).name, finding["record"]["step"]): finding["record"]
        for result in report["examinations"][0]["results"]
        for chain in result["chains"]
        for finding in chain
    }
    crop = outcomes["coffee-crop.png", "jpeg-grid"]
    assert crop["outcome"] == "detected"
    assert (crop["measurements"]["cut_columns"], crop["measurements"]["cut_rows"]) == (5, 3)
    assert outcomes["astronaut-splice.jpg", "double-jpeg"]["outcome"] == "detected"
    assert outcomes["launch.jpg", "jpeg-grid"]["outcome"] == "not_detected"
    assert outcomes["broken.jpg", "ela"]["reason"] == "truncated"
    drawn = {path.name.partition("-kd-crop-")[2] for path in (output / "crop-pictures").iterdir()}
    assert {"phase-evidence.png", "frame.png"} <= drawn
    assert "5 columns at the left and 3 rows at the top are missing" in " ".join(
        done.stdout.split()
    )
