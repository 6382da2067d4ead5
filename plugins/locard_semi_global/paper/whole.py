"""The whole picture as the global network sees it: reduced to 224×224, whatever its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE: Final = 224
"""Side of what the global network sees, in pixels."""


def whole(
    pixels: NDArray[np.uint8], box: tuple[float, float, float, float] | None = None
) -> NDArray[np.uint8]:
    """Reduce a picture, bilinear with antialiasing.

    Args:
        pixels: uint8, (height, width, 3).
        box: Left, upper, right and lower edge of a part of it, in pixels; None for all.

    Returns:
        uint8, (224, 224, 3).
    """
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    reduced = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box)
    return np.asarray(reduced, np.uint8)
