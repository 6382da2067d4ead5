"""Starts from which a patch network can learn.

The published network has two bottlenecks behind ReLU without bias: one plane between encoder and
LSTM, and two planes before the mask's last convolution. With Kaiming's random weights and pictures,
which are positive everywhere, most starts have one of them below zero nearly everywhere,
and no gradient passes. Such starts are drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from locard.errors import LocardError
from locard.training.reproducible import reproducible
from locard_semi_global.paper.blocks import from_sequence, to_sequence
from locard_semi_global.paper.networks import PatchNetwork

LEAST_ALIVE: Final = (0.5, 0.5)
"""Least share of places where the encoder's plane, and each plane of the mask head, is positive."""

_ATTEMPTS: Final = 200
_MASK_PLANES: Final = 5
"""Layers of the mask head up to its two planes."""


@torch.no_grad()
def is_alive(network: PatchNetwork, patches: Tensor) -> bool:
    """Return whether gradients pass both bottlenecks at enough places.

    Args:
        network: With the weights it begins with.
        patches: Some to learn from, RGB in [0, 1], (n, 3, 64, 64).
    """
    plane = network.encoder(patches)
    if float((plane > 0).float().mean()) < LEAST_ALIVE[0]:
        return False
    planes = from_sequence(network.lstm(to_sequence(plane))[0])
    for layer in list(network.mask_head)[:_MASK_PLANES]:
        planes = layer(planes)
    return float((planes > 0).float().mean((0, 2, 3)).min()) >= LEAST_ALIVE[1]


def started(make: Callable[[], PatchNetwork], patches: Tensor, seed: int) -> PatchNetwork:
    """Return the first network that is alive, of those that the seed gives one after the other.

    Args:
        make: Makes one, with random weights from torch's global generator.
        patches: As for :func:`is_alive`.
        seed: What the weights follow from.

    Raises:
        LocardError: None of 200 is.
    """
    with reproducible(seed):
        for _ in range(_ATTEMPTS):
            network = make()
            if is_alive(network, patches):
                return network
    raise LocardError(
        f"none of {_ATTEMPTS} random starts lets a gradient through",
        "Look at the training pictures: are they black?",
    )
