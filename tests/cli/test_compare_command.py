"""``locard compare`` as a lab uses it: on real evaluations, and on folders of known rows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from locard.evaluation.results import DatasetFacts, LeakFinding, Results, StepFacts
from locard.evaluation.rows import PixelScores, Row
from locard.evaluation.runs import output
from locard.outcomes import Outcome

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
SIDE = 160


def locard(folder: Path, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*LOCARD, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == expect, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done


def step(name: str = "grid", **changes: Any) -> StepFacts:
    facts = {"name": name, "plugin": "jpeg-grid", "version": "1", "parameters": {"window": 8}}
    return StepFacts.model_validate(facts | changes)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Write an evaluation of tampered images of known F1, as ``locard evaluate`` does."""

    def written(
        name: str,
        f1: Sequence[float],
        *steps: StepFacts,
        data: str = "ab" * 32,
        first: int = 0,
        treatments: Sequence[str] = ("none",),
        **changes: Any,
    ) -> None:
        own = steps or (step(),)
        rows = [
            Row(
                sample=f"tampered/{at}.png",
                sha256=f"{at:064x}",
                kind="splice",
                treatment=treatment,
                step=each.name,
                outcome=Outcome.DETECTED,
                score=1.0,
                pixels=PixelScores(
                    f1=value, mcc=value, best_f1=value, everything_f1=0.4, marked=0.1
                ),
                has_map=True,
            )
            for treatment in treatments
            for at, value in enumerate(f1, first)
            for each in own
        ]
        facts: dict[str, Any] = {
            "created": "2026-01-01T00:00:00+00:00",
            "environment": {"locard": "0.1.0", "packages": {"numpy": "2.0"}},
            "command": {},
            "dataset": DatasetFacts(
                name="lab", layout="folder", sha256=data, images=len(f1), kinds={"splice": len(f1)}
            ),
            "pipeline": {"name": "p", "version": "1"},
            "pipeline_sha256": "cd" * 32,
            "steps": own,
            "treatments": treatments,
            "subsets": (),
        }
        output.write(Results.model_validate(facts | changes), rows, tmp_path / name)

    return written


def differences(folder: Path, *words: str, expect: int = 0) -> dict[str, Any]:
    """Return the differences over all images of the only step, from --json."""
    done = locard(folder, "compare", "a", "b", "--json", *words, expect=expect)
    (line,) = done.stdout.splitlines()
    (found,) = json.loads(line)["steps"]
    return found["parts"][0]["differences"]


BEFORE = [0.1 * (at % 7) for at in range(24)]
AFTER = [value + 0.05 + 0.01 * (at % 3) for at, value in enumerate(BEFORE)]


def test_a_better_method_is_called_better(write: Callable[..., None], tmp_path: Path):
    write("a", BEFORE)
    write("b", AFTER, step(parameters={"window": 16}, version="2"))
    done = locard(tmp_path, "compare", "a", "b")
    assert "Method: version was 1, is 2; parameter window was 8, is 16." in done.stdout
    (line,) = re.findall(r"^ *pixel F1 .*$", done.stdout, re.M)
    assert line.split() == [
        "pixel", "F1", "at", ".275", ".335", "+.060", "24,", "0,", "0", "better",
    ]  # fmt: skip
    assert "no difference" in done.stdout  # sensitivity: every image is detected by both
    found = differences(tmp_path, "--fail-if-worse")["f1"]
    assert found["difference"] == pytest.approx(0.06)
    assert 0.055 < found["low"] < 0.06 < found["high"] < 0.065


def test_a_worse_method_fails_a_build_that_asks(write: Callable[..., None], tmp_path: Path):
    write("a", AFTER)
    write("b", BEFORE)
    assert differences(tmp_path)["f1"]["verdict"] == "worse"
    assert differences(tmp_path, "--fail-if-worse", expect=1)["f1"]["verdict"] == "worse"


