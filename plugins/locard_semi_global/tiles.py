"""Overlapping tiles on the grid of cells, and how what is said of them is joined without a seam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LARGEST: Final = 128
"""Most cells a side of a tile: it bounds the memory, and is about what the network trained on."""

OVERLAP: Final = 16
"""Least number of cells that neighbouring tiles share."""

MULTIPLE: Final = 8
"""Rows and columns of what the network takes are multiples of this many cells."""

FINE: Final = 2
"""The network says so many things a side of a cell."""


@dataclass(frozen=True, slots=True)
class Box:
    """Cells with rows from ``top`` and columns from ``left``, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def cells(self) -> tuple[slice, slice]:
        """Rows and columns of cells."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def fine(self) -> tuple[slice, slice]:
        """Rows and columns of the map."""
        return (
            slice(FINE * self.top, FINE * self.bottom),
            slice(FINE * self.left, FINE * self.right),
        )


def tiles(height: int, width: int) -> Iterator[tuple[Box, NDArray[np.float32]]]:
    """Yield the tiles of a picture, and how much each counts where it lies.

    Weights fall off as a raised cosine where tiles overlap, and add up to 1 everywhere, so that
    the border of a tile, beyond which it sees nothing, hardly counts.

    Args:
        height: Rows of cells.
        width: Columns of cells.

    Yields:
        A tile, and float32 of the shape of its part of the map.
    """
    rows, columns = spans(height), spans(width)
    down, across = _weights(rows), _weights(columns)
    for (top, bottom), vertical in zip(rows, down, strict=True):
        for (left, right), horizontal in zip(columns, across, strict=True):
            yield Box(top, bottom, left, right), vertical[:, None] * horizontal


def spans(length: int) -> tuple[tuple[int, int], ...]:
    """Return first cell and end of the tiles along one side: as few and as even as can be."""
    number = max(1, math.ceil((length - OVERLAP) / (LARGEST - OVERLAP)))
    if number == 1:
        return ((0, length),)
    even = math.ceil((length + (number - 1) * OVERLAP) / number)
    side = MULTIPLE * math.ceil(even / MULTIPLE)
    return tuple(
        (start, start + side)
        for start in (place * (length - side) // (number - 1) for place in range(number))
    )


def _weights(ranges: tuple[tuple[int, int], ...]) -> list[NDArray[np.float32]]:
    """Return the weights of the tiles along one side, which add up to 1 at each place."""
    length = FINE * ranges[-1][1]
    raw = [_ramps(FINE * start, FINE * end, length) for start, end in ranges]
    total = np.zeros(length)
    for (start, end), weights in zip(ranges, raw, strict=True):
        total[FINE * start : FINE * end] += weights
    return [
        (weights / total[FINE * start : FINE * end]).astype(np.float32)
        for (start, end), weights in zip(ranges, raw, strict=True)
    ]


def _ramps(start: int, end: int, length: int) -> NDArray[np.float64]:
    """Return 1, falling to 0 over the overlap at an end that is no end of the picture."""
    place = np.arange(end - start, dtype=np.float64) + 0.5
    weights = np.ones(end - start)
    if start > 0:
        weights *= _rise(place)
    if end < length:
        weights *= _rise(end - start - place)
    return weights


def _rise(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sin(np.pi / 2 * np.minimum(distance / (FINE * OVERLAP), 1)) ** 2)
