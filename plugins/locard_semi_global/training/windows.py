"""Windows of pictures, of few shapes, so that pictures of any size make batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPES = (
    (96, 96), (64, 96), (96, 64), (64, 64), (48, 64), (64, 48), (48, 48),
    (32, 48), (48, 32), (32, 32), (16, 32), (32, 16), (16, 16), (8, 8),
)  # fmt: skip
"""Rows and columns of cells, the largest area first; multiples of 8, so that scales can halve."""

_TRIES = 8


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture in cells.

    Attributes:
        top: First row.
        left: First column.
        rows: How many.
        columns: How many.
    """

    top: int
    left: int
    rows: int
    columns: int


def draw_windows(
    tampered: NDArray[np.float32], most: int, random: np.random.Generator
) -> list[Window]:
    """Choose windows of a picture: the largest that fits, and more where it is far larger.

    Where the picture is tampered, windows with some of that are preferred.

    Args:
        tampered: float32, (h, w), at least 8 × 8: share of each cell that is tampered.
        most: How many windows at most.
        random: Where chance comes from.
    """
    height, width = tampered.shape
    rows, columns = next(shape for shape in SHAPES if shape[0] <= height and shape[1] <= width)
    count = min(most, max(1, round(height * width / (rows * columns))))
    return [_drawn(tampered, rows, columns, random) for _ in range(count)]


def _drawn(
    tampered: NDArray[np.float32], rows: int, columns: int, random: np.random.Generator
) -> Window:
    height, width = tampered.shape
    for _ in range(_TRIES):
        top = int(random.integers(height - rows + 1))
        left = int(random.integers(width - columns + 1))
        if not tampered.any() or tampered[top : top + rows, left : left + columns].any():
            break
    return Window(top, left, rows, columns)
