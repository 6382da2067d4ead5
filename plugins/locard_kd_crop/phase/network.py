"""The phase network: a matched filter over the phase evidence, and a decision among 65 classes.

Evidence is linear in what each band, step and class of activity contributes, so the first stage
only weighs it: a small network, told the step looked for and the step that the file itself has in
the band, gives a weight to each statistic. Weighted, the evidence is summed up along each candidate
first table (a matched filter a table) and freely (without a table). What results, a few values for
each of the 64 phases, is put before two circular convolutions, for phases wrap around.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from locard_kd_crop.phase.activity import KINDS
from locard_kd_crop.phase.evidence import SHARES, STATISTICS, STEPS, UNIT
from locard_kd_crop.phase.luma import BLOCK
from locard_kd_crop.phase.windows import BANDS, PHASES

QUALITIES: Final = (*range(50, 80, 3), *range(80, 90, 2), *range(90, 101))
"""IJG qualities whose luma tables are the candidate first tables: denser where tables matter."""

_TERMS: Final = KINDS * BANDS * STATISTICS
_REFERENCE_WINDOWS: Final = 256.0
_CONDITIONS: Final = 6
_FACTS: Final = 4  # of a band: the file's step, with respect to it the step looked for, and so on
_IMPOSSIBLE: Final = -30.0

# Luma table of annex K of the JPEG standard (ITU-T T.81), which IJG qualities scale.
_ANNEX_K = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def ijg_luma_table(quality: int) -> NDArray[np.int64]:
    """Return libjpeg's luma table of a quality, 1 to 100: int64, (8, 8)."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    table: NDArray[np.int64] = np.clip((np.array(_ANNEX_K) * scale + 50) // 100, 1, 255)
    return table


@dataclass(frozen=True, slots=True)
class Size:
    """How large a phase network is.

    Attributes:
        hidden: Units of the layers that weigh statistics.
        free: Sums without a table.
        maps: Channels of the convolutions.
    """

    hidden: int = 32
    free: int = 8
    maps: int = 24


