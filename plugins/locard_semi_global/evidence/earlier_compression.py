"""A compression before the two last ones: which cells have been through it.

When a tampered picture is saved once more, every part has been through the last two compressions;
only what was not brought in has been through one before them. See
:mod:`~locard_semi_global.evidence.likelihood_of_three`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.first_compression import summed_ratios
from locard_semi_global.evidence.history import PLACES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.evidence.planes import Planes

NAMES: Final = (
    "earlier-compression",
    "earlier-compression-pooled-3",
    "earlier-compression-pooled-7",
)
FLIP_X: Final = tuple(range(len(NAMES)))
FLIP_Y: Final = FLIP_X
TRANSPOSED: Final = FLIP_X

_ONE_GROUP: Final = np.zeros(len(PLACES), np.int64)


def earlier_compression(planes: Planes, facts: Facts) -> NDArray[np.float32]:
    """Return the log-likelihood ratio of three compressions to the last two.

    Returns:
        float32, (3, h, w): the sum of ``facts.earlier_ratios`` over DC and 35 AC of each cell, then
        its means over 3 × 3 and 7 × 7 cells. All 0 where the picture shows no third compression.
    """
    total = summed_ratios(planes.dct, facts.earlier_ratios, PLACES, _ONE_GROUP, 1)
    return np.concatenate([total, pooled(total, 3), pooled(total, 7)])
