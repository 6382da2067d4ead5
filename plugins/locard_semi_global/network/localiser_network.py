"""The network: block evidence, against training's statistics and the picture's own, to a map."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from locard_semi_global.network.blocks import Level, Norm, one_hot_groups

LIMIT = 6.0
"""Both views of a channel are clipped to ± so many spreads."""

_CONDITIONS = 64  # units between a picture's statistics and what they do to the stem
_LEAST = 1e-2  # of a channel's deviation in training: the least spread that a picture is granted


@dataclass(frozen=True, slots=True)
class Architecture:
    """How large a network is.

    Attributes:
        widths: Channels at each scale, from whole cells on, each twice as coarse.
        depth: Residual blocks a scale, on the way down and on the way up.
        attention: Whether the coarsest scale ends in self-attention.
        globally: Whether it sees each channel against the picture's own statistics, too.
    """

    widths: tuple[int, ...] = (40, 64, 96)
    depth: int = 1
    attention: bool = True
    globally: bool = True

    @property
    def multiple(self) -> int:
        """Rows and columns of cells must be multiples of this."""
        return int(2 ** (len(self.widths) - 1))


class BlockEvidenceNetwork(nn.Module):
    """A U-Net on the grid of cells (Ronneberger et al., MICCAI 2015), conditioned by the picture.

    Each channel is seen twice: standardised by training's mean and deviation, and as a robust
    z-score by the picture's own median and spread: what is local is judged by what is global, as
    in the semi-global network of Cun and Pun (ECCV Workshops 2018). Medians and spreads of all
    channels also scale and shift the stem (FiLM: Perez et al., AAAI 2018).

    Args:
        architecture: How large.
        means: Of each channel over the training cells.
        deviations: Standard deviations, likewise.
        groups: For each channel the number of its group, from 0 on.
    """

    means: Tensor
    deviations: Tensor
    members: Tensor

    def __init__(
        self,
        architecture: Architecture,
        means: Tensor,
        deviations: Tensor,
        groups: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.architecture = architecture
        channels, width = len(groups), architecture.widths[0]
        self.register_buffer("means", means.float().clone())
        self.register_buffer("deviations", deviations.float().clone())
        self.register_buffer("members", one_hot_groups(groups))
        views = 2 if architecture.globally else 1
        self.stem = nn.Conv2d(views * channels, width, 1)
        last = nn.Linear(_CONDITIONS, 2 * width)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.film = nn.Sequential(nn.Linear(2 * channels, _CONDITIONS), nn.GELU(), last)
        self.levels = Level(architecture.widths, architecture.depth, architecture.attention)
        self.norm = Norm(width)
        self.head = nn.Conv2d(width, 4, 3, padding=1)
        nn.init.constant_(self.head.bias, -2.0)  # type: ignore[arg-type]  # it has a bias

    def forward(self, evidence: Tensor, medians: Tensor, spreads: Tensor, groups: Tensor) -> Tensor:
        """Return logits of being foreign, four to a cell.

        Args:
            evidence: float32, (n, channels, h, w), or one for all rows of ``groups``.
            medians: float32, (n, channels): of the whole picture.
            spreads: float32, (n, channels): 1.4826 · median absolute deviation.
            groups: float32, (n, groups): 1 where a group is to be seen, 0 where not.

        Returns:
            float32, (n, 2 h, 2 w).
        """
        kept = groups @ self.members
        deviations = self.deviations
        # A channel that is the same all over a picture says nothing there, however small its steps.
        floored = spreads.clamp(min=0) + _LEAST * deviations
        standardised = _scaled(evidence, self.means.expand_as(medians), deviations)
        views = [standardised * kept[..., None, None]]
        if self.architecture.globally:
            views.append(_scaled(evidence, medians, floored) * kept[..., None, None])
        scale, shift = self._conditions(medians, floored, kept).chunk(2, dim=1)
        x = self.stem(torch.cat(views, dim=1))
        x = x * (1 + scale[..., None, None]) + shift[..., None, None]
        logits = self.head(functional.gelu(self.norm(self.levels(x))))
        fine: Tensor = functional.pixel_shuffle(logits, 2)[:, 0]
        return fine.float()

    def _conditions(self, medians: Tensor, spreads: Tensor, kept: Tensor) -> Tensor:
        """Return what scales and shifts the stem: float32, (n, 2 width)."""
        places = ((medians - self.means) / self.deviations).clamp(-LIMIT, LIMIT)
        widths = (spreads / self.deviations).log().clamp(-LIMIT, LIMIT)
        conditions: Tensor = self.film(torch.cat([places * kept, widths * kept], dim=1))
        return conditions


def _scaled(evidence: Tensor, middle: Tensor, spread: Tensor) -> Tensor:
    """Return how many spreads each cell is from the middle, at most :data:`LIMIT`."""
    distance = (evidence - middle[..., None, None]) / spread[..., None, None]
    return distance.clamp(-LIMIT, LIMIT)
