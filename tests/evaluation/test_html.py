from __future__ import annotations

import re

import numpy as np
import pytest

from locard.evaluation.page.gallery import Case, Choice, Evidence, choose, show
from locard.evaluation.page.html import render
from locard.evaluation.results import (
    Curve,
    DatasetFacts,
    Difference,
    Estimate,
    Gain,
    LeakFinding,
    PartDifferences,
    Results,
    StepFacts,
    SubsetResult,
)
from locard.evaluation.rows import PixelScores, Row
from locard.findings import HeatMap
from locard.outcomes import Outcome

HOSTILE = "<script>alert(1)</script>"


def subset(by: str = "all", value: str = "all", **changes: object) -> SubsetResult:
    facts: dict[str, object] = {
        "step": "grid",
        "treatment": "none",
        "by": by,
        "value": value,
        "images": 4,
        "tampered": 2,
        "outcomes": {"detected": 1, "not_detected": 3},
        "metrics": {
            "f1": Estimate(value=0.25, low=0.125, high=0.5, images=2),
            "mcc": Estimate(value=None),
            "image_auc": Estimate(value=0.875, images=4),
        },
    }
    return SubsetResult.model_validate(facts | changes)


def results(*subsets: SubsetResult, **changes: object) -> Results:
    facts: dict[str, object] = {
        "created": "2026-01-01T00:00:00+00:00",
        "environment": {"packages": {"numpy": "2"}},
        "command": {"seed": 0},
        "dataset": DatasetFacts(
            name=HOSTILE, layout="folder", sha256="0" * 64, images=4, kinds={"splice": 2}
        ),
        "pipeline": {"name": "p", "version": "1"},
        "pipeline_sha256": "1" * 64,
        "steps": (
            StepFacts(name="grid", plugin="jpeg-grid", version="1", parameters={"window": 9}),
        ),
        "treatments": ("none",),
        "leaks": (),
        "subsets": subsets,
    }
    return Results.model_validate(facts | changes)


def page(found: Results, *cases: Case) -> str:
    return "".join(render(found, cases))


def row(sample: str, f1: float | None = None, **changes: object) -> Row:
    facts: dict[str, object] = {
        "sample": sample,
        "sha256": "0" * 64,
        "kind": "splice",
        "treatment": "none",
        "step": "grid",
        "outcome": Outcome.DETECTED,
        "pixels": PixelScores(f1=f1, marked=0.5),
        "has_map": True,
    }
    return Row(**(facts | changes))  # type: ignore[arg-type]


def test_a_figure_stands_with_its_interval_and_undefined_columns_are_left_out() -> None:
    text = page(results(subset(), subset("kind", "splice")))
    assert "0.250" in text
    assert "0.125 … 0.500" in text
    assert "0.875" in text
    header = re.findall(r"<th scope=\"col\">([^<]*)</th>", text)
    assert not any("Matthews" in name for name in header)


def test_an_infinite_figure_is_no_undefined_one() -> None:
    infinite = {"cllr": Estimate(value=None, low=1.5, infinite=True, images=4)}
    text = page(results(subset(metrics=infinite)))
    assert '<td>∞<span class="interval">1.500 … ∞</span></td>' in text
    bare = {"cllr": Estimate(value=None, infinite=True, images=4)}
    assert '<td>∞<span class="interval"></span></td>' in page(results(subset(metrics=bare)))


def test_what_comes_from_outside_is_escaped() -> None:
    case = Case(Choice(row(HOSTILE, 0.5), "best"), note=HOSTILE)
    text = page(results(subset(value=HOSTILE, by="kind")), case)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4


def test_a_leak_is_said_at_the_top() -> None:
    leak = LeakFinding(
        feature="quantisation tables", balanced_accuracy=0.99, low=0.98, high=1.0, leaks=True
    )
    harmless = leak.model_copy(update={"feature": "metadata", "leaks": False})
    text = page(results(subset(), leaks=(leak, harmless)))
    assert "<li>quantisation tables: 0.990" in text
    assert "<li>metadata" not in text
    assert "mean nothing" not in page(results(subset(), leaks=(harmless,)))
    assert "was not checked" in page(results(subset(), leaks=None))
    assert "and was not made" in page(results(subset(), leaks=()))


def test_bands_stand_from_low_to_high() -> None:
    bands = ["10-30 %", "2-10 %", "below 2 %"]
    text = page(results(subset(), *(subset(by="share", value=band) for band in bands)))
    assert re.findall(r"<td><bdi>(.* %)</bdi>", text) == ["below 2 %", "2-10 %", "10-30 %"]


def test_steps_that_scored_fewer_images_are_named() -> None:
    assert "is over images with a score" not in page(results(subset()))
    fewer = {"image_auc": Estimate(value=0.9, images=3)}
    assert "grid 3 of 4" in page(results(subset(metrics=fewer)))


