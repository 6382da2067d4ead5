"""Evaluations of which every figure is known by hand, in real worker processes."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import painted
import pytest

from locard.errors import LocardError, PipelineError
from locard.evaluation.datasets.loading import Dataset, load
from locard.evaluation.results import Estimate, Results, SubsetResult
from locard.evaluation.runs import output
from locard.evaluation.treatments import parse
from locard.pipelines import Pipeline, resolve
from locard.plugins import ALLOW_LIST_VARIABLE, Catalogue, allow_list
from locard.service.evaluate import Evaluation, evaluate, one_step

STEPS = [
    {"name": "red", "plugin": "acme-red"},
    {"name": "inverted", "plugin": "acme-invert", "input": "red"},
    {"name": "eye", "plugin": "acme-eye"},
]


@pytest.fixture(scope="module")
def plugins() -> Iterator[Catalogue]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ALLOW_LIST_VARIABLE, "acme-red")
        patch.setattr(sys, "path", [str(painted.LAB), *sys.path])
        yield Catalogue(allowed=allow_list())


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that gets a line for each image that the detector looks at."""
    path = tmp_path / "log"
    path.touch()
    monkeypatch.setenv("ACME_RED_LOG", str(path))
    return path


def looked_at(log: Path) -> list[str]:
    """Return what was looked at since the last time."""
    lines = log.read_text().splitlines()
    log.write_text("")
    return lines


@pytest.fixture(scope="module")
def pipeline(plugins: Catalogue) -> Pipeline:
    return made(plugins, *STEPS)


def made(plugins: Catalogue, *steps: dict[str, Any]) -> Pipeline:
    return resolve({"name": "known", "version": "1", "steps": steps}, "test", plugins)


@pytest.fixture(scope="module")
def run(plugins: Catalogue, pipeline: Pipeline) -> Callable[..., Evaluation]:
    def evaluated(folder: Path, *treatments: str, **rest: Any) -> Evaluation:
        dataset = load(folder, "folder", plugins)
        names = [parse(name) for name in treatments]
        chosen = rest.pop("pipeline", pipeline)
        workers = rest.pop("workers", 1)
        return evaluate(chosen, dataset, plugins=plugins, workers=workers, treatments=names, **rest)

    return evaluated


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., Evaluation]) -> Evaluation:
    """The painted data set, untreated, as PNG again, and with 15 columns cut off."""
    folder = painted.make(tmp_path_factory.mktemp("known") / "painted")
    return run(folder, "png", "crop-15-0", "png", workers=2, command={"limit": None})


def subset_of(
    results: Results, step: str, by: str = "all", value: str = "all", treatment: str = "none"
) -> SubsetResult:
    (found,) = (
        s
        for s in results.subsets
        if (s.step, s.by, s.value, s.treatment) == (step, by, value, treatment)
    )
    return found


def estimate(evaluation: Evaluation, step: str, metric: str, *where: str, **which: str) -> Estimate:
    return subset_of(evaluation.results, step, *where, **which).metrics[metric]


F1 = (1 + 2 / 3 + 2 / 3 + 0) / 4
KNOWN = {
    "f1": F1,
    "best_f1": (1 + 2 / 3 + 2 / 3 + 0.4) / 4,
    "everything_f1": 0.4,
    "iou": (1 + 0.5 + 0.5 + 0) / 4,
    "mask_f1": (1 + 2 / 3 + 2 / 3) / 3,
    "sensitivity": 3 / 4,
    "false_positive_rate": 1 / 4,
    "balanced_accuracy": 3 / 4,
    "image_auc": 13.5 / 16,
    "answered": 1.0,
    "marked": 0.1 / 4,
}


@pytest.mark.parametrize("metric", KNOWN)
def test_every_figure_is_the_one_known_by_hand(known: Evaluation, metric: str):
    found = estimate(known, "red", metric)
    assert found.value == pytest.approx(KNOWN[metric])
    assert found.low <= found.value <= found.high


