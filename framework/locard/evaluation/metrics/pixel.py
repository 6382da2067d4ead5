"""Holds a map against the true mask, pixel by pixel.

Everything is exact: counts are integers, and every distinct value of the map is tried as threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.rows import PixelScores

if TYPE_CHECKING:
    from numpy.typing import NDArray

CURVE: tuple[float, ...] = tuple(step / 20 for step in range(21))
"""The thresholds of the F1–threshold curve: 0, 0.05, … 1."""

_HALF = 10
"""Where 0.5 is in :data:`CURVE`."""

_BLOCK = 1 << 20
"""How many thresholds are tried at once, which bounds the memory."""


def pixel_scores(
    values: NDArray[np.float32], truth: NDArray[np.bool_], mask: NDArray[np.bool_] | None = None
) -> PixelScores:
    """Score a map, and the step's own mask, against the truth.

    Args:
        values: float, shape (height, width): the map, higher where tampering is more likely. Never
            inverted or rescaled. Thresholds are rounded to its dtype, as numpy compares.
        truth: bool, the same shape: True where the image was tampered with.
        mask: bool, the same shape: what the step marked itself, or None.

    Returns:
        What :class:`~locard.evaluation.rows.PixelScores` says. Where ``truth`` is empty, ``marked``
        alone; where it is full, neither ``mcc`` nor ``auc`` nor ``flipped``.

    Raises:
        ValueError: Shapes differ, there is no pixel, the truth or the mask is not bool, or the map
            has NaN.
    """
    _check(values, truth, mask)
    tampered = np.sort(values[truth])
    if tampered.size == 0:
        return PixelScores(marked=np.count_nonzero(values > CURVE[_HALF]) / values.size)
    untouched = np.sort(values[~truth])
    at = [_counts_above(tampered, untouched, threshold) for threshold in CURVE]
    curve = tuple(f1(*counts, tampered.size) for counts in at)
    true, false = at[_HALF]
    mixed = untouched.size > 0
    best = _best_threshold(tampered, untouched)
    return PixelScores(
        f1=curve[_HALF],
        mcc=mcc(true, false, tampered.size, untouched.size) if mixed else None,
        iou=true / (tampered.size + false),
        best_f1=best.f1,
        best_threshold=best.threshold,
        auc=best.auc,
        flipped=best.inverted_f1 > best.f1 if mixed else None,
        everything_f1=f1(tampered.size, untouched.size, tampered.size),
        marked=(true + false) / values.size,
        mask_f1=None if mask is None else _mask_f1(mask, truth, tampered.size),
        f1_curve=curve,
    )


def f1(true: int, false: int, positives: int) -> float:
    """Return F1 = 2 TP / (TP + FP + P).

    Args:
        true: Marked pixels that are tampered.
        false: Marked pixels that are not.
        positives: Tampered pixels, at least one.

    Returns:
        0 to 1. Different counts give different numbers up to 30 megapixels at least, so that
        comparisons of F1 are exact.
    """
    return 2 * true / (true + false + positives)


def mcc(true: int, false: int, positives: int, negatives: int) -> float:
    """Return the Matthews correlation (B. W. Matthews 1975) of marked and tampered.

    Args:
        true: Marked pixels that are tampered.
        false: Marked pixels that are not.
        positives: Tampered pixels, at least one.
        negatives: Untouched pixels, at least one.

    Returns:
        -1 to 1; 0 where nothing or everything is marked, the value of a guess.
    """
    marked = true + false
    rest = positives + negatives - marked
    if marked == 0 or rest == 0:
        return 0.0
    # Python's integers: the product is beyond 64 bits from a megapixel on.
    covariance = true * (negatives - false) - false * (positives - true)
    return covariance / math.sqrt(marked * rest * positives * negatives)


@dataclass(frozen=True, slots=True)
class _Best:
    """What trying all thresholds gives; ``auc`` is None where all pixels are tampered."""

    f1: float
    threshold: float
    inverted_f1: float
    auc: float | None


def _best_threshold(tampered: NDArray[np.float32], untouched: NDArray[np.float32]) -> _Best:
    """Try every threshold that can be best, and add up the area under the ROC curve.

    F1 grows along thresholds only where a tampered pixel is added, so that the values of tampered
    pixels are the thresholds to try, for the inverted map as well. The area is the Mann–Whitney
    statistic over pairs of a tampered and an untouched pixel, ties counting one half.

    Args:
        tampered: Values of the tampered pixels, ascending, at least one.
        untouched: Values of the others, ascending.
    """
    first = np.concatenate([[0], np.flatnonzero(tampered[1:] != tampered[:-1]) + 1])
    best, threshold, inverted, twice_won = -1.0, 0.0, -1.0, 0
    for start in range(0, first.size, _BLOCK):
        low = first[start : start + _BLOCK]
        # One beyond the last pixel of each value.
        high = np.append(first[start + 1 : start + _BLOCK + 1], tampered.size)[: low.size]
        values = tampered[low]
        below = np.searchsorted(untouched, values, side="left")
        not_above = np.searchsorted(untouched, values, side="right")
        twice_won += int(np.sum((high - low) * (below + not_above)))
        marked = tampered.size - low + untouched.size - below
        scores = 2 * (tampered.size - low) / (marked + tampered.size)
        # The highest of equally good thresholds: the last one, in this block or a later one.
        at = scores.size - 1 - int(np.argmax(scores[::-1]))
        if scores[at] >= best:
            best, threshold = float(scores[at]), float(values[at])
        inverted = max(inverted, float(np.max(2 * high / (high + not_above + tampered.size))))
    pairs = 2 * tampered.size * untouched.size
    return _Best(best, threshold, inverted, twice_won / pairs if pairs else None)


def _counts_above(
    tampered: NDArray[np.float32], untouched: NDArray[np.float32], threshold: float
) -> tuple[int, int]:
    """Return how many tampered and how many untouched pixels are above a threshold."""
    limit = tampered.dtype.type(threshold)
    return (
        tampered.size - int(np.searchsorted(tampered, limit, side="right")),
        untouched.size - int(np.searchsorted(untouched, limit, side="right")),
    )


def _mask_f1(mask: NDArray[np.bool_], truth: NDArray[np.bool_], positives: int) -> float:
    true = int(np.count_nonzero(mask & truth))
    return f1(true, int(np.count_nonzero(mask)) - true, positives)


def _check(
    values: NDArray[np.float32], truth: NDArray[np.bool_], mask: NDArray[np.bool_] | None
) -> None:
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"the map must be (height, width) with pixels; it is {values.shape}")
    for name, other in (("truth", truth), ("mask", mask)):
        if other is None:
            continue
        if other.shape != values.shape:
            raise ValueError(f"the map is {values.shape}, and the {name} {other.shape}")
        if other.dtype != np.bool_:
            raise ValueError(f"the {name} must be bool; it is {other.dtype}")
    if np.isnan(np.min(values)):
        missing = int(np.count_nonzero(np.isnan(values)))
        raise ValueError(f"the map is not a number (NaN) at {missing} of {values.size} pixels")
