"""JPEG ghosts: how much of a cell another compression would lose.

What was compressed before at some quality loses least at that quality: H. Farid, "Exposing digital
forgeries from JPEG ghosts", IEEE Transactions on Information Forensics and Security 4 (2009).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard.image.quality import LUMINANCE, scaled
from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.transform import blocks_dct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

QUALITIES: Final = (50, 65, 75, 85, 92, 97)
"""Of the Independent JPEG Group's library."""

NAMES: Final = tuple(f"ghost-{quality}" for quality in QUALITIES)
FLIP_X: Final = tuple(range(len(NAMES)))
FLIP_Y: Final = FLIP_X
TRANSPOSED: Final = FLIP_X
"""Nearly so: the library's table of luma is not quite symmetric."""

_TABLES: Final = np.array([scaled(LUMINANCE, quality) for quality in QUALITIES], np.float32)
_INVERSE: Final = np.float32(1) / _TABLES
_LEAST: Final = np.float32(0.05)
_MIDDLE: Final = np.float32(128)
# Adding it rounds to whole numbers, ties to even, what is below 2^22.
_ROUNDING: Final = np.float32(1.5 * 2**23)


def ghost(planes: Planes) -> NDArray[np.float32]:
    """Return log(.05 + mean squared difference of green and green after JPEG), at six qualities.

    Nothing is encoded: by Parseval's theorem the mean squared difference of a block's pixels is
    that of its coefficients c, Σ (c − q round(c / q))² / 64 with the library's table q of luma.
    What a decoder adds by rounding to 8 bits, 1/12 on average, and by clipping is left out.

    Returns:
        float32, (6, h, w): of means over 3 × 3 cells.
    """
    green = np.subtract(planes.rgb[..., 1], _MIDDLE, dtype=np.float32)
    errors = pooled(_errors(blocks_dct(green), _TABLES, _INVERSE), 3)
    logs: NDArray[np.float32] = np.log(errors + _LEAST)
    return logs


@compiled
def _errors(
    spectra: NDArray[np.float32], tables: NDArray[np.float32], inverse: NDArray[np.float32]
) -> NDArray[np.float32]:
    height, width = spectra.shape[:2]
    errors = np.empty((len(tables), height, width), np.float32)
    for row in range(height):
        for column in range(width):
            block = spectra[row, column].reshape(64)
            for place in range(len(tables)):
                total = np.float32(0)
                for band in range(64):
                    multiple = block[band] * inverse[place, band] + _ROUNDING - _ROUNDING
                    lost = block[band] - tables[place, band] * multiple
                    total += lost * lost
                errors[place, row, column] = total / np.float32(64)
    return errors
