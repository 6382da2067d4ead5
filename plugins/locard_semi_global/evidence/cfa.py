"""Traces of demosaicking: which of the four places of a 2×2 Bayer cell were interpolated.

A camera measures one colour a pixel and interpolates the other two from its neighbours, so a
prediction from the neighbours errs less at interpolated places: A. C. Popescu, H. Farid, "Exposing
digital forgeries in color filter array interpolated images", IEEE Transactions on Signal
Processing 53 (2005). The variance of the error, by place in the 2×2 pattern, shows where that
differs: A. E. Dirik, N. Memon, "Image tamper detection based on demosaicing artifacts", ICIP
(2009); P. Ferrara, T. Bianchi, A. De Rosa, A. Piva, "Image forgery localization via fine-grained
analysis of CFA artifacts", IEEE Transactions on Information Forensics and Security 7 (2012). A part
from another picture has no such pattern, another one, or the same one shifted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.rows import PAD, laplacian, load_colour
from locard_semi_global.evidence.symmetry import exchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

PHASES = ("00", "01", "10", "11")
"""Parity of row and column."""

NAMES = tuple(
    f"cfa-{kind}-{phase}"
    for kind in ("red", "green", "blue", "green-wide", "green-power")
    for phase in PHASES
)

FLIP_X = exchanged(NAMES, ("00", "01"), ("10", "11"))
FLIP_Y = exchanged(NAMES, ("00", "10"), ("01", "11"))
TRANSPOSED = exchanged(NAMES, ("01", "10"))

FLOOR = 0.3
"""Added to squared residuals, in squared grey levels, before the logarithm."""

_GREEN = slice(4, 8)


def cfa(planes: Planes) -> NDArray[np.float32]:
    """Compare the residuals at the four places of the 2×2 pattern.

    With r = v − ¼ Σ of the four neighbours: the mean of log(r² + .3) over the pixels of one parity,
    minus the mean of the four parities, over 3×3 cells for R, G and B and over 7×7 cells for G;
    and for G log(mean r² + .3) over 3×3 cells, minus the mean of the four.

    Args:
        planes: A picture or a band of one.

    Returns:
        float32, (20, h, w), channels as in :data:`NAMES`.
    """
    logs = np.empty((12, *planes.shape), np.float32)
    powers = np.empty((4, *planes.shape), np.float32)
    _by_phase(planes.rgb, logs, powers)
    green_power = np.log(pooled(powers, 3) + np.float32(FLOOR))
    kinds = (pooled(logs, 3), pooled(logs[_GREEN], 7), green_power)
    found = np.concatenate(kinds).reshape(5, 4, *planes.shape)
    mean = ((found[:, 0] + found[:, 1]) + (found[:, 2] + found[:, 3])) * np.float32(0.25)
    found -= mean[:, None]
    return found.reshape(len(NAMES), *planes.shape)


@compiled
def _gather_squares(
    residual: NDArray[np.float32], sums: NDArray[np.float32], products: NDArray[np.float32]
) -> None:
    for x in range(residual.shape[0]):
        square = residual[x] * residual[x]
        sums[x] += square
        products[x] *= square + np.float32(FLOOR)


@compiled
def _by_phase(
    rgb: NDArray[np.uint8], logs: NDArray[np.float32], powers: NDArray[np.float32]
) -> None:
    """Mean log(r² + .3) of each channel and parity, and mean r² of green, of each cell."""
    width = rgb.shape[1]
    lines = np.empty((10, width + 2 * PAD), np.float32)
    residual = np.empty(width, np.float32)
    sums = np.empty((2, width), np.float32)
    products = np.empty((2, width), np.float32)
    for cell_row in range(logs.shape[1]):
        for channel in range(3):
            sums[:] = 0
            products[:] = 1
            for k in range(10):
                load_colour(rgb, 8 * cell_row + k - 1, channel, lines[k])
            for k in range(8):
                laplacian(lines[k], lines[k + 1], lines[k + 2], residual)
                _gather_squares(residual, sums[k % 2], products[k % 2])
            for column in range(logs.shape[2]):
                for phase in range(4):
                    total, product = 0.0, 1.0
                    for x in range(8 * column + phase % 2, 8 * column + 8, 2):
                        total += sums[phase // 2, x]
                        product *= products[phase // 2, x]
                    logs[4 * channel + phase, cell_row, column] = math.log(product) / 16
                    if channel == 1:
                        powers[phase, cell_row, column] = total / 16
