"""A student that is told the period: it compares the 64 phases of the 8×8 grid with each other.

Features of full resolution are averaged over all pixels that have the same place modulo 8, so that
every phase is judged by the same weights. What a phase must differ in is learned, unlike with the
phase networks, which are given DCT coefficients.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from locard_kd_crop.pixel.efficientnet import initialise
from locard_kd_crop.pixel.phases import BINARY, NO_GRID, PERIOD
from locard_kd_crop.pixel.residuals import luma_bank
from locard_kd_crop.pixel.students import Separable, residuals

WIDTHS = (16, 16, 24)
"""Channels of the separable convolutions, all of full resolution."""

COMPARED = 32
"""Channels of the convolutions over the map of 8×8 phases."""


class FoldedStudent(nn.Module):
    """A pixel student that averages over blocks instead of over the picture.

    Args:
        classes: 65, or 2: a crop's probability is then that of all its phases together.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.Parameter(torch.from_numpy(luma_bank()), requires_grad=False)
        widths = (len(self.stem), *WIDTHS)
        self.stem_norm = nn.BatchNorm2d(widths[0])
        self.stages = nn.Sequential(*(Separable(*pair) for pair in pairwise(widths)))
        self.folded_norm = nn.BatchNorm2d(widths[-1])
        self.compare = nn.Conv2d(widths[-1], COMPARED, 3, padding=1, padding_mode="circular")
        self.combine = nn.Conv2d(COMPARED, COMPARED, 3, padding=1, padding_mode="circular")
        # What the last encoder's own grid at (0, 0) does to each phase.
        self.place = nn.Parameter(torch.zeros(1, COMPARED, PERIOD, PERIOD))
        self.phase = nn.Conv2d(COMPARED, 1, 1)
        self.no_grid = nn.Linear(COMPARED, 1)
        self.binary = classes == BINARY
        self.apply(initialise)

    def forward(self, pixels: Tensor) -> Tensor:
        """Classify pictures; arguments and result as :meth:`Student.forward` has them."""
        values = folded(self.stages(self.stem_norm(residuals(pixels, self.stem))))
        values = self.folded_norm(values - values.mean((2, 3), keepdim=True))
        values = torch.relu(self.compare(values))
        values = torch.relu(self.combine(values) + self.place)
        phases = self.phase(values).flatten(1)
        logits = torch.cat([phases, self.no_grid(values.mean((2, 3)))], 1)
        return as_binary(logits) if self.binary else logits


def folded(values: Tensor) -> Tensor:
    """Return the means of pixels that have the same place modulo 8.

    Args:
        values: Shape (n, channels, height, width); rows and columns beyond whole blocks are left
            out.

    Returns:
        Shape (n, channels, 8, 8).
    """
    number, channels, height, width = values.shape
    rows, columns = height // PERIOD, width // PERIOD
    whole = values[:, :, : rows * PERIOD, : columns * PERIOD]
    return whole.reshape(number, channels, rows, PERIOD, columns, PERIOD).mean((2, 4))


def as_binary(logits: Tensor) -> Tensor:
    """Return logits (n, 2) that give a crop the probability that those of 65 classes give it."""
    whole = torch.logsumexp(logits[:, [0, NO_GRID]], 1)
    return torch.stack([whole, torch.logsumexp(logits[:, 1:NO_GRID], 1)], 1)
