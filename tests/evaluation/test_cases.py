"""What an evaluation wrote is read as it was; what somebody changed is refused in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from test_html import results, subset

from locard.errors import LocardError
from locard.evaluation.rows import PixelScores, Row
from locard.evaluation.runs import output
from locard.evaluation.runs.cases import read
from locard.outcomes import Outcome
from locard.text import printable

FULL = Row(
    sample='tampered/splice/=é, "x".jpg',
    sha256="0a" * 32,
    kind="splice",
    treatment="none",
    step="grid",
    outcome=Outcome.DETECTED,
    group="=group",
    subsets={"kind": "splice", "source": "JPEG 80-89", "camera": "@home"},
    reason="-reason",
    score=-0.1,
    log10_lr=float("-inf"),
    pixels=PixelScores(
        f1=0.1 + 0.2,
        mcc=-1 / 3,
        iou=0.0,
        best_f1=1.0,
        best_threshold=0.5,
        auc=1e-17,
        flipped=False,
        everything_f1=0.4,
        marked=0.25,
        mask_f1=2 / 3,
        f1_curve=(0.0, 1.0),
    ),
    has_map=True,
    seconds=1.5,
    finding_key="1b" * 32,
    format="JPEG",
    width=640,
    height=480,
    jpeg_quality=87,
)
EMPTY = Row(
    sample="authentic/\n.png",
    sha256="0b" * 32,
    kind="authentic",
    treatment="none",
    step="grid",
    outcome=Outcome.FAILED,
    subsets={"kind": "authentic"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    output.write(results(), [FULL, EMPTY], tmp_path / "out")
    return tmp_path / "out"


def test_rows_are_read_as_they_were_but_for_curves(folder: Path) -> None:
    found = read(folder)
    assert found.results == results()
    assert FULL.pixels is not None
    assert found.rows == (
        replace(FULL, pixels=replace(FULL.pixels, f1_curve=None)),
        replace(EMPTY, sample=printable(EMPTY.sample)),
    )


def changed(name: str, value: str, line: int = 1) -> Callable[[str], str]:
    """Return what changes a cell of one of the lines."""

    def change(text: str) -> str:
        lines = list(csv.reader(io.StringIO(text)))
        lines[line][lines[0].index(name)] = value
        written = io.StringIO()
        csv.writer(written).writerows(lines)
        return written.getvalue()

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "a,b\n1,2\n", "it has no column auc, best_f1"),
        (lambda text: "", "it has no column"),
        (lambda text: text + "one cell\n", "has not as many cells"),
        (lambda text: text + text.splitlines()[1] + "\n", "two lines are of"),
        (lambda text: text.rsplit("authentic/", 1)[0], "are not those of results.json"),
        (changed("step", "other"), "lines of step other, treatment none are not those"),
        (changed("treatment", "blur"), "treatment blur are not those"),
        (changed("outcome", "maybe"), "line 2"),
        (changed("score", "high"), "score is no number: high"),
        (changed("score", "nan"), "score is no number: nan"),
        (changed("score", "inf"), "score is infinite"),
        (changed("log10_lr", "nan"), "log10_lr is no number"),
        (changed("f1", "\x1b[31m"), "f1 is no number: \\x1b[31m"),
        (changed("has_map", "yes"), "has_map is neither True nor False"),
        (changed("width", "1.5", 2), "width is no whole number: 1.5"),
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, change: Callable[[str], str], said: str) -> None:
    output.write(results(subset(images=2)), [FULL, EMPTY], tmp_path)
    path = tmp_path / output.CASES
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(LocardError) as error:
        read(tmp_path)
    assert said in str(error.value)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("name", [output.RESULTS, output.CASES])
def test_a_missing_or_foreign_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe{}")
    with pytest.raises(LocardError, match=name):
        read(folder)
    (folder / name).unlink()
    with pytest.raises(LocardError, match="cannot read"):
        read(folder)


def test_figures_that_were_changed_to_other_figures_are_refused(tmp_path: Path) -> None:
    rows = [FULL, EMPTY]
    signed = results().model_copy(update={"cases_sha256": output.sha256_of_cases(rows)})
    output.write(signed, rows, tmp_path)
    assert read(tmp_path).results == signed
    path = tmp_path / output.CASES
    path.write_text(path.read_text().replace("-0.1,", "-0.9,"))
    with pytest.raises(LocardError, match=r"its hash is not the one that results\.json has"):
        read(tmp_path)
