"""Draws patches of 64×64 pixels from pictures.

They begin at multiples of 8, as the tiles of a picture do in use: so the blocks of the sequence are
those of the JPEG grid that begins at the picture's corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.paper.blocks import BLOCK, GRID, PATCH
from locard_semi_global.paper.pack import Pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLICED_FROM: Final = 7 / 8
"""A patch counts as spliced where more of its pixels than this are."""


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Patches that were cut out.

    Attributes:
        pixels: uint8, (n, 64, 64, 3).
        masks: uint8, (n, 64, 64), 1 where spliced.
        pictures: Numbers of their pictures in the pack, int64, (n,).
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    pictures: NDArray[np.int64]

    @property
    def labels(self) -> NDArray[np.int64]:
        """1 where a patch counts as spliced: int64, (n,)."""
        return labels_of(self.masks)


def labels_of(masks: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the labels of patches' masks: 1 where more than 7/8 of the pixels are spliced.

    Args:
        masks: uint8, (n, 64, 64), 1 where spliced.
    """
    labels: NDArray[np.int64] = (masks.mean((1, 2)) > SPLICED_FROM).astype(np.int64)
    return labels


def draw(
    pack: Pack, numbers: Sequence[int], count: int, spliced: float, random: np.random.Generator
) -> Patches:
    """Draw patches.

    Args:
        pack: Where pictures are.
        numbers: Pictures to draw from.
        count: How many patches.
        spliced: Chance that a patch is drawn around a spliced place of a tampered picture; the
            others come from anywhere in any picture.
        random: What decides.
    """
    tampered = [number for number in numbers if pack.pictures[number].tampered]
    pixels = np.empty((count, PATCH, PATCH, 3), np.uint8)
    masks = np.empty((count, PATCH, PATCH), np.uint8)
    pictures = np.empty(count, np.int64)
    for place in range(count):
        around = bool(tampered) and random.random() < spliced
        among = tampered if around else numbers
        number = among[int(random.integers(len(among)))]
        mask = pack.mask(number)
        top, left = _around(mask, random) if around else _anywhere(mask.shape, random)
        window = np.s_[top : top + PATCH, left : left + PATCH]
        pixels[place], masks[place] = pack.pixels(number)[window], mask[window]
        pictures[place] = number
    return Patches(pixels, masks, pictures)


def _anywhere(shape: tuple[int, ...], random: np.random.Generator) -> tuple[int, int]:
    row, column = (int(random.integers((side - PATCH) // BLOCK + 1)) for side in shape)
    return row * BLOCK, column * BLOCK


def _around(mask: NDArray[np.uint8], random: np.random.Generator) -> tuple[int, int]:
    """Return a place whose patch holds a cell with spliced pixels, each such cell as likely."""
    rows, columns = (side // BLOCK for side in mask.shape)
    whole = mask[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    cells = np.argwhere(whole.any((1, 3)))
    if not len(cells):  # all of it lies in the border that is no whole cell
        return _anywhere(mask.shape, random)
    row, column = cells[int(random.integers(len(cells)))]
    top = int(random.integers(max(0, row - GRID + 1), min(row, rows - GRID) + 1))
    left = int(random.integers(max(0, column - GRID + 1), min(column, columns - GRID) + 1))
    return top * BLOCK, left * BLOCK