def test_an_evaluation_beside_itself_differs_by_nothing(write: Callable[..., None], tmp_path: Path):
    write("a", BEFORE, treatments=("none", "png"))
    done = locard(tmp_path, "compare", "a", "a", "--fail-if-worse")
    assert "Method: the same in both." in done.stdout
    assert "grid: all images after png" in done.stdout
    assert "better" not in re.sub("better,", "", done.stdout)
    assert "0 to 0" in done.stdout


def test_steps_of_other_names_are_named(write: Callable[..., None], tmp_path: Path):
    write("a", BEFORE, step("one"), step("two"))
    write("b", AFTER, step("three", plugin="blk"), step("eye", gives_verdict=False))
    errors = locard(tmp_path, "compare", "a", "b", expect=2).stderr
    assert "no step of the same name" in errors
    assert "Steps of the first: one, two; of the second: three, eye." in errors
    errors = locard(tmp_path, "compare", "a", "b", "--step", "one", expect=2).stderr
    assert "the second evaluation has no step one" in errors
    words = locard(tmp_path, "compare", "a", "b", "--step", "one=three").stdout
    assert "one (A) and three (B): all images" in words
    assert "it was jpeg-grid, and is blk" in words
    found = differences(tmp_path, "--step", "two=eye")
    assert found["f1"]["verdict"] == "better"
    assert "sensitivity" not in found


def test_only_steps_are_held_against_each_other(write: Callable[..., None], tmp_path: Path):
    write("a", BEFORE, step("one"))
    write("b", AFTER, step("three"))
    assert differences(tmp_path)["f1"]["verdict"] == "better"


def test_other_images_are_refused(write: Callable[..., None], tmp_path: Path):
    write("a", BEFORE)
    write("b", AFTER, data="cd" * 32, first=5)
    errors = locard(tmp_path, "compare", "a", "b", expect=2).stderr
    assert "19 have the same name, content, kind and share of tampered pixels" in errors
    assert "evaluate both on one data set" in errors


def test_a_data_set_that_shares_enough_is_compared_on_what_it_shares(
    write: Callable[..., None], tmp_path: Path
):
    write("a", BEFORE)
    write("b", AFTER, data="cd" * 32, first=4)
    words = locard(tmp_path, "compare", "a", "b").stdout
    assert "The data sets differ." in words
    assert "Left out: 8 images that only one of the two has; under each treatment" in words
    assert differences(tmp_path)["f1"]["images"] == 20


def test_software_and_leaks_are_named(write: Callable[..., None], tmp_path: Path):
    leak = LeakFinding(
        feature="quantisation tables", balanced_accuracy=1.0, low=0.9, high=1.0, leaks=True
    )
    write("a", BEFORE, leaks=(leak, leak.model_copy(update={"feature": "size", "leaks": False})))
    write("b", AFTER, environment={"locard": "0.2.0", "packages": {"scipy": "1.0\x1b[31m"}})
    words = locard(tmp_path, "compare", "a", "b").stdout
    assert "locard was 0.1.0, is 0.2.0; numpy was 2.0, is absent; scipy was absent, is 1.0" in words
    assert "\x1b" not in words
    assert "headers alone tell the classes apart (quantisation tables)." in words


def test_treatments_that_are_not_shared_are_refused_and_names_do_no_harm(
    write: Callable[..., None], tmp_path: Path
):
    write("a", BEFORE, treatments=("none",))
    write("b", BEFORE, treatments=("blur",))
    errors = locard(tmp_path, "compare", "a", "b", expect=2).stderr
    assert "share no image that was treated alike" in errors
    write("b", BEFORE, step("hostile\x1b[31m"), step("other"))
    errors += locard(tmp_path, "compare", "a", "b", expect=2).stderr
    assert "its lines of step hostile\\x1b[31m" in errors
    assert "\x1b" not in errors


@pytest.mark.parametrize(
    ("words", "said"),
    [(["a", "nowhere"], "cannot read nowhere/results.json"), (["a"], "OUT_B")],
)
def test_a_wrong_command_is_said(
    write: Callable[..., None], tmp_path: Path, words: list[str], said: str
):
    write("a", BEFORE)
    assert said in locard(tmp_path, "compare", *words, expect=2).stderr


