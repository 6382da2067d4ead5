"""A pipeline file is right, or the error names file, step and key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from locard import Detector, Finding, Parameters, Refiner, pipelines
from locard.errors import PipelineError, PluginError


class Blur(Detector):
    name = "blur"
    version = "1"
    summary = "Finds blur"

    class Parameters(Parameters):
        radius: int = Field(3, ge=1, le=9, description="radius")

    def examine(self, image: object) -> Finding:
        raise AssertionError("never called")


class Smooth(Refiner):
    name = "smooth"
    version = "1"
    summary = "Smooths"

    def refine(self, image: object, finding: Finding) -> Finding:
        raise AssertionError("never called")


class Plugins:
    """What `pipelines` asks of a catalogue."""

    def __init__(self, shipped: dict[str, Path] | None = None) -> None:
        self.pipelines = shipped or {}

    def unavailable(self) -> tuple[str, ...]:
        return ("Plugins broken: lab.",)

    def step(self, name: str) -> type:
        try:
            return {"blur": Blur, "smooth": Smooth}[name]
        except KeyError:
            raise PluginError(f"there is no detector or refiner {name!r}", "hint") from None


GOOD = """
name = "lab"
version = "2"

[[steps]]
name = "blur"
plugin = "blur"

[[steps]]
name = "smoothed"
plugin = "smooth"
input = "blur"
limits = { seconds = 2.5 }
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], pipelines.Pipeline]:
    def load(text: str) -> pipelines.Pipeline:
        path = tmp_path / "lab.toml"
        path.write_text(text, encoding="utf-8")
        return pipelines.load(path, Plugins())

    return load


def test_parameters_are_complete(load):
    pipeline = load(GOOD)
    assert pipeline.steps[0].parameters == {"radius": 3}
    assert pipeline.steps[1].limits.seconds == 2.5
    assert pipeline.steps[1].limits.mebibytes is None


def test_the_canonical_text_loads_again_to_the_same_hash(load):
    pipeline = load(GOOD)
    again = pipelines.resolve(json.loads(pipeline.to_json()), "record", Plugins())
    assert again == pipeline
    assert again.sha256 == pipeline.sha256


def test_a_default_written_out_is_the_same_pipeline(load):
    written = GOOD.replace('plugin = "blur"', 'plugin = "blur"\nparameters = { radius = 3 }')
    assert load(written).sha256 == load(GOOD).sha256


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('version = "2"', "", ["lab.toml", "key 'version'"]),
        ('version = "2"', "version = 2", ["key 'version'", "string"]),
        ('name = "lab"', 'name = "My Lab"', ["key 'name'"]),
        ('name = "lab"', 'name = "lab"\ncolour = 1', ["key 'colour'"]),
        ('plugin = "blur"', 'plugin = "blurr"', ["step 'blur'", "key 'plugin'", "blurr"]),
        ('plugin = "blur"', "", ["step 'blur'", "key 'plugin'"]),
        (
            'plugin = "blur"',
            'plugin = "blur"\nparameters = { radius = 99 }',
            ["step 'blur'", "key 'radius'", "9"],
        ),
        (
            'plugin = "blur"',
            'plugin = "blur"\nparameters = { raduis = 2 }',
            ["step 'blur'", "key 'raduis'", "Parameters of blur: radius"],
        ),
        ('input = "blur"', "", ["step 'smoothed'", "key 'input'"]),
        ('input = "blur"', 'input = "later"', ["step 'smoothed'", "'later'"]),
        ('input = "blur"', 'input = "smoothed"', ["step 'smoothed'", "no earlier step"]),
        ('plugin = "blur"', 'plugin = "blur"\ninput = "x"', ["step 'blur'", "takes none"]),
        ('name = "smoothed"', 'name = "blur"', ["two steps"]),
        ("seconds = 2.5", "seconds = 0", ["step 'smoothed'", "key 'seconds'"]),
        ("seconds = 2.5", "hours = 1", ["step 'smoothed'", "key 'hours'"]),
        ("[[steps]]", "[[steps", ["lab.toml", "not valid TOML"]),
    ],
)
def test_errors_name_file_step_and_key(load, old, new, words):
    with pytest.raises(PipelineError) as caught:
        load(GOOD.replace(old, new, 1))
    for word in ["lab.toml", *words]:
        assert word in str(caught.value)


def test_no_steps_is_an_error(load):
    with pytest.raises(PipelineError, match="steps"):
        load('name = "x"\nversion = "1"\nsteps = []')


def test_a_missing_file_and_a_binary_one(tmp_path):
    with pytest.raises(PipelineError, match="No such file"):
        pipelines.load(tmp_path / "none.toml", Plugins())
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PipelineError, match="not valid TOML"):
        pipelines.load(tmp_path / "binary.toml", Plugins())


def test_an_unknown_name_says_what_there_is(tmp_path):
    with pytest.raises(PipelineError) as caught:
        pipelines.load("quikc", Plugins({"quick": tmp_path / "quick.toml"}))
    assert "Did you mean quick?" in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "version", "steps", "plugin", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_nothing_but_a_pipeline_error_comes_out_of_bad_toml(raw):
    table = raw if isinstance(raw, dict) else {"steps": raw}
    with pytest.raises(PipelineError):
        pipelines.resolve(table, "fuzz.toml", Plugins())
