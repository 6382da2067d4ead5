"""A task that trains in a moment: the sum of three numbers, with all that must be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from locard.training.config import TrainingConfig
from locard.training.reproducible import reproducible


@dataclass(frozen=True)
class Numbers:
    given: torch.Tensor
    sums: torch.Tensor


class ToyTask:
    """Has dropout, batch norm, and batches that are drawn one by one."""

    watched = "error"
    more_is_better = False

    def __init__(self, seed: int = 1, *, width: int = 8, batch_count: int = 3) -> None:
        self.batch_count = batch_count
        self.losses = 0
        with reproducible(seed):
            self.module: nn.Module = nn.Sequential(
                nn.Linear(3, width),
                nn.BatchNorm1d(width),
                nn.ReLU(),
                nn.Dropout(0.2),
                nn.Linear(width, 1),
            )

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Numbers]:
        for _ in range(self.batch_count):
            given = torch.rand(16, 3, generator=generator)
            yield Numbers(given, given.sum(1, keepdim=True))

    def loss(
        self, module: nn.Module, batch: Numbers
    ) -> tuple[torch.Tensor, dict[str, float | torch.Tensor]]:
        self.losses += 1
        # Noise from both global generators: a resumed run must have the same.
        noise = 0.01 * torch.randn_like(batch.given) + 0.01 * float(np.random.standard_normal())
        loss = nn.functional.mse_loss(module(batch.given + noise), batch.sums)
        return loss, {"rmse": loss.detach().sqrt()}

    def validate(self, module: nn.Module) -> dict[str, float]:
        given = torch.rand(64, 3, generator=torch.Generator().manual_seed(9))
        torch.rand(5)  # must not be noticed by the training
        error = (module(given) - given.sum(1, keepdim=True)).abs().mean()
        return {"error": float(error.detach()), "loss": float(error.detach()) ** 2}


def quick(**keys: object) -> TrainingConfig:
    """Return a config of three epochs on one thread."""
    defaults = {"epochs": 3, "threads": 1, "device": "cpu", "learning_rate": 0.01, "ema_decay": 0.9}
    return TrainingConfig.model_validate({**defaults, **keys})
