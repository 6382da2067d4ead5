"""A bank of 5×5 high-pass filters: what is left of a picture when its content is predicted.

The kernels are built from their definitions in Fridrich, Kodovský: Rich Models for Steganalysis of
Digital Images, IEEE TIFS 7(3), 2012 (SRM), section II: differences of the first to the third order
along an axis, and the predictors SQUARE 3×3 and 5×5. To these come the 2×2 checker difference, of
which blocking artefacts are made (Fan, de Queiroz: Identification of bitmap compression history,
IEEE TIP 12(2), 2003).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 5
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma of JFIF."""

_DIFFERENCES = ((1, -1), (1, -2, 1), (1, -3, 3, -1))
"""Of the first, second and third order."""

_SQUARE_3 = ((-1, 2, -1), (2, -4, 2), (-1, 2, -1))
_SQUARE_5 = (
    (-1, 2, -2, 2, -1),
    (2, -6, 8, -6, 2),
    (-2, 8, -12, 8, -2),
    (2, -6, 8, -6, 2),
    (-1, 2, -2, 2, -1),
)
_CHECKER = ((1, -1), (-1, 1))


def bank() -> NDArray[np.float32]:
    """Return the filters.

    Returns:
        Float32, shape (9, 5, 5): differences of three orders along rows, the same along columns,
        SQUARE 3×3, SQUARE 5×5, checker. Each sums up to nothing, and its squares to one.
    """
    rows = [np.array([values], np.float64) for values in _DIFFERENCES]
    rest = [np.array(values, np.float64) for values in (_SQUARE_3, _SQUARE_5, _CHECKER)]
    kernels = [*rows, *(row.T for row in rows), *rest]
    return np.stack([_centred(kernel / np.linalg.norm(kernel)) for kernel in kernels])


def _centred(kernel: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the kernel in the middle of 5×5; one of even size begins at the middle or before."""
    height, width = kernel.shape
    top, left = (SIDE - height + 1) // 2, (SIDE - width + 1) // 2
    whole = np.zeros((SIDE, SIDE), np.float32)
    whole[top : top + height, left : left + width] = kernel
    return whole


def luma_bank() -> NDArray[np.float32]:
    """Return the filters for the luma of RGB pictures; float32, shape (9, 3, 5, 5)."""
    weights = np.array(LUMA, np.float32).reshape(1, 3, 1, 1)
    return bank()[:, None] * weights
