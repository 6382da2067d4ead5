"""What is read of an image file before its evidence is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locard_semi_global.kind_of_source import luma_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard.image import Image
    from locard_semi_global.extraction import Evidence


def luma_and_table(
    image: Image,
) -> tuple[NDArray[np.uint8] | None, NDArray[np.int64] | None]:
    """Return an image's luma, and the steps that it was quantised with last.

    Returns:
        Luma, uint8, (H, W): exact decoded Y of a JPEG; None for that of the pixels. The table,
        int64, (8, 8), vertical frequency first; None where the file has none: it is no JPEG, or its
        colours are not YCbCr.

    Raises:
        ImageError: The picture cannot be decoded.
    """
    return image.decoded_y, luma_table(image)


def evidence_of(image: Image) -> Evidence:
    """Return the evidence of an image of at least 8 pixels a side.

    Raises:
        ImageError: The picture cannot be decoded.
    """
    from locard_semi_global.extraction import extract_picture

    return extract_picture(image.pixels, *luma_and_table(image))
