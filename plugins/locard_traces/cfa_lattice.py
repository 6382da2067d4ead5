"""How unlike the two lattices of the green channel are, block by block.

In a Bayer array every second pixel has a green filter, like the black squares of a chessboard. The
others are interpolated from them, so a prediction from the neighbours errs less there.

P. Ferrara, T. Bianchi, A. De Rosa, A. Piva, "Image forgery localization via fine-grained analysis
of CFA artifacts", IEEE Transactions on Information Forensics and Security 7 (2012), known as CFA1.
Where this differs from the paper is told in docs/methods/cfa.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BLOCK = 8
"""Side of a block in pixels."""

MIN_BLOCKS = 64
"""Blocks with evidence that a mixture of two normal distributions needs."""

_RADIUS = 3
_SIGMA = 1.0
_LEAST_VARIANCE = 0.05
_LEAST_TYPICAL = 0.5
_CLIPPED_PIXELS = 4
_LEAST_SPREAD = 1e-4
# In pictures without a trace the variance of the feature was 0.02 to 0.16 (docs/methods/cfa.md).
_TYPICAL_WITHOUT = 0.1
_PRIOR_BLOCKS = 16
_ITERATIONS = 500
_TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class Mixture:
    """Normal distributions of the feature in blocks without and with a trace of demosaicking.

    Attributes:
        variance_without: v1 of N(0, v1), blocks without the trace.
        mean_with: µ of N(µ, v2), blocks with it. Its sign says which lattice was acquired.
        variance_with: v2.
        share_with: Weight of N(µ, v2), from 0 to 1.
    """

    variance_without: float
    mean_with: float
    variance_with: float
    share_with: float

    @property
    def separation(self) -> float:
        """Distance of the means in root mean square standard deviations."""
        spread = (self.variance_without + self.variance_with) / 2
        return abs(self.mean_with) / math.sqrt(spread)


def residual(green: NDArray[np.uint8] | NDArray[np.floating]) -> NDArray[np.float32]:
    """Return what bilinear interpolation from the four neighbours leaves.

    Args:
        green: Shape (H, W), in grey levels.

    Returns:
        float32, shape (H, W); mirrored at the border without repeating the edge, which keeps each
        neighbour on its own lattice.
    """
    values = np.asarray(green, dtype=np.float32)
    padded = np.pad(values, 1, mode="reflect")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return np.asarray(around / 4 - values, dtype=np.float32)


def lattice_variance(error: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weighted local variance over the pixels of each pixel's own lattice.

    ``(Σ α e² − (Σ α e)²) / (1 − Σ α²)``, where α is a Gaussian of 7×7
    pixels and σ = 1, 0 on the other lattice of the quincunx, and sums to 1.

    Args:
        error: Shape (H, W), from :func:`residual`.

    Returns:
        float32, shape (H, W), at least 0, in squared grey levels.
    """
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    line = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    signs = np.where(offsets % 2 == 0, 1.0, -1.0)
    # 1 on one's own lattice and 0 on the other is (1 + (−1)^(i+j)) / 2: a sum of separable kernels.
    kernels = ((line, 0.5), (line * signs, 0.5))
    total = sum(weight * kernel.sum() ** 2 for kernel, weight in kernels)
    squares = sum(
        (line[:, None] ** 2 * line[None, :] ** 2)[(offsets[:, None] + offsets) % 2 == 0].ravel()
    )

    def average(values: NDArray[np.float32]) -> NDArray[np.float32]:
        found = np.zeros(values.shape, dtype=np.float32)
        for kernel, weight in kernels:
            rows = ndimage.correlate1d(values, kernel * (weight / total), axis=0, mode="mirror")
            found += ndimage.correlate1d(rows, kernel, axis=1, mode="mirror")
        return found

    variance = average(error * error) - average(error) ** 2
    return np.asarray(np.maximum(variance / (1 - squares / total**2), 0), dtype=np.float32)


