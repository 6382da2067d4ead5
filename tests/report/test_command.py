"""``locard report`` as a user runs it."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from locard.cli.report import app
from locard.errors import LocardError
from locard.vault.vault import Vault


@pytest.fixture(scope="module")
def vault(tmp_path_factory, small_photograph):
    folder = tmp_path_factory.mktemp("custody") / "vault"
    with Vault.open(folder, create=True) as opened:
        opened.create_case("2026-1", "Claim", "Ada", "ada")
        list(opened.case("2026-1").add([small_photograph], actor="ada"))
    return folder


def run(vault, *arguments):
    result = CliRunner().invoke(app, ["2026-1", "--vault", str(vault), *map(str, arguments)])
    if isinstance(result.exception, LocardError):
        raise result.exception
    return result


@pytest.mark.parametrize(
    ("name", "start"), [("r.html", b"<!DOCTYPE"), ("r.HTM", b"<!DOCTYPE"), ("r.json", b"{")]
)
def test_the_ending_chooses_the_format(vault, tmp_path, name, start):
    path = tmp_path / name
    result = run(vault, "-o", path)
    assert result.exit_code == 0
    assert result.output.strip() == str(path)
    assert path.read_bytes().startswith(start)


def test_the_format_can_be_named(vault, tmp_path):
    path = tmp_path / "report"
    assert run(vault, "-o", path, "--format", "json", "--quiet").output == ""
    assert json.loads(path.read_bytes())["verification"]["problems"] == []


def test_unknown_endings_and_formats_are_told(vault, tmp_path):
    with pytest.raises(LocardError, match="no report format") as caught:
        run(vault, "-o", tmp_path / "report.docx")
    assert ".html" in caught.value.hint
    with pytest.raises(LocardError, match="no report format 'word'"):
        run(vault, "-o", tmp_path / "report.html", "--format", "word")


def test_an_altered_original_is_in_the_report_and_in_the_exit_code(vault, tmp_path):
    damaged = tmp_path / "vault"
    shutil.copytree(vault, damaged)
    with Vault.open(damaged) as opened:
        original = opened.case("2026-1").exhibits()[0].path
    original.chmod(0o600)
    original.write_bytes(original.read_bytes() + b"x")
    path = tmp_path / "report.json"
    result = run(damaged, "-o", path)
    assert result.exit_code == 1
    assert "discrepanc" in result.stderr
    assert any(
        p["kind"] == "altered" for p in json.loads(path.read_text())["verification"]["problems"]
    )


def test_verification_can_be_left_out(vault, tmp_path):
    path = tmp_path / "report.json"
    assert run(vault, "-o", path, "--no-verify").exit_code == 0
    assert json.loads(path.read_text())["verification"] is None


def test_an_examination_that_is_not_there_is_told(vault, tmp_path):
    path = tmp_path / "report.html"
    with pytest.raises(LocardError, match="has no examination 4"):
        run(vault, "-o", path, "--examination", "4")
    assert not path.exists()
