"""Traces of an earlier JPEG compression on a shifted grid, in the pixels of a JPEG.

Where the 8×8 grid of an earlier compression lay elsewhere, the DCT of the decompressed picture on
that grid gathers around multiples of the first quantisation steps; on any other grid it does not.

T. Bianchi, A. Piva, "Image forgery localization via block-grained analysis of JPEG artifacts", IEEE
Transactions on Information Forensics and Security 7 (2012), the case of non-aligned compressions,
with the simplified model of the likelihood ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import fft, special

BLOCK = 8
"""Side of a JPEG block in pixels."""

LARGEST_FIRST_STEP = 16
"""Largest first quantisation step of the DC coefficient that is looked for: quality 50."""

BINS = 32
"""Bins of the distance to the nearest multiple, from 0 to half a step."""

_ROUNDING_VARIANCE = 1 / 12
_LEAST_DEVIATION = 1.0
_NOISE_FACTORS = (1.0, 2.0, 4.0)
_STRAY = 0.05
_ITERATIONS = 60
_START = 0.5
_MULTIPLES = 4


@dataclass(frozen=True, slots=True)
class Shift:
    """The grid of an earlier compression.

    Attributes:
        x: Column of the stored picture in which a block of that grid begins, 0 to 7.
        y: Row in which one begins, 0 to 7.
        first_step: Its quantisation step of the DC coefficient.
        share: Share of the blocks with the trace, α of the mixture.
        gain: Logarithm of the likelihood of the mixture over that of no trace, in nats.
        lead: How far the gain is above that of the next best grid, in nats.
    """

    x: int
    y: int
    first_step: int
    share: float
    gain: float
    lead: float


def decompress(coefficients: NDArray[np.int16], table: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the luma without rounding and clipping, less 128.

    Args:
        coefficients: Quantised, shape (block rows, block columns, 8, 8).
        table: Quantisation steps, shape (8, 8).

    Returns:
        float32, shape (8 · block rows, 8 · block columns), in grey levels.
    """
    rows, columns = coefficients.shape[:2]
    blocks = fft.idctn(
        coefficients * np.asarray(table, dtype=np.float32), norm="ortho", axes=(2, 3)
    )
    return np.asarray(
        blocks.swapaxes(1, 2).reshape(rows * BLOCK, columns * BLOCK), dtype=np.float32
    )