def block_feature(
    variance: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Compare the two lattices in each 8×8 block.

    Args:
        variance: Shape (H, W), from :func:`lattice_variance`.

    Returns:
        The logarithm of the ratio of geometric means, pixels with x + y even over those with x + y
        odd, float64, shape (H // 8, W // 8); and which blocks vary enough to say anything, bool, of
        the same shape: those whose larger mean is above what rounding to grey levels makes.
    """
    rows, columns = variance.shape[0] // BLOCK, variance.shape[1] // BLOCK
    whole = np.log(np.maximum(variance[: rows * BLOCK, : columns * BLOCK], _LEAST_VARIANCE))
    blocks = whole.reshape(rows, BLOCK, columns, BLOCK)
    even = (np.arange(BLOCK)[:, None] + np.arange(BLOCK)) % 2 == 0
    signed = np.where(even, 1.0, -1.0) / (BLOCK * BLOCK / 2)
    feature = np.einsum("aibj,ij->ab", blocks, signed)
    stronger = blocks.mean(axis=(1, 3)) + np.abs(feature) / 2
    return feature, stronger > math.log(_LEAST_TYPICAL)


def clipped_blocks(green: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which 8×8 blocks hold at least four samples of 0 or 255.

    Args:
        green: Shape (H, W).

    Returns:
        bool, shape (H // 8, W // 8).
    """
    rows, columns = green.shape[0] // BLOCK, green.shape[1] // BLOCK
    whole = green[: rows * BLOCK, : columns * BLOCK]
    extreme = np.logical_or(whole == 0, whole == 255)
    counts = extreme.reshape(rows, BLOCK, columns, BLOCK).sum(axis=(1, 3))
    return np.asarray(counts >= _CLIPPED_PIXELS)


def fit_mixture(feature: NDArray[np.float64]) -> Mixture:
    """Fit {N(0, v1), N(µ, v2)} by expectation maximisation (Ferrara 2012).

    v1 has a prior worth 16 blocks of variance 0.1: in a picture without a forged part nothing else
    would hold the first distribution in its place.

    Args:
        feature: Shape (n,), n at least 2, finite.

    Returns:
        The mixture. Two distributions are always found: look at :attr:`Mixture.separation` before
        reading anything into them.
    """
    mean = float(feature.mean())
    first = _TYPICAL_WITHOUT
    second = max(float(feature.var()), _LEAST_SPREAD)
    share = 0.5
    before = -math.inf
    for _ in range(_ITERATIONS):
        without = (1 - share) * _normal(feature, 0.0, first)
        with_trace = share * _normal(feature, mean, second)
        density = np.maximum(without + with_trace, 1e-300)
        likelihood = float(np.log(density).mean())
        if likelihood - before < _TOLERANCE:
            break
        before = likelihood
        belongs = with_trace / density
        amount = min(max(float(belongs.sum()), 1e-9), feature.size - 1e-9)
        mean = float((belongs * feature).sum()) / amount
        second = max(float((belongs * (feature - mean) ** 2).sum()) / amount, _LEAST_SPREAD)
        rest = feature.size - amount
        first = float(((1 - belongs) * feature**2).sum()) + _PRIOR_BLOCKS * _TYPICAL_WITHOUT
        first /= rest + _PRIOR_BLOCKS
        share = amount / feature.size
    return Mixture(first, mean, second, share)


def _normal(values: NDArray[np.float64], mean: float, variance: float) -> NDArray[np.float64]:
    density: NDArray[np.float64] = np.exp(-((values - mean) ** 2) / (2 * variance))
    return density / math.sqrt(2 * math.pi * variance)


def log_likelihood_ratio(feature: NDArray[np.float64], mixture: Mixture) -> NDArray[np.float64]:
    """Return the logarithm of the likelihood of no trace over that of a trace.

    Features are limited to what lies between the two means: a trace stronger than usual does not
    speak against demosaicking, one of the other lattice does not speak for it.

    Args:
        feature: Any shape.
        mixture: From :func:`fit_mixture`.

    Returns:
        float64, same shape; falls from no trace to a full one.
    """
    low, high = min(0.0, mixture.mean_with), max(0.0, mixture.mean_with)
    values = np.clip(feature, low, high)
    without = -(values**2) / mixture.variance_without - math.log(mixture.variance_without)
    deviation = (values - mixture.mean_with) ** 2
    with_trace = -deviation / mixture.variance_with - math.log(mixture.variance_with)
    return np.asarray((without - with_trace) / 2)


def evidence(
    feature: NDArray[np.float64], there: NDArray[np.bool_], mixture: Mixture, median: int = 5
) -> NDArray[np.float64]:
    """Return each block's evidence for no trace, median filtered over its neighbours.

    Args:
        feature: Shape (rows, columns), from :func:`block_feature`.
        there: bool, same shape: blocks with evidence. The others count 0, which says nothing.
        mixture: From :func:`fit_mixture`.
        median: Side of the median filter, in blocks (Ferrara 2012 has 5).

    Returns:
        float64, same shape, natural logarithms.
    """
    ratio = np.where(there, log_likelihood_ratio(feature, mixture), 0.0)
    return np.asarray(ndimage.median_filter(ratio, median, mode="nearest"))
