"""Probes in a report: whose they are, what differs, and that nothing breaks out."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from locard.cli.report import app
from locard.errors import LocardError
from locard.report.html import render
from locard.report.json import to_plain
from locard.report.stability import read_lines, with_stability
from locard.vault.vault import Vault


def line(sha256: str, file: str = "photo.jpg", **changes: Any) -> str:
    def seen(treatment: str, outcome: str, score: float | None, agreement: float | None) -> dict:
        return {
            "treatment": treatment,
            "outcome": outcome,
            "score": score,
            "reason": None,
            "map_correlation": agreement,
            "map_iou": None,
        }

    stability = {
        "format": "locard-stability/1",
        "locard": "0.1.0",
        "created": "2026-11-21T12:00:00+00:00",
        "pipeline": "quick",
        "pipeline_version": "1",
        "copies": [
            {"treatment": "jpeg-90", "words": "saved again", "sha256": "1" * 64, "refused": None},
            {"treatment": "blur", "words": "smoothed", "sha256": None, "refused": "too small"},
        ],
        "steps": [
            {
                "step": "grid",
                "plugin": "jpeg-grid",
                "version": "1.0",
                "untouched": seen("none", "detected", 12.5, None),
                "copies": [seen("jpeg-90", "not_detected", 0.25, -0.5)],
                "summary": "detected in 0 of 1 copy, not detected in 1",
            }
        ],
        **changes,
    }
    return json.dumps({"file": file, "sha256": sha256, "findings": [], "stability": stability})


def put(folder: Path, *lines: str) -> Path:
    path = folder / "probe.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_probes_go_to_the_exhibit_with_their_hash(report, tmp_path):
    one, other = report.exhibits[0], report.exhibits[-1]
    assert one.sha256 != other.sha256
    path = put(tmp_path, line(one.sha256), "", line("f" * 64), line(one.sha256, "again.jpg"))
    written, strange = with_stability(report, read_lines(path))
    assert strange == 1
    assert [probe.file for probe in written.exhibits[0].probes] == ["photo.jpg", "again.jpg"]
    assert written.exhibits[-1].probes == ()
    page = "".join(render(written))
    assert "Made outside of custody" in page
    assert "Detected in 0 of 1 copy, not detected in 1." in page
    assert "No copy smoothed: too small" in page
    assert "-0.50" in page
    assert "Made outside of custody" not in "".join(render(report))


def test_versions_that_differ_are_said(report, tmp_path):
    exhibit = report.exhibits[0]
    record = json.loads(line(exhibit.sha256))
    step = record["stability"]["steps"][0]
    record["stability"]["steps"] = [
        step,
        {**step, "version": "0.9"},
        {**step, "plugin": "other"},
    ]
    written, _ = with_stability(report, read_lines(put(tmp_path, json.dumps(record))))
    assert [one.warning for one in written.exhibits[0].probes[0].steps] == [
        None,
        "Probed with jpeg-grid 0.9; the findings in this report are by version 1.0.",
        "No finding in this report is by other.",
    ]


def test_the_json_report_keeps_to_its_schema(report, tmp_path):
    written, _ = with_stability(report, read_lines(put(tmp_path, line(report.exhibits[0].sha256))))
    schema = json.loads((files("locard") / "schemas" / "report.schema.json").read_text())
    plain = json.loads(json.dumps(to_plain(written)))
    jsonschema.Draft202012Validator(schema).validate(plain)
    assert plain["exhibits"][0]["probes"][0]["steps"][0]["copies"][0]["score"] == 0.25


def test_nothing_breaks_out_of_the_page(report, tmp_path, hostile):
    record = json.loads(line(report.exhibits[0].sha256, hostile[0]))
    stability = record["stability"]
    stability |= {"locard": hostile[1], "created": hostile[2], "pipeline": hostile[0]}
    step = stability["steps"][0]
    step |= {"step": hostile[0], "plugin": hostile[1], "version": hostile[2], "summary": ""}
    stability["copies"][0]["words"] = hostile[0]
    stability["copies"][1]["refused"] = hostile[2]
    written, _ = with_stability(report, read_lines(put(tmp_path, json.dumps(record))))
    page = "".join(render(written))
    for text in hostile[:3]:
        assert text not in page
    assert page.count("<script>") == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no probe"),
        ('{"file": "a", "sha256": "0", "findings": []}', "holds no probe"),
        ("no json", "line 1 of .* is not JSON"),
        ("[1]", "is not what `locard analyze"),
        ("3", "is not what `locard analyze"),
        ('{"sha256": "0"}', "is not what `locard analyze"),
        (line("0", format="locard-stability/2"), "is no probe that this version reads: format"),
        (
            line("0").replace("12.5", "NaN"),
            "is no probe that this version reads: steps.0.untouched",
        ),
        (line("0").replace('"file": "photo.jpg"', '"file": 3'), "names no file"),
        (line("0", **{"\x1b[31m": 1}), r"reads: .x1b\[31m"),
    ],
)
def test_other_files_are_refused(tmp_path, text, sentence):
    with pytest.raises(LocardError, match=sentence) as error:
        read_lines(put(tmp_path, text))
    assert "analyze FILES --probe --json" in str(error.value)


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(LocardError, match="cannot be read"):
        read_lines(tmp_path / "nothing")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(LocardError, match="is not UTF-8"):
        read_lines(tmp_path / "bytes")


def test_the_command_shows_them(tmp_path, small_photograph):
    shutil.copy(small_photograph, tmp_path / "rocket.jpg")
    with Vault.open(tmp_path / "vault", create=True) as vault:
        vault.create_case("2026-1", "Claim", "Ada", "ada")
        list(vault.case("2026-1").add([small_photograph], actor="ada"))
        sha256 = next(iter(vault.case("2026-1").exhibits())).sha256
    path = put(tmp_path, line(sha256), line("e" * 64))
    out = tmp_path / "report.html"
    words = ["2026-1", "--vault", str(tmp_path / "vault"), "-o", str(out), "--stability", str(path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "1 probed file is no exhibit of this case, and left out" in done.output
    assert "Made outside of custody" in out.read_text()
