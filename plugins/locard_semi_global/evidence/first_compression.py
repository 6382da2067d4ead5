"""An earlier compression on the same grid: which cells have been through it.

A photograph that was a JPEG, was changed and saved as a JPEG again carries both compressions where
it is untouched, and the last one alone where something was brought in from elsewhere or its grid
was moved. T. Bianchi, A. Piva, "Image forgery localization via block-grained analysis of JPEG
artifacts", IEEE Transactions on Information Forensics and Security 7 (2012), sum the logarithms of
the likelihood ratios of a block's coefficients; so it is here, over DC and 35 AC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.history import BANDS, PLACES, bin_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.evidence.planes import Planes

NAMES: Final = (
    *(f"first-compression-{part}" for part in ("low", "middle", "high")),
    "first-compression-pooled-3",
    "first-compression-pooled-7",
)
FLIP_X: Final = tuple(range(len(NAMES)))
FLIP_Y: Final = FLIP_X
TRANSPOSED: Final = FLIP_X

_PARTS: Final = 3
_PART: Final = np.digitize([v + u for v, u in BANDS], (3, 5))


def first_compression(planes: Planes, facts: Facts) -> NDArray[np.float32]:
    """Return the log-likelihood ratio of two compressions to one, as :class:`Facts` defines it.

    Returns:
        float32, (5, h, w): the sum over diagonals 0 to 2, 3 to 4 and 5 to 7 of each cell, then over
        all of them with means over 3 × 3 and 7 × 7 cells. All 0 where the picture shows no earlier
        compression on its grid.
    """
    sums = summed_ratios(planes.dct, facts.first_ratios, PLACES, _PART, _PARTS)
    total = sums.sum(axis=0)
    return np.concatenate([sums, pooled(total, 3)[None], pooled(total, 7)[None]])


@compiled
def summed_ratios(
    spectra: NDArray[np.float32],
    ratios: NDArray[np.float32],
    places: NDArray[np.int64],
    group: NDArray[np.int64],
    groups: int,
) -> NDArray[np.float32]:
    """Return the sum of ratios of each cell's coefficients in each group of bands.

    Args:
        spectra: float32, (h, w, 8, 8).
        ratios: float32, (bands, bins), by :func:`~locard_semi_global.evidence.history.bin_of`.
        places: int64, (bands,): where the bands are in a block.
        group: int64, (bands,): from 0 on.
        groups: How many.

    Returns:
        float32, (groups, h, w).
    """
    height, width = spectra.shape[:2]
    sums = np.zeros((groups, height, width), np.float32)
    for row in range(height):
        for column in range(width):
            block = spectra[row, column].reshape(64)
            for band in range(len(places)):
                ratio = ratios[band, bin_of(block[places[band]], band)]
                sums[group[band], row, column] += ratio
    return sums