def test_kinds_have_figures_of_their_own(known: Evaluation):
    splices = estimate(known, "red", "f1", "kind", "splice")
    assert splices.value == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert splices.images == 3
    assert estimate(known, "red", "f1", "kind", "copy-move").value == 0
    assert estimate(known, "red", "false_positive_rate", "kind", "authentic").value == 0.25


def test_a_refined_map_is_measured_and_keeps_the_verdict(known: Evaluation):
    # Where the map was .9 it is .1 now: everything but the red is marked.
    f1 = (0 + 2 * 300 / (2100 + 600) + 0 + 2 * 600 / (2400 + 600)) / 4
    assert estimate(known, "inverted", "f1").value == pytest.approx(f1)
    assert estimate(known, "inverted", "sensitivity").value == 0.75
    assert estimate(known, "inverted", "flipped").value == 0.75


def test_a_refiner_is_held_against_its_input_image_by_image(known: Evaluation):
    (gain,) = known.results.gains
    assert (gain.step, gain.input) == ("inverted", "red")
    parts = {(part.treatment, part.part): part.differences for part in gain.parts}
    assert {treatment for treatment, _ in parts} == {"none", "png", "crop-15-0"}
    assert {part for _, part in parts} == {"all", "copy-move", "splice"}
    whole = parts["none", "all"]
    refined = (0 + 2 * 300 / (2100 + 600) + 0 + 2 * 600 / (2400 + 600)) / 4
    assert whole["f1"].first == pytest.approx(F1)
    assert whole["f1"].difference == pytest.approx(refined - F1)
    assert (whole["f1"].better, whole["f1"].worse) == (1, 3)
    assert whole["marked"].difference == pytest.approx((0.9 + 3) / 4 - 0.1 / 4)
    # Four images may all fall on one side by chance.
    assert whole["marked"].worse == 4
    assert whole["marked"].verdict == "no difference can be shown"
    assert whole.keys() == {"f1", "mcc", "best_f1", "pixel_auc", "marked"}


def test_an_aid_to_the_eye_decides_nothing(known: Evaluation):
    eye = subset_of(known.results, "eye")
    assert eye.outcomes["inconclusive"] == 8
    assert eye.without_map == 8
    assert eye.metrics["f1"].value == 0
    assert eye.metrics["sensitivity"].value is None
    assert eye.metrics["answered"].value is None
    facts = {step.name: step.gives_verdict for step in known.results.steps}
    assert facts == {"red": True, "inverted": True, "eye": False}


def test_treatments_go_over_both_classes_and_the_truth(known: Evaluation):
    assert known.results.treatments == ("none", "png", "crop-15-0")
    for metric, value in KNOWN.items():
        assert estimate(known, "red", metric, treatment="png").value == pytest.approx(value)
    # All of the truth and of the paint beside it is right of the cut; of a3's 240 pixels 180 are.
    assert estimate(known, "red", "f1", treatment="crop-15-0").value == pytest.approx(F1)
    best = (1 + 2 / 3 + 2 / 3 + 2 * 600 / (1800 + 600)) / 4
    assert estimate(known, "red", "best_f1", treatment="crop-15-0").value == pytest.approx(best)
    marked = 180 / 1800 / 4
    assert estimate(known, "red", "marked", treatment="crop-15-0").value == pytest.approx(marked)


def test_rows_come_in_the_order_of_treatments_samples_and_steps(known: Evaluation):
    order = [(row.treatment, row.sample, row.step) for row in known.rows]
    names = sorted(f"{name}.png" for name in painted.RED)
    assert order == [
        (treatment, name, step)
        for treatment in ("none", "png", "crop-15-0")
        for name in names
        for step in ("red", "inverted", "eye")
    ]
    assert all(row.pixels is not None for row in known.rows)


