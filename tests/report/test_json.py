"""The report as JSON, held against its published schema."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from locard.report.json import JsonExporter, to_plain


@pytest.fixture(scope="module")
def schema():
    path = files("locard") / "schemas" / "report.schema.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def written(report, tmp_path):
    path = tmp_path / "report.json"
    JsonExporter().write(report, path)
    return path.read_bytes()


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_it_keeps_to_its_schema(written, schema):
    jsonschema.Draft202012Validator(schema).validate(json.loads(written))


def test_every_object_of_the_schema_is_closed_or_left_open_on_purpose(schema, report):
    plain = to_plain(report)
    plain["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(plain)


def test_it_is_ascii_and_holds_names_as_they_are(written, hostile):
    assert written.isascii()
    assert json.loads(written)["exhibits"][0]["names"] == list(hostile)


def test_it_names_no_place_on_this_machine(written, tmp_path, report):
    assert str(report.exhibits[0].path.parent).encode() not in written


def test_a_refiner_follows_the_step_whose_map_it_refines(written):
    chain = json.loads(written)["examinations"][0]["results"][0]["chains"][1]
    assert [finding["record"]["step"] for finding in chain] == ["history", "history-refined"]
    assert chain[1]["input"] == "history"
