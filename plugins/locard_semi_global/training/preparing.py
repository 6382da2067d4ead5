"""Puts together what a training of the block-evidence network needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from locard.errors import LocardError
from locard.plugins import catalogue
from locard.text import printable
from locard.training.config import read
from locard.training.reproducible import reproducible
from locard.training.run_folder import RunFolder
from locard.training.weights import fill, from_bytes
from locard_semi_global.evidence.channels import CHANNELS, GROUP_OF, VERSION
from locard_semi_global.network.localiser_network import Architecture, BlockEvidenceNetwork
from locard_semi_global.prepared import Given, Prepared
from locard_semi_global.training.cache import Row
from locard_semi_global.training.cache import read as read_window
from locard_semi_global.training.config import BlockEvidenceConfig
from locard_semi_global.training.samples import key_of, rows_of
from locard_semi_global.training.task import BlockEvidenceTask

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PICTURES_MEASURED = 1500
_LEAST_DEVIATION = 1e-4


def block_evidence(path: Path, given: Given) -> Prepared:
    """Prepare the training of a block-evidence network.

    Args:
        path: The config.
        given: Beside it.

    Raises:
        LocardError: The config or a data set cannot be used.
    """
    config = read(path, BlockEvidenceConfig)
    rows = rows_of(
        given.data_sets, given.validation, given.cache, given.workers, catalogue(), given.advance
    )
    means, deviations = measured(rows.training, config.seed)
    module = new_network(config, means, deviations)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    task = BlockEvidenceTask(config, module, rows.training, rows.validation)
    inputs = {
        "evidence": VERSION,
        "training": key_of(rows.training),
        "validation": key_of(rows.validation),
    }
    return Prepared(task, config, inputs, rows.left_out)


def measured(rows: Sequence[Row], seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each channel over the cells of some windows.

    Returns:
        float32, (channels,) each.
    """
    random = np.random.default_rng([seed, 6])
    some = random.permutation(len(rows))[:_PICTURES_MEASURED]
    count = 0
    total = np.zeros(len(CHANNELS))
    squares = np.zeros(len(CHANNELS))
    for place in np.sort(some).tolist():
        values = read_window(rows[place]).values.reshape(len(CHANNELS), -1).astype(np.float64)
        count += values.shape[1]
        total += values.sum(axis=1)
        squares += (values**2).sum(axis=1)
    means = total / count
    deviations = np.sqrt(np.maximum(squares / count - means**2, _LEAST_DEVIATION**2))
    return means.astype(np.float32), deviations.astype(np.float32)


def new_network(
    config: BlockEvidenceConfig,
    means: NDArray[np.float32],
    deviations: NDArray[np.float32],
) -> BlockEvidenceNetwork:
    """Return the network that a config describes, with the random weights of its seed."""
    architecture = Architecture(
        tuple(config.widths), config.depth, config.attention, config.globally
    )
    with reproducible(config.seed, config.threads):
        return BlockEvidenceNetwork(
            architecture, torch.from_numpy(means), torch.from_numpy(deviations), GROUP_OF
        )


def network_of(folder: Path) -> BlockEvidenceNetwork:
    """Return the network of a run, with its best weights, in evaluation mode.

    Raises:
        LocardError: The folder has no finished epoch of such a run.
    """
    run = RunFolder(folder)
    try:
        data = run.best.read_bytes()
    except OSError as error:
        raise LocardError(
            f"there are no weights in {printable(str(folder))}: {error.strerror}",
            "Name the folder of a run that has finished an epoch.",
        ) from None
    unknown = np.zeros(len(CHANNELS), np.float32)
    module = new_network(read(run.config, BlockEvidenceConfig), unknown, unknown)
    fill(module, from_bytes(data, str(run.best)), str(run.best))
    return module.eval()
