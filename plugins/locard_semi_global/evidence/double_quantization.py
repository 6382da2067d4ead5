"""Double quantisation: how much likelier each cell's coefficients are on the grid than off it.

Where a picture was compressed twice, the first steps leave gaps and peaks in the histograms of its
coefficients, and values from elsewhere fall into the gaps. Z. Lin, J. He, X. Tang, C.-K. Tang,
"Fast, automatic and fine-grained tampered JPEG image detection via DCT coefficient analysis",
Pattern Recognition 42 (2009), take the smooth histogram for comparison from neighbouring bins. Here
the picture shifted by (4, 4) gives it, which forgets both grids: T. Bianchi, A. Piva, "Image
forgery localization via block-grained analysis of JPEG artifacts", IEEE TIFS 7 (2012), after J.
Fridrich's calibration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.history import BANDS, DIAGONALS, PLACES, bin_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.evidence.planes import Planes

NAMES: Final = (
    "double-quantization-dc",
    *(f"double-quantization-ac-{n}" for n in range(1, DIAGONALS)),
    "double-quantization-pooled-3",
    "double-quantization-pooled-7",
)
FLIP_X: Final = tuple(range(len(NAMES)))
FLIP_Y: Final = FLIP_X
TRANSPOSED: Final = FLIP_X

_DIAGONAL: Final = np.array([v + u for v, u in BANDS])


def double_quantization(planes: Planes, facts: Facts) -> NDArray[np.float32]:
    """Return Σ log((h[k] + 1.5) / (h'[k] + 1.5)) of each cell, as :class:`Facts` defines it.

    Returns:
        float32, (7, h, w): over DC, over each of the first four diagonals of AC, then over all of
        them with means over 3 × 3 and 7 × 7 cells.
    """
    sums = _sums(planes.dct, facts.histograms, PLACES, _DIAGONAL, DIAGONALS)
    total = sums.sum(axis=0)
    return np.concatenate([sums, pooled(total, 3)[None], pooled(total, 7)[None]])


@compiled
def _sums(
    spectra: NDArray[np.float32],
    ratios: NDArray[np.float32],
    places: NDArray[np.int64],
    group: NDArray[np.int64],
    groups: int,
) -> NDArray[np.float32]:
    height, width = spectra.shape[:2]
    sums = np.zeros((groups, height, width), np.float32)
    for row in range(height):
        for column in range(width):
            block = spectra[row, column].reshape(64)
            for band in range(len(places)):
                ratio = ratios[band, bin_of(block[places[band]], band)]
                sums[group[band], row, column] += ratio
    return sums
