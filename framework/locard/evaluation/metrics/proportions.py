"""Intervals of shares and of the image AUC that hold near 0 and 1, where the bootstrap fails.

No false alarm among seven images gives resamples without a false alarm only, and an interval of no
width, as if the method could not err. Intervals from a model of the counts do not depend on having
seen an error. They take a group of images that share a source as one trial (E. L. Korn, B. I.
Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts
estimated from survey data"); a mean share over groups is then no whole number of successes.

The bootstrap, for its part, sees how much groups differ. So the hull of both is reported.
"""

from __future__ import annotations

import math

from locard.evaluation.metrics.bootstrap import LEVEL

Bounds = tuple[float, float]
"""Lower and upper bound."""

_TAIL = (1 - LEVEL) / 2
_NORMAL = 1.959963984540054
"""Quantile of the normal distribution that leaves out a tail."""

_NEAR = 1e-12


def hull(first: Bounds, second: Bounds) -> Bounds:
    """Return the smallest interval that holds both."""
    return min(first[0], second[0]), max(first[1], second[1])


def clopper_pearson(share: float, trials: int) -> Bounds:
    """Return the exact interval of a share (C. J. Clopper, E. S. Pearson 1934).

    Args:
        share: Of successes, 0 to 1; ``share * trials`` need not be whole.
        trials: How many, at least one: groups of images.
    """
    from scipy.special import betaincinv

    hits = share * trials
    low = float(betaincinv(hits, trials - hits + 1, _TAIL)) if share > _NEAR else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - _TAIL)) if share < 1 - _NEAR else 1.0
    return low, high


def mean_of_two(first: float, of_first: Bounds, second: float, of_second: Bounds) -> Bounds:
    """Return the interval of the mean of two independent figures from the interval of each.

    MOVER (G. Y. Zou, A. Donner 2008, "Construction of confidence limits about effect measures: a
    general approach"): each interval tells the variance of its figure near either bound.

    Args:
        first: A figure, here the sensitivity.
        of_first: Its interval.
        second: Another, here the specificity.
        of_second: Its interval.
    """
    middle = (first + second) / 2
    below = math.hypot(first - of_first[0], second - of_second[0]) / 2
    above = math.hypot(of_first[1] - first, of_second[1] - second) / 2
    return middle - below, middle + above


def area(auc: float, tampered: int, authentic: int) -> Bounds:
    """Return the interval of an area under the ROC curve.

    R. G. Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney
    statistic, part 2", method 5: all areas that are not too many of their own standard errors
    (J. A. Hanley, B. J. McNeil 1982) from the one that was found. It has a width for an area of 1.

    Args:
        auc: Area that was found, 0 to 1.
        tampered: How many groups of tampered images, at least one.
        authentic: How many groups of authentic images, at least one.
    """
    if auc < 0.5:
        low, high = area(1 - auc, tampered, authentic)
        return 1 - high, 1 - low
    from scipy.optimize import brentq

    mean = max((tampered + authentic) / 2 - 1, 0.0)

    def excess(true: float) -> float:
        others = mean * (1 - true) / (2 - true) + mean * true / (1 + true)
        variance = true * (1 - true) * (1 + others) / (tampered * authentic)
        return (true - auc) ** 2 - _NORMAL**2 * variance

    # At 0 and at 1 the variance is 0 and the excess is not; where nothing was wrong, 1 is a root.
    low = float(brentq(excess, 0.0, auc - _NEAR))
    high = float(brentq(excess, auc, 1.0)) if auc < 1 - _NEAR else 1.0
    return low, high
