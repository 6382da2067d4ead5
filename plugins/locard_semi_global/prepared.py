"""What a training is given, and what is made of it before it begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locard.training.config import TrainingConfig
    from locard.training.task import Task


@dataclass(frozen=True, slots=True)
class Given:
    """What a training is given beside its config.

    Attributes:
        data_sets: Folders that Locard loads as data sets; of a global network, also folders of
            photographs alone.
        validation: Data sets to be validated on.
        cache: Where decoded pictures, evidence and features are kept.
        workers: Number of processes for the preparation.
        weights: Of a global network, the folder of its teacher's public weights; of sgn-paper, the
            folder of a run of jcs to begin with.
        global_network: Folder of the global network's run, for ``sgn-paper``.
        advance: Told how far the preparation is: what it does, how many are done, of how many.
    """

    data_sets: tuple[Path, ...]
    validation: tuple[Path, ...]
    cache: Path
    workers: int
    weights: Path | None
    global_network: Path | None
    advance: Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What :func:`locard.training.loop.train` is called with.

    Attributes:
        task: What is trained.
        config: How.
        inputs: What the result depends on beside the config: a hash, by name.
        left_out: Pictures that could not be used, and why, a sentence each.
    """

    task: Task[Any]
    config: TrainingConfig
    inputs: Mapping[str, str]
    left_out: tuple[str, ...] = ()
