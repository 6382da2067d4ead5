"""Puts together what a training of a phase network needs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from locard.engine.local import available_processors
from locard.errors import LocardError
from locard.text import printable
from locard.training.config import load_table, read
from locard.training.reproducible import reproducible
from locard.training.run_folder import RunFolder
from locard.training.weights import fill, from_bytes, replace, to_bytes
from locard_kd_crop.datasets.divisions import check_divisions
from locard_kd_crop.datasets.splits import TRAIN, VALIDATION
from locard_kd_crop.distillation import Distillation
from locard_kd_crop.phase.config import PhaseConfig, StudentConfig, TeacherConfig
from locard_kd_crop.phase.network import Ensemble, PhaseNetwork, Size
from locard_kd_crop.phase.samples import Samples, samples_of
from locard_kd_crop.phase.task import PhaseTask, predicted
from locard_kd_crop.pixel.teaching import teacher_hash
from locard_kd_crop.tasks import Given, Prepared

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEACHER, STUDENT = "phase-teacher", "phase-student"
"""What ``kind`` says in their configs."""

LOGITS = "logits.safetensors"
"""File that a teacher's folder gets: its logits of the training pictures, and their hashes."""


def teacher(path: Path, given: Given) -> Prepared:
    """Prepare the training of a teacher.

    Raises:
        LocardError: The config or a data set cannot be used.
    """
    config = read(path, TeacherConfig)
    if given.teacher or given.weights:
        raise LocardError(
            "a phase teacher begins with random weights and has no teacher",
            "Leave --teacher and --weights out.",
        )
    return _prepared(config, new_teacher(config), given)


def student(path: Path, given: Given) -> Prepared:
    """Prepare the training of a student, from its labels alone where no teacher is given.

    Raises:
        LocardError: The config, a data set or the teacher cannot be used.
    """
    config = read(path, StudentConfig)
    if given.weights:
        raise LocardError("public weights fit the pixel teacher alone", "Leave --weights out.")
    return _prepared(config, new_student(config), given)


def new_teacher(config: TeacherConfig) -> Ensemble:
    """Return the networks that a config describes, with the random weights of its seed."""
    with reproducible(config.seed, config.threads):
        return Ensemble(_size(config), config.members)


def new_student(config: StudentConfig) -> PhaseNetwork:
    """Return the network that a config describes, with the random weights of its seed."""
    with reproducible(config.seed, config.threads):
        return PhaseNetwork(_size(config))


def _size(config: PhaseConfig) -> Size:
    return Size(config.hidden, config.free, config.maps)


def _prepared(config: PhaseConfig, module: torch.nn.Module, given: Given) -> Prepared:
    check_divisions(given.data_sets)
    training, validation = (
        samples_of(given.data_sets, split, given.cache, available_processors(), given.advance)
        for split in (TRAIN, VALIDATION)
    )
    inputs = {"training": training.key, "validation": validation.key}
    logits, how = None, None
    if isinstance(config, StudentConfig):
        how = Distillation(config.alpha, config.temperature)
        if given.teacher:
            logits = _logits_of(given.teacher, training, given)
            inputs["teacher"] = teacher_hash(given.teacher)
    task = PhaseTask(config, module, training, validation, logits, how)
    return Prepared(task, config, inputs)


def _logits_of(folder: Path, samples: Samples, given: Given) -> NDArray[np.float32]:
    """Return a teacher's logits of pictures, computed in bfloat16, which are kept in its folder.

    Returns:
        float32, (pictures, 65).
    """
    kept = folder / LOGITS
    hashes = np.array([list(bytes.fromhex(row.facts["sha256"])) for row in samples.rows], np.uint8)
    if kept.is_file():
        found = from_bytes(kept.read_bytes(), str(kept))
        if np.array_equal(found["sha256"].numpy(), hashes):
            return np.asarray(found["logits"].numpy(), np.float32)
    logits = predicted(
        network_of(folder),
        samples,
        np.arange(len(samples)),
        half=True,
        advance=partial(given.advance, "asking the teacher"),
    )
    tensors = {"sha256": torch.from_numpy(hashes), "logits": torch.from_numpy(logits)}
    replace(kept, to_bytes(tensors))
    return logits


def network_of(folder: Path) -> torch.nn.Module:
    """Return the network of a run, with its best weights, in evaluation mode.

    Raises:
        LocardError: The folder has no finished epoch of a phase network's run.
    """
    run = RunFolder(folder)
    try:
        data = run.best.read_bytes()
    except OSError as error:
        raise LocardError(
            f"there are no weights in {printable(str(folder))}: {error.strerror}",
            "Name the folder of a run that has finished an epoch.",
        ) from None
    module = _module_of(run.config)
    fill(module, from_bytes(data, str(run.best)), str(run.best))
    return module.eval()


def _module_of(path: Path) -> torch.nn.Module:
    """Return the network of a run's config, with random weights."""
    kind = load_table(path.read_text("utf-8")).get("kind")
    if kind == TEACHER:
        return new_teacher(read(path, TeacherConfig))
    if kind == STUDENT:
        return new_student(read(path, StudentConfig))
    raise LocardError(f"{printable(str(path))} is the config of neither {TEACHER} nor {STUDENT}")
