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
from locard_semi_global.evidence.first_compression import summed_ratios
from locard_semi_global.evidence.history import BANDS, PLACES, RATIO_BANDS, RATIO_DIAGONALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.evidence.planes import Planes

NAMES: Final = (
    "double-quantization-dc",
    *(f"double-quantization-ac-{n}" for n in range(1, RATIO_DIAGONALS)),
    "double-quantization-pooled-3",
    "double-quantization-pooled-7",
)
FLIP_X: Final = tuple(range(len(NAMES)))
FLIP_Y: Final = FLIP_X
TRANSPOSED: Final = FLIP_X

_PLACES: Final = PLACES[:RATIO_BANDS]
_DIAGONAL: Final = np.array([v + u for v, u in BANDS[:RATIO_BANDS]])


def double_quantization(planes: Planes, facts: Facts) -> NDArray[np.float32]:
    """Return Σ log((h[k] + 1.5) / (h'[k] + 1.5)) of each cell, as :class:`Facts` defines it.

    Returns:
        float32, (7, h, w): over DC, over each of the first four diagonals of AC, then over all of
        them with means over 3 × 3 and 7 × 7 cells.
    """
    sums = summed_ratios(planes.dct, facts.histograms, _PLACES, _DIAGONAL, RATIO_DIAGONALS)
    total = sums.sum(axis=0)
    return np.concatenate([sums, pooled(total, 3)[None], pooled(total, 7)[None]])
