"""A detector with a model and a calibration of its own, from pipeline to report and replay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from registry_models import calibration_for, card_of, network

import locard_registry as registry
from locard.calibration import Calibration
from locard.errors import PipelineError
from locard.evaluation.validation.methods import Method, changes, installed_methods
from locard.pipelines import resolve
from locard.plugins import Catalogue
from locard.service.evaluate import one_step, step_facts
from locard.service.validate import method_pipeline
from locard.testing import jpeg, photograph

DETECTOR = """
from locard import Detector, Finding, hookimpl


class Toy(Detector):
    name = "toy"
    version = "1"
    summary = "Says how bright the picture is"

    def _model(self):
        from locard_registry import load

        return load("toy", "1.0.0", provides={"phase_evidence": "1"})

    def models(self):
        return (self._model().reference(),)

    def calibration(self):
        return self._model().calibration

    def examine(self, image):
        self._model()
        return Finding.not_detected(float(image.luma.mean()) / 1000, "It is as bright as it is.")


@hookimpl
def register_detectors(register):
    register(Toy)
"""
PIPELINE = """
name = "lab"
version = "1"

[[steps]]
name = "step"
plugin = "toy"
"""


class Lab:
    """A folder with a plugin, a model, photographs and a vault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = folder / "models" / "toy" / "1.0.0"
        self.model.mkdir(parents=True)
        (self.model / "model.onnx").write_bytes(network().SerializeToString())
        self.sha256 = registry.describe_file(self.model / "model.onnx", "fp32").sha256
        self.write_card(self.calibration())
        package = folder / "site" / "acme_toy-1.dist-info"
        package.mkdir(parents=True)
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-toy\nVersion: 1\n")
        (package / "entry_points.txt").write_text("[locard]\nacme-toy = acme_toy\n")
        (package.parent / "acme_toy.py").write_text(DETECTOR)
        (folder / "lab.toml").write_text(PIPELINE)
        for name, quality in (("inside", 90), ("outside", 50)):
            (folder / f"{name}.jpg").write_bytes(jpeg(photograph(96, 128), quality=quality))

    def calibration(self, upper: float = 1.0, **changes: Any) -> Calibration:
        """Return a calibration for JPEG files of quality 80 and more."""
        plain = calibration_for(self.sha256).model_dump(mode="json")
        (stratum,) = plain["strata"]
        stratum["conditions"] = {"formats": ["JPEG"], "jpeg_quality": {"low": 80}}
        stratum["bounds"]["upper"] = upper
        fields = {name: value for name, value in plain.items() if name != "sha256"}
        return Calibration.sealed(**(fields | changes))

    def write_card(self, calibration: Calibration, **changes: Any) -> None:
        path = self.model / "calibration.json"
        path.write_text(calibration.to_json())
        described = registry.describe_calibration(path)
        registry.write_card(card_of(self.model, calibration=described, **changes), self.model)

    def run(self, *words: object, code: int = 0) -> str:
        environment = {
            **os.environ,
            "LOCARD_MODELS": str(self.folder / "models"),
            "LOCARD_PLUGINS": "acme-toy",
            "LOCARD_VAULT": str(self.folder / "vault"),
            "PYTHONPATH": str(self.folder / "site"),
        }
        done = subprocess.run(
            [sys.executable, "-c", "from locard.cli import main; main()", *map(str, words)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def findings(self, *files: str, pipeline: str = "lab.toml") -> list[dict[str, Any]]:
        said = self.run("analyze", *files, "-p", pipeline, "--json")
        return [json.loads(line)["findings"][0] for line in said.splitlines()]


@pytest.fixture(scope="module")
def make_lab(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lab]:
    return lambda: Lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def lab(make_lab: Callable[[], Lab]) -> Lab:
    """A lab with a case that was examined."""
    made = make_lab()
    made.run("case", "new", "1", "--title", "t", "--examiner", "e")
    made.run("exhibit", "add", "1", "inside.jpg", "outside.jpg")
    made.run("examine", "1", "-p", "lab.toml", "-q")
    return made


@pytest.fixture(scope="module")
def report(lab: Lab) -> dict[str, Any]:
    lab.run("report", "1", "-o", "r.json")
    plain: dict[str, Any] = json.loads((lab.folder / "r.json").read_text())
    return plain


def test_findings_carry_the_ratio_or_why_there_is_none(report):
    (examination,) = report["examinations"]
    inside, outside = (
        result["chains"][0][0]["record"]["likelihood"] for result in examination["results"]
    )
    assert inside["log10_lr"] == pytest.approx(
        examination["results"][0]["chains"][0][0]["record"]["score"]
    )
    assert inside["stratum"] == "all images"
    assert outside["refused"] == "outside-conditions"
    assert "The JPEG quality is 50" in outside["explanation"]


def test_receipts_name_the_calibration_the_model_and_its_card(lab, report):
    record = report["examinations"][0]["results"][0]["chains"][0][0]["record"]
    (entry,) = (e for e in registry.catalogue((lab.folder / "models",)))
    assert record["receipt"]["models"] == [
        {
            "name": "toy",
            "version": "1.0.0",
            "sha256": lab.sha256,
            "card_sha256": entry.identity,
        }
    ]
    assert record["receipt"]["calibration"] == record["likelihood"]["calibration"]
    assert report["models"][0]["card_sha256"] == entry.identity


def test_the_report_prints_conditions_and_bounds(lab, report):
    lab.run("report", "1", "-o", "r.html")
    html = (lab.folder / "r.html").read_text()
    assert "<h3>Calibrations</h3>" in html
    assert "JPEG quality at least 80" in html
    assert "-1.00 to 1.00" in html
    assert "H1: the image was cropped" in html


def test_a_case_is_verified_and_replayed_with_its_model(lab):
    assert "as it was recorded" in lab.run("case", "verify", "1")
    assert "all the same, to the bit" in lab.run("case", "replay", "1")


def test_a_pipelines_own_calibration_goes_first(lab):
    (lab.folder / "other.json").write_text(lab.calibration(upper=0.0625).to_json())
    (lab.folder / "other.toml").write_text(PIPELINE + 'calibration = "other.json"\n')
    (own,), (other,) = (
        lab.findings("inside.jpg", pipeline=name) for name in ("lab.toml", "other.toml")
    )
    assert own["likelihood"]["bound"] is None
    assert other["likelihood"]["log10_lr"] == 0.0625
    assert other["likelihood"]["bound"] == "upper"


def test_another_card_is_another_finding_and_is_noticed(make_lab):
    """With a threshold moved, nothing is reused, and custody says that the card is another."""
    lab = make_lab()
    lab.run("case", "new", "1", "--title", "t", "--examiner", "e")
    lab.run("exhibit", "add", "1", "inside.jpg")
    for purpose in ("Multiplies, for tests", "Multiplies, for tests", "Has changed"):
        lab.write_card(lab.calibration(), purpose=purpose)
        lab.run("examine", "1", "-p", "lab.toml", "-q")
    lab.run("report", "1", "-o", "r.json", code=1)
    plain = json.loads((lab.folder / "r.json").read_text())
    reused = [e["results"][0]["chains"][0][0]["record"]["reused"] for e in plain["examinations"]]
    assert reused == [False, True, False]
    assert "the card of model toy 1.0.0 is not the one" in lab.run("case", "verify", "1", code=1)
    assert "models" in lab.run("case", "replay", "1", "--examination", "1", code=1)


def test_a_calibration_of_another_method_gives_no_ratio(make_lab):
    lab = make_lab()
    own = lab.calibration().detector.model_dump(mode="json")
    lab.write_card(lab.calibration(detector={**own, "version": "0.9"}))
    (found,) = lab.findings("inside.jpg")
    assert found["likelihood"]["refused"] == "other-method"
    assert "it is for version 0.9 of toy" in found["likelihood"]["explanation"]


def test_a_model_that_was_swapped_fails_the_step_and_nothing_else(make_lab):
    lab = make_lab()
    (lab.model / "model.onnx").write_bytes(network(2).SerializeToString())
    pipeline = PIPELINE + '\n[[steps]]\nname = "again"\nplugin = "toy"\n'
    (lab.folder / "lab.toml").write_text(pipeline)
    said = lab.run("analyze", "inside.jpg", "-p", "lab.toml", "--json", code=1)
    first, second = json.loads(said.splitlines()[0])["findings"]
    for finding in (first, second):
        assert finding["outcome"] == "failed"
        assert "is not the file that the model's card names" in finding["explanation"]
        assert lab.sha256 in finding["explanation"]
    assert "model.onnx" in lab.run("model", "verify", "toy", code=1)


@pytest.fixture
def plugins(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """The lab's plugin in this process."""
    monkeypatch.syspath_prepend(str(lab.folder / "site"))
    monkeypatch.setenv("LOCARD_MODELS", str(lab.folder / "models"))
    monkeypatch.delitem(sys.modules, "acme_toy", raising=False)
    return Catalogue(entry_points=[metadata.EntryPoint("acme-toy", "acme_toy", "locard")])


def test_evaluations_and_validations_use_it_too(lab, plugins):
    evaluated = one_step("toy", plugins)
    validated = method_pipeline("toy", plugins)
    for pipeline in (evaluated, validated):
        assert pipeline.steps[0].calibration == lab.calibration().model_dump(mode="json")
    facts = step_facts(evaluated, plugins)
    method = Method.measured(facts, "toy")
    present = installed_methods(validated, plugins)["toy"]
    assert not changes(method.model_copy(update={"calibration": present.calibration}), present)
    (model,) = present.models
    moved = present.model_copy(
        update={"models": (model.model_copy(update={"card_sha256": "00" * 32}),)}
    )
    (change,) = changes(moved, present)
    assert change.startswith("the card of model toy 1.0.0 was 0000000000000000")


def test_a_recorded_pipeline_gets_none(plugins):
    """It is replayed as it ran: before the detector had a calibration."""
    raw = {"name": "lab", "version": "1", "steps": [{"name": "step", "plugin": "toy"}]}
    assert resolve(raw, "the record", plugins).steps[0].calibration is None


def test_a_broken_calibration_is_the_plugins_fault(plugins, monkeypatch):
    toy = plugins.step("toy")
    monkeypatch.setattr(toy, "calibration", lambda _self: {"not": "one"})
    with pytest.raises(PipelineError, match="of type dict, not a Calibration"):
        one_step("toy", plugins)
    monkeypatch.setattr(toy, "calibration", lambda _self: 1 / 0)
    with pytest.raises(PipelineError, match="cannot be read: division by zero"):
        one_step("toy", plugins)
    monkeypatch.setattr(toy, "models", lambda _self: 1 / 0)
    assert one_step("toy", plugins).steps[0].calibration is None
