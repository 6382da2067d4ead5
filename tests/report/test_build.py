"""From a real vault to a report."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from PIL import Image as Pillow

from locard.engine.artifacts import write_artifacts
from locard.engine.records import ExhibitResult, FindingRecord
from locard.errors import PluginError
from locard.findings import Finding, HeatMap
from locard.outcomes import Outcome
from locard.report.build import build, models
from locard.report.html import render
from locard.report.json import to_plain
from locard.vault.vault import Vault

MODEL = {"name": "kd-crop", "version": "3", "sha256": "cd" * 32, "card_sha256": "ef" * 32}
PIPELINE = {
    "name": "two",
    "version": "1",
    "steps": [
        {"name": "grid", "plugin": "acme-grid", "input": None},
        {"name": "gone", "plugin": "acme-gone", "input": None},
        {"name": "grid-refined", "plugin": "acme-refiner", "input": "grid"},
    ],
}


class Catalogue:
    """Knows two plugins; a third is not installed any more."""

    def step(self, name: str):
        if name == "acme-gone":
            raise PluginError("there is no detector or refiner 'acme-gone'")
        return SimpleNamespace(
            version="2",
            summary="Finds grids.",
            method="As\n    published.",
            limits="Flat areas.",
            score_meaning="Decibels.",
            glossary={"votes": "Blocks that agree."},
            gives_verdict=False,
        )

    def owner_of(self, name: str):
        return SimpleNamespace(distribution="acme", version="7.1")


def finding(folder, step, plugin, found):
    return FindingRecord(
        step=step,
        plugin=plugin,
        plugin_version="2",
        outcome=found.outcome,
        score=found.score,
        reason=found.reason,
        explanation=found.explanation,
        measurements=dict(found.measurements),
        artifacts=write_artifacts(found, step, folder),
        receipt={"models": [MODEL], "parameters": {}},
    )


def examine(vault, case, folder):
    """Record an examination of the case's first exhibit, as the engine would."""
    exhibit = case.exhibits()[0]
    text = json.dumps(PIPELINE)
    digest = hashlib.sha256(text.encode()).hexdigest()
    examination = case.begin_examination(text, digest, {"python": "3"}, [exhibit.label], "ada")
    heat_map = HeatMap(np.full((17, 25), 0.8, dtype=np.float32), cell=8)
    found = Finding.detected(3.5, "A grid.", map=heat_map, measurements={"votes": 7, "odd": 1})
    findings = (
        finding(folder, "grid", "acme-grid", found),
        finding(folder, "gone", "acme-gone", Finding.inconclusive("flat", "Too flat.")),
        finding(folder, "grid-refined", "acme-refiner", Finding.detected(3.5, "", map=heat_map)),
    )
    examination.record(
        exhibit.label,
        ExhibitResult(exhibit.sha256, exhibit.width, exhibit.height, findings),
        "ada",
    )


@pytest.fixture(scope="module")
def case(tmp_path_factory, small_photograph):
    tmp_path = tmp_path_factory.mktemp("case")
    photograph = tmp_path / "in\n<b>.jpg"
    exif = Pillow.Exif()
    exif[274], exif[271] = 6, "<script>Maker"
    with Pillow.open(small_photograph) as picture:
        picture.save(photograph, quality=77, exif=exif)
    notes = tmp_path / "notes.jpg"
    notes.write_text("a letter")
    vault_folder = tmp_path / "vault"
    with Vault.open(vault_folder, create=True) as vault:
        vault.create_case("2026-1", "Claim", "Ada", "ada")
        case = vault.case("2026-1")
        assert len(list(case.add([photograph, notes], actor="ada"))) == 2
        spool = tmp_path / "spool"
        spool.mkdir()
        examine(vault, case, spool)
        yield case


def test_exhibits_say_what_their_files_say(case):
    photograph, notes = build(case, Catalogue()).exhibits
    assert (photograph.width, photograph.height) == (200, 136)
    assert photograph.orientation == 6
    assert (photograph.jpeg.quality, photograph.jpeg.exact) == (77, True)
    assert photograph.jpeg.subsampling == "4:2:0"
    with Pillow.open(photograph.path) as picture:
        tables = {n: list(t) for n, t in picture.quantization.items()}
    assert {t.number: [v for row in t.rows for v in row] for t in photograph.jpeg.tables} == tables
    assert ("Make", "<script>Maker") in photograph.metadata
    assert notes.format is None
    assert "not an image" in notes.notes[0]


def test_refiners_stand_beside_the_detector_whose_map_they_began_with(case):
    (result,) = build(case, Catalogue()).examinations[0].results
    assert [[finding.record.step for finding in chain] for chain in result.chains] == [
        ["grid", "grid-refined"],
        ["gone"],
    ]
    assert result.chains[0].refinements[0].input == "grid"
    assert result.detectors(Outcome.DETECTED) == ("grid",)


def test_measurements_carry_the_words_of_their_plugin(case):
    (result,) = build(case, Catalogue()).examinations[0].results
    meanings = {m.name: m.meaning for m in result.chains[0].finding.measurements}
    assert meanings == {"votes": "Blocks that agree.", "odd": None}


def test_a_plugin_that_is_gone_is_said_to_be(case):
    methods = {method.plugin: method for method in build(case, Catalogue()).methods}
    assert list(methods) == ["acme-grid", "acme-refiner", "acme-gone"]
    assert methods["acme-gone"].installed is None
    assert [method.gives_verdict for method in methods.values()] == [False, False, True]
    assert methods["acme-grid"].method == "As published."
    assert methods["acme-grid"].versions == ("2",)


def test_models_are_named_once(case):
    report = build(case, Catalogue())
    assert [dataclasses.asdict(model) for model in report.models] == [MODEL]
    assert models([]) == ()


def test_ledger_and_verification_are_those_of_the_case(case):
    report = build(case, Catalogue(), problems=[])
    assert report.ledger_head == case.ledger_head == report.ledger[-1].hash
    assert report.verification.failures == ()
    assert build(case, Catalogue()).verification is None


def test_one_examination_can_be_chosen(case):
    assert len(build(case, Catalogue(), examination=1).examinations) == 1


def test_it_can_be_written(case):
    report = build(case, Catalogue(), problems=[])
    html = "".join(render(report))
    assert "turned as EXIF orientation 6 asks" in html
    assert "&lt;script&gt;Maker" in html
    from importlib.resources import files

    schema = json.loads((files("locard") / "schemas" / "report.schema.json").read_text())
    jsonschema.validate(json.loads(json.dumps(to_plain(report))), schema)
