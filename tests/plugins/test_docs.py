"""What the plugin author's pages say is so: every signature, snippet and command."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locard import hookspecs
from locard.pipelines import load
from locard.plugins import Catalogue
from locard.testing import jpeg, photograph
from locard.testing.checks import REGISTERED
from locard.testing.conformance import cases

Install = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]

DOCS = Path(__file__).parents[2] / "docs" / "plugins"
HOOKS = (DOCS / "hooks.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")

NAMES = [name for name, value in vars(hookspecs).items() if hasattr(value, "locard_spec")]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def acme_noise(locard: Run, install: Install, packages: Path) -> Path:
    code, _, err = locard("plugin", "new", "acme-noise", "--into", str(packages))
    assert code == 0, err
    install("acme-noise", "[locard]\nacme-noise = acme_noise\n")
    (packages / "acme_noise").symlink_to(packages / "acme-noise" / "acme_noise")
    return packages


# --- hooks.md ------------------------------------------------------------------------------------


def test_every_hook_has_a_section_and_no_other_has() -> None:
    sections = re.findall(r"^## (\w+)$", HOOKS, re.MULTILINE)
    assert sections == NAMES
    assert len(NAMES) == 8


@pytest.mark.parametrize("name", NAMES)
def test_the_section_shows_the_exact_signature(name: str) -> None:
    section = HOOKS.partition(f"\n## {name}\n")[2]
    signature = inspect.signature(getattr(hookspecs, name))
    assert section.startswith(f"\n```python\ndef {name}{signature}\n```\n".replace("'", ""))


@pytest.mark.parametrize("name", NAMES)
def test_the_section_says_what_the_hook_says(name: str) -> None:
    section = " ".join(HOOKS.partition(f"\n## {name}\n")[2].replace("`", "").split())
    said = " ".join((inspect.getdoc(getattr(hookspecs, name)) or "").replace("`", "").split())
    assert said.rstrip(".") in section


def test_examples_of_hooks_implement_them() -> None:
    examples = [code for code in blocks(HOOKS, "python") if "@hookimpl" in code]
    assert len(examples) == 3
    for code in examples:
        namespace: dict[str, Any] = {}
        exec(code, namespace)
        assert any(hasattr(value, "locard_impl") for value in namespace.values())


def test_the_host_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = (code for code in blocks(HOOKS, "python") if "# host.py" in code)
    exec(code, {})
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("traces ") for line in lines)
    assert lines[-1].split()[0] in {"detected", "not_detected", "inconclusive"}


# --- guide.md ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guide() -> dict[str, Any]:
    """What the snippets of the guide define, run one after the other as one reads them."""
    namespace: dict[str, Any] = {}
    for code in blocks(GUIDE, "python"):
        exec(code, namespace)
    return namespace


def test_the_snippets_run(guide: dict[str, Any]) -> None:
    assert guide["found"].outcome == "detected"
    assert guide["TestConformance"].target is guide["Clipping"]


def test_the_guide_s_detector_keeps_to_the_contract(packages: Path) -> None:
    (code,) = (code for code in blocks(GUIDE, "python") if "class Clipping(" in code)
    (packages / "clipping_of_the_guide.py").write_text(code)
    from clipping_of_the_guide import Clipping  # type: ignore[import-not-found]

    results = [case.run() for case in cases(Clipping)]
    assert [result.reason for result in results if result.status == "failed"] == []


def test_the_guide_lists_every_check() -> None:
    table = GUIDE.partition("## 4. Tests")[2]
    assert all(f"`{check.name}`" in table for check in REGISTERED)


@pytest.mark.usefixtures("acme_noise")
def test_the_pipeline_loads(tmp_path: Path) -> None:
    (text,) = blocks(GUIDE, "toml")
    (tmp_path / "lab.toml").write_text(text)
    pipeline = load(tmp_path / "lab.toml", Catalogue())
    assert [step.plugin for step in pipeline.steps] == ["acme-noise", "dense-crf"]
    assert pipeline.steps[0].parameters["block"] == 32


def test_the_files_that_the_guide_names_are_made(acme_noise: Path) -> None:
    table = GUIDE.partition("| File |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    assert len(named) == 5
    assert all((acme_noise / "acme-noise" / path).is_file() for path in named)


@pytest.mark.slow
@pytest.mark.usefixtures("acme_noise")
def test_every_locard_command_of_the_guide_works(
    locard: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    monkeypatch.chdir(folder)
    # The engine's workers are processes of their own, and find the plugin as it is installed here.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site-packages"))
    (text,) = blocks(GUIDE, "toml")
    Path("lab.toml").write_text(text)
    Path("photo.jpg").write_bytes(jpeg(photograph(240, 320)))
    lines = [line for code in blocks(GUIDE, "sh") for line in code.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("locard ")]
    assert len(commands) == 8
    for command in commands:
        if command[:2] == ["plugin", "new"]:
            continue  # the fixture did it, with the package where it can be imported
        code, _, err = locard(*command)
        assert code == 0, (command, err)
    assert list(Path("maps").glob("*-noise.npy"))
