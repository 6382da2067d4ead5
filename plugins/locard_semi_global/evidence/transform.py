"""The discrete cosine transform of 8×8 blocks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF_COSINES: Final = [np.float32(math.cos(k * math.pi / 16) / 2) for k in range(8)]
_, _C1, _C2, _C3, _C4, _C5, _C6, _C7 = _HALF_COSINES


def blocks_dct(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the orthonormal DCT-II of each 8×8 block (ITU-T T.81, A.3.3).

    A block's bits do not depend on where it lies. Those of a mirrored block are the same but for
    the sign of its odd frequencies, and a block of one value has no AC at all.

    Args:
        plane: float32, (8 h, 8 w).

    Returns:
        float32, (h, w, 8, 8), vertical frequency first.
    """
    return _blocks_dct(np.ascontiguousarray(plane, np.float32))


@njit(inline="always")
def _eight(
    a: np.float32,
    b: np.float32,
    c: np.float32,
    d: np.float32,
    e: np.float32,
    f: np.float32,
    g: np.float32,
    h: np.float32,
) -> tuple[np.float32, ...]:
    """Return the transform of eight samples: sums give the even frequencies, differences the odd.

    Written out, for then the compiler makes vectors of it.
    """
    s0, s1, s2, s3 = a + h, b + g, c + f, d + e
    d0, d1, d2, d3 = a - h, b - g, c - f, d - e
    outer, inner = s0 + s3, s1 + s2
    t0, t1 = s0 - s3, s1 - s2
    return (
        (outer + inner) * _C4,
        d0 * _C1 + d1 * _C3 + d2 * _C5 + d3 * _C7,
        t0 * _C2 + t1 * _C6,
        d0 * _C3 - d1 * _C7 - d2 * _C1 - d3 * _C5,
        (outer - inner) * _C4,
        d0 * _C5 - d1 * _C1 + d2 * _C7 + d3 * _C3,
        t0 * _C6 - t1 * _C2,
        d0 * _C7 - d1 * _C5 + d2 * _C3 - d3 * _C1,
    )


@compiled
def _blocks_dct(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = plane.shape[0] // 8, plane.shape[1] // 8
    spectra = np.empty((height, width, 8, 8), np.float32)
    for row in range(height):
        for column in range(width):
            o = spectra[row, column]
            for y in range(8):
                r = plane[8 * row + y, 8 * column : 8 * column + 8]
                o[y, 0], o[y, 1], o[y, 2], o[y, 3], o[y, 4], o[y, 5], o[y, 6], o[y, 7] = _eight(
                    r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
                )
            for u in range(8):
                o[0, u], o[1, u], o[2, u], o[3, u], o[4, u], o[5, u], o[6, u], o[7, u] = _eight(
                    o[0, u], o[1, u], o[2, u], o[3, u], o[4, u], o[5, u], o[6, u], o[7, u]
                )
    return spectra
