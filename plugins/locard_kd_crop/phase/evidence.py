"""The phase evidence: for each place of a grid, how well coefficients fit each quantisation step.

A coefficient that was quantised with step q and little changed since lies near a multiple of q, so
the mean of cos(2πc/q) over the windows of the old grid's phase stands out from that over the other
63. The evidence has it for all bands, steps and classes of activity, as deviation from the mean of
all phases in standard errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from locard_kd_crop.phase.activity import KINDS, classes_of
from locard_kd_crop.phase.windows import (
    AC_BINS,
    BANDS,
    DC_BINS,
    PHASES,
    ac_edges,
    count_windows,
    dc_edges,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION: Final = "1"
"""Changes whenever the same picture may give other evidence. Models name the one they read."""

IDENTITY: Final = {"phase_evidence": VERSION}
"""What a model's card requires of this code."""

STEPS: Final = (*range(1, 25), *range(26, 41, 2), 44, 48, 56, 64, 80)
"""Quantisation steps that are looked for."""

SHARES: Final = (0.5, 1.0, 2.0, 4.0)
"""Bounds of the moduli whose shares are counted beside."""

STATISTICS: Final = len(STEPS) + len(SHARES)

UNIT: Final = 0.25
"""Standard errors a unit of the stored evidence."""

MOST_WINDOWS: Final = 16384.0
"""Windows a phase, about a megapixel, beyond which a picture counts as if it had so many: networks
are trained on no more, and what systematic deviations there are would grow without bound."""

_LARGEST = 127
_LEAST_VARIANCE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Histograms of a picture, or of a part of it; parts add up.

    Attributes:
        ac: uint32, (64, classes, 63, bins): moduli of AC coefficients.
        dc: uint32, (64, classes, bins): DC coefficients.
    """

    ac: NDArray[np.uint32]
    dc: NDArray[np.uint32]

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.ac + other.ac, self.dc + other.dc)

    @property
    def windows(self) -> NDArray[np.float32]:
        """Mean number of windows a phase in each class: float32, (classes,)."""
        return np.asarray(self.dc.sum(axis=2, dtype=np.int64).mean(axis=0), np.float32)


def count(luma: NDArray[np.float32]) -> Counts:
    """Count the windows of a picture or of a part that begins at multiples of 8.

    Args:
        luma: float32, (height, width), at least 8 a side.
    """
    return Counts(*count_windows(luma, classes_of(luma), KINDS))


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a phase network is given of a picture, beside its quantisation table.

    Attributes:
        terms: int8, (64 phases, classes, 64 bands, 41 statistics): in quarters of a standard error,
            bounded at ±31.75. The last axis has the steps, then the shares; the band is 8v + u, so
            band 0 is DC.
        windows: float32, (classes,): mean number of windows a phase, at most
            :data:`MOST_WINDOWS` in all.
    """

    terms: NDArray[np.int8]
    windows: NDArray[np.float32]


def evidence_of(counts: Counts) -> Evidence:
    """Return the evidence that counts hold.

    For step q, band b, class a and phase p it is (m − M) √n / s, where m is the mean of
    cos(2πc/q), or the share of moduli below a bound, over the n windows of the phase, M the same
    over those of all phases, and s the standard deviation of one term among all of them.
    """
    numbers = counts.dc.sum(axis=2, dtype=np.float32)
    windows = numbers.mean(axis=0)
    reduction = min(1.0, MOST_WINDOWS / max(1.0, float(windows.sum())))
    unit = np.float32(UNIT / reduction**0.5)
    terms = np.zeros((PHASES, KINDS, BANDS, STATISTICS), np.int8)
    ac, dc = _kernels(AC_BINS, ac_edges), _kernels(DC_BINS, dc_edges)
    for kind in np.flatnonzero(windows):
        number = numbers[:, kind]
        _store_deviations(counts.ac[:, kind], number, *ac, unit, terms[:, kind, 1:])
        _store_deviations(counts.dc[:, kind, None], number, *dc, unit, terms[:, kind, :1])
    return Evidence(terms, windows * np.float32(reduction))


def _store_deviations(
    counts: NDArray[np.uint32],
    numbers: NDArray[np.float32],
    kernel: NDArray[np.float32],
    squares: NDArray[np.float32],
    unit: np.float32,
    stored: NDArray[np.int8],
) -> None:
    """Store the deviations of each phase from all of them.

    Args:
        counts: uint32, (64, bands, bins), of one class.
        numbers: float32, (64,): windows of each phase.
        kernel: As of :func:`_kernels`.
        squares: Likewise.
        unit: Standard errors a unit.
        stored: int8, (64, bands, 41), to fill in.
    """
    terms = counts.astype(np.float32)
    sums = (terms.reshape(-1, terms.shape[-1]) @ kernel).reshape(*terms.shape[:2], STATISTICS)
    pooled = terms.sum(axis=0)
    total = numbers.sum()
    mean = sums.sum(axis=0) / total
    variance = np.maximum(pooled @ squares / total - mean**2, _LEAST_VARIANCE)
    _quantise(sums, numbers, mean, 1 / (np.sqrt(variance) * unit), stored)


@njit(cache=True, nogil=True)
def _quantise(
    sums: NDArray[np.float32],
    numbers: NDArray[np.float32],
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    stored: NDArray[np.int8],
) -> None:
    """Fill in (sum − n·mean) · scale / √n, rounded and bounded."""
    largest = np.float32(_LARGEST)
    for phase in range(sums.shape[0]):
        number = numbers[phase]
        root = np.float32(1) / np.sqrt(max(number, np.float32(1)))
        for band in range(sums.shape[1]):
            for place in range(sums.shape[2]):
                deviation = sums[phase, band, place] - number * mean[band, place]
                value = np.rint(deviation * scale[band, place] * root)
                stored[phase, band, place] = np.int8(min(max(value, -largest), largest))


@lru_cache(maxsize=2)
def _kernels(bins: int, edges_of: object) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what each bin adds to the means, and to the means of squares.

    Returns:
        Two arrays of float32, (bins, 41). A cosine is its mean over the bin. Moduli beyond the last
        edge add nothing.
    """
    edges: NDArray[np.float64] = edges_of()  # type: ignore[operator]
    low, high = edges[:-1], edges[1:]
    kernel = np.zeros((bins, STATISTICS))
    squares = np.zeros((bins, STATISTICS))
    for place, step in enumerate(STEPS):
        kernel[: len(low), place] = _mean_cosine(low, high, step)
        squares[: len(low), place] = 0.5 + 0.5 * _mean_cosine(low, high, step / 2)
    for place, bound in enumerate(SHARES, start=len(STEPS)):
        inside = (high <= bound) & (low >= -bound)
        kernel[: len(low), place] = squares[: len(low), place] = inside
    return kernel.astype(np.float32), squares.astype(np.float32)


def _mean_cosine(
    low: NDArray[np.float64], high: NDArray[np.float64], period: float
) -> NDArray[np.float64]:
    """Return the mean of cos(2πc/period) for c between two edges."""
    turn = 2 * np.pi / period
    return np.asarray((np.sin(turn * high) - np.sin(turn * low)) / (turn * (high - low)))
