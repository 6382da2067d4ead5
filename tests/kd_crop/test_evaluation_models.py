"""The baseline, runs and models of the registry, measured on real files; the command."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

import locard_registry as registry
from locard.errors import LocardError
from locard.evaluation.metrics.image import roc_auc
from locard.image import Image
from locard.training.config import to_toml
from locard.training.onnx_export import export_onnx
from locard.training.run_folder import RunFolder
from locard.training.weights import save_weights
from locard_kd_crop.commands import app
from locard_kd_crop.datasets.divisions import check_divisions
from locard_kd_crop.evaluation.answers import Answers
from locard_kd_crop.evaluation.baseline import PlainMaxima
from locard_kd_crop.evaluation.evaluating import Wanted, evaluate, pictures_in
from locard_kd_crop.evaluation.kept import kept_array, save
from locard_kd_crop.evaluation.models import EVIDENCE_MACS, Advance
from locard_kd_crop.evaluation.plain import phase_maps
from locard_kd_crop.evaluation.registered import PIXELS, RegisteredPixels, registered
from locard_kd_crop.evaluation.results import CropResults, to_csv
from locard_kd_crop.evaluation.runs import PhaseRun, PixelRun, run
from locard_kd_crop.evaluation.tables import alarms, costs, strata, tables
from locard_kd_crop.evaluation.zero import ZeroVotes
from locard_kd_crop.phase.cache import pictures
from locard_kd_crop.phase.config import StudentConfig
from locard_kd_crop.phase.evidence import count
from locard_kd_crop.phase.exporting import to_onnx
from locard_kd_crop.phase.labels import label_of
from locard_kd_crop.phase.luma import luma_of
from locard_kd_crop.phase.preparing import new_student
from locard_kd_crop.phase.samples import Samples, samples_of
from locard_kd_crop.pixel.config import StudentConfig as PixelStudentConfig
from locard_kd_crop.pixel.task import new_module

from .conftest import built, rows, write_rows

CONFIG = StudentConfig(kind="phase-student", hidden=4, free=1, maps=4, threads=1)
PIXEL_CONFIG = PixelStudentConfig(kind="pixel-student", size="small", threads=1)


def quiet(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def lossless(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set of stratum A alone."""
    folder = tmp_path_factory.mktemp("lossless") / "A"
    built(photographs, folder, pairs=24, sizes="96-160", strata=("A",), seed=4)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def samples(made: Path, cache: Path) -> Samples:
    return samples_of([made], "val", cache, 1, quiet)


@pytest.fixture(scope="module")
def phase_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "tiny")
    folder.path.mkdir()
    folder.config.write_text(to_toml(CONFIG), "utf-8")
    save_weights(new_student(CONFIG), folder.best)
    return folder.path


@pytest.fixture(scope="module")
def pixel_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "pixels")
    folder.path.mkdir()
    folder.config.write_text(to_toml(PIXEL_CONFIG), "utf-8")
    save_weights(new_module(PIXEL_CONFIG), folder.best)
    return folder.path


def shelve(root: Path, inputs: tuple[str, ...]) -> None:
    """Put a phase network into a folder of models, under a card that says its inputs."""
    folder = root / "tiny-crop" / "1.0"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(to_onnx(new_student(CONFIG).eval()))
    tensors = [
        registry.Tensor(name=name, dtype="float32", shape=("n",), meaning="made up")
        for name in (*inputs, "logits")
    ]
    registry.write_card(
        registry.Card(
            name="tiny-crop",
            version="1.0",
            created=date(2026, 11, 21),
            licence="Apache-2.0",
            purpose="For tests",
            made_by="The Locard authors",
            parameters=1234,
            limits=("It knows nothing.",),
            macs=registry.Macs(value=5_000_000, at="256×256"),
            data=registry.Data(photographs="none", commands=("true",), seeds=(1,)),
            training=registry.Training(seconds=0, epochs=0, hardware="none"),
            files=(registry.describe_file(folder / "model.onnx", "fp32"),),
            inputs=tuple(tensors[:-1]),
            outputs=(tensors[-1],),
        ),
        folder,
    )


