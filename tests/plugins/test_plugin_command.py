"""``locard plugin list``, ``show`` and ``check``, as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from locard.cli.parameters import parameter_rows

Install = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]

ACME = """
    from typing import Literal

    from pydantic import Field

    from locard import Detector, Finding, Parameters, hookimpl

    class AcmeParameters(Parameters):
        window: int = Field(9, ge=3, le=99, description="side of the window, in pixels")
        mode: Literal["fast", "exact"] = Field("fast", description="how hard it looks")

    class Acme(Detector):
        name = "acme-noise"
        version = "2.1"
        summary = "Noise of Acme cameras"
        method = "Acme's own."
        limits = "Sees Acme cameras only."
        score_meaning = "from 0 to 1"
        glossary = {"gain": "sensor gain"}
        Parameters = AcmeParameters

        def examine(self, image):
            return Finding.inconclusive("no-camera", "It has no camera.")

    @hookimpl
    def register_detectors(register):
        register(Acme)
    """


@pytest.fixture(autouse=True)
def _no_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCARD_PLUGINS", raising=False)


@pytest.fixture
def acme(install: Install) -> Path:
    return install("acme-tools", "[locard]\nacme = acme_mod\n", acme_mod=ACME)


@pytest.mark.usefixtures("acme")
def test_list_shows_a_plugin_the_minute_it_is_installed(locard: Run) -> None:
    code, out, err = locard("plugin", "list")
    (line,) = (line for line in out.splitlines() if "acme" in line)
    assert code == 0
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "acme",
        "acme-tools 1.2",
        "loaded",
        "detector acme-noise",
    ]
    assert err == ""


def test_list_shows_a_broken_plugin_with_its_error_and_ends_well(
    locard: Run, install: Install
) -> None:
    install("bad", "[locard]\nbad = bad_mod\n", bad_mod="raise OSError('[red]no\\x1b[2Jdisk')")
    code, out, _ = locard("plugin", "list")
    assert code == 0
    assert "broken" in out
    assert "OSError on import: [red]no\\x1b[2Jdisk" in out


@pytest.mark.usefixtures("acme")
def test_list_as_json_is_one_object_a_plugin(locard: Run) -> None:
    _, out, _ = locard("plugin", "list", "--json")
    rows = {row["name"]: row for row in map(json.loads, out.splitlines())}
    assert rows["acme"] == {
        "name": "acme",
        "distribution": "acme-tools",
        "version": "1.2",
        "target": "acme_mod",
        "status": "loaded",
        "errors": [],
        "offers": ["detector acme-noise"],
    }
    assert {"core", "traces"} <= rows.keys()


@pytest.mark.usefixtures("acme")
def test_list_says_what_the_allow_list_blocks_and_misspells(
    locard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCARD_PLUGINS", "traces,acmee")
    code, out, err = locard("plugin", "list", "--json")
    statuses = {row["name"]: row["status"] for row in map(json.loads, out.splitlines())}
    assert code == 0
    assert statuses["acme"] == "blocked"
    assert statuses["core"] != "blocked"
    assert err == "locard: note: LOCARD_PLUGINS allows acmee, which is not installed\n"


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("name", ["acme-noise", "acme"])
def test_show(locard: Run, name: str) -> None:
    code, out, _ = locard("plugin", "show", name)
    assert code == 0
    assert "acme-tools 1.2" in out
    assert ("Sees Acme cameras only." in out) == (name == "acme-noise")
    assert ("acme_mod" in out) == (name == "acme")


@pytest.mark.usefixtures("acme")
def test_show_a_step_says_all_that_it_declares(locard: Run) -> None:
    _, out, _ = locard("plugin", "show", "acme-noise")
    for text in (
        "detector acme-noise",
        "2.1",
        "Acme's own.",
        "from 0 to 1",
        "sensor gain",
        "any image",
        "1 s + 5 s a megapixel; 200 MiB + 200 MiB a megapixel",
    ):
        assert text in out
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines()]
    assert ["window", "integer", "9", "≥ 3, ≤ 99", "side of the window, in pixels"] in rows
    assert ["mode", "choice", '"fast"', '"fast", "exact"', "how hard it looks"] in rows


@pytest.mark.usefixtures("acme")
def test_show_schema_is_a_json_schema(locard: Run) -> None:
    from jsonschema import Draft202012Validator

    _, out, _ = locard("plugin", "show", "acme-noise", "--schema")
    schema = json.loads(out)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"window": 9})
    assert not validator.is_valid({"window": 1})
    assert not validator.is_valid({"windows": 9})


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("command", [("show",), ("check",), ("show", "--schema")])
def test_an_unknown_name_is_an_error_with_a_hint(locard: Run, command: tuple[str, ...]) -> None:
    code, out, err = locard("plugin", command[0], "acme-nois", *command[1:])
    assert (code, out) == (2, "")
    assert "there is no detector or refiner 'acme-nois'" in err
    assert "Did you mean acme-noise?" in err


def test_parameter_rows_of_every_kind() -> None:
    class Inner(BaseModel):
        depth: int = 1

    class Everything(BaseModel):
        ratio: float = Field(0.5, gt=0, lt=1, description="a ratio")
        limit: int | None = Field(None, ge=1, description="a limit")
        kind: Literal["one"] = Field("one", description="a kind")
        sizes: tuple[int, ...] = Field((1, 2), min_length=1, description="sizes")
        inner: Inner = Field(Inner(), description="more")
        needed: str = Field(pattern="^a", description="no default")

    assert list(parameter_rows(Everything.model_json_schema())) == [
        ("ratio", "number", "0.5", "> 0, < 1", "a ratio"),
        ("limit", "integer or null", "null", "≥ 1", "a limit"),
        ("kind", "choice", '"one"', '"one"', "a kind"),
        ("sizes", "list", "[1, 2]", "items ≥ 1", "sizes"),
        ("inner", "object", '{"depth": 1}', "", "more"),
        ("needed", "string", "required", "matches ^a", "no default"),
    ]


# --- check ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("acme")
def test_check_as_json_is_one_object_a_check(locard: Run) -> None:
    code, out, _ = locard("plugin", "check", "acme", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {row["step"] for row in rows} == {"acme-noise"}
    assert {row["version"] for row in rows} == {"2.1"}
    statuses = {row["check"]: row["status"] for row in rows}
    assert len(statuses) == len(rows) == 20
    assert statuses["deterministic"] == statuses["no-network"] == "passed"
    assert statuses["map-geometry"] == statuses["glossary-complete"] == "not-applicable"


def test_check_names_what_fails_and_exits_with_1(locard: Run, install: Install) -> None:
    source = ACME.replace("Sees Acme cameras only.", "").replace('"no-camera"', "None")
    install("acme-tools", "[locard]\nacme = acme_mod\n", acme_mod=source)
    code, out, _ = locard("plugin", "check", "acme-noise")
    assert code == 1
    assert out.startswith("acme-noise 2.1\n")
    assert "  failed          described\n" in out
    assert "has no limits" in out
    assert "Why: A report prints, beside each outcome," in out
    assert "  failed          findings-valid\n" in out
    assert "the outcome inconclusive needs a reason" in out
    assert "  passed          deterministic\n" in out


def test_check_of_a_broken_plugin_says_what_is_broken(locard: Run, install: Install) -> None:
    install("bad", "[locard]\nbad = bad_mod\n", bad_mod="1 / 0")
    code, _, err = locard("plugin", "check", "bad")
    assert code == 1
    assert "plugin 'bad' is broken: ZeroDivisionError on import" in err


@pytest.mark.usefixtures("acme")
def test_check_of_a_blocked_plugin_says_so(locard: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCARD_PLUGINS", "traces")
    code, _, err = locard("plugin", "check", "acme")
    assert code == 2
    assert "plugin 'acme' is blocked" in err


def test_check_of_a_plugin_without_steps_says_so(locard: Run, install: Install) -> None:
    source = "from locard import hookimpl\n\n@hookimpl\ndef observe(event):\n    pass\n"
    install("watch", "[locard]\nwatch = watch_mod\n", watch_mod=source)
    code, _, err = locard("plugin", "check", "watch")
    assert code == 2
    assert "offers no detector or refiner" in err
