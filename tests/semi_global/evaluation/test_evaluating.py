"""Evaluations of a model that can be foretold, held against the definitions."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from sklearn.metrics import f1_score, matthews_corrcoef, roc_auc_score

from locard.errors import LocardError
from locard.plugins import catalogue
from locard_semi_global.evaluation.evaluating import Evaluation, Found, evaluate
from locard_semi_global.evaluation.measuring import Plan
from locard_semi_global.evaluation.networks import Wanted, wanted_networks
from locard_semi_global.evaluation.results import MethodResult

from .conftest import SIDE, noise, with_square, write_set

BRIGHT = Wanted("semi-global", "0.0.1")
OURS = MethodResult(network=BRIGHT.words)


def quiet(_words: str, _done: int, _total: int) -> None:
    pass


def evaluated(*sets: Path, treatments: tuple[str, ...] = ("none",), **changes: object) -> Found:
    values: dict[str, object] = {
        "splits": ("val",),
        "where": {},
        "authentic": (),
        "limit": None,
        "workers": 1,
    }
    values |= {"plan": Plan((BRIGHT,)), **changes}
    wanted = Evaluation(sets=sets, treatments=treatments, **values)  # type: ignore[arg-type]
    return evaluate(wanted, catalogue(), quiet)


def value(found: Found, part: str, figure: str, treatment: str = "none") -> float:
    result = found.results.find("squares", treatment, part, OURS, figure)
    assert result is not None
    return result.value


def test_figures_are_those_of_another_library(squares: Path) -> None:
    found = evaluated(squares)
    scores: dict[str, list[float]] = {"f1": [], "mcc": [], "auc": []}
    for number in range(4):
        pixels, mask = with_square(number, 16, 24, 16 * (1 + number % 3))
        luma = pixels.astype(np.float64) @ [0.299, 0.587, 0.114]
        cells = luma.reshape(SIDE // 8, 8, SIDE // 8, 8).mean(axis=(1, 3)) / 255
        marked = np.kron(cells, np.ones((8, 8)))
        truth = mask.ravel()
        scores["f1"].append(f1_score(truth, marked.ravel() > 0.5))
        scores["mcc"].append(matthews_corrcoef(truth, marked.ravel() > 0.5))
        scores["auc"].append(roc_auc_score(truth, marked.ravel()))
    for figure, values in scores.items():
        assert value(found, "tampered", figure) == pytest.approx(np.mean(values), abs=1e-3)
    assert value(found, "splice", "f1") == pytest.approx(np.mean(scores["f1"][::2]), abs=1e-3)
    assert value(found, "authentic", "marked") == 0
    assert not found.results.problems


def test_the_truth_follows_what_is_done_to_a_picture(squares: Path) -> None:
    treatments = ("none", "png", "jpeg-80", "scale-0.75", "border-16", "tiles-32", "grey")
    found = evaluated(squares, treatments=treatments)
    for treatment in treatments:
        assert value(found, "tampered", "f1", treatment) > 0.7, treatment


def test_authentic_pictures_can_be_treated_alone(squares: Path) -> None:
    found = evaluated(squares, authentic=("png", "none"))
    seen = {(row.shown.tampered, row.shown.treatment) for row in found.rows}
    assert seen == {(True, "none"), (False, "none"), (False, "png")}


def test_a_group_that_is_taken_out_is_not_seen(squares: Path) -> None:
    plan = Plan((BRIGHT,), without=((), ("content",), ("cfa",)))
    found = evaluated(squares, plan=plan)
    figures = {
        one.method.without: one.value
        for one in found.results.figures
        if one.figure == "f1" and one.part == "tampered"
    }
    assert figures[("content",)] == 0
    assert figures[("cfa",)] == figures[()] > 0.9


def test_more_processes_find_the_same(squares: Path) -> None:
    plan = Plan((BRIGHT,), crf=True)
    one, two = (
        evaluated(squares, treatments=("none", "jpeg-80"), workers=n, plan=plan) for n in (1, 2)
    )
    assert one.rows == two.rows
    assert one.results.figures == two.results.figures
    assert {row.refined for row in one.rows} == {False, True}


def test_bad_pictures_are_named_and_the_others_measured(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "squares", tampered=6, authentic=2)
    (folder / "t1.png").write_bytes(b"no picture")
    (folder / "masks" / "t2.png").unlink()
    small = Pillow.fromarray(np.zeros((9, 9), np.uint8))
    small.save(folder / "masks" / "t3.png")
    Pillow.fromarray(noise(9, side=40)).save(folder / "t4.png")
    Pillow.fromarray(np.zeros((40, 40), np.uint8)).save(folder / "masks" / "t4.png")
    found = evaluated(folder, treatments=("none", "scale-0.75"))
    problems = " ".join(found.results.problems)
    for name in ("t1.png", "t2.png", "t3.png", "t4.png"):
        assert name in problems
    f1 = found.results.find("squares", "none", "tampered", OURS, "f1")
    assert f1 is not None
    assert f1.images == 2
    assert f1.left_out == 2
    assert f1.value > 0.9
    # Scores need no mask.
    scored = {row.shown.sample for row in found.rows if row.shown.treatment == "none"}
    assert scored == {"a0.png", "a1.png", "t0.png", "t2.png", "t3.png", "t5.png"}


def test_odd_pictures_have_a_figure_or_a_problem(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "squares", tampered=1, authentic=1)
    odd = {
        "black.png": np.zeros((80, 80, 3), np.uint8),
        "white.png": np.full((80, 96, 3), 255, np.uint8),
        "grey.png": noise(1)[:, :, 0],
        "narrow.png": noise(1)[:, :8],
    }
    with (folder / "manifest.csv").open("a", newline="", encoding="utf-8") as file:
        for name, pixels in odd.items():
            Pillow.fromarray(pixels).save(folder / name)
            csv.writer(file, lineterminator="\n").writerow((name, "authentic", "", "", "val"))
    found = evaluated(folder, treatments=("none", "jpeg-80"))
    measured = {row.shown.sample for row in found.rows}
    assert {"black.png", "white.png", "grey.png"} <= measured
    assert any("narrow.png" in problem for problem in found.results.problems)


def test_pictures_of_another_split_are_left_alone(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "squares", split="train")
    with pytest.raises(LocardError, match="no pictures of split val"):
        evaluated(folder)
    assert len(evaluated(folder, splits=("any",)).rows) == 8


def test_few_pictures_of_a_kind_set_no_threshold(squares: Path) -> None:
    found = evaluated(squares)
    assert not found.results.thresholds
    assert not [one for one in found.results.figures if one.figure == "flagged"]


def test_unknown_networks_and_treatments_are_refused(squares: Path) -> None:
    with pytest.raises(LocardError, match="no network 'guess'"):
        wanted_networks(["guess"], [])
    with pytest.raises(LocardError, match="no treatment 'twist'"):
        evaluated(squares, treatments=("twist",))
    with pytest.raises(LocardError, match="no group of traces smell"):
        evaluated(squares, plan=Plan((BRIGHT,), without=(("smell",),)))
    with pytest.raises(LocardError, match=r"9\.9"):
        evaluated(squares, plan=Plan((Wanted("semi-global", "9.9"),)))
