"""Trainings of pixel networks, small enough for a test."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

from PIL import Image as Pillow  # noqa: E402

from locard.errors import LocardError  # noqa: E402
from locard.training.loop import train  # noqa: E402
from locard.training.weights import replace, save_weights, to_bytes  # noqa: E402
from locard_kd_crop.commands import app  # noqa: E402
from locard_kd_crop.pixel.config import StudentConfig, TeacherConfig  # noqa: E402
from locard_kd_crop.pixel.measure import by_stratum, score, whole_pictures  # noqa: E402
from locard_kd_crop.pixel.networks import from_run  # noqa: E402
from locard_kd_crop.pixel.pack import Pack, open_pack  # noqa: E402
from locard_kd_crop.pixel.phases import NO_GRID, cropped_probability  # noqa: E402
from locard_kd_crop.pixel.task import PixelTask, new_module, training_windows  # noqa: E402
from locard_kd_crop.pixel.teaching import as_binary, fitting, logits_of, predicted  # noqa: E402
from locard_kd_crop.tasks import STUDENT, TEACHER, Given, prepare  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

COLUMNS = (
    "path", "kind", "sha256", "split", "stratum", "grid", "last_tables", "ratio",
    "photograph_sha256",
)  # fmt: skip
SIDE = 64
TINY = StudentConfig(size="small", side=SIDE, windows=1, batch_size=4, epochs=1, threads=1)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return eight pictures of noise of either split, with faint grids at eight phases."""
    folder = tmp_path_factory.mktemp("pixel") / "set"
    folder.mkdir()
    random = np.random.default_rng(8)
    rows = []
    for split in ("train", "val"):
        for number in range(8):
            x, y = (0, 0) if number < 4 else (number, 8 - number)
            pixels = random.normal(128, 4, (SIDE, SIDE, 3))
            pixels[y::8] += 12
            pixels[:, x::8] += 12
            path = folder / f"{split}-{number}.png"
            Pillow.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            kind = "crop" if x else "authentic"
            rows.append((path.name, kind, sha256, split, "A", f"{x},{y}", "", "", sha256))
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return folder


@pytest.fixture
def pack(data_set: Path, tmp_path: Path) -> Pack:
    return open_pack([data_set], tmp_path / "cache")


@pytest.mark.parametrize("classes", [2, 65])
def test_a_student_learns_eight_windows_by_heart(pack: Pack, tmp_path: Path, classes: int) -> None:
    values = {
        "classes": classes,
        "batch_size": 8,
        "windows": 12,
        "epochs": 5,
        "learning_rate": 1e-2,
    }
    config = TINY.model_copy(update=values)
    task = PixelTask(config, new_module(config), pack)
    result = train(task, config, tmp_path / "run")
    network, _ = from_run(tmp_path / "run")
    logits = predicted(network, task.training, lambda done, of: None)
    found = score(logits, task.training.phase)
    assert (found.pictures, found.balanced) == (8 * 12, 1.0)
    assert result.figures["A_balanced"] > 0.7


def test_batches_are_mirrored_with_their_labels_and_teachers(pack: Pack) -> None:
    config = TINY.model_copy(update={"batch_size": 8})
    windows = training_windows(config, pack)
    teacher = np.full((8, 65), -9, np.float32)
    teacher[np.arange(8), windows.phase] = 9
    task = PixelTask(config, new_module(config), pack, teacher)
    mirrored = 0
    for epoch in range(3):
        (batch,) = task.batches(epoch, torch.Generator().manual_seed(epoch))
        assert batch.teacher is not None
        assert batch.pixels.shape == (8, 3, SIDE, SIDE)
        np.testing.assert_array_equal(batch.teacher.argmax(1), batch.labels)
        mirrored += len(set(batch.labels.tolist()) - set(windows.phase.tolist()))
    assert mirrored


def test_an_epoch_is_the_same_when_asked_again_and_may_be_shorter(pack: Pack) -> None:
    config = TINY.model_copy(update={"epoch_windows": 4})
    task = PixelTask(config, new_module(config), pack)
    first, again, other = (
        list(task.batches(epoch, torch.Generator().manual_seed(epoch))) for epoch in (1, 1, 2)
    )
    assert len(first) == task.batch_count == 1
    assert torch.equal(first[0].pixels, again[0].pixels)
    assert not torch.equal(first[0].pixels, other[0].pixels)


def test_the_seed_makes_the_weights() -> None:
    one, same, other = (new_module(TINY.model_copy(update={"seed": s})) for s in (1, 1, 2))
    assert torch.equal(one.classifier.weight, same.classifier.weight)
    assert not torch.equal(one.classifier.weight, other.classifier.weight)


def run_folder(tmp_path: Path, classes: int = 65) -> Path:
    folder = tmp_path / f"teacher-{classes}"
    folder.mkdir()
    (folder / "config.toml").write_text(
        f'kind = "pixel-student"\nsize = "small"\nclasses = {classes}\n'
    )
    config = TINY.model_copy(update={"classes": classes})
    save_weights(new_module(config), folder / "best.safetensors")
    return folder


def test_a_teacher_speaks_of_the_very_windows_and_is_asked_once(pack: Pack, tmp_path: Path) -> None:
    folder, windows = run_folder(tmp_path), training_windows(TINY, pack)
    told: list[tuple[int, int]] = []
    logits = logits_of(folder, windows, tmp_path, lambda done, of: told.append((done, of)))
    network, _ = from_run(folder)
    expected = predicted(network, windows, lambda done, of: None)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert told[-1] == (8, 8)
    again = logits_of(folder, windows, tmp_path, lambda done, of: pytest.fail("asked again"))
    np.testing.assert_array_equal(again, logits)


