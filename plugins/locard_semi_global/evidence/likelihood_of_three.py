"""The likelihood of a compression before the two last ones.

A tampered picture that is passed on is saved once more, as a whole. The compression before the last
then says nothing of where it was tampered with, and hides the one before it, which does. All three
on one grid, their steps q0, q1 and q2 predict the coefficients of what went through all; q1 and q2
those of what went through the last two. This is the model of T. Bianchi, A. Piva, "Image forgery
localization via block-grained analysis of JPEG artifacts", IEEE Transactions on Information
Forensics and Security 7 (2012), with one more step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.likelihood import (
    CERTAIN,
    ELSEWHERE,
    FLOOR,
    LARGEST_FIRST,
    NOISE,
    OUTLIERS,
    density_before,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TAILS: Final = np.array(
    [0.5 * math.erfc(halves / 2 / (NOISE * math.sqrt(2))) for halves in range(8)]
)
# Noise is never as large as four.


def ratios_of_three(
    aligned: NDArray[np.int64], shifted: NDArray[np.int64], steps: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return how much likelier each coefficient is after three compressions than after two.

    With S, B and C the distributions of multiples k of the last step after the last compression,
    after q1 and the last, and after q0, q1 and the last, the pair (q0, q1) maximises
    Σ h[k] log(.98 (.9 C[k] + .1 B[k]) / S[k] + .02). The table is log(.98 C[k] / B[k] + .02), or 0
    where q0 gains less than 4 nats over q1 alone, or over the likeliest single step before the
    last. What is counted and how is as in
    :func:`~locard_semi_global.evidence.likelihood.likelihood_ratios`.

    Args:
        aligned: int64, (bands, bins): counts on the grid.
        shifted: Likewise, on the grid shifted by (4, 4).
        steps: int64, (bands,), of the last compression.

    Returns:
        float32, (bands, bins), and the earliest steps q0, int64, (bands,), 0 where none is found.
    """
    ratios = np.zeros(aligned.shape, np.float32)
    earliest = np.zeros(len(aligned), np.int64)
    middle = aligned.shape[1] // 2
    for band in range(len(aligned)):
        start = 0 if band == 0 else middle
        density = density_before(shifted[band, start:])
        if density is not None:
            earliest[band] = _fit(
                aligned[band, start:],
                density,
                start - middle,
                int(steps[band]),
                _TAILS,
                ratios[band, start:],
            )
    return ratios, earliest