def test_curves_are_drawn_and_the_same_figures_give_the_same_page() -> None:
    curve = Curve(name="f1", x=(0.0, 0.5, 1.0), y=(0.2, 0.6, 0.0))
    found = results(subset(curves=(curve,)))
    assert page(found).count("data:image/svg+xml") == 1
    assert page(found) == page(found)


def test_treatments_stand_side_by_side() -> None:
    text = page(results(subset(), subset(treatment="jpeg-80"), treatments=("none", "jpeg-80")))
    assert "<bdi>jpeg-80</bdi>" in text
    assert "After treatment" not in page(results(subset()))


def test_what_refining_gains_stands_with_interval_and_sentence() -> None:
    found = Difference(
        metric="marked",
        images=20,
        first=0.25,
        second=0.125,
        difference=-0.125,
        low=-0.1875,
        high=-0.0625,
        better=12,
        equal=5,
        worse=3,
        verdict="better",
    )
    undefined = Difference(metric="f1", images=0)
    parts = [
        PartDifferences(
            treatment=treatment, part=HOSTILE, differences={"marked": found, "f1": undefined}
        )
        for treatment in ("none", "jpeg-80")
    ]
    text = page(results(subset(), gains=(Gain(step="crf", input="grid", parts=tuple(parts)),)))
    assert "What refining gains" not in page(results(subset()))
    (line,) = re.findall(r"<tr[^>]*>\s*<th scope=\"row\">crf</th>.*?</tr>", text, re.S)
    cells = re.findall(r"<td>(.*?)</td>", line)
    assert cells == [
        "grid",
        "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>",
        "marked pixels, authentic",
        "20",
        "0.250",
        "0.125",
        '-0.125<span class="interval">-0.188 … -0.062</span>',
        "12, 5, 3",
        "better",
    ]


def test_lists_are_words_with_commas() -> None:
    command = {"treatments": ["jpeg-80", "blur"], "limit": None, "layouts": []}
    text = page(results(subset(), command=command))
    assert "<bdi>jpeg-80, blur</bdi>" in text
    assert "[" not in re.sub(r"<style>.*?</style>", "", text, flags=re.S)


def test_best_median_worst_and_the_most_marked_authentic_image_are_chosen() -> None:
    tampered = [row(f"t{n}", f1) for n, f1 in enumerate((0.1, 0.9, 0.5, 0.0, 0.3))]
    authentic = [
        row(name, None, kind="authentic", pixels=PixelScores(marked=marked))
        for name, marked in (("a0", 0.1), ("a1", 0.4))
    ]
    elsewhere = row("t9", 1.0, treatment="jpeg-80"), row("t8", 1.0, step="other")
    chosen = choose([*tampered, *authentic, *elsewhere], "grid")
    assert [(choice.row.sample, choice.why) for choice in chosen] == [
        ("t1", "best"),
        ("t4", "median"),
        ("t3", "worst"),
        ("a1", "most marked authentic image"),
    ]


@pytest.mark.parametrize(
    "rows",
    [[], [row("t", 0.0, has_map=False)], [row("t", None, pixels=None)]],
    ids=["nothing", "no map", "no truth"],
)
def test_where_there_is_nothing_to_choose_from_nothing_is_chosen(rows: list[Row]) -> None:
    assert choose(rows, "grid") == ()


def test_one_tampered_image_is_shown_once() -> None:
    assert len(choose([row("t", 0.5)], "grid")) == 1


def test_cases_are_pictures_of_one_size_and_what_cannot_be_shown_says_why() -> None:
    truth = np.zeros((300, 800), np.bool_)
    truth[50:150, 100:400] = True
    values = np.linspace(0, 1, 37 * 100, dtype=np.float32).reshape(37, 100)
    evidence = Evidence(np.zeros((300, 800, 3), np.uint8), truth, HeatMap(values, cell=8))

    def fetch(wanted: Row) -> Evidence:
        if wanted.sample == "gone":
            raise ValueError("its file is gone")
        return evidence

    choices = [Choice(row("t", 0.5), "best"), Choice(row("gone", 0.1), "worst")]
    shown, missing = show(choices, fetch)
    for raster in (shown.picture, shown.map, shown.outline):
        assert raster is not None
        assert (raster.width, raster.height) == (360, 135)
    assert missing.note == "It cannot be shown: its file is gone"
    text = page(results(subset()), shown, missing)
    assert text.count("<svg") == 2  # the picture by itself, and under its map
    assert text.count('class="map"') == 1
    assert text.count("its file is gone") == 1


def test_the_ways_of_every_data_set_stand_before_its_own() -> None:
    parts = [
        subset(by, value)
        for by in ("camera", "donor_quality", "share", "source")
        for value in ("a", "b")
    ]
    titles = re.findall(r"<h2>(By [^<]*)</h2>", page(results(*parts)))
    assert titles == ["By source", "By share", "By camera", "By donor quality"]
