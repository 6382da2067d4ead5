"""The discrete cosine transform of 8×8 blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


def blocks_dct(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the orthonormal DCT-II of each 8×8 block; a block's bits do not depend on its place.

    Args:
        plane: float32, (8 h, 8 w).

    Returns:
        float32, (h, w, 8, 8), vertical frequency first.
    """
    return _blocks_dct(np.ascontiguousarray(plane, np.float32), BASIS)


def _basis() -> NDArray[np.float32]:
    frequency, place = np.mgrid[0:8, 0:8]
    waves = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)


BASIS = _basis()
"""float32, (8 frequencies, 8 places): rows are orthonormal (ITU-T T.81, A.3.3)."""


@compiled
def _blocks_dct(plane: NDArray[np.float32], basis: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = plane.shape[0] // 8, plane.shape[1] // 8
    spectra = np.empty((height, width, 8, 8), np.float32)
    half = np.empty((8, 8), np.float32)
    for row in range(height):
        for column in range(width):
            for v in range(8):
                for x in range(8):
                    half[v, x] = 0
                for y in range(8):
                    for x in range(8):
                        half[v, x] += basis[v, y] * plane[8 * row + y, 8 * column + x]
            for v in range(8):
                for u in range(8):
                    total = np.float32(0)
                    for x in range(8):
                        total += half[v, x] * basis[u, x]
                    spectra[row, column, v, u] = total
    return spectra
