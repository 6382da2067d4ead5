"""The order in which a patch becomes a sequence, and the sequence a picture again.

Both ways are row by row: step ``8 i + j`` is the block in row i and column j, and its output is the
tile in row i and column j. (The code that was published reads the blocks column by column and puts
the tiles back row by row, so that its masks come out transposed.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torch import Tensor

PATCH: Final = 64
"""Side of a patch in pixels."""

BLOCK: Final = 8
"""Side of the blocks that are the steps of the sequence."""

GRID: Final = PATCH // BLOCK
"""Blocks along a side."""

STEPS: Final = GRID * GRID
"""Length of the sequence."""

TILE: Final = 16
"""Side of the tile that a step's 256 outputs are."""


def to_sequence(planes: Tensor) -> Tensor:
    """Cut planes into blocks.

    Args:
        planes: Shape (n, 1, 64, 64).

    Returns:
        Shape (n, 64, 64): step, and the block's values row by row.
    """
    cut = planes.reshape(-1, GRID, BLOCK, GRID, BLOCK).permute(0, 1, 3, 2, 4)
    return cut.reshape(-1, STEPS, BLOCK * BLOCK)


def from_sequence(outputs: Tensor) -> Tensor:
    """Lay a sequence's outputs out as tiles.

    Args:
        outputs: Shape (n, 64, 256): step, and a tile's values row by row.

    Returns:
        Shape (n, 1, 128, 128).
    """
    tiles = outputs.reshape(-1, GRID, GRID, TILE, TILE).permute(0, 1, 3, 2, 4)
    return tiles.reshape(-1, 1, GRID * TILE, GRID * TILE)