def test_the_baseline_separates_crops_that_were_stored_without_loss(
    lossless: Path, cache: Path
) -> None:
    lines = list(pictures([lossless], ["train", "val", "test"]))
    maps = [phase_maps(count(luma_of(Image.from_path(lossless / one["path"])))) for one in lines]
    largest = np.array([one.maxima[0] for one in maps])
    crops = np.array([one["kind"] == "crop" for one in lines])
    auc = roc_auc(largest, crops)
    assert auc is not None
    assert auc > 0.95
    exact = [
        f"{place % 8},{place // 8}" == one["grid"]
        for found, one in zip(maps, lines, strict=True)
        if one["kind"] == "crop"
        for place in [1 + int(found.together[1:].argmax())]
    ]
    assert np.mean(exact) > 0.9


def test_the_votes_of_zero_say_where_a_grid_begins(lossless: Path) -> None:
    lines = list(pictures([lossless], ["train", "val", "test"]))
    files = [Image.from_path(lossless / one["path"]) for one in lines]
    said = Answers.of(np.concatenate([ZeroVotes().examine(image) for image in files]))
    crops = np.array([one["kind"] == "crop" for one in lines])
    labels = np.array([label_of(one) for one in lines])
    auc = roc_auc(said.scores, crops)
    assert auc is not None
    assert auc > 0.95
    assert (said.phases[crops] == labels[crops]).mean() > 0.9


@pytest.mark.slow
def test_the_baseline_as_a_model(made: Path, samples: Samples, cache: Path) -> None:
    training = list(pictures([made], ["train"]))
    model = PlainMaxima.fitted(training, cache, 1, quiet)
    said = Answers.of(model.logits(samples, quiet))
    found = pictures_in(samples)
    easy = np.isin(found.column("stratum"), ["A", "B"])
    auc = roc_auc(said.scores[easy], found.moved[easy])
    assert auc is not None
    assert auc > 0.75
    assert (said.phases[easy & found.moved] == found.labels[easy & found.moved]).mean() > 0.7
    # One picture for itself, from its file on, gives the same; so does another process's cache.
    number = int(np.flatnonzero(found.moved)[0])
    facts = samples.rows[number].facts
    alone = model.examine(Image.from_path(Path(facts["set"]) / facts["path"]))
    np.testing.assert_allclose(Answers.of(alone).scores, said.scores[number], atol=1e-9)
    assert len(list(cache.glob("plain-*.npy"))) == 2
    again = PlainMaxima.fitted(training, cache, 1, quiet)
    assert again.key == model.key
    with pytest.raises(LocardError, match="needs cropped and uncropped"):
        PlainMaxima.fitted([one for one in training if one["last_tables"]], cache, 1, quiet)


def test_a_picture_says_the_same_from_its_file_and_from_kept_evidence(
    samples: Samples, phase_run: Path
) -> None:
    model = run(phase_run)
    assert isinstance(model, PhaseRun)
    kept = model.logits(samples, quiet)
    facts = samples.rows[0].facts
    alone = model.examine(Image.from_path(Path(facts["set"]) / facts["path"]))
    np.testing.assert_allclose(alone[0], kept[0], atol=1e-4)
    assert model.costs.parameters == sum(one.numel() for one in model.network.parameters())
    assert model.costs.evidence_macs == EVIDENCE_MACS
    assert model.costs.macs is not None
    assert model.costs.macs > model.costs.parameters


