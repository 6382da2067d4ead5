"""From a run to a model of the registry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from noisy_squares import make_set

from locard.errors import LocardError
from locard.image import Image
from locard.training.loop import train
from locard_registry.about import About
from locard_registry.loading import load
from locard_semi_global.evidence.channels import IDENTITY
from locard_semi_global.localiser import Localiser
from locard_semi_global.looking import evidence_of
from locard_semi_global.prepared import Given
from locard_semi_global.shipped import found
from locard_semi_global.tasks import exporter_of, prepare
from locard_semi_global.training.preparing import network_of

CONFIG = """
kind = "block-evidence"
epochs = 1
batch_size = 4
widths = [8, 8]
threads = 1
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    sets = (make_set(folder / "set", 4), make_set(folder / "val", 2, "val"))
    given = Given(sets, (), folder / "cache", 1, None, None, lambda words, done, total: None)
    prepared = prepare("block-evidence", folder / "config.toml", given)
    train(prepared.task, prepared.config, folder / "run", inputs=prepared.inputs)
    return folder / "run"


def about() -> About:
    return About.read(found(Path("semi-global.about.toml")))


def test_the_model_of_a_run_says_of_pictures_what_its_network_says(
    run: Path, tmp_path: Path
) -> None:
    made = exporter_of(run)(run, about(), tmp_path, "0.0.1-lab")
    model = load("semi-global", "0.0.1-lab", provides=IDENTITY, roots=[tmp_path])
    assert model.card.requires == IDENTITY
    assert model.card.parameters == sum(one.numel() for one in network_of(run).parameters())
    assert made.folder == tmp_path / "semi-global" / "0.0.1-lab"
    evidence = evidence_of(Image.from_path(run.parent / "set" / "1.jpg"))
    logits = Localiser(model.onnx()).logits(evidence)
    # Nine by ten cells, padded to a multiple of eight by repeating the border.
    padded = np.pad(evidence.values.astype(np.float32), ((0, 0), (0, 7), (0, 6)), mode="edge")
    given = [torch.from_numpy(one[None]) for one in (padded, evidence.medians, evidence.spreads)]
    with torch.inference_mode():
        expected = network_of(run)(*given, torch.ones(1, 9))[0].numpy()
    assert logits.shape == (18, 20)
    np.testing.assert_allclose(logits, expected[:18, :20], atol=1e-3)


def test_a_model_is_never_overwritten(run: Path, tmp_path: Path) -> None:
    exporter_of(run)(run, about(), tmp_path, "0.0.1-lab")
    with pytest.raises(LocardError, match=r"there is a semi-global 0\.0\.1-lab"):
        exporter_of(run)(run, about(), tmp_path, "0.0.1-lab")


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocardError, match="holds no training"):
        exporter_of(tmp_path)
