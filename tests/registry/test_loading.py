"""No byte of a model is handed out that its card does not vouch for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from registry_models import calibration_for, card_of, network

import locard_registry as registry
from locard.calibration import CalibrationError
from locard.detectors import ModelReference

PROVIDES = {"phase_evidence": "1"}


def load(models: Path, version: str | None = None, **provides: str) -> registry.Model:
    return registry.load("toy", version, provides=provides or PROVIDES, roots=(models,))


def differences(models: Path) -> list[str]:
    return [line for entry in registry.catalogue((models,)) for line in registry.differences(entry)]


def with_calibration(folder: Path, sha256: str | None = None) -> registry.CalibrationFile:
    onnx_hash = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    path = folder / "calibration.json"
    path.write_text(calibration_for(sha256 or onnx_hash).to_json())
    return registry.describe_calibration(path)


def test_a_model_comes_with_its_card_and_bytes(model, models):
    folder = model()
    loaded = load(models)
    data = (folder / "model.onnx").read_bytes()
    assert loaded.card == card_of(folder)
    assert loaded.onnx() == data
    assert loaded.identity == hashlib.sha256((folder / "card.toml").read_bytes()).hexdigest()
    assert loaded.reference() == ModelReference(
        "toy", "1.0.0", hashlib.sha256(data).hexdigest(), loaded.identity
    )
    assert loaded.calibration is None
    with pytest.raises(registry.ModelError, match=r"no file model\.int8\.onnx"):
        loaded.onnx("model.int8.onnx")
    assert not differences(models)


def test_onnxruntime_runs_the_bytes(model, models):
    runtime = pytest.importorskip("onnxruntime")
    model()
    session = runtime.InferenceSession(load(models).onnx(), providers=["CPUExecutionProvider"])
    (out,) = session.run(None, {"x": np.ones((4, 3), np.float32)})
    np.testing.assert_array_equal(out, np.full((4, 2), 3.0))


def test_a_model_may_have_a_second_file(model, models):
    folder = model()
    (folder / "model.int8.onnx").write_bytes(network(2).SerializeToString())
    files = [("model.onnx", "fp32"), ("model.int8.onnx", "int8")]
    described = tuple(registry.describe_file(folder / name, kind) for name, kind in files)
    registry.write_card(card_of(folder, files=described), folder)
    loaded = load(models)
    assert loaded.reference("model.int8.onnx").sha256 == described[1].sha256
    assert loaded.onnx("model.int8.onnx") == network(2).SerializeToString()


@pytest.mark.parametrize("change", ["other", "longer", "shorter", "gone", "folder"])
def test_another_file_is_refused_and_named(model, models, change):
    folder = model()
    path = folder / "model.onnx"
    data = path.read_bytes()
    match change:
        case "other":
            path.write_bytes(network(2).SerializeToString())
        case "longer":
            path.write_bytes(data + b"\0")
        case "shorter":
            path.write_bytes(data[:-1])
        case "gone" | "folder":
            path.unlink()
            if change == "folder":
                path.mkdir()
    with pytest.raises(registry.ModelError) as raised:
        load(models)
    said = str(raised.value)
    assert str(path) in said
    assert "locard model verify" in said
    if change not in ("gone", "folder"):
        assert hashlib.sha256(data).hexdigest() in said
    if change in ("other", "shorter"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in said
    (difference,) = differences(models)
    assert str(path) in difference


def test_a_changed_card_is_another_identity(model, models):
    """Thresholds stand in the card: whoever moves one makes another model."""
    folder = model()
    before = load(models).reference()
    path = folder / "card.toml"
    path.write_text(path.read_text().replace("value = 0.75", "value = 0.7"))
    after = load(models).reference()
    assert after.sha256 == before.sha256
    assert after.card_sha256 != before.card_sha256
    assert after != before


def test_every_wrong_file_is_named(model, models):
    folder = model(version="1.0.0")
    registry.write_card(card_of(folder, calibration=with_calibration(folder)), folder)
    (folder / "model.onnx").write_bytes(b"x")
    (folder / "calibration.json").write_bytes(b"x")
    (folder / "model.pt").write_bytes(b"x")
    found = differences(models)
    assert [line.split(" ")[0] for line in found] == [
        str(folder / name) for name in ("model.onnx", "calibration.json", "model.pt")
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"\x80\x04}.", "is no ONNX model"), (network(opset=18).SerializeToString(), "opset 18")],
)
def test_what_is_no_onnx_is_refused_though_the_hash_is_right(model, models, data, said):
    folder = model()
    path = folder / "model.onnx"
    was, now = (hashlib.sha256(one).hexdigest() for one in (path.read_bytes(), data))
    card = (folder / "card.toml").read_text()
    card = card.replace(was, now).replace("bytes = 113", f"bytes = {len(data)}")
    (folder / "card.toml").write_text(card)
    path.write_bytes(data)
    with pytest.raises(registry.ModelError, match=said):
        load(models)
    assert said in differences(models)[0]


def test_weights_beside_the_model_are_refused(models):
    folder = models / "toy" / "1.0.0"
    folder.mkdir(parents=True)
    path = folder / "model.onnx"
    onnx.save(network(), path, save_as_external_data=True, size_threshold=0, location="model.data")
    with pytest.raises(registry.ModelError, match="weights in another file"):
        registry.describe_file(path, "fp32")


# --- calibration ---------------------------------------------------------------------------------


def test_the_calibration_comes_with_the_model(model, models):
    folder = model()
    registry.write_card(card_of(folder, calibration=with_calibration(folder)), folder)
    loaded = load(models)
    assert loaded.calibration is not None
    assert loaded.calibration.detector.models[0].sha256 == loaded.reference().sha256
    assert not differences(models)


def test_a_calibration_of_another_model_is_refused(model, models):
    folder = model()
    calibration = with_calibration(folder, "ab" * 32)
    with pytest.raises(registry.ModelError, match="another model file"):
        registry.write_card(card_of(folder, calibration=calibration), folder)
    assert "another model file" in differences(models)[0]


def test_an_altered_calibration_is_refused(model, models):
    folder = model()
    with_calibration(folder)
    path = folder / "calibration.json"
    path.write_text(path.read_text().replace('"upper": 1.0', '"upper": 6.0'))
    with pytest.raises(CalibrationError, match="altered"):
        registry.describe_calibration(path)


# --- what the card requires ----------------------------------------------------------------------


@pytest.mark.parametrize("provides", [{}, {"phase_evidence": "2"}, {"other": "1"}])
def test_a_model_of_other_evidence_refuses_to_run(model, models, provides):
    model()
    with pytest.raises(registry.ModelError) as raised:
        registry.load("toy", provides=provides, roots=(models,))
    assert "phase_evidence: it requires 1, and here is" in str(raised.value)


# --- finding models ------------------------------------------------------------------------------


def test_names_do_not_lead_out_of_the_folder(model, models):
    outside = models.parent / "1.0.0"
    outside.mkdir()
    (outside / "card.toml").write_bytes((model() / "card.toml").read_bytes())
    for name, version in (
        (".", "1.0.0"),
        ("..", "1.0.0"),
        ("toy/..", "toy"),
        ("", ""),
        ("a/b", "1"),
    ):
        with pytest.raises(registry.ModelError, match="there is no model"):
            registry.load(name, version, roots=(models / "toy",))
        assert registry.hashes_of(name, version, (models / "toy",)) == {}


def test_what_is_not_there_is_said_with_what_is(model, models):
    model()
    with pytest.raises(registry.ModelError, match=r"there is no model toy 2\.0") as raised:
        load(models, "2.0")
    assert "toy 1.0.0" in str(raised.value.hint)
    with pytest.raises(registry.ModelError, match="there is no model none"):
        registry.load("none", roots=(models,))


def test_the_newest_is_taken_by_numbers(model, models):
    for version in ("1.9.0", "1.10.0", "1.10.0-lab", "1.2.0"):
        model(version=version)
    versions = [entry.version for entry in registry.catalogue((models,))]
    assert versions == ["1.2.0", "1.9.0", "1.10.0", "1.10.0-lab"]
    assert load(models).card.version == "1.10.0-lab"
    assert load(models, "1.9.0").card.version == "1.9.0"


def test_a_laboratorys_model_is_used_only_where_it_is_named(model, models, tmp_path):
    model(version="1.0.0")
    lab = tmp_path / "lab"
    (models / "toy" / "1.0.0").rename(tmp_path / "kept")
    model(version="2.0.0-lab")
    models.rename(lab)
    (models / "toy").mkdir(parents=True)
    (tmp_path / "kept").rename(models / "toy" / "1.0.0")
    both = (models, lab)
    assert registry.load("toy", provides=PROVIDES, roots=both).card.version == "1.0.0"
    named = registry.load("toy", "2.0.0-lab", provides=PROVIDES, roots=both)
    assert named.reference().version == "2.0.0-lab"


def test_two_models_of_one_name_and_version_are_refused(model, models, tmp_path):
    import shutil

    model()
    lab = tmp_path / "lab"
    shutil.copytree(models, lab)
    with pytest.raises(registry.ModelError, match="there are two models") as raised:
        registry.load("toy", "1.0.0", provides=PROVIDES, roots=(models, lab))
    assert str(lab) in str(raised.value)
    entries = registry.catalogue((models, lab))
    assert all(entry.error and "two models" in entry.error for entry in entries)


def test_the_environment_names_a_folder_more(model, models, monkeypatch):
    model()
    monkeypatch.setenv("LOCARD_MODELS", str(models))
    assert "1.0.0" in [entry.version for entry in registry.catalogue() if entry.name == "toy"]
    assert registry.load("toy", "1.0.0", provides=PROVIDES).card.name == "toy"
    assert registry.hashes_of("toy", "1.0.0").keys() == {"card.toml", "model.onnx"}
    other = models.parent / "other"
    other.mkdir()
    monkeypatch.setenv("LOCARD_MODELS", f"{models}{os.pathsep}{other}{os.pathsep}{models}")
    assert registry.roots()[1:] == (models, other)
    monkeypatch.setenv("LOCARD_MODELS", str(models / "none"))
    with pytest.raises(registry.ModelError, match="there is no folder of models"):
        registry.catalogue()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("gone", "cannot read"),
        ("toml", "not valid TOML"),
        ("name", "is the card of other 1.0.0"),
        ("huge", "larger than any card"),
    ],
)
def test_a_broken_card_is_a_listed_fact(model, models, damage, said):
    good, bad = model(version="1.0.0"), model(version="2.0.0") / "card.toml"
    match damage:
        case "gone":
            bad.unlink()
        case "toml":
            bad.write_text("name = ")
        case "name":
            bad.write_text((good / "card.toml").read_text().replace('"toy"', '"other"'))
        case "huge":
            bad.write_bytes((good / "card.toml").read_bytes() + b"#" * (1 << 20))
    first, second = registry.catalogue((models,))
    assert first.error is None
    assert second.card is None
    assert said in str(second.error)
    assert load(models, "1.0.0").card.version == "1.0.0"


def test_a_card_is_not_written_over_a_wrong_folder(model, models):
    folder = model()
    with pytest.raises(registry.ModelError, match="lies in the folder of"):
        registry.write_card(card_of(folder, version="3.0.0"), folder)


def test_what_the_registry_ships_is_as_its_cards_say():
    for entry in registry.catalogue(registry.roots()[:1]):
        assert not list(registry.differences(entry)), entry.name


def test_the_registry_is_light():
    code = (
        "import sys, locard_registry; "
        "print({'onnx', 'torch', 'numpy', 'onnxruntime', 'tomlkit'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
