"""A refiner takes the parameters that the model of its map brings for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from locard import Detector, Finding, Parameters, Refiner, pipelines
from locard.errors import PipelineError


class Local(Detector):
    name = "local"
    version = "1"
    summary = "Brings parameters for a refiner"
    brought: Mapping[str, Any] = {"strength": 7, "reach": 3}

    class Parameters(Parameters):
        model: str = Field("1.0.0", description="version of the model")

    def models(self) -> tuple[()]:
        if self.parameters.model == "missing":
            raise OSError("there is no such model")
        return ()

    def refinement(self, refiner: str) -> Mapping[str, Any]:
        if self.parameters.model == "broken":
            raise ValueError("not today")
        return self.brought if refiner == "smooth" else {}

    def examine(self, image: object) -> Finding:
        raise AssertionError("never called")


class Smooth(Refiner):
    name = "smooth"
    version = "1"
    summary = "Smooths"

    class Parameters(Parameters):
        strength: int = Field(1, ge=1, le=9, description="how strongly")
        reach: int = Field(1, ge=1, description="how far")
        rounds: int = Field(5, ge=1, description="how often")

    def refine(self, image: object, finding: Finding) -> Finding:
        raise AssertionError("never called")


class Other(Smooth):
    name = "other"


class Plugins:
    pipelines: Mapping[str, Path] = {}

    def step(self, name: str) -> type:
        return {"local": Local, "smooth": Smooth, "other": Other}[name]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., pipelines.Pipeline]:
    def load(refiner: str = "", detector: str = "", plugin: str = "smooth") -> pipelines.Pipeline:
        path = tmp_path / "lab.toml"
        path.write_text(
            'name = "lab"\nversion = "1"\n'
            f'[[steps]]\nname = "found"\nplugin = "local"\n{detector}\n'
            f'[[steps]]\nname = "drawn"\nplugin = "{plugin}"\ninput = "found"\n{refiner}\n',
            encoding="utf-8",
        )
        return pipelines.load(path, Plugins())

    return load


def test_what_the_model_brings_fills_up_what_the_pipeline_names(load):
    assert load().steps[1].parameters == {"strength": 7, "reach": 3, "rounds": 5}
    named = load("parameters = { strength = 2, rounds = 1 }")
    assert named.steps[1].parameters == {"strength": 2, "reach": 3, "rounds": 1}


def test_another_refiner_gets_nothing(load):
    assert load(plugin="other").steps[1].parameters == {"strength": 1, "reach": 1, "rounds": 5}


def test_a_recorded_pipeline_is_left_alone(load):
    plain = load("parameters = { strength = 2 }").model_dump(mode="json")
    plain["steps"][1]["parameters"] = {"strength": 4}
    again = pipelines.resolve(plain, "the record", Plugins())
    assert again.steps[1].parameters == {"strength": 4, "reach": 1, "rounds": 5}


def test_a_detector_whose_model_is_missing_does_not_stop_the_pipeline(load):
    found = load(detector='parameters = { model = "missing" }')
    assert found.steps[1].parameters == {"strength": 1, "reach": 1, "rounds": 5}


def test_a_detector_that_cannot_say_is_named(load):
    with pytest.raises(PipelineError, match="local cannot say what it brings for smooth: not"):
        load(detector='parameters = { model = "broken" }')


@pytest.mark.parametrize("brought", [{"strength": 10}, {"streng": 1}])
def test_parameters_that_do_not_fit_are_refused(load, monkeypatch, brought):
    monkeypatch.setattr(Local, "brought", brought)
    with pytest.raises(PipelineError, match=r"'drawn': the parameters that local brings .* streng"):
        load()
