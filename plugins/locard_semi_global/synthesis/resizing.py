"""Resizing as programs do it, with a filter against aliasing or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLAIN = "plain-"

REDUCERS = ("lanczos", "bicubic", "bilinear", "box", "plain-bilinear", "plain-bicubic")
"""Filters of Pillow, widened where a picture shrinks; the plain ones are not, and so alias."""


def resized(pixels: NDArray[np.uint8], size: tuple[int, int], method: str) -> NDArray[np.uint8]:
    """Resize a picture.

    Args:
        pixels: uint8, (H, W, 3).
        size: New width and height, in pixels.
        method: One of :data:`REDUCERS`.

    Returns:
        uint8, (height, width, 3).
    """
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    resampling = Pillow.Resampling[method.removeprefix(_PLAIN).upper()]
    if not method.startswith(_PLAIN):
        return np.asarray(picture.resize(size, resampling))
    scale = (picture.width / size[0], 0, 0, 0, picture.height / size[1], 0)
    return np.asarray(picture.transform(size, Pillow.Transform.AFFINE, scale, resampling))
