"""Pipelines with a calibration: what they take, what they refuse, what they are hashed as."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calibrating import calibration, rewrite, stratum

from locard import pipelines
from locard.errors import PipelineError
from locard.plugins import catalogue

PIPELINE = """
name = "lab"
version = "1"

[[steps]]
name = "history"
plugin = "double-jpeg"
{more}
"""
NAMED = 'calibration = "cal/history.json"'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "cal").mkdir()
    (tmp_path / "cal" / "history.json").write_text(calibration().to_json())
    return tmp_path / "lab.toml"


def load(path: Path, more: str = NAMED) -> pipelines.Pipeline:
    path.write_text(PIPELINE.format(more=more))
    return pipelines.load(path, catalogue())


def test_the_file_is_found_beside_the_pipeline_and_taken_in_whole(path, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    loaded = load(path)
    recorded = json.loads(loaded.to_json())
    assert recorded["steps"][0]["calibration"] == calibration().model_dump(mode="json")
    (path.parent / "cal" / "history.json").unlink()
    again = pipelines.resolve(recorded, "the record", catalogue())
    assert again.sha256 == loaded.sha256


def test_a_pipeline_without_one_keeps_its_text(path):
    loaded = load(path, "")
    assert "calibration" not in loaded.to_json()
    # The hash that this pipeline had before there were calibrations.
    plain = {
        "name": "lab",
        "version": "1",
        "description": "",
        "steps": [
            {
                "name": "history",
                "plugin": "double-jpeg",
                "input": None,
                "parameters": dict(loaded.steps[0].parameters),
                "limits": {"seconds": None, "mebibytes": None},
            }
        ],
    }
    assert loaded.to_json() == json.dumps(plain, sort_keys=True, ensure_ascii=False)


def test_another_calibration_is_another_pipeline(path):
    before = load(path).sha256
    other = calibration("double-jpeg", stratum("others"))
    (path.parent / "cal" / "history.json").write_text(other.to_json())
    assert load(path).sha256 != before


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('calibration = "none.json"', "step 'history': key 'calibration': cannot read"),
        ('calibration = "lab.toml"', "not valid JSON"),
        ("calibration = 3", "step 'history': key 'calibration' is no text"),
        (f"{NAMED}\nparameters = {{ order = 4 }}", "parameters: key 'order'"),
    ],
)
def test_what_is_wrong_names_step_and_key(path, more, words):
    with pytest.raises(PipelineError, match=words):
        load(path, more)


def test_an_altered_calibration_is_refused(path):
    rewrite(path.parent / "cal" / "history.json", lambda plain: plain.update(created="yesterday"))
    with pytest.raises(PipelineError, match="altered since it was made"):
        load(path)


def test_an_altered_record_is_refused(path):
    recorded = json.loads(load(path).to_json())
    recorded["steps"][0]["calibration"]["strata"][0]["bounds"]["upper"] = 6.0
    with pytest.raises(PipelineError, match="altered since it was made"):
        pipelines.resolve(recorded, "the record", catalogue())


def test_a_calibration_of_another_detector_is_refused(path):
    (path.parent / "cal" / "history.json").write_text(calibration("noise").to_json())
    with pytest.raises(PipelineError, match="it is for noise, not for double-jpeg"):
        load(path)


def test_a_calibration_of_another_version_is_refused(path):
    detector = calibration().detector.model_dump(mode="json")
    other = calibration(detector={**detector, "version": "0.1"})
    (path.parent / "cal" / "history.json").write_text(other.to_json())
    with pytest.raises(PipelineError, match=r"it is for version 0\.1 of double-jpeg, and this is"):
        load(path)


def test_a_calibration_of_other_parameters_is_refused(path):
    parameters = catalogue().step("double-jpeg").Parameters
    name, default = next(
        (name, field.default)
        for name, field in parameters.model_fields.items()
        if isinstance(field.default, float)
    )
    with pytest.raises(PipelineError, match=f"it is for {name} = "):
        load(path, f"{NAMED}\nparameters = {{ {name} = {default * 1.01} }}")


def test_a_refiner_has_no_score_of_its_own_to_calibrate(path):
    (path.parent / "refined.json").write_text(calibration("dense-crf").to_json())
    step = '[[steps]]\nname = "refined"\nplugin = "dense-crf"\ninput = "history"\n'
    with pytest.raises(PipelineError, match="is a refiner, and leaves the score alone"):
        load(path, f'{step}calibration = "refined.json"')


@pytest.mark.parametrize(
    ("name", "sha256", "warned"),
    [("lab", "cd" * 32, True), ("street", "ab" * 32, True), ("street", "cd" * 32, False)],
)
def test_ratios_of_images_that_made_the_calibration_are_warned_of(name, sha256, warned):
    """Their Cllr is too good: the mapping has seen them."""
    from locard.evaluation.results import DatasetFacts
    from locard.service.evaluate import fitted_to

    found = calibration("double-jpeg")
    step = {"plugin": "double-jpeg", "name": "history"}
    steps = [{**step, "calibration": found.model_dump(mode="json")}, {**step, "name": "plain"}]
    pipeline = pipelines.resolve({"name": "p", "version": "1", "steps": steps}, "test", catalogue())
    facts = DatasetFacts(name=name, layout="folder", sha256=sha256, images=60, kinds={})
    words = list(fitted_to(pipeline, facts))
    assert len(words) == warned
    assert all("the calibration of history was made from this data set" in w for w in words)
