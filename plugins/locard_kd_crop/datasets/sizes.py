"""Sizes of pictures, as ``--size`` has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locard.evaluation.datasets.building import BuildError

if TYPE_CHECKING:
    import numpy as np

SMALLEST, LARGEST = 64, 8192

_FORMS = ((r"(\d+)", "side"), (r"(\d+)x(\d+)", "both"), (r"(\d+)-(\d+)", "range"))


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes to choose from.

    Attributes:
        least: Smallest width and height, in pixels.
        most: Largest width and height.
    """

    least: tuple[int, int]
    most: tuple[int, int]

    def fits(self, room: tuple[int, int]) -> bool:
        """Return whether the smallest of the sizes fits into so much room."""
        return self.least[0] <= room[0] and self.least[1] <= room[1]

    def draw(self, random: np.random.Generator, room: tuple[int, int]) -> tuple[int, int]:
        """Return a width and a height that fit, uniformly drawn, each for itself."""
        width, height = (
            int(random.integers(low, min(high, space) + 1))
            for low, high, space in zip(self.least, self.most, room, strict=True)
        )
        return width, height


def parse(words: str) -> tuple[Size, ...]:
    """Read sizes.

    Args:
        words: Separated by commas: ``256`` (a square), ``640x480``, or ``64-1024`` (width and
            height between these, each for itself).

    Raises:
        BuildError: They are not written so, or outside 64 to 8192 px.
    """
    return tuple(_parsed(word.strip()) for word in words.split(","))


def _parsed(word: str) -> Size:
    for pattern, form in _FORMS:
        if found := re.fullmatch(pattern, word, re.ASCII):
            first, last = int(found[1]), int(found[found.lastindex or 1])
            lengths = sorted((first, last))
            if not SMALLEST <= lengths[0] <= lengths[1] <= LARGEST:
                break
            if form == "range":
                return Size((lengths[0], lengths[0]), (lengths[1], lengths[1]))
            return Size((first, last), (first, last))
    raise BuildError(
        f"{word!r} is no size of pictures",
        f"Write 256, 640x480 or 64-1024, separated by commas; sides have {SMALLEST} to {LARGEST} "
        "pixels.",
    )
