"""Luma without rounding, in which steps of one or two still show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.fft import dct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Image

BLOCK: Final = 8
"""Side of a JPEG block in pixels."""

TRANSFORM: Final[NDArray[np.float32]] = np.asarray(
    dct(np.eye(BLOCK), axis=0, norm="ortho"), np.float32
)
"""float32, (8, 8): the orthonormal DCT-II; row k is the cosine of frequency k."""

_LEVEL = 128.0
_ROUND_AT_ONCE = 32  # rows of blocks: bounds the memory of a large picture


def luma_of(image: Image) -> NDArray[np.float32]:
    """Return the luma that the phase evidence is taken from.

    A JPEG's is the inverse DCT of its coefficients in floating point: the rounding to 8 bits of an
    ordinary decoder drowns a grid whose steps are one or two. Anything else has .299 R + .587 G +
    .114 B of its pixels.

    Returns:
        float32, (height, width), 0 to 255, beyond which a JPEG's overshoots.

    Raises:
        ImageError: The picture cannot be decoded.
    """
    table = luma_table(image)
    if table is None:
        return image.luma
    return from_coefficients(image.coefficients[0], table, image.height, image.width)


def luma_table(image: Image) -> NDArray[np.int64] | None:
    """Return the quantisation table of a JPEG's luma.

    Returns:
        int64, (8, 8), vertical frequency first; None where the file has no luma coefficients to be
        read: it is no JPEG, or its colours are RGB or CMYK, or its coding is one that jpeglib does
        not know (arithmetic, lossless, 12 bits).
    """
    jpeg = image.jpeg
    if jpeg is None or jpeg.unsupported_coding or jpeg.colour_space not in ("YCbCr", "grey"):
        return None
    return jpeg.table(0)


def from_coefficients(
    blocks: NDArray[np.int16], table: NDArray[np.int64], height: int, width: int
) -> NDArray[np.float32]:
    """Dequantise and transform the blocks of a component, without rounding or clipping.

    Args:
        blocks: int16, (rows, columns, 8, 8), quantised, vertical frequency first.
        table: (8, 8), steps.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.

    Returns:
        float32, (height, width).
    """
    rows, columns = blocks.shape[:2]
    luma = np.empty((rows * BLOCK, columns * BLOCK), np.float32)
    steps = table.astype(np.float32)
    for top in range(0, rows, _ROUND_AT_ONCE):
        some = blocks[top : top + _ROUND_AT_ONCE] * steps
        pixels = TRANSFORM.T @ some @ TRANSFORM
        strip = luma[top * BLOCK : (top + len(some)) * BLOCK]
        strip[:] = pixels.transpose(0, 2, 1, 3).reshape(strip.shape)
    luma += _LEVEL
    return luma[:height, :width]
