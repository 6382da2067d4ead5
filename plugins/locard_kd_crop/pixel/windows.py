"""Windows of a pack's pictures, at native resolution and in phase.

They begin at multiples of 8 from the picture's origin and have sides that are multiples of 8, so
that the last encoder's grid is at (0, 0), and stays there when they are mirrored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locard_kd_crop.pixel.pack import Pack
from locard_kd_crop.pixel.phases import PERIOD, mirrored


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of one size, drawn once and for all.

    Attributes:
        pack: Whose pictures they show.
        side: Height and width, in pixels.
        picture: Number of each window's picture, int64, shape (n,).
        top: Its first row, int64, shape (n,).
        left: Its first column, int64, shape (n,).
        phase: Class of its old grid, int64, shape (n,).
    """

    pack: Pack
    side: int
    picture: NDArray[np.int64]
    top: NDArray[np.int64]
    left: NDArray[np.int64]
    phase: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.picture)

    def pixels(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return windows: uint8, shape (n, side, side, 3)."""
        found = np.empty((len(numbers), self.side, self.side, 3), np.uint8)
        for place, number in enumerate(numbers):
            top, left = self.top[number], self.left[number]
            whole = self.pack.picture(int(self.picture[number]))
            found[place] = whole[top : top + self.side, left : left + self.side]
        return found


def draw(pack: Pack, split: str, side: int, each: int, seed: int) -> Windows:
    """Draw windows.

    Args:
        pack: Of the pictures.
        split: Whose pictures.
        side: A multiple of 8; pictures that are smaller are left out.
        each: Windows of each picture, which may overlap, or be the same in a small one.
        seed: Of the places.
    """
    random = np.random.default_rng([seed, side, each])
    drawn: list[tuple[int, int, int, int]] = []
    for number, known in enumerate(pack.pictures):
        if known.split != split or min(known.height, known.width) < side:
            continue
        rows, columns = ((size - side) // PERIOD + 1 for size in (known.height, known.width))
        for _ in range(each):
            top, left = PERIOD * random.integers(rows), PERIOD * random.integers(columns)
            drawn.append((number, int(top), int(left), known.phase))
    table = np.array(drawn, np.int64).reshape(-1, 4)
    return Windows(pack, side, table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def mirror(
    pixels: NDArray[np.uint8], random: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Mirror windows at random, half of them in each direction.

    Args:
        pixels: uint8, shape (n, side, side, 3); changed in place.
        random: Draws which.

    Returns:
        The windows, and what became of each class: int64, shape (n, 65), see
        :func:`locard_kd_crop.pixel.phases.mirrored`.
    """
    maps = np.empty((len(pixels), PERIOD * PERIOD + 1), np.int64)
    ways = random.integers(0, 2, (len(pixels), 2)).astype(bool)
    for place, (horizontally, vertically) in enumerate(ways):
        window = pixels[place]
        rows = slice(None, None, -1 if vertically else 1)
        columns = slice(None, None, -1 if horizontally else 1)
        pixels[place] = window[rows, columns].copy()
        maps[place] = mirrored(bool(horizontally), bool(vertically))
    return pixels, maps


def epoch_order(
    windows: Windows, weights: Mapping[str, float], random: np.random.Generator
) -> NDArray[np.int64]:
    """Return the numbers of an epoch's windows, as many as there are, in random order.

    Args:
        windows: To draw from.
        weights: How often a stratum's windows are taken, relative to the others; 1 where it is not
            named. If all are 1, each window is taken once.
        random: Draws them.
    """
    strata = [windows.pack.pictures[number].stratum for number in windows.picture]
    share = np.array([weights.get(stratum, 1.0) for stratum in strata])
    if (share == share[0]).all():
        return random.permutation(len(windows))
    return random.choice(len(windows), len(windows), p=share / share.sum())
