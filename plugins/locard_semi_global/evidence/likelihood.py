"""The likelihood of an earlier compression on the same grid.

Quantised by a first step, decoded, and quantised by the last one, coefficients leave gaps and peaks
whose places follow from both steps. For each frequency the likeliest first step is taken; then each
coefficient is asked whether it fits two compressions or the last one alone: T. Bianchi, A. Piva,
"Image forgery localization via block-grained analysis of JPEG artifacts", IEEE Transactions on
Information Forensics and Security 7 (2012), aligned case. The distribution before any compression
comes from the picture shifted by (4, 4), as there. Other than there, a frequency's step needs no
map of the tampered part, and counts only where it explains the picture better than none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_FIRST: Final = 64
"""Largest first step that is looked for."""

NOISE: Final = 0.3
"""Standard deviation of a coefficient after decoding to 8 bits."""

ELSEWHERE: Final = 0.1
"""Share of the picture that an earlier compression is not asked to explain."""

CERTAIN: Final = 4.0
"""Least gain, in nats, for which an earlier compression is believed."""

OUTLIERS: Final = 0.02
FLOOR: Final = 1e-6
"""Least mass of a multiple, before distributions are scaled to 1."""

_SMOOTHING: Final = 3.0  # bins


def likelihood_ratios(
    aligned: NDArray[np.int64], shifted: NDArray[np.int64], steps: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return how much likelier each coefficient is after two compressions than after the last.

    With f the density of the shifted picture's coefficients, S the distribution of multiples k of
    the last step q2 that follows from f alone, and D that after quantisation by q1 and normal noise
    of .3, the first step maximises Σ h[k] log(.9 D[k] / S[k] + .1) over the histogram h. Its table
    is log(.98 D[k] / S[k] + .02), or 0 where the gain is below 4 nats. AC that is 0 says nothing
    and is left out, or flat parts would be told by their content.

    Args:
        aligned: int64, (bands, bins): counts on the grid in bins of half a unit. The first band is
            DC, the others are moduli of AC and use the upper half of the bins only.
        shifted: Likewise, on the grid shifted by (4, 4).
        steps: int64, (bands,), of the last compression.

    Returns:
        float32, (bands, bins), and the first steps, int64, (bands,), 0 where none is found.
    """
    ratios = np.zeros(aligned.shape, np.float32)
    first = np.zeros(len(aligned), np.int64)
    middle = aligned.shape[1] // 2
    for band in range(len(aligned)):
        start = 0 if band == 0 else middle
        density = density_before(shifted[band, start:])
        if density is not None:
            first[band] = _fit(
                aligned[band, start:],
                density,
                start - middle,
                int(steps[band]),
                ratios[band, start:],
            )
    return ratios, first


def density_before(counts: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Return the density of coefficients before any compression; None where there are none.

    Args:
        counts: int64, (bins,): of the shifted picture's coefficients.
    """
    density = gaussian_filter1d(counts.astype(np.float64), _SMOOTHING, mode="reflect", truncate=3)
    total = density.sum()
    return density / total if total else None


@compiled
def _normalise(distribution: NDArray[np.float64], lowest: int) -> None:
    """Divide by the sum; that of moduli leaves out 0."""
    total = 0.0
    for place in range(0 if lowest < 0 else 1, len(distribution)):
        total += distribution[place]
    for place in range(len(distribution)):
        distribution[place] /= total


@compiled
def _tail(distance: float) -> float:
    """Return how often noise goes beyond a distance."""
    return 0.5 * math.erfc(distance / (NOISE * math.sqrt(2.0)))


@compiled
def _twice(
    density: NDArray[np.float64],
    lowest: int,
    first: int,
    last: int,
    offset: int,
    double: NDArray[np.float64],
) -> None:
    """Fill in the distribution of multiples of the last step after quantisation by both."""
    double[:] = FLOOR
    place, most = 0, len(double) - 1
    while place < len(density):
        multiple = (lowest + place + first) // (2 * first)
        end = min(len(density), (2 * multiple + 1) * first - lowest)
        mass = 0.0
        for inside in range(place, end):
            mass += density[inside]
        place = end
        if mass == 0:
            continue
        value = multiple * first
        nearest = (2 * value + last) // (2 * last)
        down = _tail(value - (nearest - 0.5) * last)
        up = _tail((nearest + 0.5) * last - value)
        below = nearest - 1 - offset
        if below < 0:
            below = -below if lowest == 0 else 0
        double[min(below, most)] += mass * down
        double[min(max(nearest - offset, 0), most)] += mass * (1 - down - up)
        double[min(max(nearest + 1 - offset, 0), most)] += mass * up
    _normalise(double, lowest)


@compiled
def _fit(
    counts: NDArray[np.int64],
    density: NDArray[np.float64],
    lowest: int,
    last: int,
    ratios: NDArray[np.float32],
) -> int:
    """Fill in a band's ratios; return its first step.

    Args:
        counts: Of coefficients in bins of half a unit.
        density: Of the same bins.
        lowest: The first bin begins at half of it: 0 for moduli.
        last: The last step.
        ratios: To fill in, for each bin.
    """
    offset = (lowest + last) // (2 * last)
    length = (lowest + len(counts) - 1 + last) // (2 * last) - offset + 1
    seen = np.zeros(length, np.int64)
    single = np.full(length, FLOOR)
    for place in range(len(counts)):
        nearest = (lowest + place + last) // (2 * last) - offset
        seen[nearest] += counts[place]
        single[nearest] += density[place]
    if lowest == 0:
        seen[0] = 0
    _normalise(single, lowest)
    used = np.flatnonzero(seen)
    best, best_gain = 0, CERTAIN
    double = np.empty(length)
    for first in range(2, LARGEST_FIRST + 1):
        _twice(density, lowest, first, last, offset, double)
        gain = 0.0
        for multiple in used:
            ratio = double[multiple] / single[multiple]
            gain += seen[multiple] * math.log((1 - ELSEWHERE) * ratio + ELSEWHERE)
        if gain > best_gain:
            best, best_gain = first, gain
    if best:
        _twice(density, lowest, best, last, offset, double)
        for place in range(len(counts)):
            nearest = (lowest + place + last) // (2 * last) - offset
            if lowest < 0 or nearest > 0:
                ratio = double[nearest] / single[nearest]
                ratios[place] = math.log((1 - OUTLIERS) * ratio + OUTLIERS)
    return best
