"""What docs/models.md shows is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from registry_models import calibration_for, network

import locard_registry as registry
from locard import Detector
from locard_registry.card import Card

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_card_is_written_and_the_detector_uses_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("lab-models/kd-crop/1.0.0-lab-cameras")
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(network().SerializeToString())
    sha256 = registry.describe_file(folder / "model.onnx", "fp32").sha256
    (folder / "calibration.json").write_text(calibration_for(sha256).to_json())
    said: dict[str, Any] = {}
    write, use = BLOCKS
    exec(write, said)
    monkeypatch.setenv("LOCARD_MODELS", str(tmp_path / "lab-models"))
    model = registry.load("kd-crop", "1.0.0-lab-cameras", provides={"phase_evidence": "1"})
    assert model.identity == said["identity"]
    exec(use, said)

    class Crop(said["Crop"]):  # type: ignore[misc]
        class Parameters(Detector.Parameters):
            model: str = "1.0.0-lab-cameras"

        def examine(self, image):
            raise NotImplementedError

    crop = Crop()
    assert crop.models() == (model.reference(),)
    assert crop.calibration() == model.calibration


@pytest.mark.parametrize("key", Card.model_fields)
def test_every_key_of_a_card_is_in_the_table(key):
    table = PAGE.partition("## What a card holds")[2].partition("\n## ")[0]
    assert f"`{key}`" in table
