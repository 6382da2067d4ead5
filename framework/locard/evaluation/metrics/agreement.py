"""Whether two maps of one scene say the same: values at points of the picture, and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS = 128
"""Points along each side of the picture, at most: a few hundred kilobytes a map at any size."""

_MARKED = 0.5
_FEWEST = 16


def points(length: int) -> NDArray[np.float64]:
    """Return evenly spaced points along a side, in pixels; 0 is the centre of the first pixel."""
    count = min(POINTS, length)
    return (np.arange(count) + 0.5) * length / count - 0.5


def sample(
    values: NDArray[np.float32],
    cell: int,
    origin: tuple[int, int],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    size: tuple[int, int],
) -> NDArray[np.float32]:
    """Read a map of cells at points.

    Args:
        values: float32, (rows, columns).
        cell: Side of a cell in pixels.
        origin: (x, y) of the pixel at which cell (0, 0) begins.
        x: Columns of the points, in pixels.
        y: Rows of the points, in pixels.
        size: (width, height) of the picture that the map is of.

    Returns:
        float32, (len(y), len(x)); NaN at points outside the picture. Pixels outside all cells take
        the value of the nearest one.
    """
    width, height = size
    rows, inside_y = _cells(y, origin[1], cell, values.shape[0], height)
    columns, inside_x = _cells(x, origin[0], cell, values.shape[1], width)
    read = values[rows[:, None], columns[None, :]]
    inside = inside_y[:, None] & inside_x[None, :]
    return np.where(inside, read, np.float32(np.nan))


def _cells(
    places: NDArray[np.float64], origin: int, cell: int, count: int, length: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    pixels = np.floor(places + 0.5).astype(np.intp)
    return np.clip((pixels - origin) // cell, 0, count - 1), (pixels >= 0) & (pixels < length)


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Return Pearson's correlation over the points that both have.

    Returns:
        From -1 to 1; None where one is the same everywhere, or they share fewer than 16 points.
    """
    shared = np.isfinite(one) & np.isfinite(other)
    if np.count_nonzero(shared) < _FEWEST:
        return None
    a, b = one[shared].astype(np.float64), other[shared].astype(np.float64)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1, 1))


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Return intersection over union of the points above 0.5, of those that both have.

    Returns:
        From 0 to 1; None where neither has any.
    """
    shared = np.isfinite(one) & np.isfinite(other)
    a, b = one[shared] > _MARKED, other[shared] > _MARKED
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else None
