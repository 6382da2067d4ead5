"""Training of a pixel network: its batches, its loss, and its validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from locard.errors import LocardError
from locard_kd_crop.datasets.splits import TRAIN, VALIDATION
from locard_kd_crop.distillation import Distillation
from locard_kd_crop.pixel.config import PixelConfig
from locard_kd_crop.pixel.measure import BLIND, by_stratum
from locard_kd_crop.pixel.networks import build
from locard_kd_crop.pixel.pack import Pack
from locard_kd_crop.pixel.phases import BINARY, is_moved
from locard_kd_crop.pixel.teaching import as_tensor, fitting, predicted
from locard_kd_crop.pixel.windows import Windows, draw, epoch_order, mirror


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows to learn from.

    Attributes:
        pixels: uint8, shape (n, 3, side, side).
        labels: Classes, int64, shape (n,).
        teacher: Its logits, float32, shape (n, classes), or None.
    """

    pixels: Tensor
    labels: Tensor
    teacher: Tensor | None


class PixelTask:
    """What the training loop asks for, see :class:`locard.training.task.Task`.

    Args:
        config: Of a teacher or a student.
        module: The network, with the weights it begins with.
        pack: Its pictures.
        teacher_logits: Of :attr:`training`'s windows, float32, shape (n, classes), or None.
        distillation: How the teacher is listened to.

    Raises:
        LocardError: The pack has no windows of this size in a split, or a stratum is unknown.
    """

    watched = "loss"
    more_is_better = False

    def __init__(
        self,
        config: PixelConfig,
        module: nn.Module,
        pack: Pack,
        teacher_logits: NDArray[np.float32] | None = None,
        distillation: Distillation | None = None,
    ) -> None:
        self.config = config
        self.module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.training = training_windows(config, pack)
        self.validation = _windows(pack, VALIDATION, config.side, 1, config.seed)
        self.distillation = distillation or Distillation()
        self._teacher = None if teacher_logits is None else fitting(teacher_logits, config.classes)
        self._strata = [pack.pictures[int(n)].stratum for n in self.validation.picture]
        if unknown := sorted(config.strata.keys() - {one.stratum for one in pack.pictures}):
            raise LocardError(
                f"there are no pictures of stratum {', '.join(unknown)} in the data sets",
                "Correct the table 'strata' of the config.",
            )

    @property
    def batch_count(self) -> int:
        """Batches in an epoch; what does not fill one is left to other epochs."""
        windows = min(self.config.epoch_windows or len(self.training), len(self.training))
        return max(1, windows // self.config.batch_size)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield an epoch's batches, each window mirrored at random."""
        random = np.random.default_rng(generator.initial_seed())
        order = epoch_order(self.training, self.config.strata, random)
        size = self.config.batch_size
        for start in range(0, self.batch_count * size, size):
            yield self._batch(order[start : start + size], random)

    def _batch(self, numbers: NDArray[np.int64], random: np.random.Generator) -> Batch:
        pixels, became = mirror(self.training.pixels(numbers), random)
        phases = np.take_along_axis(became, self.training.phase[numbers, None], 1)[:, 0]
        labels = torch.from_numpy(self._labels(phases))
        return Batch(as_tensor(pixels), labels, self._taught(numbers, became))

    def _taught(self, numbers: NDArray[np.int64], became: NDArray[np.int64]) -> Tensor | None:
        """Return what the teacher says of windows, its phases mirrored as they are."""
        if self._teacher is None:
            return None
        logits = self._teacher[numbers]
        if self.config.classes != BINARY:
            logits = np.take_along_axis(logits, became, 1)
        return torch.from_numpy(logits)

    def _labels(self, phases: NDArray[np.int64]) -> NDArray[np.int64]:
        return is_moved(phases).astype(np.int64) if self.config.classes == BINARY else phases

    def loss(self, module: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the loss of a batch, and how many of its windows are classified rightly."""
        logits = module(batch.pixels.float())
        right = (logits.detach().argmax(1) == batch.labels).float().mean()
        if batch.teacher is None:
            loss = nn.functional.cross_entropy(logits, batch.labels)
        else:
            loss = self.distillation.loss(logits, batch.teacher, batch.labels)
        return loss, {"accuracy": right}

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        """Return cross-entropy, accuracy, and balanced accuracy and offsets by stratum.

        Strata weigh in the cross-entropy as in the training.
        """
        logits = predicted(module, self.validation, lambda done, of: None)
        labels = self._labels(self.validation.phase)
        losses = nn.functional.cross_entropy(
            torch.from_numpy(logits), torch.from_numpy(labels), reduction="none"
        )
        weights = [self.config.strata.get(stratum, 1.0) for stratum in self._strata]
        figures = {
            "loss": float(np.average(losses.numpy(), weights=weights)),
            "accuracy": float((logits.argmax(1) == labels).mean()),
        }
        for stratum, found in by_stratum(logits, self.validation.phase, self._strata).items():
            if stratum == BLIND:
                figures[f"{stratum}_called_cropped"] = found.called_cropped
                continue
            figures[f"{stratum}_balanced"] = found.balanced
            if self.config.classes != BINARY:
                figures[f"{stratum}_offset"] = found.offset
        return figures


def training_windows(config: PixelConfig, pack: Pack) -> Windows:
    """Return the windows that a config trains on, which its seed draws."""
    return _windows(pack, TRAIN, config.side, config.windows, config.seed)


def _windows(pack: Pack, split: str, side: int, each: int, seed: int) -> Windows:
    found = draw(pack, split, side, each, seed)
    if not len(found):
        raise LocardError(
            f"no picture of the split {split} has windows of {side} pixels",
            "Make side smaller, or build data sets of larger pictures.",
        )
    return found


def new_module(config: PixelConfig) -> nn.Module:
    """Return the network that a config describes, with the random weights of its seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return build(config)
