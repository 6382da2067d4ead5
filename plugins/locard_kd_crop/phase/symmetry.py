"""The eight symmetries of the square, as they act on evidence: no pixel is needed for them.

A mirrored picture has its grid at the mirrored phase, and coefficients of the same moduli; turned
over its diagonal, rows and columns of phases, bands and quantisation tables change places. The
mirrored picture is thought of as cut to a multiple of 8 first: its own grid stays at (0, 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_kd_crop.phase.luma import BLOCK
from locard_kd_crop.phase.windows import BANDS, PHASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNT: Final = 8

_BACK: Final = -np.arange(BLOCK) % BLOCK
_PLACES: Final = np.arange(PHASES).reshape(BLOCK, BLOCK)
TRANSPOSED: Final[NDArray[np.int64]] = _PLACES.T.ravel()
"""Which band of a picture is found at each band of its transpose."""


def sources(symmetry: int) -> NDArray[np.int64]:
    """Return which phase of the picture is found at each phase of its image.

    Args:
        symmetry: 0 to 7: bit 0 mirrors left and right, bit 1 up and down, bit 2 transposes first.

    Returns:
        int64, (64,).
    """
    places = _PLACES.T if transposes(symmetry) else _PLACES
    if symmetry & 1:
        places = places[:, _BACK]
    if symmetry & 2:
        places = places[_BACK]
    return places.ravel()


def transposes(symmetry: int) -> bool:
    """Return whether rows and columns change places."""
    return bool(symmetry & 4)


def applied(terms: NDArray[np.int8], symmetry: int) -> NDArray[np.int8]:
    """Return evidence, (64 phases, classes, 64 bands, statistics), as of the picture's image."""
    turned = terms[sources(symmetry)]
    return turned[:, :, TRANSPOSED] if transposes(symmetry) else turned


def applied_to_table(table: NDArray[np.float32], symmetry: int) -> NDArray[np.float32]:
    """Return a quantisation table, (64,), as of the picture's image."""
    return table[TRANSPOSED] if transposes(symmetry) else table


def applied_to_classes(symmetry: int) -> NDArray[np.int64]:
    """Return which class of the picture is found at each class of its image: int64, (65,).

    The class of pictures without a grid, the last one, stays.
    """
    return np.append(sources(symmetry), BANDS)
