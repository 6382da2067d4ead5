"""Cells of 8×8 pixels, and means over them.

Every sum is taken in an order that depends on the cell's neighbours alone, so a band of a picture
gives the same bits as the whole picture does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 8
"""Pixels a side of a cell: that of a JPEG block."""


def cell_mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each cell.

    Args:
        plane: float32, (8 h, 8 w).

    Returns:
        float32, (h, w).
    """
    return _cell_mean(np.ascontiguousarray(plane, np.float32))


def pooled(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Return the mean over ``side`` × ``side`` cells around each cell; only cells inside count.

    Args:
        values: float32, (h, w) or (channels, h, w).
        side: An odd number.

    Returns:
        float32, of the same shape.
    """
    planes = np.ascontiguousarray(values, np.float32)
    means: NDArray[np.float32] = _pooled(planes.reshape(-1, *planes.shape[-2:]), side // 2)
    return means.reshape(planes.shape)


@compiled
def _cell_mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = plane.shape[0] // 8, plane.shape[1] // 8
    means = np.empty((height, width), np.float32)
    for row in range(height):
        for column in range(width):
            total = np.float32(0)
            for y in range(8 * row, 8 * row + 8):
                for x in range(8 * column, 8 * column + 8):
                    total += plane[y, x]
            means[row, column] = total / np.float32(64)
    return means


@compiled
def _pooled(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    channels, height, width = values.shape
    means = np.empty(values.shape, np.float32)
    across = np.empty(values.shape[1:], np.float32)
    for channel in range(channels):
        for row in range(height):
            for column in range(width):
                total = np.float32(0)
                left, right = max(0, column - reach), min(width, column + reach + 1)
                for x in range(left, right):
                    total += values[channel, row, x]
                across[row, column] = total / np.float32(right - left)
        for row in range(height):
            top, bottom = max(0, row - reach), min(height, row + reach + 1)
            for column in range(width):
                total = np.float32(0)
                for y in range(top, bottom):
                    total += across[y, column]
                means[channel, row, column] = total / np.float32(bottom - top)
    return means
