"""Optimizer, course of the learning rate, and moving average of the weights."""

from __future__ import annotations

import math

import torch

from locard.training.config import TrainingConfig


def learning_rate(config: TrainingConfig, step: int, steps: int) -> float:
    """Return the learning rate of a step.

    It rises in a line over the warm-up, and falls as half a cosine to 0 over the rest (Loshchilov
    and Hutter, "SGDR", ICLR 2017, equation 5, without restarts); or it falls in steps, to a tenth
    after each third of the rest.

    Args:
        config: Peak, warm-up and schedule.
        step: 0 for the first.
        steps: Steps of the whole training.
    """
    rising = math.ceil(config.warm_up * steps)
    if step < rising:
        return config.learning_rate * (step + 1) / (rising + 1)
    if config.schedule == "constant":
        return config.learning_rate
    if config.schedule == "thirds":
        return config.learning_rate * 0.1 ** min(2, 3 * (step - rising) // max(1, steps - rising))
    share = min(1.0, (step - rising) / max(1, steps - rising))
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def make_optimizer(module: torch.nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Return AdamW, which decays matrices and kernels alone (Loshchilov and Hutter, ICLR 2019)."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate)


@torch.no_grad()
def move_average(
    average: torch.nn.Module, module: torch.nn.Module, decay: float, step: int
) -> None:
    """Move the average of the weights towards the weights, in place.

    The first steps, far from where the weights will be, are averaged over fewer: the decay is at
    most (1 + step) / (10 + step).

    Args:
        average: A copy of the module.
        module: The module after a step.
        decay: Share of the average that stays.
        step: Steps done.
    """
    share = 1 - min(decay, (1 + step) / (10 + step))
    for mean, now in zip(average.parameters(), module.parameters(), strict=True):
        mean.lerp_(now, share)
    for held, new in zip(average.buffers(), module.buffers(), strict=True):
        held.copy_(new)
