"""What a model says of pictures: how likely each is cropped, and where its old grid begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from locard_kd_crop.decision import HIGHEST_SCORE
from locard_kd_crop.phase.labels import CLASSES, NO_GRID, UNCROPPED

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN: Final = -1
"""Class where a model does not say where the old grid begins."""

_BINARY: Final = 2


def cropped_log_odds(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the score of pictures: the log odds of a moved grid, in nats.

    It is ln(Σ p₁…p₆₃ / (p₀ + p₆₄)), bounded as the detector's score is: see
    :class:`locard_kd_crop.decision.Phases`.

    Args:
        logits: Shape (n, 65), or (n, 2) of a network that tells cropped from not; in nats.

    Returns:
        float64, shape (n,).

    Raises:
        ValueError: There are neither 65 nor 2 classes, or a logit is NaN.
    """
    values = logits.astype(np.float64)
    if np.isnan(values).any():
        raise ValueError("a logit is NaN")
    if values.ndim == 2 and values.shape[1] == _BINARY:
        return _bounded(values[:, 1] - values[:, 0])
    if values.ndim != 2 or values.shape[1] != CLASSES:
        raise ValueError(f"logits must be (n, {CLASSES}) or (n, {_BINARY}), not {values.shape}")
    moved = np.logaddexp.reduce(values[:, UNCROPPED + 1 : NO_GRID], axis=1)
    return _bounded(moved - np.logaddexp(values[:, UNCROPPED], values[:, NO_GRID]))


def _bounded(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.clip(odds, -HIGHEST_SCORE, HIGHEST_SCORE))


def likeliest_phase(logits: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the likeliest of the 63 classes of moved grids.

    Args:
        logits: Shape (n, 65) or (n, 2).

    Returns:
        int64, shape (n,): 1 to 63; :data:`UNKNOWN` where there are two classes.
    """
    if logits.shape[1] == _BINARY:
        return np.full(len(logits), UNKNOWN, np.int64)
    crops = logits[:, UNCROPPED + 1 : NO_GRID]
    return np.asarray(crops.argmax(axis=1) + UNCROPPED + 1, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model says of pictures.

    Attributes:
        scores: float64, shape (n,): log odds of a moved grid, in nats.
        phases: int64, shape (n,): the likeliest class of a moved grid, or :data:`UNKNOWN`.
    """

    scores: NDArray[np.float64]
    phases: NDArray[np.int64]

    @classmethod
    def of(cls, logits: NDArray[np.floating]) -> Self:
        """Read logits, shape (n, 65) or (n, 2).

        Raises:
            ValueError: As for :func:`cropped_log_odds`.
        """
        return cls(cropped_log_odds(logits), likeliest_phase(logits))

    def part(self, chosen: NDArray[np.bool_]) -> Answers:
        """Return what is said of some of the pictures: bool, shape (n,)."""
        return Answers(self.scores[chosen], self.phases[chosen])
