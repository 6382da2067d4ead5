"""Thresholds that a new picture of the same sort exceeds with at most a given probability.

Conformal prediction (V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World",
2005): if pictures are exchangeable, the rank of a new score among those of a calibration is
uniform, whatever the scores' distribution.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDING = 1e-9


def conformal(scores: NDArray[np.float64], rate: float) -> float:
    """Return the score that another picture of the same sort exceeds with at most this probability.

    Args:
        scores: float64, shape (n,), at least one.
        rate: The probability.

    Returns:
        The ⌈(n + 1)(1 − rate)⌉-th smallest; of fewer than 1/rate − 1 scores the largest, which
        promises less.
    """
    ordered = np.sort(scores)
    rank = math.ceil((ordered.size + 1) * (1 - rate) - _ROUNDING)
    return float(ordered[min(rank, ordered.size) - 1])


def grouped_conformal(
    scores: NDArray[np.float64], groups: NDArray[np.intp], rate: float
) -> float | None:
    """Return the score that a picture of another group exceeds with at most this probability.

    Pictures of one group (a photograph, a camera) are alike, so that their number promises
    nothing. Each group counts as one, its pictures in equal parts, and the new group as one that
    exceeds everything (R. Dunn, L. Wasserman, A. Ramdas 2022, "Distribution-free prediction sets
    for two-layer hierarchical models", pooling of distribution functions; Y. Lee, R. F. Barber,
    R. Willett 2023, "Distribution-free inference with hierarchical data").

    Args:
        scores: float64, shape (n,).
        groups: Number of each score's group: integers, shape (n,).
        rate: The probability.

    Returns:
        The smallest score t of which the sum over groups of the share of their scores above t, plus
        1, is at most ``rate`` times the number of groups plus 1; None where there is none: of
        fewer than 1/rate − 1 groups.
    """
    count = np.unique(groups).size
    if rate * (count + 1) + _ROUNDING < 1:
        return None
    return _smallest(scores, groups, rate * (count + 1) - 1)


def grouped_quantile(scores: NDArray[np.float64], groups: NDArray[np.intp], rate: float) -> float:
    """Return the score that the pictures at hand exceed at most at this rate.

    Args:
        scores: float64, shape (n,), at least one.
        groups: Number of each score's group: integers, shape (n,).
        rate: Mean over groups of the share of their scores above it.
    """
    return _smallest(scores, groups, rate * np.unique(groups).size)


def _smallest(scores: NDArray[np.float64], groups: NDArray[np.intp], most: float) -> float:
    """Return the smallest score above which groups' shares add up to at most a number."""
    numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)[1:]
    order = np.argsort(scores, kind="stable")
    from_here = np.cumsum((1 / sizes[numbers])[order][::-1])[::-1]
    ordered = scores[order]
    # Strictly above a score are those from the next higher one on.
    next_higher = np.searchsorted(ordered, ordered, side="right")
    above = np.append(from_here, 0.0)[next_higher]
    return float(ordered[int(np.argmax(above <= most + _ROUNDING))])
