"""The block artefact grid: the lines that JPEG leaves between its blocks, and where they are amiss.

W. Li, Y. Yuan, N. Yu, "Passive detection of doctored JPEG image via block artifact grid
extraction", Signal Processing 89 (2009), known as BLK.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

BLOCK = 8
"""Side of a JPEG block in pixels."""

REACH = 16
"""Pixels on either side over which lines are summed, and compared with their surroundings."""

EDGE = 50.0
"""Second differences above this are edges of the picture, in grey levels."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the picture's own block artefact grid lies.

    Attributes:
        x: Column, modulo 8, in which blocks begin.
        y: Row, modulo 8, in which blocks begin.
        contrast: Mean strength on the grid's lines less that elsewhere, in standard errors between
            the columns (rows) of the picture; the weaker of the two directions.
    """

    x: int
    y: int
    contrast: float


@njit(cache=True, nogil=True)
def subtract_median(lines: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Subtract from each value the median of the ``2 · reach + 1`` values around it in its row.

    Args:
        lines: float32, shape (rows, n).
        reach: Values on either side; fewer at the ends of a row.

    Returns:
        float32, same shape.
    """
    found = np.empty_like(lines)
    length = lines.shape[1]
    window = np.empty(2 * reach + 1, np.float32)
    for row in range(lines.shape[0]):
        held = 0
        for centre in range(-reach, length):
            enters, leaves = centre + reach, centre - reach - 1
            if leaves >= 0:
                at = np.searchsorted(window[:held], lines[row, leaves])
                for index in range(at, held - 1):
                    window[index] = window[index + 1]
                held -= 1
            if enters < length:
                value = lines[row, enters]
                index = held
                while index > 0 and window[index - 1] > value:
                    window[index] = window[index - 1]
                    index -= 1
                window[index] = value
                held += 1
            if centre >= 0:
                middle = (window[(held - 1) // 2] + window[held // 2]) / 2
                found[row, centre] = lines[row, centre] - middle
    return found


def vertical_lines(luma: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the strength of the vertical lines of the block artefact grid.

    The absolute second difference across columns, without edges; summed over 33 rows; less the
    median of 33 columns; and of what is left the median of five columns 8 apart, which keeps only
    what comes back with the period of the blocks.

    Args:
        luma: Shape (H, W), both at least 3, in grey levels.

    Returns:
        float32, shape (H, W), in grey levels.
    """
    values = np.asarray(luma, dtype=np.float32)
    differences = np.zeros_like(values)
    differences[:, 1:-1] = np.abs(2 * values[:, 1:-1] - values[:, :-2] - values[:, 2:])
    differences[differences > EDGE] = 0
    span = 2 * REACH + 1
    summed = ndimage.uniform_filter1d(differences, span, axis=0, mode="constant") * span
    weak = subtract_median(summed, REACH)
    shifted = [_moved(weak, step * BLOCK) for step in (-2, -1, 0, 1, 2)]
    return _median_of_five(*shifted)


def _moved(values: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """Return the values so many columns further right; beyond the border, 8 or 16 columns back."""
    width = values.shape[1]
    index = np.arange(width) + columns
    index = np.where(index < 0, index + 3 * BLOCK, index)
    index = np.where(index >= width, index - 3 * BLOCK, index)
    return values[:, np.clip(index, 0, width - 1)]


def _median_of_five(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    c: NDArray[np.float32],
    d: NDArray[np.float32],
    e: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the median of five arrays, value by value, by comparisons alone."""
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    # Neither the smallest nor the largest of four is the median of five: the middle two remain.
    smaller, larger = np.minimum(low, high), np.maximum(low, high)
    return np.maximum(smaller, np.minimum(larger, e))


def find_grid(vertical: NDArray[np.float32], horizontal: NDArray[np.float32]) -> Grid:
    """Find the grid that most of the picture shares.

    A line is two pixels wide, the last of a block and the first of the next.

    Args:
        vertical: Shape (H, W), from :func:`vertical_lines`.
        horizontal: Shape (H, W): of the transposed luma, transposed.

    Returns:
        The grid, however weak.
    """
    x, across = _phase(vertical.mean(axis=0))
    y, down = _phase(horizontal.mean(axis=1))
    return Grid(x, y, min(across, down))


def _phase(profile: NDArray[np.floating]) -> tuple[int, float]:
    """Return where blocks begin, modulo 8, and how clearly, in standard errors."""
    place = np.arange(profile.size) % BLOCK
    sums = np.bincount(place, profile, minlength=BLOCK)
    phase = int(np.argmax(sums + np.roll(sums, 1)))
    on_line = (place == phase) | (place == (phase - 1) % BLOCK)
    if on_line.all() or not on_line.any():
        return phase, 0.0
    on, off = profile[on_line], profile[~on_line]
    error = float(np.sqrt(on.var() / on.size + off.var() / off.size))
    return phase, float(on.mean() - off.mean()) / error if error > 0 else 0.0


def mismatch(grid_strength: NDArray[np.float32], x: int, y: int) -> NDArray[np.float64]:
    """Return how much each block has its lines inside instead of at its border.

    ``max Σ g inside − min Σ g at the border``, over columns and over rows; sums leave out the
    corners.

    Args:
        grid_strength: Vertical and horizontal lines together, shape (H, W).
        x: Column in which a block begins.
        y: Row in which one begins.

    Returns:
        float64, shape ((H − y) // 8, (W − x) // 8), in grey levels.
    """
    rows, columns = (grid_strength.shape[0] - y) // BLOCK, (grid_strength.shape[1] - x) // BLOCK
    whole = grid_strength[y : y + rows * BLOCK, x : x + columns * BLOCK].astype(np.float64)
    blocks = whole.reshape(rows, BLOCK, columns, BLOCK)
    of_columns = blocks[:, 1:-1].sum(axis=1)
    of_rows = blocks[..., 1:-1].sum(axis=3).swapaxes(1, 2)
    found = np.zeros((rows, columns))
    for sums in (of_columns, of_rows):
        found += sums[..., 1:-1].max(axis=2) - sums[..., [0, -1]].min(axis=2)
    return found