def test_help_imports_nothing_heavy():
    code = (
        "import sys, contextlib\n"
        "from locard.cli import main\n"
        "sys.argv = ['locard', 'compare', '--help']\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'rich'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


PIPELINE = """
name = "noise"
version = "1"

[[steps]]
name = "noise"
plugin = "noise"
parameters = {{ block = {block} }}

[[steps]]
name = "crf"
plugin = "dense-crf"
input = "noise"
"""


def photographs(folder: Path) -> None:
    """Write parts of photographs, authentic and with a noisier patch, as PNG."""
    random = np.random.default_rng(0)
    for name in ("authentic", "tampered/splice", "masks"):
        (folder / name).mkdir(parents=True)
    number = 0
    for name in ("astronaut.png", "coffee.png"):
        path = Path(skimage.data.__file__).parent / name
        whole = np.asarray(Image.open(path).convert("RGB"))
        for y in (0, SIDE):
            for x in (0, SIDE, 2 * SIDE):
                pixels = whole[y : y + SIDE, x : x + SIDE]
                Image.fromarray(pixels).save(folder / f"authentic/a{number}.png")
                mask = np.zeros((SIDE, SIDE), np.uint8)
                mask[48:112, 40:120] = 255
                noisy = pixels + np.where(mask[..., None] > 0, random.normal(0, 9, pixels.shape), 0)
                spliced = noisy.round().clip(0, 255).astype(np.uint8)
                Image.fromarray(spliced).save(folder / f"tampered/splice/t{number}.png")
                Image.fromarray(mask).save(folder / f"masks/t{number}.png")
                number += 1


def example() -> str:
    """Return the table that the docs show."""
    text = (Path(__file__).parents[2] / "docs" / "evaluate.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```\n([^`]*B is\n[^`]*)\n```", text)
    return found


@pytest.mark.slow
def test_two_settings_of_a_detector_on_photographs(tmp_path: Path):
    photographs(tmp_path / "set")
    for name, block in (("a", 32), ("b", 8)):
        (tmp_path / f"{name}.toml").write_text(PIPELINE.format(block=block))
        words = ("--dataset", "set", "-p", f"{name}.toml", "-o", name, "-w", "1")
        table = locard(tmp_path, "evaluate", *words).stdout
        assert "what crf gains over noise: all images" in table
        results = Results.model_validate_json((tmp_path / name / "results.json").read_bytes())
        (gain,) = results.gains
        whole = {subset.step: subset for subset in results.subsets if subset.by == "all"}
        for metric in ("f1", "best_f1", "pixel_auc", "marked"):
            found = gain.parts[0].differences[metric]
            assert found.first == pytest.approx(whole["noise"].metrics[metric].value)
            assert found.second == pytest.approx(whole["crf"].metrics[metric].value)
            assert found.images == 12
        page = (tmp_path / name / "report.html").read_text()
        assert "What refining gains" in page
    done = locard(tmp_path, "compare", "a", "b", "--json")
    comparison = json.loads(done.stdout)
    assert [found["changes"] for found in comparison["steps"]] == [
        ["parameter block was 32, is 8"],
        ["in its input noise: parameter block was 32, is 8"],
    ]
    # A block of 32 coefficients covers 64 pixels, as wide as the patch: it cannot find its border.
    noise = comparison["steps"][0]["parts"][0]["differences"]
    assert noise["pixel_auc"]["verdict"] == "better"
    assert noise["pixel_auc"]["images"] == 12
    assert "sensitivity" not in noise
    words = locard(tmp_path, "compare", "a", "b", "--step", "noise").stdout
    printed = "\n".join(line.rstrip() for line in words.splitlines())
    assert example() in printed, "docs/evaluate.md shows another table than this"
    # What finds more also marks more of authentic photographs: neither is better in everything.
    assert noise["marked"]["verdict"] == "worse"
    locard(tmp_path, "compare", "a", "b", "--step", "noise", "--fail-if-worse", expect=1)
    locard(tmp_path, "compare", "b", "a", "--step", "noise", "--fail-if-worse", expect=1)
    locard(tmp_path, "compare", "a", "a", "--fail-if-worse")