@compiled
def _masses(
    density: NDArray[np.float64], lowest: int, step: int, zero: int, masses: NDArray[np.float64]
) -> None:
    """Fill in what each multiple of a step gets of a density; multiple m is at ``zero + m``."""
    masses[:] = 0
    for place in range(len(density)):
        masses[(lowest + place + step) // (2 * step) + zero] += density[place]


@compiled
def _again(
    masses: NDArray[np.float64],
    step: int,
    other: int,
    zero: int,
    reach: int,
    tails: NDArray[np.float64],
    result: NDArray[np.float64],
) -> None:
    """Quantise multiples of a step, moved by noise, by another step.

    Args:
        masses: Of multiples; those of moduli begin with 0, then ``zero`` is 0.
        step: Theirs.
        other: The next step.
        zero: Where multiple 0 is.
        reach: Largest modulus that has a mass.
        tails: How often noise goes beyond 0, 1, 2, … halves.
        result: To fill in, up to ``reach``; what lies further is left as it is.
    """
    most = reach // other + 2
    for place in range(max(zero - most, 0), min(zero + most, len(result) - 1) + 1):
        result[place] = 0
    most = reach // step + 1
    for place in range(max(zero - most, 0), min(zero + most, len(masses) - 1) + 1):
        mass = masses[place]
        if mass == 0:
            continue
        value = (place - zero) * step
        nearest = (2 * value + other) // (2 * other)
        down = 2 * value - (2 * nearest - 1) * other
        up = (2 * nearest + 1) * other - 2 * value
        below = mass * tails[down] if down < len(tails) else 0.0
        above = mass * tails[up] if up < len(tails) else 0.0
        # Noise about the modulus 0 goes to 1 on both sides.
        result[abs(nearest - 1 + zero)] += below
        result[nearest + zero] += mass - below - above
        result[nearest + 1 + zero] += above


@compiled
def _level(distribution: NDArray[np.float64], step: int, zero: int, reach: int) -> None:
    """Add the floor and divide by the sum; that of moduli leaves out 0."""
    most = reach // step + 2
    first = 1 if zero == 0 else max(zero - most, 0)
    last = min(zero + most, len(distribution) - 1)
    total = 0.0
    for place in range(first, last + 1):
        total += distribution[place] + FLOOR
    for place in range(first, last + 1):
        distribution[place] = (distribution[place] + FLOOR) / total


@compiled
def _gain(
    seen: NDArray[np.int64],
    used: NDArray[np.int64],
    ratio: NDArray[np.float64],
    rest: float,
) -> float:
    """Return Σ h log((1 − rest) ratio + rest)."""
    gain = 0.0
    for place in used:
        gain += seen[place] * math.log((1 - rest) * ratio[place] + rest)
    return gain


@compiled
def _fit(
    counts: NDArray[np.int64],
    density: NDArray[np.float64],
    lowest: int,
    last: int,
    tails: NDArray[np.float64],
    ratios: NDArray[np.float32],
) -> int:
    """Fill in a band's ratios; return its earliest step, 0 where none is found."""
    zero = 0 if lowest == 0 else 1 - lowest
    length = zero + len(counts) + lowest + 4
    seen = np.zeros(length, np.int64)
    reach = 1
    for place in range(len(counts)):
        seen[(lowest + place + last) // (2 * last) + zero] += counts[place]
        if counts[place] or density[place] > 0:
            reach = max(reach, (abs(lowest + place) + 1) // 2)
    if zero == 0:
        seen[0] = 0
    used = np.flatnonzero(seen)
    single = np.empty(length)
    _masses(density, lowest, last, zero, single)
    _level(single, last, zero, reach)
    before = np.empty((LARGEST_FIRST + 1, length))
    for step in range(2, LARGEST_FIRST + 1):
        _masses(density, lowest, step, zero, before[step])
    between, twice, thrice = np.empty(length), np.empty(length), np.empty(length)
    ratio = np.empty(length)
    best_of_two, best, first, second = 0.0, 0.0, 0, 0
    for q1 in range(2, LARGEST_FIRST + 1):
        _again(before[q1], q1, last, zero, reach, tails, twice)
        _level(twice, last, zero, reach)
        for multiple in used:
            ratio[multiple] = twice[multiple] / single[multiple]
        best_of_two = max(best_of_two, _gain(seen, used, ratio, ELSEWHERE))
        gain_of_two = _gain(seen, used, ratio, OUTLIERS)
        if gain_of_two < CERTAIN:
            continue
        for q0 in range(2, LARGEST_FIRST + 1):
            if q0 == q1:
                continue
            _again(before[q0], q0, q1, zero, reach, tails, between)
            _again(between, q1, last, zero, reach, tails, thrice)
            _level(thrice, last, zero, reach)
            for multiple in used:
                mixed = (1 - ELSEWHERE) * thrice[multiple] + ELSEWHERE * twice[multiple]
                ratio[multiple] = mixed / single[multiple]
            gain = _gain(seen, used, ratio, OUTLIERS)
            if gain > best and gain - gain_of_two > CERTAIN:
                best, first, second = gain, q0, q1
    if first == 0 or best < best_of_two + CERTAIN:
        return 0
    _again(before[second], second, last, zero, reach, tails, twice)
    _level(twice, last, zero, reach)
    _again(before[first], first, second, zero, reach, tails, between)
    _again(between, second, last, zero, reach, tails, thrice)
    _level(thrice, last, zero, reach)
    for place in range(len(counts)):
        nearest = (lowest + place + last) // (2 * last) + zero
        inside = abs(nearest - zero) <= reach // last + 1
        if inside and (zero > 0 or nearest > 0):
            value = (1 - OUTLIERS) * thrice[nearest] / twice[nearest] + OUTLIERS
            ratios[place] = math.log(value)
    return first
