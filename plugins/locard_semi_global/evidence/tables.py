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

from locard.image.quality import LUMINANCE, scaled
from locard_semi_global.evidence.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_STEP: Final = 255
"""Of a table with entries of 8 bits."""

BINS: Final = 4096
"""Bins of a quarter, from 0 up to 1024, beyond which no coefficient of 8-bit pixels lies."""

SHAPE: Final = (2, 64, BINS)
"""Of what is counted."""

_A_UNIT: Final = 4
_NOISE: Final = 0.35  # standard deviation; 1/√12 for pixels rounded once
_OUTLIERS: Final = 0.03
_LEAST: Final = 5  # bins: what lies below, 1.25, may be noise about zero
_CERTAIN: Final = 10.0  # in nats: e^10 is well above the 254 steps that are tried
_LIKELY: Final = 2.0
_MISSED: Final = 4.0
_LARGE: Final = 12  # bins: 3
_MANY: Final = 20
_ENOUGH: Final = 6  # certain steps, for a table to be recognised by them
_AGREEMENT: Final = 0.8


def estimated_steps(
    spectra: NDArray[np.float32], clipped: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Return the steps by which a picture's coefficients were last quantised.

    Args:
        spectra: float32, (h, w, 8, 8): orthonormal DCT of luma in blocks of the grid.
        clipped: bool, (h, w): blocks that were clipped when the picture was decoded, so that their
            coefficients lie on no lattice. They are left out where the others tell the steps.

    Returns:
        int64, (8, 8). All 1 where the picture shows no quantisation.
    """
    counts = np.zeros(SHAPE, np.int64)
    if clipped is None:
        clipped = np.zeros(spectra.shape[:2], np.bool_)
    count_moduli(spectra, clipped, counts)
    return steps_of(counts)


@compiled
def count_moduli(
    spectra: NDArray[np.float32], clipped: NDArray[np.bool_], counts: NDArray[np.int64]
) -> None:
    """Add the moduli of the coefficients of all blocks that are not flat.

    Args:
        spectra: float32, (h, w, 8, 8).
        clipped: bool, (h, w).
        counts: int64, :data:`SHAPE`, to add to: blocks that are not clipped, then those that are.
            Bin n holds moduli that round to n/4.
    """
    for row in range(spectra.shape[0]):
        for column in range(spectra.shape[1]):
            block = spectra[row, column].reshape(64)
            largest = np.float32(0)
            for band in range(1, 64):
                largest = max(largest, abs(block[band]))
            if largest * _A_UNIT < _LEAST:
                continue
            part = counts[int(clipped[row, column])]
            for band in range(64):
                place = int(abs(block[band]) * _A_UNIT + np.float32(0.5))
                part[band, min(place, BINS - 1)] += 1


def steps_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the steps that make counts likeliest.

    For each frequency that q which is largest in Σ log((1 − ε) q N(c) + ε), the logarithm of how
    much likelier a coefficient c is after quantisation than before; N is the density of normal
    noise about the nearest multiple of q, ε the share of outliers. Coefficients near zero fit all
    steps and say nothing. A multiple of the true step misses some coefficients, a divisor gains
    less on each. Where an earlier compression left most coefficients on a multiple of the last
    step, those that it misses lie on the last one's lattice, which is then taken.

    Few coefficients of high frequencies are not zero. If the certain steps are mostly those of a
    quality of the Independent JPEG Group's library, its table gives the steps of frequencies that
    are uncertain, or where it divides the likeliest step. Without such a table an unknown step is
    taken to be the largest of those of the next lower frequencies.

    Args:
        counts: int64, :data:`SHAPE`, of :func:`count_moduli`.

    Returns:
        int64, (8, 8). All 1 where no frequency's step is certain.
    """
    steps = _likeliest(counts[0])
    if steps is None:
        steps = _likeliest(counts[0] + counts[1])
    return np.ones((8, 8), np.int64) if steps is None else steps


def _likeliest(counts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the steps, (8, 8), by counts of (64, :data:`BINS`), or None if none is certain."""
    gain = _summed(counts, _gains())
    most = gain.max(axis=1)
    certain = most >= _CERTAIN
    if not certain.any():
        return None
    steps = np.array(
        [_last_step(*pair) for pair in zip(counts, gain.argmax(axis=1) + 1, strict=True)]
    )
    # Many coefficients, none of which prefers a step, were divided by 1.
    known = (most >= _LIKELY) | (counts[:, _LARGE:].sum(axis=1) >= _MANY)
    library = _library_table(steps, certain)
    if library is not None:
        replaced = ~certain | (steps % library == 0)
        return np.where(replaced, library, steps).reshape(8, 8)
    return _filled(steps.reshape(8, 8), known.reshape(8, 8))


def _last_step(seen: NDArray[np.int64], step: int) -> int:
    """Return the divisor of a step on whose lattice lie the coefficients that the step misses."""
    divisors = [divisor for divisor in range(2, step) if step % divisor == 0]
    occupied = np.flatnonzero(seen)
    missed = occupied[_gains()[occupied, step - 1] < -1]
    if not divisors or not missed.size:
        return step
    gain = seen[missed] @ _gains()[missed][:, np.array(divisors) - 1]
    if gain.max() < _MISSED:
        return step
    return _last_step(seen, divisors[int(gain.argmax())])


def _library_table(
    steps: NDArray[np.int64], certain: NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    """Return the library's table that agrees with most of the certain steps, (64,), or None."""
    if certain.sum() < _ENOUGH:
        return None
    tables = _library_tables()
    agreement = (tables[:, certain] == steps[certain]).mean(axis=1)
    best = int(agreement.argmax())
    return tables[best] if agreement[best] >= _AGREEMENT else None


def _filled(steps: NDArray[np.int64], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    filled = steps.copy()
    for row, column in sorted(np.ndindex(8, 8), key=sum):
        if not known[row, column]:
            above = filled[row - 1, column] if row else 1
            before = filled[row, column - 1] if column else 1
            filled[row, column] = max(above, before)
    return filled


@compiled
def _summed(counts: NDArray[np.int64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return counts @ gains: most counts are 0."""
    sums = np.zeros((counts.shape[0], gains.shape[1]))
    for band in range(counts.shape[0]):
        for place in range(counts.shape[1]):
            number = counts[band, place]
            if number:
                for step in range(gains.shape[1]):
                    sums[band, step] += number * gains[place, step]
    return sums


@lru_cache(maxsize=1)
def _library_tables() -> NDArray[np.int64]:
    return np.array([scaled(LUMINANCE, quality) for quality in range(1, 101)])


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
