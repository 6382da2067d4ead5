"""The whole way, through the real commands: validate, demand, revoke, carry out of the house."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest

from locard.cli import main
from locard.detectors import ModelReference
from locard.errors import LocardError, PipelineError
from locard.pipelines import load
from locard.plugins import catalogue
from locard.service.examine import examine_case
from locard.service.validated import require_validated
from locard.vault.vault import Vault
from locard.vault.verify import verify
from locard_traces.jpeg_grid import JpegGrid

from .conftest import HEAD
from .splices import write_dataset

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
REQUIREMENTS = (
    HEAD
    + """
[[requirements]]
id = "R1"
statement = "Pasted parts are marked."
metric = "f1"
subset = { by = "kind", value = "splice" }
at_least = 0.4
minimum_images = 8

[[requirements]]
id = "R2"
statement = "The same file gives the same finding."
check = "repeatability"
images = 2

[[requirements]]
id = "R3"
statement = "A damaged file stops nothing."
check = "bad-input"
"""
)
PIPELINE = """
name = "lab"
version = "1"
validated = true

[[steps]]
name = "grid"
plugin = "jpeg-grid"
parameters = { reach = 8 }
"""


@dataclass
class Lab:
    """A folder with a data set, requirements, and a vault in which jpeg-grid is validated."""

    folder: Path

    def locard(
        self, *words: str, vault: str = "vault", fresh: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in this folder: in this process, or in a fresh one."""
        changed = {"LOCARD_VAULT": str(self.folder / vault), "COLUMNS": "200"}
        if fresh:
            return subprocess.run(
                [*LOCARD, *words],
                cwd=self.folder,
                env={**os.environ, **changed},
                capture_output=True,
                text=True,
                check=False,
            )
        out, err = StringIO(), StringIO()
        with (
            mock.patch.dict(os.environ, changed),
            mock.patch.object(sys, "argv", ["locard", *words]),
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        code = int(ended.value.code or 0)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    def pipeline(self, name: str = "lab.toml", text: str = PIPELINE) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def case(self, name: str, vault: str = "vault") -> None:
        assert self.locard("case", "new", name, vault=vault).returncode == 0
        photograph = str(self.folder / "set" / "tampered" / "splice" / "s1.png")
        assert self.locard("exhibit", "add", name, photograph, vault=vault).returncode == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    write_dataset(folder / "set")
    (folder / "R.toml").write_text(REQUIREMENTS)
    made = Lab(folder)
    done = made.locard(
        *("plugin", "validate", "jpeg-grid", "--dataset", "set", "-r", "R.toml", "-o", "out"),
        *("--parameters", "reach=8", "-w", "1"),
        fresh=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validated for the scope stated" in done.stdout
    made.pipeline()
    return made


@pytest.fixture
def vault(lab):
    with Vault.open(lab.folder / "vault") as opened:
        yield opened


@pytest.fixture(scope="module")
def examined(lab):
    """The same, with a case that was examined with the pipeline."""
    lab.case("2026-1")
    done = lab.locard("examine", "2026-1", "--pipeline", "lab.toml", "-w", "1", fresh=True)
    assert done.returncode == 0, done.stderr
    return lab


def record_of(lab):
    return json.loads((lab.folder / "out" / "record.json").read_text())


def test_the_record_says_what_it_rests_on(lab, vault):
    text = (lab.folder / "out" / "record.json").read_text()
    record, results = vault.validations.get(hashlib.sha256(text.encode()).hexdigest())
    assert record.text == text
    assert (lab.folder / "out" / "results.json").read_text() == results
    assert record.requirements_text == REQUIREMENTS
    assert record.method.parameters["reach"] == 8
    assert (record.method.plugin, record.method.version) == ("jpeg-grid", JpegGrid.version)
    assert record.statement.limits == JpegGrid.limits
    assert dict(record.dataset.kinds) == {"authentic": 8, "splice": 8}
    assert sum(record.outcomes.values()) == 16
    f1, repeated, bad = record.verdicts
    assert f1.estimate.low >= 0.4
    assert f1.estimate.images == 8
    assert "2 images, examined twice" in repeated.sentence
    assert "16 files" in bad.sentence
    assert record.sha256[:8] in (lab.folder / "out" / "record.html").read_text()


def test_validations_say_what_is_valid_and_can_be_written_again(lab):
    (line,) = lab.locard("plugin", "validations", "--json").stdout.splitlines()
    listed = json.loads(line)
    assert (listed["valid"], listed["changes"], listed["own"]) == (True, [], True)
    assert "valid" in lab.locard("plugin", "validations").stdout
    done = lab.locard("plugin", "validations", listed["sha256"][:12], "-o", "again")
    assert done.returncode == 0, done.stderr
    for name in ("record.json", "record.html", "results.json"):
        written = (lab.folder / "again" / name).read_bytes()
        assert written == (lab.folder / "out" / name).read_bytes()
    assert lab.locard("plugin", "validations", "-o", "x").returncode == 2


def test_an_examination_notes_the_records_that_it_relied_on(examined):
    lab = examined
    sha256 = hashlib.sha256((lab.folder / "out" / "record.json").read_bytes()).hexdigest()
    with Vault.open(lab.folder / "vault") as opened:
        case = opened.case("2026-1")
        assert case.examinations()[0].facts.environment["validations"] == {"grid": sha256}
        assert [p for p in verify(case) if p.kind != "note"] == []
    assert lab.locard("case", "replay", "2026-1", "-w", "1").returncode == 0
    assert lab.locard("report", "2026-1", "-o", "report.html").returncode == 0
    page = (lab.folder / "report.html").read_text()
    groups = " ".join(sha256[place : place + 8] for place in range(0, 64, 8))
    assert "Validation record of grid" in page
    assert groups in page
    assert "as of the examination" in page


def test_the_record_travels_with_the_case_and_validates_nothing_elsewhere(examined):
    lab = examined
    sha256 = hashlib.sha256((lab.folder / "out" / "record.json").read_bytes()).hexdigest()
    assert lab.locard("case", "export", "2026-1", "bundle").returncode == 0
    carried = lab.folder / "bundle" / "data" / "validations"
    assert (carried / f"{sha256}.json").read_bytes() == (
        lab.folder / "out" / "record.json"
    ).read_bytes()
    done = lab.locard("case", "import", "bundle", vault="theirs")
    assert done.returncode == 0, done.stderr
    assert lab.locard("case", "verify", "2026-1", vault="theirs").returncode == 0
    listed = json.loads(lab.locard("plugin", "validations", "--json", vault="theirs").stdout)
    assert (listed["sha256"], listed["valid"], listed["own"]) == (sha256, False, False)
    lab.case("other", vault="theirs")
    done = lab.locard("examine", "other", "-p", "lab.toml", vault="theirs")
    assert done.returncode == 2
    assert "\n  step 'grid': there is no validation record of jpeg-grid version" in done.stderr


def test_an_altered_record_in_a_bundle_is_refused(examined, tmp_path):
    """Also by somebody who writes the checksums anew."""
    lab = examined
    bundle = tmp_path / "bundle"
    assert lab.locard("case", "export", "2026-1", str(bundle)).returncode == 0
    for path in (bundle / "data" / "validations").iterdir():
        path.write_text(path.read_text().replace("jpeg-grid", "jpeg-grit"))
    import bagit

    bag = bagit.Bag(str(bundle))
    bag.save(manifests=True)
    done = lab.locard("case", "import", str(bundle), vault="third")
    assert done.returncode == 1
    assert "validation record" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("reach = 8", "reach = 9", "since then, parameter reach was 8, is 9"),
        ("jpeg-grid", "double-jpeg", "no validation record of double-jpeg version"),
    ],
)
def test_a_pipeline_that_differs_is_refused_before_it_begins(lab, old, new, words):
    name = f"case {new}"
    lab.case(name)
    text = PIPELINE.replace(old, new)
    if new == "double-jpeg":
        text = text.replace("parameters = { reach = 8 }", "")
    path = lab.pipeline("other.toml", text)
    done = lab.locard("examine", name, "-p", path)
    assert done.returncode == 2
    assert "step 'grid'" in done.stderr
    assert words in done.stderr
    with Vault.open(lab.folder / "vault") as opened:
        assert opened.case(name).examinations() == []


