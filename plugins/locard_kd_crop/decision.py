"""From the logits of the 65 classes to a score and an offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import logsumexp, softmax

from locard_kd_crop.phase.labels import NO_GRID, UNCROPPED
from locard_kd_crop.phase.luma import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIGHEST_SCORE: Final = 50.0
"""Scores are bounded at ± this many nats: beyond it no model knows anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """What a model says of where the old grid begins.

    Attributes:
        probabilities: float64, (65,): of the classes, in sum 1.
        score: ln((1 − p₀ − p₆₄) / (p₀ + p₆₄)), bounded.
        best: The likeliest class among 1…63, those of a cropped picture.
    """

    probabilities: NDArray[np.float64]
    score: float
    best: int

    @property
    def grid(self) -> tuple[int, int]:
        """(x, y): column and row at which the likeliest moved grid begins, 0 to 7."""
        y, x = divmod(self.best, BLOCK)
        return x, y

    @property
    def cut(self) -> tuple[int, int]:
        """Columns cut off at the left and rows at the top, modulo 8, if that grid is right."""
        x, y = self.grid
        return -x % BLOCK, -y % BLOCK

    @property
    def offset_probability(self) -> float:
        """Of that place among all classes."""
        return float(self.probabilities[self.best])

    @property
    def offset_share(self) -> float:
        """Of that place among the 63 places of a moved grid; they are alike where all are 0."""
        moved = self.probabilities[UNCROPPED + 1 : NO_GRID]
        total = float(moved.sum())
        return float(moved.max()) / total if total > 0 else 1 / len(moved)

    @property
    def uncropped(self) -> float:
        """Probability of a grid that begins at the corner, and of no other."""
        return float(self.probabilities[UNCROPPED])

    @property
    def no_grid(self) -> float:
        """Probability that there is no grid at all."""
        return float(self.probabilities[NO_GRID])


def phases_of(logits: NDArray[np.float64]) -> Phases:
    """Return what logits say.

    Args:
        logits: float64, (65,), finite, in nats.
    """
    moved = logits[UNCROPPED + 1 : NO_GRID]
    best = UNCROPPED + 1 + int(moved.argmax())
    odds = float(logsumexp(moved)) - _unmoved(logits)
    score = min(max(odds, -HIGHEST_SCORE), HIGHEST_SCORE)
    return Phases(np.asarray(softmax(logits)), score, best)


def local_odds(logits: NDArray[np.float64], phase: int) -> float:
    """Return ln(p / (p₀ + p₆₄)) of one phase, in nats, by the logits of a part of the picture."""
    return float(logits[phase]) - _unmoved(logits)


def _unmoved(logits: NDArray[np.float64]) -> float:
    return float(np.logaddexp(logits[UNCROPPED], logits[NO_GRID]))
