"""Multiples of the quantisation step: how many coefficients are 0, 1, 2, … steps large.

A part with another history has other shares of small multiples at the same content: Z. Lin et al.,
Pattern Recognition 42 (2009); B. Li, Y. Shi, J. Huang, "Detecting doubly compressed JPEG images by
using mode based first digit features", MMSP 2008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.evidence.planes import Planes

_LAST_DIAGONALS: Final = (2, 4, 7, 14)
_GROUPS: Final = ("lowest", "low", "middle", "high")
_VALUES: Final = 6

NAMES: Final = tuple(
    f"steps-{group}-{value}{'-or-more' if value == _VALUES - 1 else ''}"
    for group in _GROUPS
    for value in range(_VALUES)
)
FLIP_X: Final = tuple(range(len(NAMES)))
FLIP_Y: Final = FLIP_X
TRANSPOSED: Final = FLIP_X

_ROW, _COLUMN = np.divmod(np.arange(64), 8)
_GROUP: Final = np.searchsorted(_LAST_DIAGONALS, _ROW + _COLUMN)
_SIZES: Final = np.bincount(_GROUP[1:])


def histogram(planes: Planes, facts: Facts) -> NDArray[np.float32]:
    """Return the shares of AC coefficients whose modulus rounds to 0, 1, …, 4 and more steps.

    Returns:
        float32, (24, h, w): means over 3 × 3 cells; for each of four groups of diagonals, 1 to 2,
        3 to 4, 5 to 7 and 8 to 14, the six shares.
    """
    inverse = (1 / facts.steps).astype(np.float32).ravel()
    return pooled(_shares(planes.dct, inverse, _GROUP, (1 / _SIZES).astype(np.float32)), 3)


@compiled
def _shares(
    spectra: NDArray[np.float32],
    inverse: NDArray[np.float32],
    group: NDArray[np.int64],
    weight: NDArray[np.float32],
) -> NDArray[np.float32]:
    height, width = spectra.shape[:2]
    shares = np.empty((len(weight) * _VALUES, height, width), np.float32)
    counts = np.empty((len(weight), _VALUES), np.int64)
    for row in range(height):
        for column in range(width):
            block = spectra[row, column].reshape(64)
            counts[:] = 0
            for band in range(1, 64):
                steps = abs(block[band]) * inverse[band] + np.float32(0.5)
                counts[group[band], int(min(steps, np.float32(_VALUES - 1)))] += 1
            for part in range(len(weight)):
                for value in range(_VALUES):
                    share = np.float32(counts[part, value]) * weight[part]
                    shares[part * _VALUES + value, row, column] = share
    return shares