def test_a_model_of_the_registry_says_what_the_run_says(
    samples: Samples, phase_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve(tmp_path, ("evidence", "table", "windows"))
    monkeypatch.setenv("LOCARD_MODELS", str(tmp_path))
    (model,) = registered("tiny-crop")
    assert (model.name, model.costs.parameters, model.costs.macs) == (
        "tiny-crop 1.0", 1234, 5_000_000,
    )  # fmt: skip
    kept = model.logits(samples, quiet)
    np.testing.assert_allclose(kept, run(phase_run).logits(samples, quiet), atol=1e-3)
    facts = samples.rows[0].facts
    alone = model.examine(Image.from_path(Path(facts["set"]) / facts["path"]))
    np.testing.assert_allclose(alone[0], kept[0], atol=1e-4)


def test_a_model_that_takes_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve(tmp_path, ("sound",))
    monkeypatch.setenv("LOCARD_MODELS", str(tmp_path))
    with pytest.raises(LocardError, match="takes sound"):
        registered("tiny-crop")


def test_a_pixel_network_sees_the_decoded_pixels(samples: Samples, pixel_run: Path) -> None:
    model = run(pixel_run)
    assert isinstance(model, PixelRun)
    facts = samples.rows[0].facts
    image = Image.from_path(Path(facts["set"]) / facts["path"])
    said = model.examine(image)
    assert said.shape == (1, 65)
    pixels = torch.from_numpy(image.pixels.transpose(2, 0, 1)[None].astype(np.float32))
    with torch.inference_mode():
        np.testing.assert_allclose(said, model.network(pixels).numpy(), atol=1e-4)
    assert model.costs.evidence_macs == 0
    assert model.costs.macs is not None
    assert model.costs.macs > 1_000_000


class Mean(torch.nn.Module):
    """Says how bright a picture is, 65 times."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean((1, 2, 3))[:, None] * torch.arange(65.0)


def test_a_pixel_network_of_the_registry(samples: Samples, tmp_path: Path) -> None:
    data = export_onnx(
        Mean(),
        (torch.zeros(1, 3, 64, 72),),
        inputs=(PIXELS,),
        outputs=("logits",),
        dynamic={PIXELS: {2: "height", 3: "width"}},
    )
    shelve(tmp_path, (PIXELS,))
    card = registry.load("tiny-crop", roots=(tmp_path,)).card
    model = RegisteredPixels("pixels", card, "model.onnx", data)
    found = model.logits(samples, quiet)
    for row, said in zip(samples.rows, found, strict=True):
        image = Image.from_path(Path(row.facts["set"]) / row.facts["path"])
        np.testing.assert_allclose(said, image.pixels.mean() * np.arange(65), rtol=1e-4)


@pytest.mark.parametrize("text", ["", 'kind = "something"', "no toml ["])
def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text, "utf-8")
    with pytest.raises(LocardError, match="not the run of a network"):
        run(tmp_path)


def test_a_damaged_array_in_the_cache_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "some" / "array.npy"
    assert kept_array(path, (None,)) is None
    save(path, np.arange(6.0).reshape(2, 3))
    assert kept_array(path, (2, None)) is not None
    assert kept_array(path, (3, None)) is None
    assert kept_array(path, (6,)) is None
    path.write_bytes(path.read_bytes()[:-9])
    assert kept_array(path, (2, None)) is None
    np.save(path, np.array([{}]), allow_pickle=True)
    assert kept_array(path, (1,)) is None


@pytest.fixture(scope="module")
def results(made: Path, cache: Path, phase_run: Path) -> CropResults:
    wanted = Wanted((made,), (), "test", cache, 1, baseline=True, timed=True, advance=quiet)
    return evaluate([run(phase_run)], wanted)


def test_an_evaluation_has_all_models_side_by_side(results: CropResults, made: Path) -> None:
    assert [method.name for method in results.methods] == ["tiny", "plain maxima", "ZERO's votes"]
    lines = list(pictures([made], ["test"]))
    assert sum(one.images for one in results.sets) == len(lines)
    for method in results.methods:
        part = method.part("all", "any size")
        assert part is not None
        assert part.images == sum(one["grid"] in ("", "0,0") for one in lines)
        figure = part.figure("false_alarms")
        assert figure is not None
        assert 0 <= figure.value <= 1
        assert method.time is not None
        assert method.time > 1
    assert CropResults.model_validate_json(results.model_dump_json()) == results


def test_tables_and_csv_have_the_figures(results: CropResults) -> None:
    csv_rows = list(csv.DictReader(io.StringIO(to_csv(results))))
    assert len(csv_rows) == sum(len(p.figures) for m in results.methods for p in m.parts)
    found = strata(results, "balanced_accuracy", "64-127 px")
    assert found.head == ("stratum", "tiny", "plain maxima", "ZERO's votes")
    (row,) = [row for row in found.rows if row[0].startswith("A (n = ")]
    (value,) = [
        float(one["value"])
        for one in csv_rows
        if (one["model"], one["part"], one["size"], one["figure"])
        == ("plain maxima", "A", "64-127 px", "balanced_accuracy")
    ]
    assert row[2].startswith(f"{value:.3f}".lstrip("0"))
    assert all(len(row) == 4 for table in tables(results) for row in table.rows if table.of_models)
    assert strata(results, "auc", "64-127 px", ["tiny"]).head == ("stratum", "tiny")
    assert [row[0] for row in costs(results).rows] == ["tiny", "plain maxima", "ZERO's votes"]
    assert alarms(results).rows[0][0].startswith("all (n = ")


def test_the_command(made: Path, cache: Path, phase_run: Path, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    words = ["evaluate", str(phase_run), "--sets", str(made), "--cache", str(cache)]
    quick = ["--no-time", "--no-baseline", "-w", "1"]
    found = CliRunner().invoke(app, [*words, *quick, "-o", str(output)])
    assert found.exit_code == 0, found.output
    assert "false alarms at the threshold of 1 %" in found.output
    assert "Thresholds were set on the split val." in found.output
    assert json.loads(output.read_text("utf-8"))["methods"][0]["name"] == "tiny"
    found = CliRunner().invoke(app, [*words, *quick, "--csv", "--split", "val"])
    assert found.output.startswith("model,table,part,size,figure,value")


def test_what_cannot_be_measured_is_said(made: Path, cache: Path, tmp_path: Path) -> None:
    words = ["evaluate", "--cache", str(cache), "--no-baseline"]
    for rest, expected in (
        (["nothing", "--sets", str(made)], "there is no model nothing"),
        (["--sets", str(tmp_path)], "cannot read"),
        (["--sets", str(made), "--split", "train"], "no split"),
    ):
        found = CliRunner().invoke(app, [*words, *rest])
        assert found.exit_code != 0
        assert isinstance(found.exception, LocardError), found.output
        assert expected in found.exception.message


def test_data_sets_that_divide_photographs_differently_are_refused(
    made: Path, tmp_path: Path
) -> None:
    check_divisions([made])
    other = tmp_path / "other"
    other.mkdir()
    swapped = {"train": "test", "val": "val", "test": "train"}
    write_rows(other, [{**one, "split": swapped[one["split"]]} for one in rows(made)])
    check_divisions([other])
    with pytest.raises(LocardError, match="divide photographs differently") as caught:
        check_divisions([made, other])
    assert len(caught.value.details) == 6


def test_a_model_that_fails_does_not_stop_the_others(
    made: Path, cache: Path, phase_run: Path
) -> None:
    class Broken:
        name, key, costs = "broken", "b" * 16, run(phase_run).costs

        def logits(self, samples: Samples, advance: Advance) -> NDArray[np.floating]:
            raise LocardError("a picture is gone")

        def examine(self, image: Image) -> NDArray[np.floating]:
            raise LocardError("a picture is gone")

    wanted = Wanted((made,), (), "val", cache, 1, baseline=False, timed=False, advance=quiet)
    found = evaluate([Broken(), run(phase_run)], wanted)
    assert [method.name for method in found.methods] == ["tiny"]
    assert found.failed == ("broken: a picture is gone",)


@pytest.mark.slow
def test_a_missing_training_picture_costs_itself_alone(made: Path, tmp_path: Path) -> None:
    lines = list(pictures([made], ["train"]))
    gone = [{**one, "set": str(tmp_path)} if n == 5 else one for n, one in enumerate(lines)]
    told: list[str] = []
    PlainMaxima.fitted(gone, tmp_path, 1, lambda words, *_: told.append(words))
    assert sum(words.startswith("left out") for words in told) == 1
    assert not list(tmp_path.glob("plain-*"))
