"""kd-crop from the command line: its pipeline, and what is said where the model is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from crop_models import install, zeros_model
from PIL import Image as Pillow

from locard.pipelines import load
from locard.plugins import catalogue

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
PIPELINE = """
name = "lab"
version = "1"

[[steps]]
name = "kd-crop"
plugin = "kd-crop"
parameters = { model = "VERSION" }
"""


def analyzed(folder: Path, version: str, models: Path) -> tuple[int, dict[str, Any], str]:
    """Analyze a lossless crop; return exit code, finding and standard error."""
    once = folder / "once.jpg"
    Pillow.fromarray(skimage.data.astronaut()).save(once, quality=80)
    with Pillow.open(once) as picture:
        picture.crop((5, 3, 400, 390)).save(folder / "crop.png")
    (folder / "lab.toml").write_text(PIPELINE.replace("VERSION", version))
    done = subprocess.run(
        [*LOCARD, "analyze", "crop.png", "--pipeline", "lab.toml", "--json", "--maps", "maps"],
        cwd=folder,
        env=os.environ | {"LOCARD_MODELS": str(models)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout.splitlines()[0])
    return done.returncode, said["findings"][0], done.stderr


@pytest.mark.slow
def test_without_its_model_the_step_fails_and_says_why(tmp_path: Path):
    models = tmp_path / "models"
    models.mkdir()
    code, finding, errors = analyzed(tmp_path, "9.9.9", models)
    assert (code, finding["outcome"]) == (1, "failed")
    assert "there is no model kd-crop 9.9.9" in finding["explanation"]
    assert "LOCARD_MODELS" in finding["explanation"]
    assert "Traceback" not in errors


@pytest.mark.slow
def test_a_laboratorys_model_is_used_and_found_by_its_version(tmp_path: Path):
    models = tmp_path / "models"
    install(models, zeros_model(), "0.0.1-lab")
    code, finding, _ = analyzed(tmp_path, "0.0.1-lab", models)
    assert (code, finding["outcome"]) == (0, "detected")
    told = finding["measurements"]
    assert (told["cut_columns"], told["cut_rows"]) == (5, 3)
    assert told["first_quality"] == 80
    kept = {path.name.split("-kd-crop")[-1] for path in (tmp_path / "maps").iterdir()}
    assert kept == {".npy", ".png", "-phase-evidence.png", "-frame.png"}


def test_the_pipeline_crop_has_its_three_steps():
    pipeline = load("crop", catalogue())
    assert [step.plugin for step in pipeline.steps] == ["kd-crop", "jpeg-grid", "frame-metadata"]


def test_registering_the_detector_imports_nothing_heavy():
    code = (
        "import sys, locard_kd_crop.detector; "
        "print([n for n in ('numba', 'scipy', 'onnxruntime', 'torch') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