def test_another_version_or_model_revokes(lab, vault, monkeypatch):
    pipeline = load(lab.pipeline(), catalogue())
    records = require_validated(vault, pipeline, catalogue())
    assert list(records) == ["grid"]
    with monkeypatch.context() as patch:
        patch.setattr(JpegGrid, "version", "99")
        with pytest.raises(PipelineError, match=f"version was {JpegGrid.version}"[:11]) as error:
            require_validated(vault, pipeline, catalogue())
        assert "is 99" in str(error.value)
    model = ModelReference("net", "1", "ab" * 32)
    monkeypatch.setattr(JpegGrid, "models", lambda _self: (model,))
    with pytest.raises(PipelineError, match="model net 1 was absent, is abab"):
        require_validated(vault, pipeline, catalogue())


def test_resuming_looks_again(lab, vault, monkeypatch):
    pipeline = load(lab.pipeline(), catalogue())
    lab.case("interrupted")
    case = vault.case("interrupted")
    case.begin_examination(pipeline.to_json(), pipeline.sha256, {}, None, "examiner")
    options = {"plugins": catalogue(), "workers": 1, "actor": "examiner", "resume": True}
    with monkeypatch.context() as patch:
        patch.setattr(JpegGrid, "version", "99")
        with pytest.raises(PipelineError, match="is 99"):
            examine_case(vault, "interrupted", None, **options)
    examine_case(vault, "interrupted", None, **options)
    resumed = [entry for entry in case.ledger() if entry.event == "examination.resumed"]
    assert [entry.details["validations"] for entry in resumed] == [
        require_validated(vault, pipeline, catalogue())
    ]


