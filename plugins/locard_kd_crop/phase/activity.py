"""Sorts windows by how much goes on around them: a second compression hides most where most is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from locard_kd_crop.phase.luma import BLOCK
from locard_kd_crop.phase.windows import LEFT_OUT

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOUNDS: Final = (3.0, 12.0, 50.0)
"""Mean gradient energies that part the classes, in squared grey levels."""

KINDS: Final = len(BOUNDS) + 1
"""Number of classes."""

_MARGIN: Final = 4  # around the window of 8: activity is that of 16×16 pixels
_BLACK, _WHITE = 0.5, 254.5  # beyond these a pixel is clipped, whatever rounding did


@njit(cache=True, nogil=True)
def _sums(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return sums over all pixels above and to the left, with a zero row and column."""
    height, width = values.shape
    sums = np.zeros((height + 1, width + 1), np.float64)
    for y in range(height):
        row = 0.0
        for x in range(width):
            row += values[y, x]
            sums[y + 1, x + 1] = sums[y, x + 1] + row
    return sums


@njit(cache=True, nogil=True)
def _energies(luma: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return squared differences to the next pixel along both axes, and where it is clipped."""
    height, width = luma.shape
    energy = np.zeros((height, width), np.float32)
    clipped = np.zeros((height, width), np.float32)
    for y in range(height):
        below = min(y + 1, height - 1)
        for x in range(width):
            right = min(x + 1, width - 1)
            across, down = luma[y, right] - luma[y, x], luma[below, x] - luma[y, x]
            energy[y, x] = across * across + down * down
            clipped[y, x] = luma[y, x] <= _BLACK or luma[y, x] >= _WHITE
    return energy, clipped


@njit(cache=True, nogil=True)
def _classify(
    energy: NDArray[np.float64],
    clipped: NDArray[np.float64],
    bounds: NDArray[np.float64],
    margin: int,
    classes: NDArray[np.uint8],
) -> None:
    """Fill in the class of each window, from sums as :func:`_sums` returns them."""
    height, width = energy.shape[0] - 1, energy.shape[1] - 1
    for y in range(height - 7):
        top, bottom = max(0, y - margin), min(height, y + 8 + margin)
        for x in range(width - 7):
            inside = clipped[y + 8, x + 8] - clipped[y, x + 8] - clipped[y + 8, x] + clipped[y, x]
            if inside > 0:
                classes[y, x] = LEFT_OUT
                continue
            left, right = max(0, x - margin), min(width, x + 8 + margin)
            total = (
                energy[bottom, right]
                - energy[top, right]
                - energy[bottom, left]
                + energy[top, left]
            )
            mean = total / ((bottom - top) * (right - left))
            kind = 0
            for bound in bounds:
                kind += mean >= bound
            classes[y, x] = kind


def classes_of(luma: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Sort all 8×8 windows by the mean gradient energy in the 16×16 pixels around them.

    Args:
        luma: float32, (height, width), at least 8 a side.

    Returns:
        uint8, (height − 7, width − 7): 0 (flat) to 3 (busy) of the window that begins there, or
        :data:`~locard_kd_crop.phase.windows.LEFT_OUT` where a pixel in it is black or white to the
        end of the scale: what is clipped has lost its coefficients.
    """
    height, width = luma.shape
    energy, clipped = _energies(np.ascontiguousarray(luma, np.float32))
    classes = np.full((height - BLOCK + 1, width - BLOCK + 1), LEFT_OUT, np.uint8)
    _classify(_sums(energy), _sums(clipped), np.array(BOUNDS), _MARGIN, classes)
    return classes