def test_results_say_what_was_measured(known: Evaluation, pipeline: Pipeline):
    results = known.results
    assert results.pipeline_sha256 == pipeline.sha256
    assert results.dataset.kinds == {"authentic": 4, "copy-move": 1, "splice": 3}
    assert results.dataset.problems == ()
    assert results.leaks == ()  # four groups of each class are too few to tell
    assert results.steps[0].version == "1"
    assert results.steps[0].parameters == {"seconds": 0.0, "marks": 0.9}
    assert results.steps[1].input == "red"
    assert "numpy" in results.environment["packages"]
    assert results.command == {"limit": None}
    assert not known.needs_attention


def test_the_files_hold_it_all(known: Evaluation, tmp_path: Path):
    output.write(known.results, known.rows, tmp_path / "new" / "folder")
    text = (tmp_path / "new/folder/results.json").read_text()
    schema = json.loads((files("locard") / "schemas" / "evaluation.schema.json").read_text())
    jsonschema.validate(json.loads(text), schema)
    assert Results.model_validate_json(text) == known.results
    with (tmp_path / "new/folder/cases.csv").open(newline="") as file:
        cases = list(csv.DictReader(file))
    assert len(cases) == len(known.rows)
    first = next(case for case in cases if case["sample"] == "tampered/splice/s1.png")
    assert float(first["f1"]) == pytest.approx(2 / 3)
    assert first["by share"] == "10-30 %"
    assert (first["has_map"], first["reason"], first["width"]) == ("True", "", "60")


def test_the_schema_is_that_of_the_model():
    written = json.loads((files("locard") / "schemas" / "evaluation.schema.json").read_text())
    assert written == output.schema(), "run `python docs/generate_schema.py`"


def test_a_second_run_has_the_same_figures_and_examines_nothing(
    tmp_path: Path, run: Callable[..., Evaluation], log: Path
):
    folder = painted.make(tmp_path / "set")
    first = run(folder, "png", findings=tmp_path / "findings")
    assert len(looked_at(log)) == 16
    second = run(folder, "png", findings=tmp_path / "findings")
    assert looked_at(log) == []
    assert second.reused == 48
    assert second.rows == first.rows
    assert second.results.subsets == first.results.subsets


def test_a_changed_step_runs_again_and_what_depends_on_it(
    tmp_path: Path, run: Callable[..., Evaluation], plugins: Catalogue, log: Path
):
    folder = painted.make(tmp_path / "set")
    run(folder, findings=tmp_path / "findings")
    looked_at(log)
    red = {"name": "red", "plugin": "acme-red", "parameters": {"marks": 0.3}}
    changed = run(folder, pipeline=made(plugins, red, *STEPS[1:]), findings=tmp_path / "findings")
    assert len(looked_at(log)) == 8
    assert changed.reused == 8  # of the eye
    assert estimate(changed, "red", "f1").value == 0
    newer = {"name": "red", "plugin": "acme-newer-red"}
    run(folder, pipeline=made(plugins, newer, *STEPS[1:]), findings=tmp_path / "findings")
    assert len(looked_at(log)) == 8


def test_a_damaged_finding_is_made_again(tmp_path: Path, run: Callable[..., Evaluation], log: Path):
    folder = painted.make(tmp_path / "set")
    first = run(folder, findings=tmp_path / "findings")
    looked_at(log)
    key = next(row.finding_key for row in first.rows if row.step == "red")
    (tmp_path / "findings" / key[:2] / key / "red.map.npy.gz").write_bytes(b"altered")
    second = run(folder, findings=tmp_path / "findings")
    assert len(looked_at(log)) == 1
    assert second.results.subsets == first.results.subsets
    assert len(second.damaged) == 1


def test_failed_findings_are_counted_and_tried_again(
    tmp_path: Path, run: Callable[..., Evaluation], plugins: Catalogue
):
    folder = painted.make(tmp_path / "set")
    picky = made(plugins, {"name": "picky", "plugin": "acme-picky"})
    for _ in range(2):
        evaluation = run(folder, pipeline=picky, findings=tmp_path / "findings")
        assert evaluation.failed == 4
        assert evaluation.needs_attention
        assert subset_of(evaluation.results, "picky").outcomes["failed"] == 4
    assert evaluation.reused == 4