class PhaseNetwork(nn.Module):
    """Tells where the old grid begins.

    Args:
        size: How large it is.
    """

    grid: Tensor
    log_steps: Tensor
    is_share: Tensor
    candidates: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        hidden, free, maps = size.hidden, size.free, size.maps
        self.free = free
        steps = torch.tensor([*STEPS, *SHARES], dtype=torch.float32)
        self.register_buffer("log_steps", torch.log2(steps), persistent=False)
        share = torch.zeros(STATISTICS)
        share[len(STEPS) :] = 1
        self.register_buffer("is_share", share, persistent=False)
        self.register_buffer("candidates", _candidates(), persistent=False)
        self.band = nn.Parameter(torch.randn(BANDS, hidden) * 0.5)
        self.statistic = nn.Parameter(torch.randn(STATISTICS, hidden) * 0.5)
        self.facts = nn.Linear(_FACTS, hidden)
        self.conditions = nn.Linear(_CONDITIONS, hidden, bias=False)
        self.mixed = nn.Linear(hidden, hidden)
        self.weights = nn.Linear(hidden, KINDS * (1 + free))
        self.sharpness = nn.Parameter(torch.zeros(()))
        self.table_bias = nn.Parameter(torch.zeros(len(QUALITIES)))
        self.positions = nn.Parameter(torch.randn(maps, BLOCK, BLOCK) * 0.1)
        self.placed = nn.Linear(_CONDITIONS, maps)
        channels = 2 * (2 + free)
        self.first = nn.Conv2d(channels, maps, 3, padding=1, padding_mode="circular")
        self.second = nn.Conv2d(maps, maps, 3, padding=1, padding_mode="circular")
        self.last = nn.Conv2d(maps, 1, 1)
        self.none = nn.Sequential(
            nn.Linear(2 * channels + _CONDITIONS, maps), nn.GELU(), nn.Linear(maps, 1)
        )

    def forward(self, evidence: Tensor, table: Tensor, windows: Tensor) -> Tensor:
        """Return the logits of the 65 classes.

        Args:
            evidence: (N, 64, classes of activity, 64 bands, 41), in quarters of a standard error,
                of any type.
            table: float32, (N, 64): steps of the file's own luma table; 0 where it has none.
            windows: float32, (N, classes of activity): mean number of windows a phase.

        Returns:
            float32, (N, 65).
        """
        maps, conditions = self.phase_maps(evidence, table, windows)
        return self.decide(maps, conditions)

    def phase_maps(self, evidence: Tensor, table: Tensor, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sums of weighted evidence, (N, channels, 8, 8), and the file's conditions."""
        conditions = _conditions(table, windows)
        number = evidence.shape[0]
        weights = self._weights(table, windows, conditions)
        terms = evidence.reshape(number, PHASES, _TERMS).to(weights.dtype)
        sums = (terms @ weights).float().transpose(1, 2)
        scores = sums[:, : len(QUALITIES)] + self.table_bias[:, None]
        beta = torch.exp(self.sharpness)
        best = scores.amax(dim=1, keepdim=True)
        soft = torch.logsumexp(beta * scores, dim=1, keepdim=True) / beta
        maps = torch.cat([best, soft, sums[:, len(QUALITIES) :]], dim=1)
        maps = maps - maps.mean(dim=2, keepdim=True)
        maps = maps.reshape(number, -1, BLOCK, BLOCK)
        mirrored = torch.roll(torch.flip(maps, (2, 3)), (1, 1), (2, 3))
        return torch.cat([maps, maps - mirrored], dim=1), conditions

    def decide(self, maps: Tensor, conditions: Tensor) -> Tensor:
        """Return the logits that sums of evidence lead to."""
        scaled = torch.asinh(maps)
        hidden = self.first(scaled)
        hidden = hidden + self.placed(conditions)[:, :, None, None] * self.positions
        hidden = functional.gelu(hidden)
        hidden = hidden + functional.gelu(self.second(hidden))
        phases = self.last(hidden).flatten(1)
        flat = scaled.flatten(2)
        told = torch.cat([flat.amax(dim=2), flat[:, :, 0], conditions], dim=1)
        lossless = conditions[:, :1]
        none = torch.where(lossless > 0, self.none(told), torch.full_like(lossless, _IMPOSSIBLE))
        return torch.cat([phases, none], dim=1)

    def _weights(self, table: Tensor, windows: Tensor, conditions: Tensor) -> Tensor:
        """Return the weights of all terms, along tables and freely: (N, terms, tables + free)."""
        number = table.shape[0]
        lossless = (table <= 0).float()
        log_table = torch.log2(table.clamp_min(1.0))
        ratio = (self.log_steps - log_table[..., None]) * (1 - lossless[..., None])
        facts = torch.stack(
            [
                log_table[..., None].expand(-1, -1, STATISTICS),
                ratio * (1 - self.is_share),
                (ratio * (1 - self.is_share)) ** 2,
                ratio * self.is_share,
            ],
            dim=3,
        )
        hidden = self.band[:, None] + self.statistic + self.facts(facts)
        hidden = hidden + self.conditions(conditions)[:, None, None]
        hidden = functional.gelu(self.mixed(functional.gelu(hidden)))
        weights = self.weights(hidden)  # (N, bands, statistics, classes × (1 + free))
        weights = weights.reshape(number, BANDS, STATISTICS, KINDS, 1 + self.free)
        # The expected shift, in standard errors, grows with the root of the number of windows.
        strength = torch.sqrt(windows / _REFERENCE_WINDOWS) * (UNIT / 16)
        weights = weights.permute(0, 3, 1, 2, 4) * strength[:, :, None, None, None]
        weights = weights.to(hidden.dtype)
        along = weights[..., :1] * self.candidates.to(weights.dtype)
        return torch.cat([along, weights[..., 1:]], dim=4).reshape(number, _TERMS, -1)


class Ensemble(nn.Module):
    """Networks whose probabilities are averaged.

    Args:
        size: Of each.
        members: How many.
    """

    def __init__(self, size: Size, members: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(PhaseNetwork(size) for _ in range(members))

    def forward(self, evidence: Tensor, table: Tensor, windows: Tensor) -> Tensor:
        """Return the logarithms of the mean probabilities, (N, 65); arguments as of a member."""
        logits = [member(evidence, table, windows).float() for member in self.members]
        logs = torch.log_softmax(torch.stack(logits), dim=2)
        return torch.logsumexp(logs, dim=0) - math.log(len(logits))


def _conditions(table: Tensor, windows: Tensor) -> Tensor:
    """Return what is told of the file: (N, 6)."""
    logs = torch.log2(table.clamp_min(1.0))
    total = windows.sum(dim=1, keepdim=True)
    return torch.cat(
        [
            (table[:, :1] <= 0).float(),
            logs.mean(dim=1, keepdim=True) / 3,
            logs[:, :1] / 3,
            torch.log2(1 + total) / 10,
            torch.log2(1 + windows[:, :1]) / 10,
            torch.log2(1 + windows[:, -1:]) / 10,
        ],
        dim=1,
    )


def _candidates() -> Tensor:
    """Return which statistic of a band belongs to which table: (bands, statistics, tables)."""
    chosen = torch.zeros(BANDS, STATISTICS, len(QUALITIES))
    steps = np.array(STEPS)
    for place, quality in enumerate(QUALITIES):
        for band, step in enumerate(ijg_luma_table(quality).ravel()):
            chosen[band, int(np.abs(np.log(steps / step)).argmin()), place] = 1
    return chosen