def test_analyze_has_no_vault_to_look_in(lab):
    done = lab.locard("analyze", "set/authentic/a0.png", "-p", lab.pipeline())
    assert done.returncode == 2
    assert "demands validated methods" in done.stderr
    assert lab.locard("pipeline", "show", lab.pipeline()).returncode == 0
    assert lab.locard("pipeline", "plan", "set/authentic", "-p", lab.pipeline()).returncode == 0


@pytest.mark.slow
def test_too_few_images_are_kept_as_a_record_that_validates_nothing(lab):
    done = lab.locard(
        *("plugin", "validate", "jpeg-grid", "--dataset", "set", "-r", "R.toml", "-o", "few"),
        *("--limit", "4", "-w", "1", "--json"),
    )
    assert done.returncode == 1, done.stderr
    record = json.loads(done.stdout)
    assert [verdict["status"] for verdict in record["verdicts"]] == ["not assessable", "met", "met"]
    assert record["validated"] is False
    with Vault.open(lab.folder / "vault") as opened:
        kept, _ = opened.validations.get(record["sha256"])
        assert opened.validations.valid_for(kept.method) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch"], "there is no detector or refiner 'nosuch'"),
        (["dense-crf"], "Name the detector with --input"),
        (["jpeg-grid", "--input", "noise"], "is a detector and takes none"),
        (["jpeg-grid", "--parameters", "reach=nine"], "key 'reach'"),
        (["jpeg-grid", "--parameters", "nothing.toml"], "neither KEY=VALUE nor a .toml file"),
    ],
)
def test_wrong_words_end_before_anything_is_examined(lab, words, said):
    done = lab.locard(
        *("plugin", "validate", *words, "--dataset", "set", "-r", "R.toml", "-o", "wrong")
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert not (lab.folder / "wrong").exists()


def test_pipelines_without_the_key_keep_their_hash(lab):
    """The text that is hashed is the one of pipelines before there was the key."""
    text = PIPELINE.replace("validated = true", "")
    pipeline = load(lab.pipeline("plain.toml", text), catalogue())
    parameters = {"epsilon": 1.0, "missing_grid": True, "reach": 8}
    step = {
        "input": None,
        "limits": {"mebibytes": None, "seconds": None},
        "name": "grid",
        "parameters": parameters,
        "plugin": "jpeg-grid",
    }
    plain = {"description": "", "name": "lab", "steps": [step], "version": "1"}
    assert pipeline.to_json() == json.dumps(plain, sort_keys=True)
    assert load(lab.pipeline(), catalogue()).sha256 != pipeline.sha256
    with pytest.raises(LocardError, match="key 'validated'"):
        load(lab.pipeline("odd.toml", PIPELINE.replace("true", '"yes"')), catalogue())