def test_what_is_wrong_with_the_data_is_named_and_ends_nothing(
    tmp_path: Path, run: Callable[..., Evaluation]
):
    folder = painted.make(tmp_path / "set")
    data = (folder / "authentic/a0.png").read_bytes()
    (folder / "authentic/no-image.png").write_bytes(b"no image at all")
    (folder / "authentic/cut.png").write_bytes(data[: len(data) // 2])
    (folder / "masks/s0.png").unlink()
    small = np.full((20, 30), 255, np.uint8)
    painted.save(folder / "masks/s1.png", small)
    (folder / "tampered/splice/a1.png").write_bytes((folder / "authentic/a1.png").read_bytes())
    painted.save_mask(folder, "tampered/splice/a1")
    evaluation = run(folder, "crop-0-30", "crop-0-35")
    problems = "\n".join(evaluation.results.dataset.problems)
    assert "authentic/no-image.png is left out" in problems
    assert "tampered/splice/s0.png: it is tampered and has no mask" in problems
    assert "tampered/splice/s1.png: the mask has 30 × 20 pixels" in problems
    assert (
        "authentic/a1.png (authentic) and tampered/splice/a1.png (splice) are the same file"
    ) in problems
    assert "authentic/a0.png is left out of crop-0-35" in problems
    assert problems.count("tampered/splice/s0.png: ") == 1
    assert evaluation.needs_attention
    red = subset_of(evaluation.results, "red")
    assert red.without_truth == 2
    assert red.outcomes["failed"] == 1  # the image that ends in the middle
    assert red.metrics["f1"].images == 3  # s2, c0, and the twin of a1
    assert red.metrics["f1"].value == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert red.metrics["sensitivity"].images == 5
    assert {row.treatment for row in evaluation.rows} == {"none", "crop-0-30"}


def test_masks_that_lose_everything_in_a_treatment_are_no_truth(
    tmp_path: Path, run: Callable[..., Evaluation]
):
    folder = painted.make(tmp_path / "set")
    evaluation = run(folder, "crop-0-30")
    rows = [row for row in evaluation.rows if row.treatment == "crop-0-30" and row.tampered]
    assert rows
    assert all(row.pixels is None for row in rows)
    assert len(evaluation.results.dataset.problems) == 4


def test_copies_are_removed_when_they_were_examined(
    tmp_path: Path, run: Callable[..., Evaluation], monkeypatch: pytest.MonkeyPatch
):
    folder = painted.make(tmp_path / "set")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    most = 0

    def kept(self: Any, record: Any) -> Any:
        nonlocal most
        most = max(most, len(list(self.folder.parent.glob("copy-*"))))
        return keep(self, record)

    keep = output_store().keep
    monkeypatch.setattr(output_store(), "keep", kept)
    run(folder, *(f"crop-0-{row}" for row in range(10)))
    # Of eighty: two that the worker has or waits for, one made ahead, one being made, one to be
    # examined next.
    assert 0 < most <= 5
    assert list(temporary.iterdir()) == []


def output_store() -> Any:
    from locard.evaluation.runs.finding_store import FindingStore

    return FindingStore


def lab_function(name: str) -> Any:
    """Return a function of the lab's module, which other processes can import as well."""
    return getattr(import_module("acme_red"), name)


def test_a_process_that_dies_measuring_costs_the_figures_of_pixels(
    tmp_path: Path, run: Callable[..., Evaluation], monkeypatch: pytest.MonkeyPatch
):
    folder = painted.make(tmp_path / "set")
    monkeypatch.setattr("locard.evaluation.runs.work.measure", lab_function("dies"))
    evaluation = run(folder)
    assert len(evaluation.rows) == 24
    assert all(row.pixels is None for row in evaluation.rows)
    assert estimate(evaluation, "red", "sensitivity").value == 0.75
    problems = evaluation.results.dataset.problems
    assert len(problems) == 8
    assert all("could not be measured: its process died" in problem for problem in problems)


def test_a_process_that_dies_treating_costs_the_copy(
    tmp_path: Path, run: Callable[..., Evaluation], monkeypatch: pytest.MonkeyPatch
):
    folder = painted.make(tmp_path / "set")
    monkeypatch.setattr("locard.evaluation.runs.work.make_copy", lab_function("dies"))
    evaluation = run(folder, "png")
    assert {row.treatment for row in evaluation.rows} == {"none"}
    assert len(evaluation.results.dataset.problems) == 8


def test_a_full_disk_ends_the_run_in_words(
    tmp_path: Path, run: Callable[..., Evaluation], monkeypatch: pytest.MonkeyPatch
):
    folder = painted.make(tmp_path / "set")
    monkeypatch.setattr("locard.evaluation.runs.work.make_copy", lab_function("finds_no_room"))
    with pytest.raises(LocardError, match=r"copies cannot be written .* No space left"):
        run(folder, "png")


def test_one_detector_is_a_pipeline(plugins: Catalogue, tmp_path: Path, run):
    folder = painted.make(tmp_path / "set")
    alone = one_step("acme-red", plugins, {"marks": 0.4})
    evaluation = run(folder, pipeline=alone)
    assert evaluation.results.pipeline["name"] == "acme-red"
    assert estimate(evaluation, "acme-red", "f1").value == 0
    assert estimate(evaluation, "acme-red", "best_f1").value == pytest.approx(KNOWN["best_f1"])
    with pytest.raises(PipelineError, match="detector acme-invert"):
        one_step("acme-invert", plugins)
    with pytest.raises(PipelineError, match="marks"):
        one_step("acme-red", plugins, {"marks": 2})


@pytest.fixture
def dataset(tmp_path: Path, plugins: Catalogue) -> Dataset:
    return load(painted.make(tmp_path / "set"), "folder", plugins)


def test_a_folder_belongs_to_one_pipeline_and_one_data_set(
    tmp_path: Path, dataset: Dataset, known: Evaluation, pipeline: Pipeline, plugins: Catalogue
):
    folder = tmp_path / "out"
    output.check_place(folder, pipeline, dataset)
    results = known.results.model_copy(update={"dataset": dataset.facts})
    output.write(results, known.rows, folder)
    output.check_place(folder, pipeline, dataset)
    with pytest.raises(LocardError, match="holds the results of pipeline known on data set set"):
        output.check_place(folder, one_step("acme-red", plugins), dataset)
    (folder / "results.json").write_text("[]")
    with pytest.raises(LocardError, match="no evaluation that Locard wrote"):
        output.check_place(folder, pipeline, dataset)
    with pytest.raises(LocardError, match="is no folder"):
        output.check_place(folder / "results.json", pipeline, dataset)
    for inside in (dataset.folder, dataset.folder / "new"):
        with pytest.raises(LocardError, match="lies in the data set"):
            output.check_place(inside, pipeline, dataset)


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path, known: Evaluation):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LocardError, match="cannot write results"):
        output.write(known.results, known.rows, tmp_path / "file" / "out")


def test_no_cell_is_a_formula(tmp_path: Path, known: Evaluation):
    from dataclasses import replace

    hostile = ["=1+1", "+1", "-1", "@sum", "\t=1", 'a,b\n"c"', "undecodable-\udcff"]
    row = replace(known.rows[0], score=-0.5)
    rows = [replace(row, sample=name, group=name, subsets={"camera": name}) for name in hostile]
    output.write(known.results, rows, tmp_path)
    with (tmp_path / "cases.csv").open(newline="", encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    for case in cases:
        for column in ("sample", "group", "by camera"):
            assert case[column][0] not in "=+-@\t\r"
        assert float(case["score"]) == -0.5
    assert cases[0]["sample"] == "'=1+1"
    assert cases[5]["sample"] == 'a,b\\n"c"'
