"""Loops over rows of pixels from which the traces of pixels are made.

A trace works through a picture one row of cells at a time. Rows of pixels are loaded with a
mirrored surrounding, high-pass filters run over whole rows, and what they leave is gathered by
column: these loops have no branches, so they are compiled to vector instructions. A cell is then
gathered from its eight columns.

A filter of even length lies between pixels. It counts for a cell where its centre lies between two
pixels of that cell, so a mirrored picture has the mirrored evidence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAD = 4
"""Mirrored pixels before and after a loaded row."""

PIXEL_FLOOR = 0.3
"""Added to magnitudes, in grey levels, before the logarithm of single pixels: an 8-bit rounding."""

MEAN_FLOOR = 0.05
"""Added to means of magnitudes, in grey levels, before their logarithm."""


@compiled
def mirrored(place: int, length: int) -> int:
    """Return a place inside 0 … length − 1; the edge is not repeated, so parity is kept."""
    if place < 0:
        return -place
    if place >= length:
        return 2 * (length - 1) - place
    return place


@compiled
def load(plane: NDArray[np.float32], place: int, row: NDArray[np.float32]) -> None:
    """Copy a row of a plane between mirrored surroundings.

    Args:
        plane: float32, (H, W).
        place: Which row; mirrored where outside.
        row: float32, (W + 2 PAD,).
    """
    height, width = plane.shape
    source = plane[mirrored(place, height)]
    inside = row[PAD : PAD + width]
    for x in range(width):
        inside[x] = source[x]
    surround(row)


@compiled
def load_colour(rgb: NDArray[np.uint8], place: int, channel: int, row: NDArray[np.float32]) -> None:
    """Copy a row of one channel of a uint8 (H, W, 3) picture, as :func:`load` does."""
    height, width = rgb.shape[:2]
    source = rgb[mirrored(place, height)]
    inside = row[PAD : PAD + width]
    for x in range(width):
        inside[x] = np.float32(source[x, channel])
    surround(row)


@compiled
def surround(row: NDArray[np.float32]) -> None:
    """Mirror the first and last pixels of a row outwards."""
    width = row.shape[0] - 2 * PAD
    for k in range(1, PAD + 1):
        row[PAD - k] = row[PAD + k]
        row[PAD + width - 1 + k] = row[PAD + width - 1 - k]


@compiled
def laplacian(
    above: NDArray[np.float32],
    row: NDArray[np.float32],
    below: NDArray[np.float32],
    residual: NDArray[np.float32],
) -> None:
    """Subtract from each pixel the mean of its four neighbours.

    Args:
        above: float32, (W + 2 PAD,), as loaded.
        row: The same of the row itself.
        below: The same of the next one.
        residual: float32, (W,), filled.
    """
    width = residual.shape[0]
    middle, upper, lower = row[PAD : PAD + width], above[PAD:], below[PAD:]
    before, after = row[PAD - 1 :], row[PAD + 1 :]
    for x in range(width):
        around = (upper[x] + lower[x]) + (before[x] + after[x])
        residual[x] = middle[x] - np.float32(0.25) * around


@compiled
def gather(
    residual: NDArray[np.float32],
    sums: NDArray[np.float32],
    products: NDArray[np.float32],
) -> None:
    """Add a row's magnitudes to the sums of their columns, and multiply their products.

    A mean of logarithms is the logarithm of a product: one logarithm a cell instead of 64.

    Args:
        residual: float32, (W,).
        sums: float32, (W,), Σ |r| so far.
        products: float32, (W,), Π (|r| + .3) so far. Eight rows of the strongest residual of eight
            bits, 8 · 255, are far below the largest float32.
    """
    for x in range(residual.shape[0]):
        magnitude = abs(residual[x])
        sums[x] += magnitude
        products[x] *= magnitude + np.float32(PIXEL_FLOOR)


@compiled
def add_products(
    first: NDArray[np.float32], second: NDArray[np.float32], sums: NDArray[np.float32]
) -> None:
    """Add products of pixels to the sums of their columns; all float32, (W,)."""
    for x in range(sums.shape[0]):
        sums[x] += first[x] * second[x]


@compiled
def column_sum(sums: NDArray[np.float32], start: int, columns: int) -> float:
    """Return the sum of some columns from ``start`` on, in double precision."""
    total = 0.0
    for x in range(start, start + columns):
        total += sums[x]
    return total


@compiled
def log_of_mean(sums: NDArray[np.float32], start: int, columns: int, rows: int) -> float:
    """Return log(mean |r| + .05) over some columns of gathered rows."""
    return math.log(column_sum(sums, start, columns) / (columns * rows) + MEAN_FLOOR)


@compiled
def mean_of_logs(products: NDArray[np.float32], start: int, columns: int, rows: int) -> float:
    """Return the mean of log(|r| + .3) over some columns of gathered rows."""
    product = 1.0
    for x in range(start, start + columns):
        product *= products[x]
    return math.log(product) / (columns * rows)
