"""The camera world: host and donor come from two cameras, and never were a JPEG in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.synthesis.camera import Camera, finished, photographed
from locard_semi_global.synthesis.content import reduced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.datasets.photographs import Photograph
    from locard_semi_global.synthesis.sources import Size

LEAST_REDUCTION = 2.8
"""An original is made so many times smaller, before the sensor and after it together."""

_LEAST_BEFORE = 1.87
"""Before the sensor alone: a mosaic of period two is then beyond what the picture can hold."""
_MOST_REDUCTION = 5.0
_MARGIN = 4
"""Pixels around what is needed, so that the border's mirrored values are cut off."""


def serves(photograph: Photograph, size: Size) -> bool:
    """Return whether a photograph is large enough for a picture of a size."""
    return most_reduction(photograph, size) >= LEAST_REDUCTION


def most_reduction(photograph: Photograph, size: Size) -> float:
    """Return how many times smaller a photograph can become for a picture of a size."""
    width, height = size
    return min(photograph.width / (width + 2 * _MARGIN), photograph.height / (height + 2 * _MARGIN))


def room(photograph: Photograph) -> Size:
    """Return width and height of the largest part that the least reduction leaves."""
    width, height = (
        int(side / LEAST_REDUCTION) - 2 * _MARGIN for side in (photograph.width, photograph.height)
    )
    return width, height


def most_after(photograph: Photograph, size: Size) -> float:
    """Return the largest reduction after the sensor that a photograph allows."""
    return most_reduction(photograph, size) / _LEAST_BEFORE


def shot(
    random: np.random.Generator,
    photograph: Photograph,
    pixels: NDArray[np.uint8],
    camera: Camera,
    size: Size,
) -> tuple[NDArray[np.uint8], dict[str, str | float]]:
    """Photograph a part of an original with a simulated camera.

    Args:
        random: Where chance comes from.
        photograph: Which original.
        pixels: Its own, uint8, (H, W, 3).
        camera: With what.
        size: Width and height of the part, in pixels.

    Returns:
        uint8, (height, width, 3); and what it went through.
    """
    most = most_reduction(photograph, size) / camera.reduction
    least = max(LEAST_REDUCTION / camera.reduction, _LEAST_BEFORE)
    before = float(random.uniform(least, max(least, min(most, _MOST_REDUCTION))))
    width, height = (round(side * camera.reduction) for side in size)
    scene = reduced(pixels, width + 2 * _MARGIN, height + 2 * _MARGIN, before, random)
    sensed = photographed(scene, camera)[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    facts: dict[str, str | float] = {"reduction": round(before, 3), "past": camera.words}
    return finished(np.ascontiguousarray(sensed), camera, size), facts
