"""A Gaussian among outliers: expectation maximisation for a Gaussian and a uniform distribution.

D. Cozzolino, G. Poggi, L. Verdoliva, "Splicebuster: a new blind image splicing detector", IEEE
International Workshop on Information Forensics and Security (2015), section 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

RIDGE = 1e-3
"""Variance added along each axis: the points are whitened, so that theirs is 1 on the whole."""

_ITERATIONS = 100
_TOLERANCE = 1e-5
_LEAST_OUTLIERS = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """A Gaussian, and outliers spread evenly over the box that holds all points.

    Attributes:
        mean: float64, shape (dimensions,).
        precision: float64, shape (dimensions, dimensions): inverse of the covariance.
        share: Prior probability of the Gaussian.
        boundary: Squared Mahalanobis distance at which a point is as likely an outlier as not.
        log_likelihood: Mean over the points, natural logarithm.
    """

    mean: NDArray[np.float64]
    precision: NDArray[np.float64]
    share: float
    boundary: float
    log_likelihood: float


@njit(cache=True, nogil=True)
def squared_distances(
    points: NDArray[np.float64], mean: NDArray[np.float64], precision: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the squared Mahalanobis distance of each point.

    Written as loops, so that the order of summation does not depend on the number of threads.

    Args:
        points: Shape (n, dimensions).
        mean: Shape (dimensions,).
        precision: Shape (dimensions, dimensions), symmetric.

    Returns:
        float64, shape (n,).
    """
    count, dimensions = points.shape
    found = np.empty(count)
    centred = np.empty(dimensions)
    for n in range(count):
        for i in range(dimensions):
            centred[i] = points[n, i] - mean[i]
        total = 0.0
        for i in range(dimensions):
            line = 0.0
            for j in range(i):
                line += precision[i, j] * centred[j]
            total += centred[i] * (2 * line + precision[i, i] * centred[i])
        found[n] = total
    return found


@njit(cache=True, nogil=True)
def weighted_moments(
    points: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and covariance of weighted points.

    Args:
        points: Shape (n, dimensions).
        weights: Shape (n,), not negative, of a positive sum.

    Returns:
        float64, shapes (dimensions,) and (dimensions, dimensions).
    """
    count, dimensions = points.shape
    mean = np.zeros(dimensions)
    covariance = np.zeros((dimensions, dimensions))
    total = 0.0
    for n in range(count):
        total += weights[n]
        for i in range(dimensions):
            mean[i] += weights[n] * points[n, i]
    mean /= total
    centred = np.empty(dimensions)
    for n in range(count):
        if weights[n] == 0:
            continue
        for i in range(dimensions):
            centred[i] = points[n, i] - mean[i]
        for i in range(dimensions):
            scaled = weights[n] * centred[i]
            for j in range(i + 1):
                covariance[i, j] += scaled * centred[j]
    for i in range(dimensions):
        for j in range(i + 1):
            covariance[i, j] /= total
            covariance[j, i] = covariance[i, j]
    return mean, covariance


def gaussian_likelihood(points: NDArray[np.float64]) -> float:
    """Return the mean log-likelihood of points under the Gaussian that fits them best.

    Args:
        points: Shape (n, dimensions).
    """
    dimensions = points.shape[1]
    _, covariance = weighted_moments(points, np.ones(points.shape[0]))
    covariance[np.diag_indices(dimensions)] += RIDGE
    precision = _inverse(covariance)
    # The squared distances of points to their own mean add up to the trace of S⁻¹S.
    spread = float((precision * covariance).sum()) - RIDGE * float(np.trace(precision))
    log_determinant = float(np.linalg.slogdet(covariance)[1])
    return -float(dimensions * math.log(2 * math.pi) + log_determinant + spread) / 2


def fit_gaussian_uniform(
    points: NDArray[np.float64],
    extent: NDArray[np.float64],
    starts: int = 10,
    seed: int = 0,
) -> Mixture:
    """Fit the mixture from several starting points, and keep the likeliest.

    Every start is a Gaussian of variance 1 along each axis: the first around the origin, the others
    around points drawn at random.

    Args:
        points: Shape (n, dimensions), whitened.
        extent: Sides of the box over which outliers are spread, shape (dimensions,), above 0.
        starts: How many.
        seed: Of the generator that draws the starting points.

    Returns:
        The mixture.
    """
    dimensions = points.shape[1]
    log_density = -float(np.log(extent).sum())
    rng = np.random.default_rng(seed)
    chosen = rng.choice(points.shape[0], min(starts - 1, points.shape[0]), replace=False)
    means = [np.zeros(dimensions), *points[chosen]]
    fits = [_climb(points, mean, log_density) for mean in means]
    return max(fits, key=lambda fit: fit.log_likelihood)


def _climb(points: NDArray[np.float64], mean: NDArray[np.float64], log_density: float) -> Mixture:
    """Run expectation maximisation from one start until the likelihood hardly grows.

    Args:
        points: Shape (n, dimensions).
        mean: Where the Gaussian begins.
        log_density: Logarithm of the density of outliers.
    """
    dimensions = points.shape[1]
    covariance, share, previous = np.eye(dimensions), 0.5, -math.inf
    rounds = 0
    while True:
        precision = _inverse(covariance)
        _, log_determinant = np.linalg.slogdet(covariance)
        height = math.log(share) - (dimensions * math.log(2 * math.pi) + log_determinant) / 2
        outlier = math.log1p(-share) + log_density
        distances = squared_distances(points, mean, precision)
        gaussian = height - distances / 2
        total = np.logaddexp(gaussian, outlier)
        likelihood = float(total.mean())
        rounds += 1
        if rounds == _ITERATIONS or likelihood - previous < _TOLERANCE:
            return Mixture(mean, precision, share, 2 * (height - outlier), likelihood)
        previous = likelihood
        weights = np.exp(gaussian - total)
        share = min(max(float(weights.mean()), _LEAST_OUTLIERS), 1 - _LEAST_OUTLIERS)
        mean, covariance = weighted_moments(points, weights)
        covariance[np.diag_indices(dimensions)] += RIDGE


def _inverse(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.inv(covariance), dtype=np.float64)
