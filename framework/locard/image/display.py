"""Pictures for people to look at. Nothing here is evidence: the grid has moved."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from locard.image.image import Image

Sample = TypeVar("Sample", bound=np.generic)


def oriented(pixels: NDArray[Sample], orientation: int) -> NDArray[Sample]:
    """Turn stored pixels the way EXIF says they are to be shown.

    Args:
        pixels: Shape (H, W) or (H, W, C); samples of any kind, a map's or mask's too.
        orientation: 1 to 8 (EXIF 2.32, tag 0x0112).

    Returns:
        A view; height and width change places for 5 to 8.

    Raises:
        ValueError: There is no such orientation.
    """
    if not 1 <= orientation <= 8:
        raise ValueError(f"orientation is {orientation}; EXIF counts from 1 to 8")
    turned = pixels.swapaxes(0, 1) if orientation >= 5 else pixels
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return turned


def thumbnail(image: Image, max_side: int) -> NDArray[np.uint8]:
    """Return a small picture, turned as EXIF says.

    Args:
        image: What to show.
        max_side: The longer side in pixels; a smaller picture keeps its size.

    Returns:
        uint8, shape (h, w, 3), C-contiguous.

    Raises:
        ImageError: The picture cannot be decoded.
    """
    from PIL import Image as PillowImage

    turned = np.ascontiguousarray(oriented(image.pixels, image.metadata.orientation))
    picture = PillowImage.fromarray(turned)
    picture.thumbnail((max_side, max_side))
    return np.array(picture)
