"""Cards are whole, typed, and read back as they were written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from registry_models import card_of, network, threshold

import locard_registry as registry
from locard.calibration import Range
from locard.image.file_facts import FileFacts
from locard_registry import card as cards
from locard_registry.writing import card_text

WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> registry.Card:
    folder = tmp_path_factory.mktemp("models") / "toy" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(network().SerializeToString())
    return card_of(folder)


def read_back(card: registry.Card) -> registry.Card:
    return registry.Card.from_toml(card_text(card).encode(), "card.toml")


def test_a_card_is_read_as_it_was_written(plain):
    assert read_back(plain) == plain


@given(words=WORDS, value=st.floats(allow_nan=False, allow_infinity=False), count=st.integers(1))
def test_any_words_and_figures_survive_the_file(plain, words, value, count):
    count = min(count, 2**63 - 1)  # the largest that TOML readers must take
    figure = registry.Figure(set=words, stratum=words, n=count, figure=words, value=value)
    card = plain.model_copy(update={"limits": (words, words), "figures": (figure,) * 3})
    assert read_back(card) == card


def test_parameters_of_refiners_survive_the_file(plain):
    brought = {"dense-crf": {"sigma_alpha": 40.5, "iterations": 5, "backend": "lattice"}}
    card = cards.Card.model_validate({**plain.model_dump(), "refinement": brought})
    again = read_back(card).refinement["dense-crf"]
    assert again == brought["dense-crf"]
    assert isinstance(again["iterations"], int)


def test_rows_take_a_line_each(plain):
    lines = card_text(plain).splitlines()
    assert sum("stratum = " in line and "value = " in line for line in lines) == 2
    assert '    "true",' in lines


def test_every_field_is_described():
    models = [m for m in vars(cards).values() if isinstance(m, type) and issubclass(m, BaseModel)]
    assert registry.Card in models
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


@pytest.mark.parametrize(
    "changes",
    [
        {"surprise": 1},
        {"name": "../toy"},
        {"name": "Toy"},
        {"version": "1/0"},
        {"version": ".."},
        {"version": "one"},
        {"limits": ()},
        {"files": ()},
        {"parameters": 0},
        {"thresholds": (threshold("a", 1, formats=("JPEG",)),) * 2},
        {"thresholds": ({**threshold("a", 1, formats=("JPEG",)).model_dump(), "file": "b.onnx"},)},
    ],
)
def test_what_makes_no_sense_is_refused(plain, changes):
    with pytest.raises(ValidationError):
        registry.Card.model_validate(plain.model_dump() | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "model.pt"},
        {"file": "model.pkl"},
        {"file": "../model.onnx"},
        {"file": "/model.onnx"},
        {"file": ".onnx"},
        {"sha256": "AB" * 32},
        {"bytes": 0},
        {"precision": "fp8"},
    ],
)
def test_only_onnx_files_in_the_folder_can_be_listed(plain, changes):
    file = plain.files[0].model_dump()
    with pytest.raises(ValidationError):
        registry.ModelFile.model_validate(file | changes)


@pytest.mark.parametrize(("low", "high"), [(0.6, None), (None, 0.4), (0.7, 0.8)])
def test_a_figure_lies_in_its_interval(low, high):
    with pytest.raises(ValidationError, match="outside its interval"):
        registry.Figure(set="s", stratum="A", n=1, figure="f", value=0.5, low=low, high=high)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name = ", "not valid TOML"),
        (b"name = '\xff'", "not valid TOML"),
        (b"a = " + b"[" * 5000, "not valid TOML"),
        (b"", "has the format None"),
        (b'format = "locard-model/2"', "has the format 'locard-model/2'"),
        (b'format = "locard-model/1"', "is wrong: name: "),
    ],
)
def test_a_file_that_is_no_card_is_refused(text, said):
    with pytest.raises(registry.ModelError, match=r"card\.toml") as raised:
        registry.Card.from_toml(text, "card.toml")
    assert said in raised.value.message
    assert raised.value.hint


def test_the_first_threshold_that_fits_is_taken(plain):
    def value(name: str, quality: int | None = None) -> float | None:
        row = plain.threshold(FileFacts(name, 300, 200, quality), {})
        return None if row is None else row.value

    assert value("PNG") == 0.5
    assert value("JPEG", 90) == 0.75
    assert value("JPEG", 89) is None
    assert value("WEBP") is None


def test_a_threshold_can_ask_for_a_figure_of_the_finding_and_a_file(plain):
    row = threshold("by ratio", 0.25, formats=("JPEG",), measurements={"ratio": Range(high=3)})
    row = row.model_copy(update={"file": "model.int8.onnx"})
    card = plain.model_copy(update={"thresholds": (row,)})
    file = FileFacts("JPEG", 300, 200, 90)
    assert card.threshold(file, {"ratio": 2.0}, "model.int8.onnx") == row
    assert card.threshold(file, {"ratio": 4.0}, "model.int8.onnx") is None
    assert card.threshold(file, {"ratio": 2.0}) is None


def test_the_file_is_described_as_it_is(tmp_path: Path):
    path = tmp_path / "model.onnx"
    data = network(opset=19).SerializeToString()
    path.write_bytes(data)
    described = registry.describe_file(path, "int8")
    assert (described.bytes, described.opset, described.precision) == (len(data), 19, "int8")
    with pytest.raises(registry.ModelError, match="cannot read"):
        registry.describe_file(tmp_path / "none.onnx", "fp32")


def test_without_tomlkit_there_is_a_message(plain, monkeypatch):
    import sys

    from locard.errors import LocardError

    monkeypatch.setitem(sys.modules, "tomlkit", None)
    with pytest.raises(LocardError, match="tomlkit") as raised:
        card_text(plain)
    assert "locard[train]" in str(raised.value.hint)


def test_the_text_is_toml_for_others_too(plain):
    said: dict[str, Any] = tomllib.loads(card_text(plain))
    assert said["format"] in get_args(registry.Card.model_fields["format"].annotation)
    assert said["requires"] == {"phase_evidence": "1"}
