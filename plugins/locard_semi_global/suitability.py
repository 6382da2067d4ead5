"""Files and pictures that the method has nothing to say of, or was never validated on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.detectors import Unmet
from locard_semi_global.evidence.cells import SIDE
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.content import CLIPPED_BELOW, CLIPPED_FROM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Header

FEWEST: Final = 16
"""Cells that are neither flat nor clipped, below which there is nothing to compare."""

LEAST_SHARE: Final = 0.02
"""Least share of such cells."""

_FLAT, _CLIPPED, _COLOURED = range(3)


@dataclass(frozen=True, slots=True)
class Cells:
    """What sort of cells a picture is made of.

    Attributes:
        total: Whole cells of 8×8 pixels.
        flat: Those of one colour.
        clipped: Those of more than one in which every sample is at an end of the scale.
        coloured: Those in which red, green and blue are not all alike.
    """

    total: int
    flat: int
    clipped: int
    coloured: int

    @property
    def usable(self) -> int:
        """Neither flat nor clipped."""
        return self.total - self.flat - self.clipped

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> Cells:
        """Count the cells of a picture.

        Args:
            rgb: uint8, (H, W, 3).
        """
        flat, clipped, coloured = (int(count) for count in _count(rgb))
        return cls((rgb.shape[0] // SIDE) * (rgb.shape[1] // SIDE), flat, clipped, coloured)


def unsuitable_file(header: Header) -> Unmet | None:
    """Return why the method has nothing to say of such a file, or None."""
    if header.jpeg is not None and header.jpeg.colour_space not in ("YCbCr", "grey"):
        return Unmet(
            "jpeg-colours",
            f"The JPEG stores its colours as {header.jpeg.colour_space}; the method looks at JPEG "
            "files in YCbCr.",
        )
    if header.channels == 4:
        return Unmet("cmyk", "The picture is made for print, in four inks: no camera's traces.")
    return None


def unsuitable_picture(cells: Cells) -> Unmet | None:
    """Return why nothing can be seen in a picture, or None."""
    if cells.usable >= max(FEWEST, LEAST_SHARE * cells.total):
        return None
    if cells.flat == cells.total:
        return Unmet("one-colour", "Every block of the picture is of one colour: nothing to see.")
    share = cells.usable / max(cells.total, 1)
    what = "clipped" if cells.clipped > cells.flat else "flat"
    words = {
        "clipped": "black and white to the ends of the scale",
        "flat": "of one colour in each block",
    }
    return Unmet(
        what,
        f"The picture is {words[what]} but for {share:.1%} of its blocks: too little to compare.",
    )


def unlike_training(header: Header, cells: Cells) -> Unmet | None:
    """Return why the model's validation says nothing of such a picture, or None."""
    if header.palette or header.bits < 8:
        return Unmet(
            "few-colours",
            "The file stores a palette or fewer than 8 bits a sample: the model was neither "
            "trained nor validated on such pictures.",
        )
    if not cells.coloured:
        return Unmet(
            "grey",
            "The picture is grey: the model was trained and validated on colour photographs, and "
            "many of its traces compare colours.",
        )
    return None


@compiled
def _count(rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
    counts = np.zeros(3, np.int64)
    for row in range(rgb.shape[0] // SIDE):
        for column in range(rgb.shape[1] // SIDE):
            flat, clipped, coloured = True, True, False
            top, left = SIDE * row, SIDE * column
            for y in range(top, top + SIDE):
                for x in range(left, left + SIDE):
                    red, green, blue = rgb[y, x, 0], rgb[y, x, 1], rgb[y, x, 2]
                    coloured |= red != green or green != blue
                    for channel in range(3):
                        sample = rgb[y, x, channel]
                        flat &= sample == rgb[top, left, channel]
                        clipped &= sample < CLIPPED_BELOW or sample >= CLIPPED_FROM
            counts[_FLAT] += flat
            counts[_CLIPPED] += clipped and not flat
            counts[_COLOURED] += coloured
    return counts
