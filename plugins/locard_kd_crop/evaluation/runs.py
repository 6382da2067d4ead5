"""Runs of trainings as models to measure."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard.text import printable
from locard.training.config import load_table
from locard.training.run_folder import RunFolder
from locard_kd_crop.evaluation.models import (
    COUNTED_SIDE,
    EVIDENCE_MACS,
    Advance,
    Costs,
    evidence_and_table,
    one_by_one,
)
from locard_kd_crop.phase.windows import BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from locard.image import Image
    from locard_kd_crop.phase.samples import Samples


class PhaseRun:
    """A phase network in torch.

    Args:
        folder: Of its run.

    Raises:
        LocardError: There is no network of such a run.
    """

    def __init__(self, folder: Path) -> None:
        from locard_kd_crop.phase.preparing import network_of

        self.name = folder.name
        self.key = _hash(folder)
        self.network: nn.Module = network_of(folder)
        self._bytes = RunFolder(folder).best.stat().st_size

    @cached_property
    def costs(self) -> Costs:
        """What it takes."""
        from locard.training.macs import count_macs, count_parameters
        from locard_kd_crop.phase.exporting import sample

        macs = count_macs(self.network, *sample(1))
        return Costs(count_parameters(self.network), macs, EVIDENCE_MACS, self._bytes)

    def logits(self, samples: Samples, advance: Advance) -> NDArray[np.float32]:
        """Return logits: float32, (n, 65)."""
        from locard_kd_crop.phase.task import predicted

        told = partial(advance, f"asking {self.name}")
        return predicted(self.network, samples, np.arange(len(samples)), advance=told)

    def examine(self, image: Image) -> NDArray[np.float32]:
        """Return the logits of one picture: float32, (1, 65)."""
        import torch

        evidence, table = evidence_and_table(image)
        steps = np.zeros(BANDS, np.float32) if table is None else table.ravel().astype(np.float32)
        given = (evidence.terms, steps, evidence.windows)
        with torch.inference_mode():
            logits: NDArray[np.float32] = self.network(
                *(torch.from_numpy(one[None]) for one in given)
            ).numpy()
        return logits


class PixelRun:
    """A pixel network in torch.

    Args:
        folder: Of its run.

    Raises:
        LocardError: There is no network of such a run.
    """

    def __init__(self, folder: Path) -> None:
        from locard_kd_crop.pixel.networks import from_run

        self.name = folder.name
        self.key = _hash(folder)
        self.network: nn.Module = from_run(folder)[0]
        self._bytes = RunFolder(folder).best.stat().st_size

    @cached_property
    def costs(self) -> Costs:
        """What it takes."""
        import torch

        from locard.training.macs import count_macs
        from locard_kd_crop.pixel.weights import parameters

        picture = torch.zeros(1, 3, COUNTED_SIDE, COUNTED_SIDE)
        return Costs(parameters(self.network), count_macs(self.network, picture), 0, self._bytes)

    def logits(self, samples: Samples, advance: Advance) -> NDArray[np.float32]:
        """Return logits: float32, (n, classes)."""
        return one_by_one(self, samples, advance)

    def examine(self, image: Image) -> NDArray[np.float32]:
        """Return the logits of one picture: float32, (1, classes)."""
        import torch

        from locard_kd_crop.pixel.teaching import as_tensor

        with torch.inference_mode():
            pixels = as_tensor(image.pixels[None].copy()).float()
            logits: NDArray[np.float32] = self.network(pixels).numpy()
        return logits


def run(folder: Path) -> PhaseRun | PixelRun:
    """Return the best network of a training.

    Raises:
        LocardError: The folder is not the run of a network of crops, or has no weights yet.
    """
    try:
        kind = str(load_table(RunFolder(folder).config.read_text("utf-8")).get("kind"))
    except (OSError, ValueError):
        kind = ""
    if kind.startswith("phase-"):
        return PhaseRun(folder)
    if kind.startswith("pixel-"):
        return PixelRun(folder)
    raise LocardError(
        f"{printable(str(folder))} is not the run of a network that finds crops",
        "Name a model of `locard model list`, or a folder that locard crop train-teacher or "
        "distill made.",
    )


def _hash(folder: Path) -> str:
    from locard_kd_crop.pixel.teaching import teacher_hash

    return teacher_hash(folder)
