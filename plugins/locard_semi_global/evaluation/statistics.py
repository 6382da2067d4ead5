"""Statistics of a map that might be a picture's score, to choose one by what validation says.

All are pure functions of the logits before any refinement, one value for 4×4 pixels or whatever
the network gives; higher is more suspicious. Areas are in pixels, so that they mean the same for
maps of any resolution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evaluation.networks import Look

PATCH: Final = 32
"""Side in pixels of the squares that ``patch`` averages over."""

CELL: Final = 8

TOP_CELLS: Final = 64
"""Cells of 8×8 pixels that ``top-cells`` averages over, in any place."""

_TOP_SHARE = 0.01

NAMES: Final = ("maximum", "top-share", "top-cells", "patch", "region-mean", "region-mass", "mass")
"""``maximum`` of the logits; ``top-share``, mean of the largest hundredth; ``top-cells``, mean of
the largest that make 64 cells; ``patch``, largest mean over 32×32 pixels; ``region-mean``, mean of
the largest region above 0, or the maximum where there is none; ``region-mass``, logarithm of the
largest sum over a region, in cells; ``mass``, logarithm of the sum over all that is above 0."""


def statistics(look: Look) -> dict[str, float]:
    """Return all statistics of a map: :data:`NAMES`.

    Args:
        look: What a network says of a picture.
    """
    logits, side = look.logits, look.cell
    ordered = np.sort(logits, axis=None)
    cells = max(1, (TOP_CELLS * CELL * CELL) // (side * side))
    share = max(1, int(np.ceil(_TOP_SHARE * ordered.size)))
    regions = _regions(logits)
    area = (side / CELL) ** 2
    positive = float(np.maximum(logits, 0).sum(dtype=np.float64)) * area
    largest = max(regions, key=lambda one: one[0], default=None)
    return {
        "maximum": float(ordered[-1]),
        "top-share": float(ordered[-share:].mean(dtype=np.float64)),
        "top-cells": float(ordered[-cells:].mean(dtype=np.float64)),
        "patch": _patch(logits, max(1, PATCH // side)),
        "region-mean": float(ordered[-1]) if largest is None else largest[1] / largest[0],
        # Without a region the maximum is at most 0, below any logarithm of one cell's logit.
        "region-mass": _mass(max((mass for _, mass in regions), default=0.0) * area, ordered[-1]),
        "mass": _mass(positive, ordered[-1]),
    }


def _mass(mass: float, largest: np.float32) -> float:
    """Return log(1 + mass), or the largest logit where nothing is above 0."""
    return float(np.log1p(mass)) if mass > 0 else float(largest)


def _patch(logits: NDArray[np.float32], side: int) -> float:
    """Return the largest mean over squares; a smaller map is one square."""
    high, wide = (min(side, length) for length in logits.shape)
    sums = np.zeros((logits.shape[0] + 1, logits.shape[1] + 1))
    sums[1:, 1:] = logits.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    means = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    return float(means.max() / (high * wide))


def _regions(logits: NDArray[np.float32]) -> list[tuple[int, float]]:
    """Return the size and the sum of each connected region above 0 (neighbours share a side)."""
    from scipy.ndimage import label, sum_labels

    numbers, count = label(logits > 0)
    if not count:
        return []
    sizes = np.bincount(numbers.ravel())[1:]
    sums = np.atleast_1d(sum_labels(logits.astype(np.float64), numbers, np.arange(1, count + 1)))
    return list(zip(sizes.tolist(), sums.tolist(), strict=True))


__all__ = ["NAMES", "statistics"]
