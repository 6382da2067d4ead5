"""The JPEG world: host and donor each were saved as JPEG in their own way before they met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.synthesis.content import reduced
from locard_semi_global.synthesis.saving import GRID, Save, decode, draw_save, encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.datasets.photographs import Photograph
    from locard_kd_crop.datasets.tables import Tables
    from locard_semi_global.synthesis.sources import Size

WORST, BEST = 50, 98
"""IJG qualities of earlier compressions."""

_NEVER, _TWICE = 0.15, 0.3
"""Share of histories without a compression and with two."""
_AS_IT_IS = 0.35
"""Share of photographs that are cut and not reduced, so that they keep their own history."""
_SHIFTED = 0.65
_LEAST_REDUCTION, _MOST_REDUCTION = 1.08, 5.0
_MARGIN = 2 * GRID


@dataclass(frozen=True, slots=True)
class Compression:
    """One earlier compression, and what was then cut off.

    Attributes:
        save: How the JPEG was written.
        x: Columns cut off at the left.
        y: Rows cut off at the top.
    """

    save: Save
    x: int
    y: int

    @property
    def words(self) -> str:
        """``jpeg ijg-90 4:2:0 cut 3,5``."""
        return self.save.words + (f" cut {self.x},{self.y}" if self.x or self.y else "")


def serves(photograph: Photograph, size: Size) -> bool:
    """Return whether a picture of a size can be cut from a photograph."""
    return photograph.width >= size[0] and photograph.height >= size[1]


def draw_history(
    random: np.random.Generator, cameras: Sequence[Tables], room: Size
) -> tuple[Compression, ...]:
    """Draw what a photograph went through before the splice.

    Args:
        random: Where chance comes from.
        cameras: Tables of cameras.
        room: How many columns and rows there are to cut off.
    """
    chance = random.random()
    count = 0 if chance < _NEVER else 2 if chance < _NEVER + _TWICE else 1
    history, left = [], list(room)
    for _ in range(count):
        x = y = 0
        if random.random() < _SHIFTED:
            x, y = (int(random.integers(0, min(GRID - 1, space) + 1)) for space in left)
        left = [left[0] - x, left[1] - y]
        history.append(Compression(draw_save(random, cameras, WORST, BEST), x, y))
    return tuple(history)


def compressed(
    pixels: NDArray[np.uint8], history: Sequence[Compression], width: int, height: int
) -> NDArray[np.uint8]:
    """Put pixels through a history.

    Args:
        pixels: uint8, (H, W, 3), larger than the result by what the history cuts off.
        history: Compressions, the earliest first.
        width: Of the result, in pixels.
        height: Of the result.

    Returns:
        uint8, (height, width, 3).
    """
    for one in history:
        pixels = decode(encode(pixels, one.save))[one.y :, one.x :]
    return np.ascontiguousarray(pixels[:height, :width])


def shot(
    random: np.random.Generator,
    photograph: Photograph,
    pixels: NDArray[np.uint8],
    cameras: Sequence[Tables],
    size: Size,
) -> tuple[NDArray[np.uint8], dict[str, str | float]]:
    """Return a part of a photograph that has a JPEG history.

    Args:
        random: Where chance comes from.
        photograph: Which.
        pixels: Its own, uint8, (H, W, 3).
        cameras: Tables of cameras.
        size: Width and height of the part, in pixels.

    Returns:
        uint8, (height, width, 3); and what it went through.
    """
    width, height = size
    most = min(photograph.width / (width + _MARGIN), photograph.height / (height + _MARGIN))
    most = min(most, _MOST_REDUCTION)
    reduction, room = 1.0, [photograph.width - width, photograph.height - height]
    if most > _LEAST_REDUCTION and random.random() >= _AS_IT_IS:
        reduction = float(np.exp(random.uniform(np.log(_LEAST_REDUCTION), np.log(most))))
        room = [_MARGIN, _MARGIN]
    space = (min(room[0], _MARGIN), min(room[1], _MARGIN))
    base = reduced(pixels, width + space[0], height + space[1], reduction, random)
    history = draw_history(random, cameras, space)
    words = [one.words for one in history]
    if photograph.tables is not None:
        small = "" if reduction == 1 else f" reduced {reduction:.3g} times"
        words.insert(0, f"own {photograph.tables.name} {photograph.subsampling}{small}")
    facts: dict[str, str | float] = {
        "reduction": round(reduction, 3),
        "past": " > ".join(words) or "never compressed",
    }
    return compressed(base, history, width, height), facts
