"""ONNX, the registry, and the detectors, on real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from locard import Image, Outcome
from locard.errors import LocardError
from locard.training.config import to_toml
from locard.training.onnx_export import compare
from locard.training.run_folder import RunFolder
from locard.training.weights import save_weights
from locard_registry import load
from locard_registry.about import About
from locard_semi_global.paper.card import export
from locard_semi_global.paper.config import PatchConfig
from locard_semi_global.paper.detectors import Jcs, SgnPaper
from locard_semi_global.paper.exporting import to_onnx
from locard_semi_global.paper.global_network import small_network
from locard_semi_global.paper.localising import IDENTITY, PatchLocaliser, score_of
from locard_semi_global.paper.networks import PatchNetwork, SemiGlobal
from locard_semi_global.paper.whole import whole

ABOUT = About(
    licence="Apache-2.0",
    purpose="a test",
    made_by="a test",
    photographs="none",
    commands=("none",),
    seeds=(1,),
    limits=("all",),
)


def network(name: str) -> PatchNetwork:
    torch.manual_seed(5)
    return (PatchNetwork() if name == "jcs" else SemiGlobal(small_network())).eval()


def patches_of(pixels: np.ndarray, count: int) -> np.ndarray:
    return np.stack([pixels[8 * i : 8 * i + 64, 8 * i : 8 * i + 64] for i in range(count)])


@pytest.mark.parametrize("name", ["jcs", "sgn-paper"])
def test_onnx_and_torch_agree_on_real_patches_of_any_number(name, spliced):
    own = network(name)
    files = to_onnx(own)
    batches = []
    for count in (1, 2, 7):
        patches = torch.from_numpy(patches_of(spliced[0], count)).permute(0, 3, 1, 2) / 255
        features = (torch.rand(count, 256),) if name == "sgn-paper" else ()
        batches.append((patches, *features))
    found = compare(own, files["model.onnx"], batches)
    assert max(found.values()) < 1e-4
    assert files.keys() == {"model.onnx", *(["global.onnx"] if name == "sgn-paper" else [])}
    if isinstance(own, SemiGlobal):
        picture = torch.from_numpy(whole(spliced[0]).copy()).permute(2, 0, 1)[None] / 255
        found = compare(
            own.global_network, files["global.onnx"], [(picture,), (picture.repeat(3, 1, 1, 1),)]
        )
        assert found["features"] < 1e-4


def test_a_whole_picture_is_judged_as_its_patches_are(spliced):
    own = network("sgn-paper")
    files = to_onnx(own)
    localiser = PatchLocaliser(files["model.onnx"], files["global.onnx"])
    found = localiser.look(spliced[0], 64)
    with torch.no_grad():
        picture = torch.from_numpy(whole(spliced[0]).copy()).permute(2, 0, 1)[None] / 255
        features = own.global_network(picture)
        patch = torch.from_numpy(spliced[0][64:128, 128:192]).permute(2, 0, 1)[None] / 255
        expected = own(patch, features)
    np.testing.assert_allclose(found.values[64:128, 128:192], expected.mask.exp()[0, 1], atol=1e-4)
    assert found.labels[1, 2] == pytest.approx(float(expected.label.exp()[0, 1]), abs=1e-4)


def test_the_score_follows_the_most_suspicious_hundredth():
    values = np.full((100, 100), 0.1, np.float32)
    assert score_of(values) == pytest.approx(np.log(0.1 / 0.9), rel=1e-4)
    values[:10, :10] = 0.8
    assert score_of(values) == pytest.approx(np.log(0.8 / 0.2), rel=1e-4)
    assert np.isfinite(score_of(np.ones((64, 64), np.float32)))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of networks that were never trained."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("jcs", "sgn-paper"):
        run = tmp_path_factory.mktemp("run")
        (run / "config.toml").write_text(to_toml(PatchConfig(network=name)), "utf-8")
        save_weights(network(name), run / "best.safetensors")
        RunFolder(run).write_facts(
            {
                "inputs": {},
                "steps": 30,
                "epochs": 3,
                "best_epoch": 2,
                "seconds": 12.5,
                "hardware": {"gpu": None, "processor": "a test", "threads": 1, "cores": 2},
            }
        )
        export(run, ABOUT, folder, "1.0.0-test")
    return folder


@pytest.fixture
def at_hand(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCARD_MODELS", str(models))
    return models


def test_the_card_says_size_cost_and_what_the_global_branch_is(at_hand):
    card = load("jcs", "1.0.0-test", provides=IDENTITY).card
    assert (card.parameters, card.macs.value) == (1_387_014, 114_704_896)
    assert card.training.seconds == 12.5
    assert card.limits[0].startswith("It was trained on 1920 patches in 0 minutes")
    card = load("sgn-paper", "1.0.0-test", provides=IDENTITY).card
    assert [listed.file for listed in card.files] == ["model.onnx", "global.onnx"]
    assert card.parameters == 1_387_014 + 256 * 256 + 256 + 512
    assert any("distilled from ResNet-18" in limit for limit in card.limits)
    with pytest.raises(LocardError, match="requires"):
        load("jcs", "1.0.0-test", provides={"semi-global-patches": "0"})


def test_a_model_is_never_written_over(models, tmp_path):
    (tmp_path / "config.toml").write_text('network = "jcs"\n', "utf-8")
    save_weights(network("jcs"), tmp_path / "best.safetensors")
    with pytest.raises(LocardError, match="there is a jcs"):
        export(tmp_path, ABOUT, models, "1.0.0-test")


@pytest.mark.parametrize("kind", [Jcs, SgnPaper])
def test_a_detector_gives_map_and_score_and_claims_nothing(kind, at_hand, spliced):
    detector = kind({"model": "1.0.0-test", "stride": 64})
    detector.load()
    finding = detector.examine(Image.from_array(spliced[0][:200, :130]))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.reason == "not-validated"
    assert finding.map.values.shape == (200, 130)
    assert finding.score == pytest.approx(score_of(finding.map.values))
    assert finding.mask is None
    assert finding.measurements["patches"] == 12
    assert detector.models()[0].version == "1.0.0-test"


@pytest.mark.parametrize("kind", [Jcs, SgnPaper])
def test_grey_and_one_coloured_pictures_have_an_outcome_and_small_ones_none(kind, at_hand):
    detector = kind({"model": "1.0.0-test", "stride": 64})
    grey = detector.examine(Image.from_array(np.full((70, 90), 128, np.uint8)))
    assert grey.outcome is Outcome.INCONCLUSIVE
    small = detector.examine(Image.from_array(np.zeros((63, 90, 3), np.uint8)))
    assert (small.outcome, small.reason) == (Outcome.NOT_APPLICABLE, "too-small")