def window_sums(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sum over the 8×8 window that begins at each pixel.

    Args:
        values: Shape (H, W), both at least 8.

    Returns:
        float64, shape (H − 7, W − 7).
    """
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(values, axis=0, out=sums[1:, 1:], dtype=np.float64)
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return np.asarray(sums[8:, 8:] - sums[:-8, 8:] - sums[8:, :-8] + sums[:-8, :-8])


@njit(cache=True, nogil=True)
def fold_distances(
    dc: NDArray[np.float64], there: NDArray[np.bool_], steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Count, for each grid and step, how far coefficients lie from the nearest multiple.

    Args:
        dc: float64, shape (H, W): coefficient of the window that begins at each pixel.
        there: bool, same shape: windows that count.
        steps: float64, shape (n,).

    Returns:
        float64, shape (8, 8, n, 32): rows and columns modulo 8 of the window's origin, step, and
        distance from 0 to half a step.
    """
    counts = np.zeros((BLOCK, BLOCK, steps.shape[0], BINS))
    for y in range(dc.shape[0]):
        for x in range(dc.shape[1]):
            if there[y, x]:
                for index in range(steps.shape[0]):
                    ratio = dc[y, x] / steps[index]
                    distance = abs(ratio - np.rint(ratio))
                    bin_ = min(int(distance * 2 * BINS), BINS - 1)
                    counts[y % BLOCK, x % BLOCK, index, bin_] += 1
    return counts


def clustering(step: float, variance: float) -> NDArray[np.float64]:
    """Return n(x), the density around multiples of a step relative to an even one, bin by bin.

    Normal densities around all multiples (Bianchi & Piva 2012, simplified model), averaged over
    each bin of distance, and scaled so that an even distribution is never favoured.

    Args:
        step: First quantisation step.
        variance: Of what the second compression added.

    Returns:
        float64, shape (32,), mean 1, above 0.
    """
    edges = np.arange(BINS + 1) / (2 * BINS)
    nearest = np.arange(-_MULTIPLES, _MULTIPLES + 1)
    scaled = (edges[:, None] - nearest) * (step / math.sqrt(variance))
    below = special.ndtr(scaled).sum(axis=1)
    density = np.maximum(np.diff(below), 1e-9)
    return np.asarray(density / density.mean())


def fit_shares(
    counts: NDArray[np.float64], densities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit α in ``α n(x) + (1 − α)`` by expectation maximisation.

    Args:
        counts: Shape (…, 32), distances counted.
        densities: Shape (…, 32), from :func:`clustering`.

    Returns:
        α, and the gain in log-likelihood over α = 0 in nats, each of shape (…).
    """
    total = np.maximum(counts.sum(axis=-1), 1)
    share = np.full(counts.shape[:-1], _START)
    for _ in range(_ITERATIONS):
        weighted = share[..., None] * densities
        belongs = weighted / (weighted + 1 - share[..., None])
        share = np.clip((counts * belongs).sum(axis=-1) / total, 1e-6, 1 - 1e-6)
    mixture = share[..., None] * densities + 1 - share[..., None]
    return share, (counts * np.log(mixture)).sum(axis=-1)


def first_steps(last_step: int) -> NDArray[np.float64]:
    """Return the first quantisation steps of DC that can leave a trace behind the last one.

    Args:
        last_step: Of the file.

    Returns:
        float64, shape (n,): from ``last_step / √3`` (2 at least), below which the noise of the last
        compression hides all but 1 % of the periodicity, to :data:`LARGEST_FIRST_STEP`.
    """
    return np.arange(max(2, int(last_step / math.sqrt(3))), LARGEST_FIRST_STEP + 1.0)


def noise_variance(last_step: int) -> float:
    """Return the variance that the last compression adds to a coefficient on another grid.

    Args:
        last_step: Quantisation step of the coefficient.

    Returns:
        ``q² / 12``, and as much again as rounding to grey levels makes, in squared grey levels.
    """
    return last_step**2 / 12 + _ROUNDING_VARIANCE


def find_shift(luma: NDArray[np.float32], last_step: int) -> Shift | None:
    """Find the grid on which the DC coefficients gather best around multiples of a step.

    Shifts along one axis alone with a first step that is a multiple of the last are left out:
    between blocks of the last compression that hardly differ, it makes such combs itself.

    Args:
        luma: Less 128, shape (H, W), from :func:`decompress`.
        last_step: Quantisation step of the file's DC coefficient.

    Returns:
        The grid, however weak its trace; None where no block has any detail, or the last
        compression hides all first steps that are looked for.
    """
    steps = first_steps(last_step)
    if steps.size == 0 or min(luma.shape) < 2 * BLOCK:
        return None
    sums = window_sums(luma)
    variance = window_sums(luma * luma) / BLOCK**2 - (sums / BLOCK**2) ** 2
    counts = fold_distances(sums / BLOCK, variance > _LEAST_DEVIATION**2, steps)
    if not counts.any():
        return None
    added = noise_variance(last_step)
    densities = np.stack([clustering(float(step), added) for step in steps])
    shares, gains = fit_shares(counts, densities)
    multiples = steps % last_step == 0
    gains[0, :, multiples] = gains[:, 0, multiples] = gains[0, 0] = 0
    best = gains.max(axis=2)
    y, x = (int(index) for index in np.unravel_index(np.argmax(best), best.shape))
    step = int(np.argmax(gains[y, x]))
    others = np.delete(best.ravel(), y * BLOCK + x)
    gain = float(best[y, x])
    share = float(shares[y, x, step])
    return Shift(x, y, int(steps[step]), share, gain, gain - float(others.max()))


def block_evidence(
    luma: NDArray[np.float32], shift: Shift, last_step: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weigh each block of the shifted grid: compressed there before against not.

    The logarithm of n(x) of the DC coefficient (Bianchi & Piva 2012, simplified model), with two
    additions: what the last compression added is fitted among 1, 2 and 4 times its nominal
    variance, and one block in twenty of those compressed there is allowed to lie anywhere.

    Args:
        luma: Less 128, shape (H, W), from :func:`decompress`.
        shift: The grid, from :func:`find_shift`.
        last_step: Quantisation step of the file's DC coefficient.

    Returns:
        Natural logarithms, float64, shape ((H − y) // 8, (W − x) // 8), 0 for blocks without
        detail; and which blocks have any, bool, same shape.
    """
    rows, columns = (luma.shape[0] - shift.y) // BLOCK, (luma.shape[1] - shift.x) // BLOCK
    whole = luma[shift.y : shift.y + rows * BLOCK, shift.x : shift.x + columns * BLOCK]
    blocks = whole.reshape(rows, BLOCK, columns, BLOCK)
    there = blocks.std(axis=(1, 3)) > _LEAST_DEVIATION
    ratio = blocks.mean(axis=(1, 3), dtype=np.float64) * (BLOCK / shift.first_step)
    distance = np.abs(ratio - np.rint(ratio))
    bins = np.minimum((distance * 2 * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(bins[there], minlength=BINS).astype(np.float64)
    variances = [factor * noise_variance(last_step) for factor in _NOISE_FACTORS]
    densities = np.stack([clustering(shift.first_step, variance) for variance in variances])
    densities = (1 - _STRAY) * densities + _STRAY
    _, gains = fit_shares(np.broadcast_to(counts, densities.shape), densities)
    density = densities[int(np.argmax(gains))]
    return np.where(there, np.log(density)[bins], 0.0), there
