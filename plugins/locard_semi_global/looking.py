"""What is read of an image file before its evidence is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard.image import Image


def luma_and_table(image: Image) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
    """Return an image's luma, and the steps that it was quantised with last.

    Returns:
        Luma, float32, (H, W): exact decoded Y of a JPEG. The table, int64, (8, 8), vertical
        frequency first; None where the file has none: it is no JPEG, or its colours are not YCbCr.

    Raises:
        ImageError: The picture cannot be decoded.
    """
    jpeg = image.jpeg
    if jpeg is None or jpeg.colour_space not in ("YCbCr", "grey") or not jpeg.component_tables[0]:
        return image.luma, None
    return image.luma, jpeg.table(0)
