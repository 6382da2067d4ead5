"""Spectra of the blocks: how much of each band of frequencies a cell has, on the grid and off it.

Quantisation empties high bands, and the more so on its own grid. T. Bianchi, A. Piva, "Detection of
nonaligned double JPEG compression based on integer periodicity maps", IEEE TIFS 7 (2012), compare
grids; bands as shares of a block's energy: S. Ye, Q. Sun, E.-C. Chang, "Detecting digital image
forgeries by measuring inconsistencies of blocking artifact", ICME 2007.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.transform import blocks_dct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

NAMES: Final = (
    *(f"luma-band-{band}" for band in range(1, 8)),
    "luma-share-near-zero",
    *(f"{plane}-band-{band}" for plane in ("cb", "cr") for band in ("low", "middle", "high")),
    *(f"luma-on-grid-{band}" for band in ("low", "middle", "high")),
    "luma-on-grid-near-zero",
)
FLIP_X: Final = tuple(range(len(NAMES)))
FLIP_Y: Final = FLIP_X
TRANSPOSED: Final = FLIP_X

_ROW, _COLUMN = np.divmod(np.arange(64), 8)
_RADIUS: Final = np.hypot(_ROW, _COLUMN)
_SEVEN: Final = np.digitize(_RADIUS, (1.5, 2.5, 3.5, 4.7, 6.0, 7.5))
_THREE: Final = np.digitize(_RADIUS, (2.5, 5.0))
_NEAR_ZERO: Final = np.float32(0.5)
_LEAST: Final = np.float32(0.05)
_MIDDLE: Final = np.float32(128)


def dct(planes: Planes) -> NDArray[np.float32]:
    """Return the logarithmic mean moduli of bands of AC coefficients, log(mean |c| + .05).

    Returns:
        float32, (18, h, w): of luma in seven bands by radius; the share of luma's AC with
        |c| < .5; of Cb and of Cr in three bands; of luma in three bands less the same on the grid
        shifted by (4, 4), and the difference of the shares. A cell's shifted blocks are the four
        that it shares; at the border those inside the picture, and where there is none the
        difference is 0.
    """
    seven = _band_means(planes.dct, _SEVEN, 7)
    on, off = (_band_means(spectra, _THREE, 3) for spectra in (planes.dct, planes.shifted_dct))
    around = _around(off, *planes.shape)
    difference = np.zeros_like(on)
    if off.size:
        difference[:3] = np.log(on[:3] + _LEAST) - np.log(around[:3] + _LEAST)
        difference[3] = on[3] - around[3]
    chroma = [
        np.log(_band_means(blocks_dct(plane - _MIDDLE), _THREE, 3)[:3] + _LEAST)
        for plane in (planes.cb, planes.cr)
    ]
    return np.concatenate([np.log(seven[:7] + _LEAST), seven[7:], *chroma, difference])


@compiled
def _band_means(
    spectra: NDArray[np.float32], band_of: NDArray[np.int64], bands: int
) -> NDArray[np.float32]:
    """Return the mean modulus in each band, then the share of AC below .5: (bands + 1, h, w)."""
    height, width = spectra.shape[:2]
    means = np.empty((bands + 1, height, width), np.float32)
    numbers = np.zeros(bands, np.float32)
    for place in range(1, 64):
        numbers[band_of[place]] += np.float32(1)
    sums = np.empty(bands, np.float32)
    for row in range(height):
        for column in range(width):
            block = spectra[row, column].reshape(64)
            sums[:] = 0
            small = 0
            for place in range(1, 64):
                modulus = abs(block[place])
                sums[band_of[place]] += modulus
                if modulus < _NEAR_ZERO:
                    small += 1
            for band in range(bands):
                means[band, row, column] = sums[band] / numbers[band]
            means[bands, row, column] = np.float32(small) / np.float32(63)
    return means


@compiled
def _around(shifted: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Return the mean of the shifted blocks that overlap each cell: (channels, h, w)."""
    channels, rows, columns = shifted.shape
    means = np.zeros((channels, height, width), np.float32)
    if rows == 0 or columns == 0:
        return means
    for channel in range(channels):
        for row in range(height):
            top, bottom = max(0, row - 1), min(rows, row + 1)
            for column in range(width):
                left, right = max(0, column - 1), min(columns, column + 1)
                total = np.float32(0)
                for y in range(top, bottom):
                    for x in range(left, right):
                        total += shifted[channel, y, x]
                means[channel, row, column] = total / np.float32((bottom - top) * (right - left))
    return means
