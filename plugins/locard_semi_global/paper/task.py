"""Training of a patch network: its batches, its loss, and its validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from locard.errors import LocardError
from locard_semi_global.paper.losses import Loss
from locard_semi_global.paper.networks import Answers, PatchNetwork
from locard_semi_global.paper.pack import TRAIN, VALIDATION, Pack
from locard_semi_global.paper.patches import Patches, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.paper.config import PatchConfig

_VALIDATION_SEED = 5


@dataclass(frozen=True, slots=True)
class Batch:
    """Patches to learn from.

    Attributes:
        pixels: uint8, (n, 64, 64, 3).
        masks: int64, (n, 64, 64).
        labels: int64, (n,).
        features: What the global network says of their pictures, float32, (n, features), or None.
    """

    pixels: Tensor
    masks: Tensor
    labels: Tensor
    features: Tensor | None


class PatchTask:
    """What the training loop asks for, see :class:`locard.training.task.Task`.

    Args:
        config: How patches are drawn and judged.
        module: ``jcs`` or ``sgn-paper``, with the weights it begins with.
        pack: Pictures.
        features: What the global network says of each picture, float32, (pictures, features); None
            for ``jcs``. It is frozen, so that this need not be computed again.
    """

    watched = "mask_accuracy"
    more_is_better = True

    def __init__(
        self,
        config: PatchConfig,
        module: PatchNetwork,
        pack: Pack,
        features: NDArray[np.float32] | None = None,
    ) -> None:
        self.config = config
        self.module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.criterion = Loss(
            config.authentic_weight, config.spliced_weight, config.beta, config.smooth
        )
        self._pack, self._features = pack, features
        self._training = _of(pack, TRAIN)
        if not any(pack.pictures[number].tampered for number in self._training):
            raise LocardError(
                "no picture to learn from has a spliced pixel",
                "Name a data set of spliced photographs with masks.",
            )
        random = np.random.default_rng([config.seed, _VALIDATION_SEED])
        patches = draw(
            pack, _of(pack, VALIDATION), config.validation_patches, config.spliced_share, random
        )
        self._validation = [
            self._batch(_part(patches, start, config.batch_size))
            for start in range(0, config.validation_patches, config.batch_size)
        ]

    @property
    def batch_count(self) -> int:
        """Batches in an epoch."""
        return max(1, self.config.epoch_patches // self.config.batch_size)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield an epoch's batches, each epoch of other patches."""
        random = np.random.default_rng(generator.initial_seed())
        config = self.config
        for _ in range(self.batch_count):
            yield self._batch(
                draw(self._pack, self._training, config.batch_size, config.spliced_share, random)
            )

    def loss(self, module: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the loss of a batch, and its parts."""
        parts = self.criterion.parts(answers(module, batch), batch.masks, batch.labels)
        return self.criterion.total(parts), {name: part.detach() for name, part in parts.items()}

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        """Return the loss, the accuracies of mask and label, and the masks' F1, all pixels alike.

        It runs in the training's precision, which is much faster on some processors.
        """
        device = next(module.parameters()).device
        half = self.config.precision == "bf16"
        loss, right, label_right = 0.0, 0.0, 0
        hits = marked = spliced = 0
        count = 0
        for batch in self._validation:
            batch = _moved(batch, device)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
                found = answers(module, batch)
            number = len(batch.labels)
            parts = self.criterion.parts(found, batch.masks, batch.labels)
            loss += float(self.criterion.total(parts)) * number
            called = found.mask.argmax(1)
            right += float((called == batch.masks).float().mean()) * number
            label_right += int((found.label.argmax(1) == batch.labels).sum())
            hits += int((called & batch.masks).sum())
            marked, spliced = marked + int(called.sum()), spliced + int(batch.masks.sum())
            count += number
        return {
            "loss": loss / count,
            "mask_accuracy": right / count,
            "label_accuracy": label_right / count,
            "mask_f1": 2 * hits / max(1, marked + spliced),
        }

    def _batch(self, patches: Patches) -> Batch:
        features = None if self._features is None else self._features[patches.pictures]
        return Batch(
            torch.from_numpy(patches.pixels),
            torch.from_numpy(patches.masks.astype(np.int64)),
            torch.from_numpy(patches.labels),
            None if features is None else torch.from_numpy(features),
        )


def answers(module: nn.Module, batch: Batch) -> Answers:
    """Return what a network says of a batch."""
    patches = batch.pixels.permute(0, 3, 1, 2).float() / 255
    found: Answers
    found = module(patches) if batch.features is None else module(patches, batch.features)
    return found


def _of(pack: Pack, split: str) -> list[int]:
    return [number for number, one in enumerate(pack.pictures) if one.split == split]


def _part(patches: Patches, start: int, count: int) -> Patches:
    some = slice(start, start + count)
    return Patches(patches.pixels[some], patches.masks[some], patches.pictures[some])


def _moved(batch: Batch, device: torch.device) -> Batch:
    features = None if batch.features is None else batch.features.to(device)
    return Batch(batch.pixels.to(device), batch.masks.to(device), batch.labels.to(device), features)
