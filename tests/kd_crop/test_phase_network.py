"""The phase networks: shapes, what they are told, distillation, ONNX parity, and learning."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from locard.errors import LocardError
from locard.inference import open_session
from locard.training.loop import train
from locard.training.macs import count_macs, count_parameters
from locard.training.onnx_export import compare
from locard_kd_crop.datasets.tables import ijg
from locard_kd_crop.phase.config import StudentConfig, TeacherConfig
from locard_kd_crop.phase.exporting import INPUTS, sample, to_onnx
from locard_kd_crop.phase.labels import CLASSES, NO_GRID
from locard_kd_crop.phase.network import (
    QUALITIES,
    Ensemble,
    PhaseNetwork,
    Size,
    ijg_luma_table,
)
from locard_kd_crop.phase.preparing import LOGITS, network_of, student, teacher
from locard_kd_crop.phase.samples import samples_of
from locard_kd_crop.phase.task import PhaseTask, predicted
from locard_kd_crop.tasks import Given

SMALL = Size(hidden=8, free=2, maps=8)


def network(seed: int = 1) -> PhaseNetwork:
    torch.manual_seed(seed)
    return PhaseNetwork(SMALL).eval()


def quiet(*_: object) -> None:
    pass


def given(folder: Path, tmp_path: Path, teacher: Path | None = None) -> Given:
    return Given((folder,), tmp_path / "cache", None, teacher, quiet)


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text + "\nhidden = 8\nfree = 2\nmaps = 8\nthreads = 1\n")
    return path


def test_the_candidate_tables_are_libjpegs() -> None:
    for quality in QUALITIES:
        assert tuple(ijg_luma_table(quality).ravel()) == tuple(ijg(quality).luma)


def test_logits_of_any_number_of_pictures() -> None:
    with torch.inference_mode():
        for number in (1, 5):
            logits = network()(*sample(number))
            assert logits.shape == (number, CLASSES)
            assert torch.isfinite(logits).all()


def test_a_jpeg_always_has_a_grid() -> None:
    terms, tables, windows = sample(4)
    with torch.inference_mode():
        logits = network()(terms, tables, windows)
    of_jpegs = tables[:, 0] > 0
    assert (logits[of_jpegs, NO_GRID] < -20).all()
    assert (logits[~of_jpegs, NO_GRID] > -20).all()


def test_pictures_do_not_hear_of_each_other() -> None:
    given_all = sample(3)
    with torch.inference_mode():
        together = network()(*given_all)
        alone = torch.cat([network()(*(part[[n]] for part in given_all)) for n in range(3)])
    assert torch.allclose(together, alone, atol=1e-4)


def test_no_windows_at_all_give_an_answer() -> None:
    terms, tables, _ = sample(2)
    with torch.inference_mode():
        logits = network()(torch.zeros_like(terms), tables, torch.zeros(2, 4))
    assert torch.isfinite(logits).all()


def test_an_ensemble_averages_probabilities() -> None:
    torch.manual_seed(2)
    both = Ensemble(SMALL, 2).eval()
    inputs = sample(3)
    with torch.inference_mode():
        found = torch.softmax(both(*inputs), dim=1)
        each = [torch.softmax(member(*inputs), dim=1) for member in both.members]
    assert torch.allclose(found, (each[0] + each[1]) / 2, atol=1e-6)


@pytest.mark.parametrize("members", [0, 2])
def test_onnx_gives_the_same_logits(members: int) -> None:
    torch.manual_seed(3)
    module = Ensemble(SMALL, members) if members else PhaseNetwork(SMALL)
    model = to_onnx(module)
    assert compare(module, model, [sample(1), sample(5)])["logits"] < 1e-4
    assert [entry.name for entry in open_session(model).get_inputs()] == list(INPUTS)
    assert to_onnx(module) == model


def test_parameters_and_macs_are_counted() -> None:
    module = network()
    assert count_parameters(module) == sum(one.numel() for one in module.parameters())
    # The sums of evidence are most of it: 64 phases × terms × (tables + free sums).
    sums = 64 * 4 * 64 * 41 * (len(QUALITIES) + SMALL.free)
    assert sums < count_macs(module, *sample(1)) < 1.3 * sums


@pytest.mark.slow
def test_a_student_learns_from_its_teacher(made: Path, tmp_path: Path) -> None:
    wanted = 'kind = "phase-teacher"\nmembers = 2\nsteps = 60\nbatch_size = 16\n'
    first = teacher(config(tmp_path, wanted + "learning_rate = 1e-2"), given(made, tmp_path))
    trained = train(first.task, first.config, tmp_path / "teacher", inputs=first.inputs)
    assert trained.figures["A_offset"] > 0.5

    wanted = 'kind = "phase-student"\nsteps = 60\nbatch_size = 16\nalpha = 1.0\n'
    second = student(
        config(tmp_path, wanted + "learning_rate = 1e-2"),
        given(made, tmp_path, tmp_path / "teacher"),
    )
    assert (tmp_path / "teacher" / LOGITS).is_file()
    taught = train(second.task, second.config, tmp_path / "student", inputs=second.inputs)
    # It never saw a label.
    assert taught.figures["A_offset"] > 0.5
    again = network_of(tmp_path / "student")
    assert isinstance(again, PhaseNetwork)
    task = second.task
    assert isinstance(task, PhaseTask)
    assert task.validate(again)["loss"] == pytest.approx(taught.figures["loss"])


def test_training_lowers_the_loss(made: Path, tmp_path: Path) -> None:
    wanted = 'kind = "phase-teacher"\nmembers = 1\nsteps = 12\nbatch_size = 8\n'
    prepared = teacher(
        config(tmp_path, wanted + "learning_rate = 1e-2\nvalidation_pictures = 16"),
        given(made, tmp_path),
    )
    before = prepared.task.validate(prepared.task.module)["loss"]
    trained = train(prepared.task, prepared.config, tmp_path / "run", inputs=prepared.inputs)
    assert trained.figures["loss"] < before


def test_batches_are_the_same_each_time(made: Path, tmp_path: Path) -> None:
    path = config(tmp_path, 'kind = "phase-student"\nbatch_size = 8\nstrata = {C = 3.0, E = 0.5}')
    task = student(path, given(made, tmp_path)).task
    first, again = (list(task.batches(3, torch.Generator().manual_seed(9))) for _ in range(2))
    assert len(first) == task.batch_count
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.terms, other.terms)
        assert torch.equal(one.labels, other.labels)
    others = next(iter(task.batches(4, torch.Generator().manual_seed(10))))
    assert not torch.equal(first[0].terms, others.terms)


def test_evidence_is_computed_once(made: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def progress(words: str, done: int, of: int) -> None:
        told.append((words, done, of))

    first = samples_of([made], "train", tmp_path, 2, progress)
    assert told[-1][1] == told[-1][2] == len(first) > 50
    told.clear()
    again = samples_of([made], "train", tmp_path, 2, progress)
    assert told == [("computing evidence", 0, 0)]
    assert again.key == first.key
    one, other = first.batch(np.array([0, 7])), again.batch(np.array([0, 7]))
    assert np.array_equal(one.terms, other.terms)


def test_evidence_that_was_cut_short_goes_on(made: Path, tmp_path: Path) -> None:
    whole = samples_of([made], "val", tmp_path, 2, quiet)
    (folder,) = tmp_path.iterdir()
    lines = (folder / "rows.jsonl").read_text().splitlines(keepends=True)
    (folder / "rows.jsonl").write_text("".join(lines[:3]) + lines[3][:40])
    again = samples_of([made], "val", tmp_path, 2, quiet)
    everything = np.arange(len(whole))
    assert [row.facts["path"] for row in again.rows] == [row.facts["path"] for row in whole.rows]
    assert np.array_equal(again.batch(everything).terms, whole.batch(everything).terms)


def test_a_missing_picture_is_left_out_and_named(made: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    with (copy / "manifest.csv").open(newline="") as file:
        line = next(line for line in csv.DictReader(file) if line["split"] == "val")
    (copy / line["path"]).unlink()
    told: list[str] = []
    found = samples_of([copy], "val", tmp_path / "cache", 1, lambda words, *_: told.append(words))
    assert len(found) > 3
    assert line["path"] not in {row.facts["path"] for row in found.rows}
    assert any(Path(line["path"]).name in words for words in told)


def test_the_same_logits_in_batches_and_one_by_one(made: Path, tmp_path: Path) -> None:
    some = samples_of([made], "val", tmp_path, 2, quiet)
    numbers = np.arange(len(some))
    together = predicted(network(), some, numbers)
    alone = np.concatenate([predicted(network(), some, numbers[[n]]) for n in numbers])
    assert np.allclose(together, alone, atol=1e-3)


def test_wrong_configs_are_refused(made: Path, tmp_path: Path) -> None:
    path = config(tmp_path, 'kind = "phase-teacher"\nstrata = {Z = 2.0}')
    with pytest.raises(LocardError, match="no pictures of stratum Z"):
        teacher(path, given(made, tmp_path))
    with pytest.raises(LocardError, match="has no teacher"):
        teacher(path, given(made, tmp_path, tmp_path))
    with pytest.raises(LocardError, match="no weights"):
        network_of(tmp_path / "nothing")
    with pytest.raises(LocardError, match=r"cannot read .*manifest"):
        samples_of([tmp_path / "nowhere"], "train", tmp_path, 1, quiet)


def test_configs_have_defaults() -> None:
    assert TeacherConfig().members == 3
    assert StudentConfig().alpha == pytest.approx(0.7)
