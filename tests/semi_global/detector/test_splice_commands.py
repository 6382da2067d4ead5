"""semi-global from the command line: a case, its report, and a missing or foreign model."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import skimage.data
from PIL import Image as Pillow

from locard_semi_global.evidence.channels import IDENTITY

from .linear_models import install, jpeg_files, linear_model

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
LAB = """
name = "lab"
version = "1"

[[steps]]
name = "semi-global"
plugin = "semi-global"
parameters = { model = "0.0.1-lab" }

[[steps]]
name = "refined"
plugin = "dense-crf"
input = "semi-global"
"""


def splice(folder: Path) -> None:
    """Write a photograph that went through JPEG twice, with a part that did once."""
    file = io.BytesIO()
    Pillow.fromarray(skimage.data.astronaut()).save(file, "JPEG", quality=60)
    with Pillow.open(file) as host:
        picture = host.convert("RGB")
    picture.paste(Pillow.fromarray(skimage.data.coffee()).crop((200, 100, 392, 292)), (160, 160))
    picture.save(folder / "splice.jpg", quality=92)
    (folder / "lab.toml").write_text(LAB)


def locard(folder: Path, *words: str, expect: int = 0) -> str:
    done = subprocess.run(
        [*LOCARD, *words],
        cwd=folder,
        env=os.environ | {"LOCARD_MODELS": str(folder / "models")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == expect, done.stderr
    return done.stdout


@pytest.mark.slow
def test_report_and_json_say_what_a_region_stands_out_by(tmp_path: Path) -> None:
    splice(tmp_path)
    install(
        tmp_path / "models",
        linear_model({"first-compression-pooled-7": -0.5}, -8.0),
        "0.0.1-lab",
        thresholds=(jpeg_files(1.0),),
        refinement={"dense-crf": {"weight_gamma": 0.0, "sigma_alpha": 31.0}},
    )
    locard(tmp_path, "case", "new", "C-1", "--title", "t", "--examiner", "e", "--vault", "v")
    locard(tmp_path, "exhibit", "add", "C-1", "splice.jpg", "--vault", "v")
    locard(tmp_path, "examine", "C-1", "--pipeline", "lab.toml", "--vault", "v")
    locard(tmp_path, "report", "C-1", "-o", "r.json", "--vault", "v")
    locard(tmp_path, "report", "C-1", "-o", "r.html", "--vault", "v")
    report = json.loads((tmp_path / "r.json").read_text())
    examination = report["examinations"][0]
    ((first, refined),) = examination["results"][0]["chains"]
    (region, *_) = first["record"]["regions"]
    assert region["measurements"]["lost_without"]["quantisation"] > 0.9
    assert region["measurements"]["carried_by"] == ["quantisation"]
    assert refined["record"]["measurements"]["refinement"] == "refined"
    assert examination["pipeline"]["steps"][1]["parameters"]["sigma_alpha"] == 31.0
    page = (tmp_path / "r.html").read_text()
    sentence = "by its quantisation history (100%), not by traces of the camera"
    assert region["label"].endswith(sentence)
    assert page.count(sentence) >= 2  # in the explanation, and beside the region's number


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (None, "there is no model semi-global 0.0.1-lab"),
        ({**IDENTITY, "evidence_channels": "0"}, "made for other evidence"),
    ],
    ids=["missing", "foreign"],
)
def test_without_its_model_the_step_fails_and_says_why(
    tmp_path: Path, metadata: dict[str, str] | None, words: str
) -> None:
    splice(tmp_path)
    (tmp_path / "models").mkdir()
    if metadata is not None:
        install(tmp_path / "models", linear_model({}, metadata=metadata), "0.0.1-lab")
    said = locard(tmp_path, "analyze", "splice.jpg", "-p", "lab.toml", "--json", expect=1)
    finding = json.loads(said.splitlines()[0])["findings"][0]
    assert finding["outcome"] == "failed"
    assert words in finding["explanation"]


@pytest.mark.slow
def test_a_cut_file_fails_and_the_rest_is_examined(tmp_path: Path) -> None:
    splice(tmp_path)
    install(tmp_path / "models", linear_model({"content-luma": 1.0}), "0.0.1-lab")
    whole = (tmp_path / "splice.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    said = locard(
        tmp_path, "analyze", "cut.jpg", "splice.jpg", "-p", "lab.toml", "--json", expect=1
    )
    cut, rest = (json.loads(line)["findings"][0] for line in said.splitlines())
    assert (cut["outcome"], cut["reason"]) == ("failed", "truncated")
    assert rest["outcome"] == "not_detected"
