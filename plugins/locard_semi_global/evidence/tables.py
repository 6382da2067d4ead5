"""The quantisation table of a picture that lost its JPEG header.

After a JPEG is decoded, its coefficients still lie near multiples of the steps that they were
divided by: rounding to 8-bit colours moves them by some .3 only. Z. Fan, R. de Queiroz,
"Identification of bitmap compression history: JPEG detection and quantizer estimation", IEEE
Transactions on Image Processing 12 (2003), take the likeliest step for each frequency. Here the
likelihood knows outliers, since blocks that were clipped or edited lie on no lattice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_STEP: Final = 255
"""Of a table with entries of 8 bits."""

BINS: Final = 4096
"""Bins of a quarter, from 0 up to 1024, beyond which no coefficient of 8-bit pixels lies."""

_A_UNIT: Final = 4
_NOISE: Final = 0.3  # standard deviation; 1/√12 for pixels rounded once
_OUTLIERS: Final = 0.1
_LEAST: Final = 5  # bins: what lies below, 1.25, may be noise about zero
_CERTAIN: Final = 10.0  # in nats: e^10 is well above the 254 steps that are tried
_LIKELY: Final = 2.0


def estimated_steps(
    spectra: NDArray[np.float32], clipped: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Return the steps by which a picture's coefficients were last quantised.

    Args:
        spectra: float32, (h, w, 8, 8): orthonormal DCT of luma in blocks of the grid.
        clipped: bool, (h, w): blocks that were clipped when the picture was decoded, so that their
            coefficients lie on no lattice. They are left out.

    Returns:
        int64, (8, 8). All 1 where the picture shows no quantisation.
    """
    counts = np.zeros((64, BINS), np.int64)
    if clipped is None:
        clipped = np.zeros(spectra.shape[:2], np.bool_)
    count_moduli(spectra, clipped, counts)
    return steps_of(counts)


@compiled
def count_moduli(
    spectra: NDArray[np.float32], clipped: NDArray[np.bool_], counts: NDArray[np.int64]
) -> None:
    """Add the moduli of the coefficients of all blocks that are neither flat nor clipped.

    Args:
        spectra: float32, (h, w, 8, 8).
        clipped: bool, (h, w).
        counts: int64, (64, :data:`BINS`), to add to: bin n holds moduli that round to n/4.
    """
    for row in range(spectra.shape[0]):
        for column in range(spectra.shape[1]):
            block = spectra[row, column].reshape(64)
            largest = np.float32(0)
            for band in range(1, 64):
                largest = max(largest, abs(block[band]))
            if clipped[row, column] or largest * _A_UNIT < _LEAST:
                continue
            for band in range(64):
                counts[band, min(int(abs(block[band]) * _A_UNIT + np.float32(0.5)), BINS - 1)] += 1


def steps_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the steps that make counts likeliest.

    For each frequency that q which is largest in Σ log((1 − ε) q N(c) + ε), the logarithm of how
    much likelier a coefficient c is after quantisation than before; N is the density of normal
    noise about the nearest multiple of q, ε the share of outliers. Coefficients near zero fit all
    steps and say nothing. A multiple of the true step misses some coefficients, a divisor gains
    less on each.

    Where nothing tells a frequency's step, it is taken to be the largest of those of the next lower
    frequencies.

    Args:
        counts: int64, (64, :data:`BINS`), of :func:`count_moduli`.

    Returns:
        int64, (8, 8). All 1 where no frequency's step is certain.
    """
    used = int(np.flatnonzero(counts.any(axis=0)).max(initial=0)) + 1
    seen = counts[:, :used].astype(np.float64)
    gain = seen @ _gains()[:used]
    best = gain.argmax(axis=1)
    most = gain[np.arange(64), best].reshape(8, 8)
    if most.max() < _CERTAIN:
        return np.ones((8, 8), np.int64)
    steps = np.array([_divided(seen[i], best[i] + 1) for i in range(64)]).reshape(8, 8)
    known = most >= _LIKELY
    # Many coefficients, none of which prefers a step, were divided by 1.
    known |= seen[:, _LARGE:].sum(axis=1).reshape(8, 8) >= _ENOUGH
    for row, column in sorted(np.ndindex(8, 8), key=sum):
        if not known[row, column]:
            above = steps[row - 1, column] if row else 1
            before = steps[row, column - 1] if column else 1
            steps[row, column] = max(above, before)
    return steps


_ENOUGH: Final = 20
_LARGE: Final = 12


def _divided(seen: NDArray[np.float64], step: int) -> int:
    """Return the divisor of a step on whose lattice lie the coefficients that the step misses."""
    gains = _gains()
    off = np.where(gains[: len(seen), step - 1] < -1, seen, 0)
    divisors = [d for d in range(2, step) if step % d == 0]
    if divisors:
        gain = off @ gains[: len(seen), np.array(divisors) - 1]
        if gain.max() > _DIV:
            return _divided(seen, divisors[int(gain.argmax())])
    return step


_DIV = 4.0


@lru_cache(maxsize=1)
def _gains() -> NDArray[np.float64]:
    """Return what a coefficient in each bin says for each step, in nats: (bins, steps from 1)."""
    modulus = np.arange(BINS)[:, None] / _A_UNIT
    step = np.arange(1, LARGEST_STEP + 1)[None]
    off = modulus - step * np.round(modulus / step)
    density = sum(
        np.exp(-(((off + turn * step) / _NOISE) ** 2) / 2) / (_NOISE * np.sqrt(2 * np.pi))
        for turn in (-1, 0, 1)
    )
    gains = np.log((1 - _OUTLIERS) * step * density + _OUTLIERS)
    gains[:_LEAST] = 0
    gains[:, 0] = 0
    gains.flags.writeable = False
    return np.asarray(gains)
