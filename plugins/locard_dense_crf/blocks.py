"""Square blocks of nearly one colour.

The appearance kernel hardly changes over a few pixels of the same colour. So the pixels of such a
block share one feature vector, their mean position and colour, and the filter has only a fraction
of the points to visit. No pixel's colour moves by more than the tolerance in any channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locard_dense_crf.compiled import compiled

LARGEST_SIDE = 8
"""Side of the largest block in pixels: a power of two that divides the height of a band."""

SIDES_IN_SIGMA = 8
"""The kernel's width over positions is at least so many times the side of a block."""

ALL_SINGLE = -1
"""Tolerance for blocks of one pixel each, even where neighbours are equal."""


def largest_side_for(sigma_alpha: float) -> int:
    """Return the side of the largest block for a kernel of this width over positions."""
    side = LARGEST_SIDE
    while side > 1 and side * SIDES_IN_SIGMA > sigma_alpha:
        side //= 2
    return side


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Blocks that cover a picture, or a band of one, each pixel once.

    Attributes:
        rows: int32, shape (n,): upper row of each block.
        columns: int32, shape (n,): left column.
        sides: int32, shape (n,): side in pixels; the picture's border may cut a block off.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    sides: NDArray[np.int32]

    @classmethod
    def cover(
        cls, pixels: NDArray[np.uint8], tolerance: int, largest_side: int = LARGEST_SIDE
    ) -> Blocks:
        """Cover a picture with the largest blocks that the tolerance allows.

        Args:
            pixels: uint8, shape (height, width, 3).
            tolerance: Largest difference between two pixels of a block, in any channel, or
                ``ALL_SINGLE``.
            largest_side: A power of two.
        """
        sides = np.ones(pixels.shape[:2], np.uint8)
        low = high = pixels
        side = 1
        while side < largest_side and tolerance != ALL_SINGLE:
            low, high = _extremes(low, high)
            side *= 2
            _merge_even(sides, low, high, side, tolerance)
        return cls(*_list_blocks(sides, largest_side))

    def __len__(self) -> int:
        return len(self.rows)

    def areas(self, height: int, width: int) -> NDArray[np.float32]:
        """Return how many pixels each block has in a picture of this size.

        Returns:
            float32, shape (n,).
        """
        inside = np.minimum(self.sides, height - self.rows)
        return (inside * np.minimum(self.sides, width - self.columns)).astype(np.float32)

    def sums(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the sum of a picture's values over each block.

        Args:
            values: float32, shape (height, width).

        Returns:
            float32, shape (n,).
        """
        return _sums(values, self.rows, self.columns, self.sides)

    def add_to(self, picture: NDArray[np.float32], addends: NDArray[np.float32]) -> None:
        """Add each block's number to all its pixels, in place.

        Args:
            picture: float32, shape (height, width).
            addends: float32, shape (n,).
        """
        _add_to(picture, addends, self.rows, self.columns, self.sides)

    def features(
        self, pixels: NDArray[np.uint8], top: int, inverse_widths: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return mean position and colour of each block in units of a kernel's widths.

        Args:
            pixels: uint8, shape (height, width, 3): the band that the blocks cover.
            top: First row of the band in its picture.
            inverse_widths: float64, shape (5,), for x, y, red, green and blue.

        Returns:
            float32, shape (5, n).
        """
        return _features(pixels, self.rows, self.columns, self.sides, top, inverse_widths)


@compiled
def _extremes(
    low: NDArray[np.uint8], high: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the smallest and the largest value of each two by two cells; odd borders too."""
    height, width = low.shape[:2]
    shape = ((height + 1) // 2, (width + 1) // 2, 3)
    lowest, highest = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    for row in range(shape[0]):
        for column in range(shape[1]):
            y, x = 2 * row, 2 * column
            below, right = min(y + 1, height - 1), min(x + 1, width - 1)
            for channel in range(3):
                lowest[row, column, channel] = min(
                    min(low[y, x, channel], low[y, right, channel]),
                    min(low[below, x, channel], low[below, right, channel]),
                )
                highest[row, column, channel] = max(
                    max(high[y, x, channel], high[y, right, channel]),
                    max(high[below, x, channel], high[below, right, channel]),
                )
    return lowest, highest


@compiled
def _merge_even(
    sides: NDArray[np.uint8],
    low: NDArray[np.uint8],
    high: NDArray[np.uint8],
    side: int,
    tolerance: int,
) -> None:
    """Merge four blocks into one of the given side wherever the colours allow it, in place.

    Colours that allow a block allow its quarters, so these are whole blocks already.

    Args:
        sides: uint8, shape (height, width): side of each block at its upper left pixel, else 0.
        low: Smallest values of each square of that side.
        high: Largest values.
        side: Side of the squares.
        tolerance: Largest difference in a block.
    """
    height, width = sides.shape
    for row in range(low.shape[0]):
        for column in range(low.shape[1]):
            even = True
            for channel in range(3):
                spread = np.int64(high[row, column, channel]) - low[row, column, channel]
                even &= spread <= tolerance
            if even:
                top, left = side * row, side * column
                middle, centre = top + side // 2, left + side // 2
                if middle < height:
                    sides[middle, left] = 0
                if centre < width:
                    sides[top, centre] = 0
                if middle < height and centre < width:
                    sides[middle, centre] = 0
                sides[top, left] = side


@compiled
def _list_blocks(
    sides: NDArray[np.uint8], largest_side: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return rows, columns and sides of the blocks, tile by tile so that neighbours stay close."""
    height, width = sides.shape
    count = np.count_nonzero(sides)
    rows = np.empty(count, np.int32)
    columns = np.empty(count, np.int32)
    listed = np.empty(count, np.int32)
    n = 0
    for top in range(0, height, largest_side):
        for left in range(0, width, largest_side):
            for row in range(top, min(top + largest_side, height)):
                for column in range(left, min(left + largest_side, width)):
                    if sides[row, column] > 0:
                        rows[n], columns[n], listed[n] = row, column, sides[row, column]
                        n += 1
    return rows, columns, listed


@compiled
def _sums(
    values: NDArray[np.float32],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    sides: NDArray[np.int32],
) -> NDArray[np.float32]:
    height, width = values.shape
    sums = np.empty(len(rows), np.float32)
    for n in range(len(rows)):
        if sides[n] == 1:
            sums[n] = values[rows[n], columns[n]]
            continue
        total = np.float32(0)
        for row in range(rows[n], min(rows[n] + sides[n], height)):
            for column in range(columns[n], min(columns[n] + sides[n], width)):
                total += values[row, column]
        sums[n] = total
    return sums


@compiled
def _add_to(
    picture: NDArray[np.float32],
    addends: NDArray[np.float32],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    sides: NDArray[np.int32],
) -> None:
    height, width = picture.shape
    for n in range(len(rows)):
        if sides[n] == 1:
            picture[rows[n], columns[n]] += addends[n]
            continue
        for row in range(rows[n], min(rows[n] + sides[n], height)):
            for column in range(columns[n], min(columns[n] + sides[n], width)):
                picture[row, column] += addends[n]


@compiled
def _features(
    pixels: NDArray[np.uint8],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    sides: NDArray[np.int32],
    top: int,
    inverse_widths: NDArray[np.float64],
) -> NDArray[np.float32]:
    height, width = pixels.shape[:2]
    features = np.empty((5, len(rows)), np.float32)
    for n in range(len(rows)):
        bottom = min(rows[n] + sides[n], height)
        right = min(columns[n] + sides[n], width)
        area = (bottom - rows[n]) * (right - columns[n])
        features[0, n] = (columns[n] + right - 1) * 0.5 * inverse_widths[0]
        features[1, n] = (rows[n] + bottom - 1 + 2 * top) * 0.5 * inverse_widths[1]
        for channel in range(3):
            total = np.int64(0)
            for row in range(rows[n], bottom):
                for column in range(columns[n], right):
                    total += pixels[row, column, channel]
            features[2 + channel, n] = total / area * inverse_widths[2 + channel]
    return features
