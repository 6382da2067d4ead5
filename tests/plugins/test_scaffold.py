"""What ``locard plugin new`` makes is a plugin: it installs, it is listed, its tests pass."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from locard.errors import LocardError
from locard.plugins import Catalogue
from locard.scaffold import check_name, create, render

Install = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def plugins() -> Catalogue:
    return Catalogue()


def run(*command: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("kind", ["detector", "refiner"])
def test_a_new_plugin_passes_its_tests_at_once_from_any_folder(
    kind: str, install: Install, packages: Path, tmp_path: Path, locard: Run
) -> None:
    code, out, _ = locard(
        "plugin", "new", "acme-thing", "--into", str(packages), *["--refiner"] * (kind == "refiner")
    )
    assert code == 0
    assert f"pip install -e '{packages}/acme-thing[test]'" in out
    # As an installer would leave it: metadata and modules on the import path.
    install("acme-thing", "[locard]\nacme-thing = acme_thing\n")
    (packages / "acme_thing").symlink_to(packages / "acme-thing" / "acme_thing")
    _, listed, _ = locard("plugin", "list")
    assert f"{kind} acme-thing" in listed
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run("pytest", "-W", "error", str(packages / "acme-thing"), cwd=elsewhere, path=packages)
    assert done.returncode == 0, done.stdout
    assert "::" not in done.stdout.partition("short test summary")[2].replace("SKIPPED", "")
    assert not list(elsewhere.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["detector", "refiner"])
def test_a_new_plugin_is_clean_by_its_own_strict_rules(
    kind: str, tmp_path: Path, plugins: Catalogue
) -> None:
    folder = create("acme-thing", tmp_path, kind, plugins)  # type: ignore[arg-type]
    for command in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)):
        done = run(*command, cwd=folder, path=REPOSITORY / "framework")
        assert done.returncode == 0, done.stdout


def test_the_failure_of_a_check_is_told_without_a_traceback(
    install: Install, packages: Path, tmp_path: Path, plugins: Catalogue
) -> None:
    folder = create("acme-thing", packages, "detector", plugins)
    install("acme-thing", "[locard]\nacme-thing = acme_thing\n")
    (packages / "acme_thing").symlink_to(folder / "acme_thing")
    source = folder / "acme_thing" / "detector.py"
    source.write_text(source.read_text().replace("map=evidence", "map=HeatMap(noise.T)"))
    done = run("pytest", "--tb=short", "acme-thing", cwd=packages, path=packages)
    assert done.returncode == 1
    assert "TestConformance::test_conformance[map-geometry]" in done.stdout
    assert "the map's values are a float64 array" in done.stdout
    assert "Why: A map that lies beside its picture points at the wrong part of it." in done.stdout
    assert "Traceback" not in done.stdout
    assert "locard/testing" not in done.stdout


def test_tests_of_a_plugin_that_is_not_installed_say_so(tmp_path: Path, plugins: Catalogue) -> None:
    folder = create("acme-thing", tmp_path, "detector", plugins)
    done = run("pytest", str(folder / "tests" / "test_conformance.py"), cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no detector or refiner 'acme-thing'" in done.stdout
    assert 'conformance.py", line' not in done.stdout


@pytest.mark.slow
def test_a_new_plugin_installs_with_pip(tmp_path: Path, plugins: Catalogue) -> None:
    folder = create("acme-thing", tmp_path, "detector", plugins)
    target = tmp_path / "target"
    done = run(
        *("pip", "install", "--no-deps", "--no-build-isolation", "--target", str(target)),
        str(folder),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    done = run("pytest", str(folder), cwd=tmp_path, path=target)
    assert done.returncode == 0, done.stdout


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Acme_Noise", "Did you mean acme-noise?"),
        ("acme--noise", "Did you mean acme-noise?"),
        ("3d-noise", "Did you mean d-noise?"),
        ("../acme", "Did you mean acme?"),
        ("", "as in acme-noise"),
        ("a" * 61, "at most 60"),
        ("bruit-é", "Did you mean bruit?"),
        ("class", "class is a word or module of Python"),
        ("json", "json is a word or module of Python"),
        ("jpeg-grid", "there is a plugin or step 'jpeg-grid' already"),
        ("traces", "there is a plugin or step 'traces' already"),
        ("numpy", "there is a Python package numpy already"),
    ],
)
def test_names_that_cannot_be_used(plugins: Catalogue, name: str, message: str) -> None:
    with pytest.raises(LocardError) as caught:
        check_name(name, plugins)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["acme-noise", "a", "acme-2nd-try"])
def test_names_that_can_be_used(plugins: Catalogue, name: str) -> None:
    check_name(name, plugins)


def test_an_existing_folder_is_left_alone(tmp_path: Path, locard: Run) -> None:
    (tmp_path / "acme-thing").mkdir()
    code, _, err = locard("plugin", "new", "acme-thing", "--into", str(tmp_path))
    assert code == 2
    assert "exists already" in err
    assert not list((tmp_path / "acme-thing").iterdir())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, locard: Run) -> None:
    (tmp_path / "file").touch()
    code, _, err = locard("plugin", "new", "acme-thing", "--into", str(tmp_path / "file"))
    assert code == 2
    assert f"cannot write {tmp_path}/file/acme-thing: Not a directory" in err


def test_every_placeholder_is_filled() -> None:
    for kind in ("detector", "refiner"):
        for path, text in render("acme-thing", kind).items():  # type: ignore[arg-type]
            assert "${" not in path + text
