"""``locard dataset``: what it prints, and what it says to the shell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from locard.cli.dataset import app
from locard.errors import ExitCode
from locard.evaluation.datasets import DatasetError
from locard.testing import encode, jpeg, photograph

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
SCENE = photograph(40, 40)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six authentic and six tampered images, each its own group, all saved alike."""
    for name in ("authentic", "tampered", "masks"):
        (tmp_path / name).mkdir()
    mask = np.zeros((40, 40), np.uint8)
    mask[10:20, 10:20] = 255
    for index in range(6):
        for kind, name in (("authentic", "a"), ("tampered", "t")):
            data = jpeg(photograph(40, 40, seed=10 * index + len(kind)), 90)
            (tmp_path / kind / f"{name}{index}.jpg").write_bytes(data)
        (tmp_path / "masks" / f"t{index}.png").write_bytes(encode(mask, "PNG"))
    return tmp_path


def test_layouts_are_listed() -> None:
    lines = run("layouts", "--json").stdout.splitlines()
    found = {entry["name"]: entry for entry in map(json.loads, lines)}
    assert set(found) >= {
        *("casia1", "casia2", "columbia", "carvalho", "nist16"),
        *("coverage", "korus", "folder", "manifest"),
    }
    assert "Korus" in found["korus"]["source"]
    assert all(name in run("layouts").stdout for name in found)


def test_show_counts_and_names_problems(folder: Path) -> None:
    (folder / "masks" / "t3.png").unlink()
    (folder / "authentic" / "new\nline.jpg").write_bytes(b"")
    result = run("show", folder)
    assert result.exit_code == ExitCode.OK
    lines = result.stdout.splitlines()
    assert lines[0] == f"{folder.name}, layout folder: 12 images"
    assert lines[1:3] == ["       6  authentic", "       6  tampered"]
    assert "Problems: 2" in lines
    assert "  tampered/t3.jpg: it is tampered and has no mask" in lines
    assert any(line.startswith(r"  authentic/new\nline.jpg is left out: ") for line in lines)
    facts = json.loads(run("show", folder, "--json").stdout)
    assert facts["kinds"] == {"authentic": 6, "tampered": 6}
    assert f"SHA-256: {facts['sha256']}" in lines


def test_check_is_content_with_a_good_set(folder: Path) -> None:
    result = run("check", folder)
    assert result.exit_code == ExitCode.OK, result.stdout
    assert result.stdout.splitlines()[-1] == "Nothing to look at."
    assert json.loads(run("check", folder, "--json").stdout)["clean"] is True


def test_check_says_when_headers_tell_the_classes(folder: Path) -> None:
    for index in range(6):
        data = jpeg(photograph(40, 40, seed=10 * index + 8), 70)
        (folder / "tampered" / f"t{index}.jpg").write_bytes(data)
    result = run("check", folder)
    assert result.exit_code == ExitCode.ATTENTION
    (line,) = (line for line in result.stdout.splitlines() if "quantisation tables" in line)
    assert "1.000" in line
    assert "tells the classes" in line
    found = json.loads(run("check", folder, "--json").stdout)
    assert {leak["feature"] for leak in found["leaks"] if leak["leaks"]} >= {
        "all together",
        "quantisation tables",
    }
    assert found["clean"] is False


def test_check_finds_a_picture_on_both_sides(folder: Path) -> None:
    twin = (folder / "authentic" / "a0.jpg").read_bytes()
    (folder / "tampered" / "t0.jpg").write_bytes(twin)
    result = run("check", folder)
    assert result.exit_code == ExitCode.ATTENTION
    assert "  authentic and tampered: authentic/a0.jpg, tampered/t0.jpg" in (
        result.stdout.splitlines()
    )


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    assert "is empty" in str(run("check", tmp_path).exception)


def test_a_folder_that_is_no_data_set_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no data set")
    assert isinstance(run("show", tmp_path).exception, DatasetError)
    done = subprocess.run(
        [*LOCARD, "dataset", "show", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.startswith("locard: error: ")
    assert "looks like none of the layouts" in done.stderr
    assert "--layout folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_scikit_learn_the_check_says_what_to_install(folder: Path) -> None:
    code = "import sys; sys.modules['sklearn'] = None; from locard.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "dataset", "check", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.USAGE
    assert "Install locard[evaluation]" in done.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from locard.cli import main\n"
        "sys.argv = ['locard', 'dataset', 'check', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'scipy', 'sklearn', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
