"""From scores to log-likelihood ratios, and how far the data support them.

All log-likelihood ratios here are to base 10 and of H1 (the trace is there) over H2 (it is not):
positive where the score is more probable under H1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def logistic(scores: ArrayLike, slope: float, intercept: float) -> NDArray[np.float64]:
    """Return the log-likelihood ratios that a logistic regression gives.

    Args:
        scores: Any shape.
        slope: Of the log10 likelihood ratio over the score.
        intercept: log10 likelihood ratio at score 0.

    Returns:
        float64, the shape of ``scores``.
    """
    return slope * np.asarray(scores, dtype=np.float64) + intercept


def steps(scores: ArrayLike, thresholds: ArrayLike, log10_lrs: ArrayLike) -> NDArray[np.float64]:
    """Return the values of a step function: what pool-adjacent-violators gives.

    Args:
        scores: Any shape.
        thresholds: Shape (k,), ascending: where one step ends and the next begins. A score at a
            threshold belongs to the upper step.
        log10_lrs: Shape (k + 1,), the value of each step.

    Returns:
        float64, the shape of ``scores``.
    """
    places = np.searchsorted(np.asarray(thresholds, dtype=np.float64), scores, side="right")
    return np.asarray(log10_lrs, dtype=np.float64)[places]


def elub(log10_lrs: ArrayLike, tampered: ArrayLike) -> tuple[float, float]:
    """Return the empirical lower and upper bound of log-likelihood ratios (ELUB).

    Whoever decides by comparing a likelihood ratio with a threshold gains by it as long as the
    expected loss is smaller than that of the better fixed decision, that is, while the normalised
    Bayes error rate is below 1. To both classes one more ratio is added that misleads at every
    threshold: what holds only until the next image is seen does not count. The bounds are the ends
    of the range of thresholds around 0 over which there is a gain. They are computed exactly, not
    on a grid.

    Source: Vergeer, van Es, de Jongh, Alberink, Stoel, "Numerical likelihood ratios outputted by LR
    systems are often based on extrapolation: when to stop extrapolating?", Science & Justice 56
    (2016), 482-491.

    Args:
        log10_lrs: Shape (n,), infinities allowed.
        tampered: bool, shape (n,): whether H1 is true.

    Returns:
        Lower bound, never above 0, and upper bound, never below 0. Both are 0 where the ratios are
        of no use at any threshold.

    Raises:
        ValueError: A class has no image, or a ratio is NaN.
    """
    values = np.asarray(log10_lrs, dtype=np.float64)
    labels = np.asarray(tampered, dtype=bool)
    if np.isnan(values).any() or labels.all() or not labels.any():
        raise ValueError("bounds need likelihood ratios of both classes, and no NaN")
    h1, h2 = values[labels], values[~labels]
    return 0.0 - _upper_bound(-h2, -h1), _upper_bound(h1, h2)


def _upper_bound(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> float:
    """Return up to which threshold above 0 accepting beats never accepting.

    Accepting where the ratio exceeds a threshold t is a gain while t · (share of ``wrong``
    accepted) is at most the share of ``right`` accepted. Between two neighbouring ratios the shares
    do not change, so that the gain ends at a ratio or at the quotient of the shares.
    """
    ratios = np.concatenate([right, wrong])
    starts = np.concatenate([[0.0], np.unique(ratios[(ratios > 0) & np.isfinite(ratios)])])
    ends = np.concatenate([starts[1:], [np.inf]])
    accepted_right = _count_above(right, starts) / (right.size + 1)
    accepted_wrong = (_count_above(wrong, starts) + 1) / (wrong.size + 1)
    with np.errstate(divide="ignore"):
        gain_ends = np.log10(accepted_right) - np.log10(accepted_wrong)
    first = int(np.argmax(gain_ends < ends))
    return float(max(starts[first], gain_ends[first]))


def _count_above(values: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.int64]:
    return values.size - np.searchsorted(np.sort(values), limits, side="right")
