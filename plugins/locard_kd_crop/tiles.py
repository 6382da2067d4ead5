"""Divides a picture into tiles whose counts add up to those of the whole, without rest or overlap.

A window belongs to the tile that its corner lies in. To sort it by activity, and to transform it,
pixels beyond the tile's edge are looked at, so that nothing depends on the division.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from locard_kd_crop.phase.activity import KINDS, classes_of
from locard_kd_crop.phase.evidence import Counts
from locard_kd_crop.phase.luma import BLOCK
from locard_kd_crop.phase.windows import count_windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST, MOST = 4, 48
"""Number of tiles that is aimed at for small pictures, and for large ones the most: each takes the
time of the network."""

TILES_PER_MEGAPIXEL: Final = 2
SMALLEST: Final = 256
"""Least side of a tile in pixels: smaller parts have too few windows to be sure of much."""

_BEFORE, _BEHIND = 4, 12  # pixels around a window's corner that its class of activity depends on


@dataclass(frozen=True, slots=True)
class Tile:
    """Windows whose corners have rows from ``top`` and columns from ``left``, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Tiling:
    """Square tiles, of which the last in a row or column take up what is left.

    Attributes:
        side: Of a tile in pixels, a multiple of 8.
        rows: Number of rows of tiles.
        columns: Number of columns.
        height: Of the picture in pixels.
        width: Of the picture in pixels.
    """

    side: int
    rows: int
    columns: int
    height: int
    width: int

    def __iter__(self) -> Iterator[Tile]:
        """Yield the tiles, row by row."""
        for top, bottom in _ranges(self.side, self.rows, self.height):
            for left, right in _ranges(self.side, self.columns, self.width):
                yield Tile(top, bottom, left, right)


def tiling(height: int, width: int) -> Tiling:
    """Return how a picture of at least 64 pixels a side is divided: at most 48 tiles."""
    pixels = height * width
    aim = min(max(round(TILES_PER_MEGAPIXEL * pixels / 1e6), FEWEST), MOST)
    side = max(SMALLEST, _multiple(math.sqrt(pixels / aim)))
    while (number := _number(height, side) * _number(width, side)) > MOST:
        side = max(side + BLOCK, _multiple(side * number / MOST))
    return Tiling(side, _number(height, side), _number(width, side), height, width)


def count_tile(luma: NDArray[np.float32], tile: Tile) -> Counts:
    """Count the windows of one tile.

    Args:
        luma: float32, (height, width), of the whole picture.
        tile: One of its tiles.
    """
    y, x = max(0, tile.top - _BEFORE), max(0, tile.left - _BEFORE)
    classes = classes_of(luma[y : tile.bottom + _BEHIND, x : tile.right + _BEHIND])
    rows, columns = tile.bottom - tile.top, tile.right - tile.left
    inside = classes[tile.top - y : tile.top - y + rows, tile.left - x : tile.left - x + columns]
    end, rest = tile.bottom + BLOCK - 1, tile.right + BLOCK - 1
    return Counts(*count_windows(luma[tile.top : end, tile.left : rest], inside, KINDS))


def _number(length: int, side: int) -> int:
    return max(1, round(length / side))


def _multiple(length: float) -> int:
    return BLOCK * math.ceil(length / BLOCK)


def _ranges(side: int, number: int, length: int) -> Iterator[tuple[int, int]]:
    for place in range(number):
        end = (place + 1) * side if place + 1 < number else length - BLOCK + 1
        yield place * side, end