def test_a_teacher_of_pictures(pack: Pack, tmp_path: Path) -> None:
    windows = training_windows(TINY, pack)
    hashes = [pack.pictures[number].sha256 for number in windows.picture]
    logits = np.random.default_rng(1).normal(size=(8, 65)).astype(np.float32)
    path = tmp_path / "phase.safetensors"

    def write(names: list[str]) -> None:
        rows = np.array([list(bytes.fromhex(name)) for name in names], np.uint8)
        tensors = {"sha256": torch.from_numpy(rows), "logits": torch.from_numpy(logits)}
        replace(path, to_bytes(tensors))

    write(hashes[::-1])
    found = logits_of(path, windows, tmp_path, lambda done, of: None)
    np.testing.assert_array_equal(found, logits[::-1])
    write(["00" * 32, *hashes[1:]])
    with pytest.raises(LocardError, match="knows nothing of 1 of the pictures"):
        logits_of(path, windows, tmp_path, lambda done, of: None)
    replace(path, to_bytes({"logits": torch.from_numpy(logits)}))
    with pytest.raises(LocardError, match="two tensors: sha256"):
        logits_of(path, windows, tmp_path, lambda done, of: None)


def test_a_teacher_of_65_classes_teaches_two() -> None:
    logits = np.random.default_rng(2).normal(0, 4, (9, 65)).astype(np.float32)
    binary = as_binary(logits)
    np.testing.assert_allclose(cropped_probability(binary), cropped_probability(logits), rtol=1e-5)
    np.testing.assert_array_equal(fitting(logits, 2), binary)
    with pytest.raises(LocardError, match="has 2 classes, and the student 65"):
        fitting(binary, 65)


def test_scores_are_counted() -> None:
    logits = np.zeros((5, 65), np.float32)
    for place, phase in enumerate((0, 9, NO_GRID, 17, 9)):
        logits[place, phase] = 20
    phases = np.array([0, 9, 0, 18, 0])
    found = by_stratum(logits, phases, list("ABBBA"))
    assert (found["A"].pictures, found["A"].called_cropped) == (2, 0.5)
    assert np.isnan(found["A"].balanced)
    assert (found["B"].balanced, found["B"].offset) == (1.0, 0.5)


def test_whole_pictures(pack: Pack) -> None:
    network = new_module(TINY)
    logits = whole_pictures(network, pack, [3, 5])
    pixels = torch.from_numpy(pack.picture(5).copy()).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        np.testing.assert_allclose(logits[1:], network(pixels), rtol=1e-4, atol=1e-4)


def test_configs_that_ship_are_read() -> None:
    import locard_kd_crop

    folder = Path(locard_kd_crop.__file__).parent / "configs"
    from locard.training.config import read

    assert read(folder / "pixel-teacher.toml", TeacherConfig).no_stride
    assert read(folder / "pixel-student.toml", StudentConfig).alpha == 0.7


def given_for(data_set: Path, tmp_path: Path, **more: Path) -> Given:
    values: dict[str, Path | None] = {"weights": None, "teacher": None, **more}
    return Given((data_set,), tmp_path, advance=lambda *_: None, **values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "pixel-teacher"', "'pixel-teacher'; this command trains .*pixel-student"),
        ("side = 64", "has no kind"),
        ("side =", "is not valid TOML"),
        ('kind = "pixel-student"\nside = 60', "side = 60"),
        ('kind = "pixel-student"\nside = 128', "no picture of the split train has windows"),
        ('kind = "pixel-student"\nside = 64\nstrata.F = 2.0', "no pictures of stratum F"),
        ('kind = "pixel-student"\nsise = 1', "did you mean si"),
    ],
)
def test_wrong_configs(data_set: Path, tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(LocardError, match=words):
        prepare(path, given_for(data_set, tmp_path), STUDENT)


def test_what_is_given_must_fit_the_kind(data_set: Path, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('kind = "pixel-teacher"')
    with pytest.raises(LocardError, match="a teacher has no teacher"):
        prepare(path, given_for(data_set, tmp_path, teacher=tmp_path), TEACHER)
    path.write_text('kind = "pixel-student"\nside = 64')
    with pytest.raises(LocardError, match="fit the pixel teacher alone"):
        prepare(path, given_for(data_set, tmp_path, weights=tmp_path), STUDENT)
    with pytest.raises(LocardError, match="is not the run of a pixel network"):
        prepare(path, given_for(data_set, tmp_path, teacher=data_set), STUDENT)


def test_commands_train_a_teacher_and_its_student(data_set: Path, tmp_path: Path) -> None:
    common = f"side = {SIDE}\nwindows = 1\nbatch_size = 8\nepochs = 1\nthreads = 1\n"
    for name, rest in (("teacher", "no_stride = false"), ("student", 'size = "small"')):
        (tmp_path / f"{name}.toml").write_text(f'kind = "pixel-{name}"\n{rest}\n{common}')
    cache = ["--cache", str(tmp_path / "cache"), "-q"]
    run = CliRunner()
    words = ["train-teacher", str(data_set), "--config", str(tmp_path / "teacher.toml")]
    result = run.invoke(app, [*words, "-o", str(tmp_path / "teacher"), *cache])
    assert result.exit_code == 0, result.output
    words = ["distill", str(data_set), "--config", str(tmp_path / "student.toml")]
    words += ["--teacher", str(tmp_path / "teacher"), "-o", str(tmp_path / "student")]
    result = run.invoke(app, [*words, *cache[:2]])
    assert result.exit_code == 0, result.output
    assert "trained: 1 epochs, 1 steps" in result.output
    assert (tmp_path / "student" / "best.safetensors").is_file()
    assert list((tmp_path / "cache").glob("logits-*.safetensors"))
