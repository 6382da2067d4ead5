"""Co-occurrences of a picture's high-pass residual, counted block by block.

D. Cozzolino, G. Poggi, L. Verdoliva, "Splicebuster: a new blind image splicing detector", IEEE
International Workshop on Information Forensics and Security (2015), section 2.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP = 255 * 6 / 256
"""Quantisation step of the residual in grey levels: 6/256 where white is 1."""

CELL = 8
"""Side, in pixels, of the cells in which co-occurrences are counted: the stride of the blocks."""

MARGIN = 3
"""Pixels at each edge without a co-occurrence: the widest reaches three to either side."""

LENGTH = 4
"""Residuals in one co-occurrence."""

_LEVELS = 3


def merge_symmetric() -> NDArray[np.uint8]:
    """Return the class of each co-occurrence of four residuals in {−1, 0, 1}.

    A co-occurrence, its negative and their mirror images are one class: a picture and its negative
    or its mirror image have the same statistics.

    Returns:
        uint8, shape (81,): 0 to 24 for the co-occurrence with residuals k₀ … k₃, at index
        Σ (kᵢ + 1) 3ⁱ. Classes are numbered in the order of their first index.
    """
    classes: dict[tuple[int, ...], int] = {}
    found = np.empty(_LEVELS**LENGTH, np.uint8)
    for values in product((-1, 0, 1), repeat=LENGTH):
        negative = tuple(-value for value in values)
        orbit = min(values, values[::-1], negative, negative[::-1])
        index = sum((value + 1) * _LEVELS**place for place, value in enumerate(values))
        found[index] = classes.setdefault(orbit, len(classes))
    return found


CLASSES = merge_symmetric()
"""Class of each co-occurrence; see :func:`merge_symmetric`."""

CLASS_COUNT = int(CLASSES.max()) + 1
"""25."""


def quantised_residual(luma: NDArray[np.floating], axis: int) -> NDArray[np.int8]:
    """Filter with [1, −3, 3, −1] along an axis, and round to multiples of the step, at most one.

    Args:
        luma: Shape (H, W), in grey levels.
        axis: 0 filters down, 1 across.

    Returns:
        int8, in {−1, 0, 1}, shape (H, W): the residual whose filter reaches from one pixel before
        to two pixels after; 0 where that is outside the picture.
    """
    lines = np.moveaxis(luma, axis, 0)
    found = np.zeros(lines.shape, np.int8)
    if lines.shape[0] > LENGTH - 1:
        residual = lines[:-3] - lines[3:] + 3 * (lines[2:-1] - lines[1:-2])
        found[1:-2] = (residual > STEP / 2).view(np.int8) - (residual < -STEP / 2).view(np.int8)
    return np.ascontiguousarray(np.moveaxis(found, 0, axis))


@njit(cache=True, nogil=True)
def _count(
    across: NDArray[np.int8],
    down: NDArray[np.int8],
    usable: NDArray[np.bool_],
    classes: NDArray[np.uint8],
    counts: NDArray[np.uint16],
    pixels: NDArray[np.uint16],
) -> None:
    """Add each usable pixel's four co-occurrences to the counts of its cell."""
    for y in range(MARGIN, MARGIN + counts.shape[0] * CELL):
        row = (y - MARGIN) // CELL
        for x in range(MARGIN, MARGIN + counts.shape[1] * CELL):
            if not usable[y, x]:
                continue
            column = (x - MARGIN) // CELL
            hv = vh = hh = vv = 0
            weight = 1
            for k in range(LENGTH):
                hv += (across[y + k - 1, x] + 1) * weight
                vh += (down[y, x + k - 1] + 1) * weight
                hh += (across[y, x + k - 2] + 1) * weight
                vv += (down[y + k - 2, x] + 1) * weight
                weight *= _LEVELS
            counts[row, column, 0, classes[hv]] += 1
            counts[row, column, 0, classes[vh]] += 1
            counts[row, column, 1, classes[hh]] += 1
            counts[row, column, 1, classes[vv]] += 1
            pixels[row, column] += 1


def count_cells(
    luma: NDArray[np.floating], usable: NDArray[np.bool_]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Count co-occurrences across and along the filter's direction in cells of 8×8 pixels.

    Args:
        luma: Shape (H, W), in grey levels.
        usable: bool, same shape: pixels whose co-occurrences count.

    Returns:
        uint16, shape (rows, columns, 2, 25): how often each class occurs across the direction of
        the filter (H_hv + H_vh) and along it (H_hh + H_vv); and uint16, shape (rows, columns): how
        many pixels of the cell counted. Cell (0, 0) begins at pixel (3, 3); there are
        (H − 6) // 8 rows and (W − 6) // 8 columns.
    """
    rows, columns = (max(side - 2 * MARGIN, 0) // CELL for side in luma.shape)
    counts = np.zeros((rows, columns, 2, CLASS_COUNT), np.uint16)
    pixels = np.zeros((rows, columns), np.uint16)
    across, down = quantised_residual(luma, 1), quantised_residual(luma, 0)
    _count(across, down, np.ascontiguousarray(usable), CLASSES, counts, pixels)
    return counts, pixels


def sum_blocks(cells: NDArray[np.uint16], side: int) -> NDArray[np.int32]:
    """Sum over every square of neighbouring cells.

    Args:
        cells: Shape (rows, columns, …).
        side: Side of the square, in cells.

    Returns:
        int32, shape (rows − side + 1, columns − side + 1, …), or of length 0 along an axis that is
        shorter than a side.
    """
    sums = cells.astype(np.int32)
    for axis in (0, 1):
        lines = np.moveaxis(sums, axis, 0)
        if lines.shape[0] < side:
            return np.zeros(
                tuple(max(n - side + 1, 0) for n in cells.shape[:2]) + cells.shape[2:], np.int32
            )
        np.cumsum(lines, axis=0, out=lines)
        windows = lines[side - 1 :].copy()
        windows[1:] -= lines[: windows.shape[0] - 1]
        sums = np.moveaxis(windows, 0, axis)
    return sums


def features(
    luma: NDArray[np.floating], usable: NDArray[np.bool_], block: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Describe each block of a picture by the square roots of its shares of co-occurrences.

    Args:
        luma: Shape (H, W), in grey levels.
        usable: bool, same shape: pixels whose co-occurrences count.
        block: Side of a block in pixels, a multiple of 8; the stride is 8.

    Returns:
        float32, shape (rows, columns, 50): of each block, which begins at pixel
        (3 + 8 · column, 3 + 8 · row), the square roots of the 25 shares across the filter's
        direction and of the 25 along it; each half has norm 1, or is 0 where nothing is usable. And
        float64, shape (rows, columns): the share of the block's pixels that are usable.
    """
    counts, pixels = count_cells(luma, usable)
    block_pixels = sum_blocks(pixels, block // CELL)
    flat = counts.reshape(*pixels.shape, 2 * CLASS_COUNT)
    found = sum_blocks(flat, block // CELL).astype(np.float32)
    found /= np.maximum(2 * block_pixels, 1)[..., None].astype(np.float32)
    np.sqrt(found, out=found)
    return found, block_pixels / block**2
