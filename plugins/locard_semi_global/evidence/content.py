"""What a cell shows, so that the network can discount what content explains.

None of these is a trace of tampering: flat, dark and clipped cells have little noise and few other
traces, wherever they come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.symmetry import exchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

NAMES = (
    "content-luma",
    "content-saturation",
    "content-log-contrast",
    "content-log-contrast-wide",
    "content-clipped",
)

FLIP_X = exchanged(NAMES)
FLIP_Y = FLIP_X
TRANSPOSED = FLIP_X

FLOOR = 0.1
"""Added to variances, in squared grey levels, before the logarithm."""

CLIPPED_BELOW = 3
CLIPPED_FROM = 253
"""A pixel is clipped where a channel is below 3 or at least 253."""

_WIDE = 5
_MIDDLE = 128.0


def content(planes: Planes) -> NDArray[np.float32]:
    """Describe what each cell shows.

    Mean luma over 255; mean of max − min of R, G, B over 255; half the logarithm of luma's variance
    (+ .1) over the cell, and over 5×5 cells; and the share of pixels that are clipped.

    Args:
        planes: A picture or a band of one.

    Returns:
        float32, (5, h, w), channels as in :data:`NAMES`.
    """
    moments = np.empty((2, *planes.shape), np.float32)
    found = np.empty((len(NAMES), *planes.shape), np.float32)
    _moments(planes.luma, moments)
    _colours(planes.rgb, found[1], found[4])
    mean, variance = moments
    found[0] = mean / np.float32(255)
    found[2] = _half_log(variance)
    found[3] = _half_log(pooled(variance, _WIDE) + _variance_of_means(mean, _WIDE // 2))
    return found


def _half_log(variance: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.float32(0.5) * np.log(variance + np.float32(FLOOR)))


@compiled
def _moments(luma: NDArray[np.float32], moments: NDArray[np.float32]) -> None:
    """Mean and variance of each cell's luma."""
    for row in range(moments.shape[1]):
        for column in range(moments.shape[2]):
            total = 0.0
            squares = 0.0
            for y in range(8 * row, 8 * row + 8):
                line = luma[y]
                for x in range(8 * column, 8 * column + 8):
                    value = np.float64(line[x]) - _MIDDLE
                    total += value
                    squares += value * value
            mean = total / 64
            moments[0, row, column] = mean + _MIDDLE
            moments[1, row, column] = max(squares / 64 - mean * mean, 0.0)


@compiled
def _variance_of_means(means: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Variance of the means of the cells up to ``reach`` cells around each; only cells inside."""
    height, width = means.shape
    found = np.empty(means.shape, np.float32)
    for row in range(height):
        top, bottom = max(0, row - reach), min(height, row + reach + 1)
        for column in range(width):
            left, right = max(0, column - reach), min(width, column + reach + 1)
            total = 0.0
            squares = 0.0
            for y in range(top, bottom):
                for x in range(left, right):
                    value = np.float64(means[y, x]) - _MIDDLE
                    total += value
                    squares += value * value
            count = (bottom - top) * (right - left)
            found[row, column] = max(squares / count - (total / count) ** 2, 0.0)
    return found


@compiled
def _colours(
    rgb: NDArray[np.uint8], saturation: NDArray[np.float32], clipped: NDArray[np.float32]
) -> None:
    for row in range(saturation.shape[0]):
        for column in range(saturation.shape[1]):
            total = 0
            count = 0
            for y in range(8 * row, 8 * row + 8):
                line = rgb[y]
                for x in range(8 * column, 8 * column + 8):
                    red, green, blue = line[x, 0], line[x, 1], line[x, 2]
                    high = max(red, green, blue)
                    low = min(red, green, blue)
                    total += high - low
                    count += high >= CLIPPED_FROM or low < CLIPPED_BELOW
            saturation[row, column] = total / (64 * 255)
            clipped[row, column] = count / 64
