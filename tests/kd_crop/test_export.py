"""From a training to a model of the registry, as a laboratory makes its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from locard.errors import LocardError
from locard.training.loop import train
from locard_kd_crop.exporting import CALIBRATION, FP32, INT8, Source, export
from locard_kd_crop.phase.evidence import IDENTITY
from locard_kd_crop.phase.preparing import network_of, student
from locard_kd_crop.phase.samples import samples_of
from locard_kd_crop.shipped import CONFIGS, found
from locard_kd_crop.student import Student
from locard_kd_crop.tasks import Given
from locard_registry import ModelError, load
from locard_registry.about import About

ABOUT = CONFIGS / "kd-crop.about.toml"


def quiet(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def source(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("export")
    config = folder / "student.toml"
    config.write_text(
        'kind = "phase-student"\nhidden = 8\nfree = 2\nmaps = 8\nsteps = 6\nbatch_size = 8\n'
        "validation_pictures = 16\nthreads = 1\n"
    )
    prepared = student(config, Given((made,), folder / "cache", None, None, quiet))
    train(prepared.task, prepared.config, folder / "run", inputs=prepared.inputs)
    about = About.read(ABOUT)
    return Source(folder / "run", (made,), (), folder / "cache", about, 1, quiet)


@pytest.fixture(scope="module")
def models(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    export(source, folder, "kd-crop", "1.0.0-lab")
    return folder


def test_the_model_is_what_its_card_says(source: Source, models: Path) -> None:
    model = load("kd-crop", "1.0.0-lab", roots=[models], provides=IDENTITY)
    card = model.card
    assert card.parameters == sum(one.numel() for one in network_of(source.run).parameters())
    assert {file.file for file in card.files} == {FP32, INT8}
    assert card.data.commands == source.about.commands
    assert card.training.epochs >= 1
    assert {row.file for row in card.thresholds} == {FP32, INT8}
    assert all(row.images > 0 for row in card.thresholds)
    assert all(figure.set.startswith("test photographs") for figure in card.figures)
    with pytest.raises(ModelError, match="phase_evidence"):
        load("kd-crop", "1.0.0-lab", roots=[models], provides={"phase_evidence": "0"})


def test_both_files_say_what_the_network_says(source: Source, models: Path) -> None:
    samples = samples_of(source.data_sets, "val", source.cache, 1, quiet)
    model = load("kd-crop", "1.0.0-lab", roots=[models], provides=IDENTITY)
    full, small = (Student(model.onnx(name)) for name in (FP32, INT8))
    network = network_of(source.run)
    for number in range(0, len(samples), 3):
        evidence, table = samples.given(number)
        steps = np.zeros(64) if table is None else table.ravel()
        inputs = (evidence.terms, steps.astype(np.float32), evidence.windows)
        with torch.inference_mode():
            expected = network(*(torch.from_numpy(one[None]) for one in inputs))[0].numpy()
        found, rounded = full.logits(evidence, table), small.logits(evidence, table)
        assert np.abs(found - expected).max() < 1e-3
        assert np.abs(rounded - expected).max() < 0.1 * np.ptp(expected[:64]) + 0.1


def test_few_pictures_give_no_likelihood_ratios(source: Source, tmp_path: Path) -> None:
    exported = export(source, tmp_path, "kd-crop", "2.0.0-lab")
    assert any(note.startswith("no likelihood ratios: ") for note in exported.notes)
    assert not (exported.folder / CALIBRATION).exists()


def test_a_model_is_never_changed(source: Source, models: Path) -> None:
    before = (models / "kd-crop/1.0.0-lab/card.toml").read_bytes()
    with pytest.raises(LocardError, match=r"there is a kd-crop 1\.0\.0-lab"):
        export(source, models, "kd-crop", "1.0.0-lab")
    assert (models / "kd-crop/1.0.0-lab/card.toml").read_bytes() == before


def test_an_altered_model_refuses_to_run(source: Source, tmp_path: Path) -> None:
    folder = export(source, tmp_path, "kd-crop", "3.0.0-lab").folder
    data = bytearray((folder / FP32).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / FP32).write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.onnx"):
        load("kd-crop", "3.0.0-lab", roots=[tmp_path], provides=IDENTITY)


def test_data_sets_without_a_split_are_refused(source: Source, tmp_path: Path) -> None:
    empty = tmp_path / "set"
    empty.mkdir()
    (empty / "manifest.csv").write_text("path,sha256,split,photograph_sha256,photograph,group\n")
    with pytest.raises(LocardError, match="no pictures of the split val"):
        export(replace(source, data_sets=(empty,)), tmp_path / "models", "kd-crop", "1.0.0-lab")
    assert not (tmp_path / "models").exists()


def test_configs_are_found_by_their_bare_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = Path(ABOUT.name)
    assert found(name) == CONFIGS / name
    name.write_text("")
    assert found(name) == name
    assert found(tmp_path / "phase-teacher.toml") == tmp_path / "phase-teacher.toml"
    assert found(Path("nothing.toml")) == Path("nothing.toml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("licence = ", "is not valid TOML"),
        ('licence = "MIT"', "does not say what a card needs"),
        (None, "cannot read"),
    ],
)
def test_what_is_not_said_is_named(text: str | None, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "about.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LocardError, match=sentence):
        About.read(path)
