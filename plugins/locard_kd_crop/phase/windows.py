"""One sliding pass: histograms of the DCT coefficients of all windows, for each of the 64 phases.

Every 8×8 window of a picture is transformed, and its coefficients are counted with those of the
windows at the same phase (its corner modulo 8). The windows of one phase are the blocks that a grid
beginning there would have. All that the evidence needs follows from these counts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit, prange

from locard_kd_crop.phase.luma import BLOCK, TRANSFORM

if TYPE_CHECKING:
    from numpy.typing import NDArray

PHASES: Final = BLOCK * BLOCK
BANDS: Final = BLOCK * BLOCK

FINE, COARSE = 4, 2  # bins a unit of a coefficient's modulus
_KNEE: Final = 16  # up to this modulus bins are fine
AC_BINS: Final = 129
"""Bins of a quarter up to 16 and of a half up to 48; the last has what is beyond."""

DC_STEP: Final = 0.5
DC_BINS: Final = 4096
"""Bins of a half over the whole range of the DC coefficient, −1024 to 1024."""

LEFT_OUT: Final = 255
"""Class of windows that are not counted."""


def ac_edges() -> NDArray[np.float64]:
    """Return where the bins of an AC coefficient's modulus begin and end.

    Returns:
        float64, (129,): bin i is from edge i to edge i + 1; the last bin, without an end, is left
        out.
    """
    index = np.arange(AC_BINS, dtype=np.float64)
    knee = _KNEE * FINE
    edges = np.where(index <= knee, index / FINE, _KNEE + (index - knee) / COARSE)
    return np.asarray(edges, np.float64)


def dc_edges() -> NDArray[np.float64]:
    """Return where the bins of the DC coefficient begin and end: float64, (4097,)."""
    return np.arange(DC_BINS + 1, dtype=np.float64) * DC_STEP - DC_BINS * DC_STEP / 2


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "nnan", "ninf"})
def _transform_rows(
    luma: NDArray[np.float32],
    top: int,
    transform: NDArray[np.float32],
    vertical: NDArray[np.float32],
) -> None:
    """Transform eight rows of pixels along the columns: ``vertical`` is (8, width)."""
    width = luma.shape[1]
    for v in range(8):
        t0, t1, t2, t3 = transform[v, 0], transform[v, 1], transform[v, 2], transform[v, 3]
        t4, t5, t6, t7 = transform[v, 4], transform[v, 5], transform[v, 6], transform[v, 7]
        for x in range(width):
            vertical[v, x] = (
                t0 * luma[top, x]
                + t1 * luma[top + 1, x]
                + t2 * luma[top + 2, x]
                + t3 * luma[top + 3, x]
                + t4 * luma[top + 4, x]
                + t5 * luma[top + 5, x]
                + t6 * luma[top + 6, x]
                + t7 * luma[top + 7, x]
            )


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "nnan", "ninf"})
def _bin_row(
    line: NDArray[np.float32], t: NDArray[np.float32], count: int, bins: NDArray[np.int32]
) -> None:
    """Transform one line along the row and sort the moduli into bins."""
    t0, t1, t2, t3, t4, t5, t6, t7 = t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]
    fine, coarse, knee = np.float32(4.0), np.float32(2.0), np.float32(32.0)
    last = np.float32(128.0)
    for x in range(count):
        c = (
            t0 * line[x]
            + t1 * line[x + 1]
            + t2 * line[x + 2]
            + t3 * line[x + 3]
            + t4 * line[x + 4]
            + t5 * line[x + 5]
            + t6 * line[x + 6]
            + t7 * line[x + 7]
        )
        modulus = abs(c)
        bins[x] = np.int32(min(min(fine * modulus, coarse * modulus + knee), last))


@njit(cache=True, nogil=True)
def _bin_dc(
    line: NDArray[np.float32], scale: np.float32, count: int, bins: NDArray[np.int32]
) -> None:
    """Sum up one line along the row and sort the DC coefficients, less level 128, into bins."""
    for x in range(count):
        total = np.float32(0.0)
        for k in range(8):
            total += line[x + k]
        value = np.int32(np.floor((total * scale - np.float32(1024.0)) * 2.0)) + 2048
        bins[x] = 0 if value < 0 else 4095 if value > 4095 else value


@njit(cache=True, nogil=True)
def _place_row(
    classes: NDArray[np.uint8], first: int, kinds: int, places: NDArray[np.int64]
) -> None:
    """Find where the windows of a row are counted: which phase and class, or behind all of them.

    Args:
        classes: Of the row's windows.
        first: Phase of the first of them.
        kinds: Number of classes.
        places: To fill in.
    """
    for x in range(classes.shape[0]):
        kind = classes[x]
        places[x] = (first + (x & 7)) * kinds + kind if kind < kinds else PHASES * kinds


@njit(cache=True, nogil=True)
def _add_row(
    bins: NDArray[np.int32], places: NDArray[np.int64], stride: int, counts: NDArray[np.uint32]
) -> None:
    """Count the windows of a row; ``stride`` is from one phase and class to the next."""
    for x in range(bins.shape[0]):
        counts[places[x] * stride + bins[x]] += 1


@njit(cache=True, nogil=True, parallel=True)
def _count(
    luma: NDArray[np.float32],
    classes: NDArray[np.uint8],
    kinds: int,
    transform: NDArray[np.float32],
    ac: NDArray[np.uint32],
    dc: NDArray[np.uint32],
) -> None:
    """Count; each of the eight rows of phases is a task that owns its part of the counts.

    What is left out is counted too, behind everything else and by all tasks at once: nobody reads
    it, and the loops have no branch.
    """
    height, width = luma.shape
    count = width - 7
    ac_stride, dc_stride = (BANDS - 1) * AC_BINS, DC_BINS
    for py in prange(8):
        vertical = np.empty((8, width), np.float32)
        bins = np.empty(count, np.int32)
        places = np.empty(count, np.int64)
        for top in range(py, height - 7, 8):
            _place_row(classes[top], 8 * py, kinds, places)
            _transform_rows(luma, top, transform, vertical)
            _bin_dc(vertical[0], transform[0, 0], count, bins)
            _add_row(bins, places, dc_stride, dc)
            for band in range(1, 64):
                _bin_row(vertical[band >> 3], transform[band & 7], count, bins)
                _add_row(bins, places, ac_stride, ac[(band - 1) * AC_BINS :])


def count_windows(
    luma: NDArray[np.float32], classes: NDArray[np.uint8], kinds: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Count the coefficients of all windows.

    Args:
        luma: float32, (height, width), at least 8 a side; the result is the same on any number of
            threads.
        classes: uint8, (height − 7, width − 7): the class of the window that begins at each pixel;
            classes from ``kinds`` on, such as :data:`LEFT_OUT`, are not counted.
        kinds: Number of classes.

    Returns:
        Two arrays of uint32: the moduli of AC coefficients, (64 phases, kinds, 63 bands, 129 bins),
        and the DC coefficients, (64 phases, kinds, 4096 bins). Phase 8y + x is that of windows
        whose corner is (x, y) modulo 8; band 8v + u − 1 has the vertical frequency v and the
        horizontal frequency u.
    """
    shape = (PHASES * kinds + 1, BANDS - 1, AC_BINS)
    ac = np.zeros(math.prod(shape), np.uint32)
    dc = np.zeros((PHASES * kinds + 1) * DC_BINS, np.uint32)
    _count(np.ascontiguousarray(luma, np.float32), classes, kinds, TRANSFORM, ac, dc)
    return (
        ac.reshape(shape)[:-1].reshape(PHASES, kinds, BANDS - 1, AC_BINS),
        dc.reshape(-1, DC_BINS)[:-1].reshape(PHASES, kinds, DC_BINS),
    )
