"""A calibrated pipeline over a case: recorded, reused, replayed, carried out, reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calibrating import calibration, header, locard, stratum

from locard.testing import jpeg, photograph

PIPELINE = """
name = "lab"
version = "1"

[[steps]]
name = "noise"
plugin = "noise"
calibration = "noise.json"
"""
CONDITIONS = {"formats": ["JPEG"], "jpeg_quality": {"low": 80, "high": 95}}


def write_pipeline(folder: Path, slope: float = 0.25) -> None:
    mapping = {"method": "logistic", "slope": slope, "intercept": 0.0}
    found = calibration("noise", stratum(conditions=CONDITIONS, mapping=mapping))
    (folder / "noise.json").write_text(found.to_json())
    (folder / "lab.toml").write_text(PIPELINE)


def run(folder: Path, *words: object) -> str:
    done = locard(*words, "--vault", "vault", folder=folder)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with one exhibit inside the conditions, one outside, and one that is no image."""
    folder = tmp_path_factory.mktemp("case")
    (folder / "inside.jpg").write_bytes(jpeg(photograph(160, 200), quality=90))
    (folder / "outside.jpg").write_bytes(jpeg(photograph(160, 200), quality=50))
    (folder / "broken.jpg").write_bytes(b"no image at all")
    write_pipeline(folder)
    run(folder, "case", "new", "1", "--title", "t", "--examiner", "e")
    run(folder, "exhibit", "add", "1", "inside.jpg", "outside.jpg", "broken.jpg")
    run(folder, "examine", "1", "-p", "lab.toml", "-q")
    return folder


@pytest.fixture(scope="module")
def report(examined: Path) -> dict[str, dict]:
    """Findings by the name of their exhibit, from the JSON report; and the HTML under ``html``."""
    run(examined, "report", "1", "-o", "r.json")
    run(examined, "report", "1", "-o", "r.html")
    plain = json.loads((examined / "r.json").read_text())
    names = {exhibit["label"]: exhibit["names"][0] for exhibit in plain["exhibits"]}
    found = {
        names[result["exhibit"]]: result["chains"][0][0]["record"]
        for result in plain["examinations"][-1]["results"]
    }
    return found | {"html": {"text": (examined / "r.html").read_text()}}


def test_findings_carry_a_ratio_or_why_there_is_none(report):
    inside, outside = report["inside.jpg"], report["outside.jpg"]
    expected = min(1.0, 0.25 * inside["score"])
    assert inside["likelihood"]["log10_lr"] == pytest.approx(expected, abs=1e-12)
    assert inside["likelihood"]["stratum"] == "all images"
    assert outside["score"] is not None
    assert outside["likelihood"]["log10_lr"] is None
    assert outside["likelihood"]["refused"] == "outside-conditions"
    assert "JPEG quality is 50" in outside["likelihood"]["explanation"]
    assert report["broken.jpg"]["likelihood"] is None
    assert inside["receipt"]["calibration"] == inside["likelihood"]["calibration"]


def test_the_report_says_both_and_what_is_behind_them(report):
    html = report["html"]["text"]
    assert "times more probable if it was" in html
    assert "No likelihood ratio. The JPEG quality is 50; the calibration holds for 80 to 95" in html
    assert "<h3>Calibrations</h3>" in html
    assert "JPEG quality 80 to 95" in html
    assert "-1.00 to 1.00" in html


def test_a_replay_needs_no_file_and_is_the_same(examined):
    (examined / "noise.json").unlink()
    (examined / "lab.toml").unlink()
    try:
        assert "all the same, to the bit" in run(examined, "case", "replay", "1")
        assert "as it was recorded" in run(examined, "case", "verify", "1")
    finally:
        write_pipeline(examined)


def test_a_bundle_carries_ratios(examined, tmp_path):
    run(examined, "case", "export", "1", tmp_path / "bundle")
    words = ("--vault", tmp_path / "other")
    done = locard("case", "import", tmp_path / "bundle", *words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = locard("case", "replay", "1", *words, folder=tmp_path)
    assert "all the same, to the bit" in done.stdout
    done = locard("report", "1", "-o", "r.json", *words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"stratum": "all images"' in (tmp_path / "r.json").read_text()


def test_another_calibration_is_another_finding(examined, tmp_path):
    """A finding is reused with the same calibration, and never with another."""
    run(examined, "case", "new", "2", "--title", "t", "--examiner", "e")
    run(examined, "exhibit", "add", "2", "inside.jpg")
    run(examined, "examine", "2", "-p", "lab.toml", "-q")
    write_pipeline(examined, slope=0.125)
    run(examined, "examine", "2", "-p", "lab.toml", "-q")
    write_pipeline(examined)
    run(examined, "report", "2", "-o", tmp_path / "r.json")
    plain = json.loads((tmp_path / "r.json").read_text())
    first, second = (
        examination["results"][0]["chains"][0][0]["record"] for examination in plain["examinations"]
    )
    assert first["reused"]
    assert not second["reused"]
    assert second["likelihood"]["log10_lr"] == pytest.approx(second["score"] * 0.125)
    assert first["likelihood"]["log10_lr"] == pytest.approx(first["score"] * 0.25)


def test_a_replay_notices_another_ratio():
    from locard.engine.records import FindingRecord
    from locard.outcomes import Outcome
    from locard.service.replay import compare_exhibit

    found = calibration().for_finding(0.5, header(), {}).plain()
    one = FindingRecord("s", "p", "1", Outcome.DETECTED, likelihood=found)
    same = FindingRecord("s", "p", "1", Outcome.DETECTED, likelihood={**found, "explanation": ""})
    other = FindingRecord("s", "p", "1", Outcome.DETECTED, likelihood={**found, "log10_lr": 0.4})
    assert compare_exhibit("E1", {"s": one}, (same,)) == []
    (difference,) = compare_exhibit("E1", {"s": one}, (other,))
    assert difference.what == "likelihood"


def test_a_detector_that_changed_since_is_refused_where_it_runs():
    """A recorded pipeline replays with what is installed now, whose scores mean something else."""

    from locard.engine.likelihoods import likelihood
    from locard.engine.tasks import Limits, PlannedStep
    from locard.findings import Finding

    found = calibration()
    own = found.detector.model_dump(mode="json")
    older = calibration(detector={**own, "version": "0.1"})
    for used, refused in ((found, None), (older, "other-method")):
        step = PlannedStep(
            "s",
            own["plugin"],
            own["parameters"],
            Limits(1, 1),
            calibration=used.model_dump(mode="json"),
        )
        said = likelihood(step, Finding.detected(0.5, "It is there."), header(), ())
        assert said is not None
        assert said["refused"] == refused
    none = likelihood(step, Finding.not_applicable("not-jpeg", "No."), header(), ())
    assert none is None


@pytest.mark.parametrize("change", [{"log10_lr": "much"}, {"surprise": 1}, {"explanation": None}])
def test_a_foreign_bundle_with_another_likelihood_is_not_taken(change):
    """What reports rely on is checked at the door."""
    from pydantic import ValidationError

    from locard.vault.bundle_rows import _adapter

    found = calibration().for_finding(0.5, header(), {}).plain()
    body = {
        "reason": None,
        "explanation": None,
        "regions": [],
        "measurements": {},
        "seconds": 0.0,
        "receipt": {},
        "reused": False,
    }
    adapter = _adapter("findings", "body")
    adapter.validate_python({**body, "likelihood": found}, strict=True)
    adapter.validate_python(body, strict=True)
    with pytest.raises(ValidationError):
        adapter.validate_python({**body, "likelihood": {**found, **change}}, strict=True)
