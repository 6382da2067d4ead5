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

_EDGES: Final = (1.5, 2.5, 3.5, 4.7, 6.0, 7.5)
_ROW, _COLUMN = np.divmod(np.arange(64), 8)
_BAND: Final = np.digitize(np.hypot(_ROW, _COLUMN), _EDGES)
_SIZES: Final = np.bincount(_BAND[1:]).astype(np.float32)
_THREE: Final = (slice(0, 2), slice(2, 4), slice(4, 7))

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
    bands, small = _sums(planes.dct, _BAND, len(_SIZES))
    off_bands, off_small = _sums(planes.shifted_dct, _BAND, len(_SIZES))
    on = np.concatenate([_logs_of_three(bands), small])
    difference = np.zeros_like(on)
    if off_bands.size:
        around = _around(np.concatenate([off_bands, off_small]), *planes.shape)
        difference[:3] = on[:3] - _logs_of_three(around[:-1])
        difference[3] = on[3] - around[-1]
    chroma = [
        _logs_of_three(_sums(blocks_dct(plane - _MIDDLE), _BAND, len(_SIZES))[0])
        for plane in (planes.cb, planes.cr)
    ]
    luma = np.log(bands / _SIZES[:, None, None] + _LEAST)
    return np.concatenate([luma, small, *chroma, difference])


def _logs_of_three(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log(mean + .05) of the low, middle and high bands: (3, h, w)."""
    logs = np.empty((len(_THREE), *sums.shape[1:]), np.float32)
    for place, part in enumerate(_THREE):
        logs[place] = sums[part][0]
        for band in sums[part][1:]:
            logs[place] += band
        logs[place] /= _SIZES[part].sum()
    return np.log(logs + _LEAST)


@compiled
def _sums(
    spectra: NDArray[np.float32], band_of: NDArray[np.int64], bands: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the sums of moduli in each band, (bands, h, w), and the share below .5, (1, h, w)."""
    height, width = spectra.shape[:2]
    moduli = np.empty((bands, height, width), np.float32)
    shares = np.empty((1, height, width), np.float32)
    sums = np.empty(bands, np.float32)
    for row in range(height):
        for column in range(width):
            block = spectra[row, column].reshape(64)
            sums[:] = 0
            small = 0
            for place in range(1, 64):
                modulus = abs(block[place])
                sums[band_of[place]] += modulus
                small += modulus < _NEAR_ZERO
            for band in range(bands):
                moduli[band, row, column] = sums[band]
            shares[0, row, column] = np.float32(small) / np.float32(63)
    return moduli, shares


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
