"""Puts together what a training of a pixel network needs."""

from __future__ import annotations

from pathlib import Path

from locard.errors import LocardError
from locard.training.config import read
from locard_kd_crop.distillation import Distillation
from locard_kd_crop.pixel.config import StudentConfig, TeacherConfig
from locard_kd_crop.pixel.efficientnet import EfficientNet
from locard_kd_crop.pixel.pack import Pack, open_pack
from locard_kd_crop.pixel.task import PixelTask, new_module, training_windows
from locard_kd_crop.pixel.teaching import logits_of, teacher_hash
from locard_kd_crop.pixel.weights import load_public
from locard_kd_crop.tasks import Given, Prepared


def teacher(path: Path, given: Given) -> Prepared:
    """Prepare the training of EfficientNet-B0.

    Raises:
        LocardError: The config, a data set or the weights cannot be used.
    """
    config = read(path, TeacherConfig)
    if given.teacher:
        raise LocardError("a teacher has no teacher", "Leave --teacher out.")
    module, inputs = new_module(config), {}
    if given.weights and isinstance(module, EfficientNet):
        load_public(module, given.weights)
        inputs["weights"] = teacher_hash(given.weights)
    pack = _pack(given)
    return Prepared(PixelTask(config, module, pack), config, {**inputs, "pack": pack.key})


def student(path: Path, given: Given) -> Prepared:
    """Prepare the training of a student, from its labels alone where no teacher is given.

    Raises:
        LocardError: The config, a data set or the teacher cannot be used.
    """
    config = read(path, StudentConfig)
    if given.weights:
        raise LocardError("public weights fit the pixel teacher alone", "Leave --weights out.")
    pack, module = _pack(given), new_module(config)
    inputs, logits = {"pack": pack.key}, None
    if given.teacher:
        logits = logits_of(
            given.teacher,
            training_windows(config, pack),
            given.cache,
            lambda done, of: given.advance("teacher", done, of),
        )
        inputs["teacher"] = teacher_hash(given.teacher)
    how = Distillation(config.alpha, config.temperature)
    return Prepared(PixelTask(config, module, pack, logits, how), config, inputs)


def _pack(given: Given) -> Pack:
    return open_pack(
        given.data_sets, given.cache, lambda done, of: given.advance("pictures", done, of)
    )
