"""What can be trained: the config's key ``kind`` names it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.errors import LocardError
from locard.text import printable
from locard_kd_crop.shipped import found

if TYPE_CHECKING:
    from locard.training.config import TrainingConfig
    from locard.training.task import Task

TEACHER, STUDENT = "-teacher", "-student"
"""How the names of kinds end."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a training is given beside its config.

    Attributes:
        data_sets: Folders that ``locard crop dataset build`` made.
        cache: Where decoded pictures, evidence and teachers' logits are kept.
        weights: File of public weights to begin with.
        teacher: Of a student: the folder of the teacher's run, or a file of its logits.
        advance: Told how far the preparation is: what it does, how many are done, of how many.
    """

    data_sets: tuple[Path, ...]
    cache: Path
    weights: Path | None
    teacher: Path | None
    advance: Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What :func:`locard.training.loop.train` is called with.

    Attributes:
        task: What is trained.
        config: How.
        inputs: What the result depends on beside the config: a hash, by name.
    """

    task: Task[Any]
    config: TrainingConfig
    inputs: Mapping[str, str]


Prepare = Callable[[Path, Given], Prepared]


def _pixel_teacher(config: Path, given: Given) -> Prepared:
    from locard_kd_crop.pixel.preparing import teacher

    return teacher(config, given)


def _pixel_student(config: Path, given: Given) -> Prepared:
    from locard_kd_crop.pixel.preparing import student

    return student(config, given)


def _phase_teacher(config: Path, given: Given) -> Prepared:
    from locard_kd_crop.phase.preparing import teacher

    return teacher(config, given)


def _phase_student(config: Path, given: Given) -> Prepared:
    from locard_kd_crop.phase.preparing import student

    return student(config, given)


KINDS: Mapping[str, Prepare] = {
    "phase-teacher": _phase_teacher,
    "phase-student": _phase_student,
    "pixel-teacher": _pixel_teacher,
    "pixel-student": _pixel_student,
}


def prepare(config: Path, given: Given, ending: str) -> Prepared:
    """Read a config, and prepare what its ``kind`` says.

    Args:
        config: A TOML file, or the bare name of one that comes with Locard.
        given: Beside it.
        ending: :data:`TEACHER` or :data:`STUDENT`: what the command trains.

    Raises:
        LocardError: The config, a data set, weights or the teacher cannot be used.
    """
    config = found(config)
    shown = printable(str(config))
    try:
        kind = tomllib.loads(config.read_text("utf-8")).get("kind")
    except OSError as error:
        raise LocardError(f"cannot read the training config {shown}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise LocardError(f"{shown} is not valid TOML: {printable(str(error))}") from None
    kinds = [name for name in KINDS if name.endswith(ending)]
    if kind not in kinds:
        said = f"kind = {printable(repr(kind))}" if kind is not None else "no kind"
        raise LocardError(
            f"{shown} has {said}; this command trains {' or '.join(kinds)}",
            "locard crop train-teacher trains teachers, locard crop distill students.",
        )
    return KINDS[kind](config, given)
