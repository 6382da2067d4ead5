"""How residuals go together: between colours, and with their neighbours.

Demosaicking interpolates high frequencies of red and blue from green; interpolation, resampling,
sharpening and compression tie neighbouring pixels to each other. How strongly is a property of the
camera and of what was done to a picture since, so a part from elsewhere brings its own
correlations: A. C. Popescu, H. Farid, "Exposing digital forgeries by detecting traces of
resampling", IEEE Transactions on Signal Processing 53 (2005), for neighbours; and by the same
authors, "Exposing digital forgeries in color filter array interpolated images", in the same volume,
for colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.rows import (
    PAD,
    add_products,
    column_sum,
    laplacian,
    load,
    load_colour,
)
from locard_semi_global.evidence.symmetry import exchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

NAMES = (
    "correlation-red-green",
    "correlation-red-blue",
    "correlation-green-blue",
    "correlation-luma-across-1",
    "correlation-luma-down-1",
    "correlation-luma-across-2",
    "correlation-luma-down-2",
    "correlation-luma-diagonal",
    "correlation-luma-antidiagonal",
)

FLIP_X = exchanged(NAMES, ("diagonal", "antidiagonal"))
FLIP_Y = FLIP_X
TRANSPOSED = exchanged(NAMES, ("across", "down"))

FLOOR = 0.1
"""Added to mean squares, in squared grey levels, so that flat cells have no correlation."""

_COLOUR_PAIRS = ((0, 1), (0, 2), (1, 2))
_LAGS = 6
_PAIR_COLUMNS = np.array([7, 8, 6, 8, 7, 7])
_PAIR_ROWS = np.array([8, 7, 8, 6, 7, 7])


def correlation(planes: Planes) -> NDArray[np.float32]:
    """Correlate residuals of the 4-neighbour Laplacian over 3×3 cells.

    Between colours ``mean(r s) / (√(mean(r²) mean(s²)) + .1)``; of luma with itself
    ``mean(r r') / (mean(r²) + .1)``, where r' lies one or two pixels further, and pairs count that
    lie in one cell. Both are cut off at ±1.

    Args:
        planes: A picture or a band of one.

    Returns:
        float32, (9, h, w), channels as in :data:`NAMES`, −1 to 1.
    """
    colours = np.empty((6, *planes.shape), np.float32)
    lags = np.empty((1 + _LAGS, *planes.shape), np.float32)
    _colour_products(planes.rgb, colours)
    _lag_products(planes.luma, _PAIR_COLUMNS, _PAIR_ROWS, lags)
    colours, lags = pooled(colours, 3), pooled(lags, 3)
    found = np.empty((len(NAMES), *planes.shape), np.float32)
    for index, (one, other) in enumerate(_COLOUR_PAIRS):
        scale = np.sqrt(colours[one] * colours[other])
        found[index] = colours[3 + index] / (scale + np.float32(FLOOR))
    found[3:] = lags[1:] / (lags[0] + np.float32(FLOOR))
    return np.clip(found, -1, 1, out=found)


@compiled
def _colour_products(rgb: NDArray[np.uint8], means: NDArray[np.float32]) -> None:
    """Mean R², G², B², RG, RB and GB of each cell's residuals."""
    width = rgb.shape[1]
    lines = np.empty((3, 10, width + 2 * PAD), np.float32)
    residual = np.empty((3, width), np.float32)
    sums = np.empty((6, width), np.float32)
    for cell_row in range(means.shape[1]):
        sums[:] = 0
        for channel in range(3):
            for k in range(10):
                load_colour(rgb, 8 * cell_row + k - 1, channel, lines[channel, k])
        for k in range(8):
            for channel in range(3):
                rows = lines[channel, k : k + 3]
                laplacian(rows[0], rows[1], rows[2], residual[channel])
                add_products(residual[channel], residual[channel], sums[channel])
            add_products(residual[0], residual[1], sums[3])
            add_products(residual[0], residual[2], sums[4])
            add_products(residual[1], residual[2], sums[5])
        for product in range(6):
            for column in range(means.shape[2]):
                means[product, cell_row, column] = column_sum(sums[product], 8 * column, 8) / 64


@compiled
def _lag_products(
    luma: NDArray[np.float32],
    columns: NDArray[np.int64],
    rows: NDArray[np.int64],
    means: NDArray[np.float32],
) -> None:
    """Mean r², and mean r r' at each lag, of each cell's residuals."""
    width = luma.shape[1]
    lines = np.empty((10, width + 2 * PAD), np.float32)
    residual = np.zeros((8, width + 2), np.float32)
    sums = np.empty((1 + _LAGS, width), np.float32)
    for cell_row in range(means.shape[1]):
        sums[:] = 0
        for k in range(10):
            load(luma, 8 * cell_row + k - 1, lines[k])
        for k in range(8):
            laplacian(lines[k], lines[k + 1], lines[k + 2], residual[k, :width])
        for k in range(8):
            here = residual[k]
            add_products(here, here, sums[0])
            add_products(here, here[1:], sums[1])
            add_products(here, here[2:], sums[3])
            if k < 7:
                below = residual[k + 1]
                add_products(here, below, sums[2])
                add_products(here, below[1:], sums[5])
                add_products(here[1:], below, sums[6])
            if k < 6:
                add_products(here, residual[k + 2], sums[4])
        for column in range(means.shape[2]):
            means[0, cell_row, column] = column_sum(sums[0], 8 * column, 8) / 64
            for lag in range(_LAGS):
                total = column_sum(sums[1 + lag], 8 * column, columns[lag])
                means[1 + lag, cell_row, column] = total / (columns[lag] * rows[lag])
