"""The grid of blocks: at which phases of 8 the picture has edges that content does not explain.

Block boundaries of a compression stand out in the cross difference of pixels: Z. Fan, R. de
Queiroz, "Identification of bitmap compression history: JPEG detection and quantizer estimation",
IEEE Transactions on Image Processing 12 (2003); W. Li, Y. Yuan, N. Yu, "Passive detection of
doctored JPEG image via block artifact grid extraction", Signal Processing 89 (2009). Where the grid
of a part lies elsewhere, the part was brought in: T. Nikoukhah, J. Anger, M. Colom, J.-M. Morel, R.
Grompone von Gioi, "ZERO: a local JPEG grid origin detector", IPOL 11 (2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.cells import SIDE, pooled
from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

NAMES: Final = (
    *(f"grid-column-{phase}" for phase in range(SIDE)),
    *(f"grid-row-{phase}" for phase in range(SIDE)),
)
# A difference between columns 0 and 1 is one between columns 7 and 6 of the mirrored picture.
_MIRRORED: Final = tuple((6 - phase) % SIDE for phase in range(SIDE))
FLIP_X: Final = (*_MIRRORED, *range(SIDE, 2 * SIDE))
FLIP_Y: Final = (*range(SIDE), *(SIDE + phase for phase in _MIRRORED))
TRANSPOSED: Final = (*range(SIDE, 2 * SIDE), *range(SIDE))

_MOST: Final = np.float32(8)
_LEAST: Final = np.float32(0.05)
_POOLED: Final = 5
_NONE: Final = np.float32(-1)


def grid(planes: Planes) -> NDArray[np.float32]:
    """Return how much cross differences at each phase stand out from those at all phases.

    The cross difference of 2 × 2 pixels is the modulus of Y00 − Y01 − Y10 + Y11, bounded by 8. Its
    mean over a cell at each of the eight columns and each of the eight rows is taken, then the mean
    m over 5 × 5 cells, and log(m + .05) less the mean of that over the eight columns, or rows.
    Between two cells (phase 7) it is the mean of both boundaries of the cell; at the picture's
    border, of the one that there is, and where there is none, that of the other phases.

    Returns:
        float32, (16, h, w): phase 0 of columns is between the first and the second of a cell.
    """
    logs: NDArray[np.float32] = np.log(pooled(_differences(planes.luma), _POOLED) + _LEAST)
    for part in (logs[:SIDE], logs[SIDE:]):
        total = part[0].copy()
        for phase in range(1, SIDE):
            total += part[phase]
        part -= total / SIDE
    return logs


@compiled
def _boundary(one: np.float32, other: np.float32, inner: NDArray[np.float32]) -> np.float32:
    """Return the mean of both boundaries, less than 0 where there is none, or of what is inside."""
    if one >= 0 and other >= 0:
        return (one + other) / np.float32(2)
    if one >= 0 or other >= 0:
        return max(one, other)
    total = np.float32(0)
    for value in inner:
        total += value
    return total / np.float32(7)


@compiled
def _differences(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean difference of each cell at each phase: (16, h, w).

    Differences between rows of two cells count for the rows alone, as for the columns those between
    columns of two cells: so a cell has as many on either side.
    """
    rows, columns = luma.shape
    height, width = rows // 8, columns // 8
    means = np.empty((16, height, width), np.float32)
    inner = np.empty(columns, np.float32)
    before = np.full(width, _NONE)
    across = np.empty(columns, np.float32)
    for row in range(height):
        inner[:] = 0
        for y in range(min(8, rows - 1 - 8 * row)):
            upper, lower = luma[8 * row + y], luma[8 * row + y + 1]
            for x in range(columns - 1):
                cross = (upper[x] - upper[x + 1]) - (lower[x] - lower[x + 1])
                across[x] = min(abs(cross), _MOST)
            if y < 7:
                for x in range(columns - 1):
                    inner[x] += across[x]
            for column in range(width):
                total = np.float32(0)
                for x in range(8 * column, 8 * column + 7):
                    total += across[x]
                means[8 + y, row, column] = total / np.float32(7)
        for column in range(width):
            below = means[15, row, column] if row < height - 1 else _NONE
            above, before[column] = before[column], below
            means[15, row, column] = _boundary(above, below, means[8:15, row, column])
        for column in range(width):
            for phase in range(7):
                means[phase, row, column] = inner[8 * column + phase] / np.float32(7)
            first, last = column == 0, column == width - 1
            left = _NONE if first else inner[8 * column - 1] / np.float32(7)
            right = _NONE if last else inner[8 * column + 7] / np.float32(7)
            means[7, row, column] = _boundary(left, right, means[:7, row, column])
    return means
