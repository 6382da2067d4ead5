"""How good likelihood ratios are: cost, calibration, and the points of the usual plots.

N. Brümmer, J. du Preez, "Application-independent evaluation of speaker detection", Computer Speech
and Language 20 (2006); D. Ramos, J. Gonzalez-Rodriguez, "Reliable support: measuring calibration of
likelihood ratios", Forensic Science International 230 (2013).

Likelihood ratios are log10, positive in favour of tampering. Infinite ones are taken at their word:
one that is right costs nothing, one that misleads costs everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.metrics.image import check_labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOG2_10 = float(np.log2(10.0))


def costs(log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return what each likelihood ratio costs, in bits at even prior odds.

    Args:
        log10_lrs: float, shape (images,), no NaN.
        tampered: bool, shape (images,).

    Returns:
        float64, shape (images,): log2(1 + 1/LR) where tampered, log2(1 + LR) where not.

    Raises:
        ValueError: A value is NaN, or the shapes differ.
    """
    check_labelled(log10_lrs, tampered)
    # numpy warns of NaN here, which stands for an image without a likelihood ratio.
    with np.errstate(invalid="ignore"):
        return np.logaddexp2(0.0, np.where(tampered, -log10_lrs, log10_lrs) * _LOG2_10)


def cllr(log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_]) -> float | None:
    """Return the log-likelihood-ratio cost: the mean of the two classes' mean costs.

    Args:
        log10_lrs: float, shape (images,), no NaN.
        tampered: bool, shape (images,).

    Returns:
        0 and up; 1 where LR = 1 throughout; infinite where an infinite LR misleads;
        None where a class is absent.

    Raises:
        ValueError: A value is NaN, or the shapes differ.
    """
    if not check_labelled(log10_lrs, tampered):
        return None
    paid = costs(log10_lrs, tampered)
    return float((np.mean(paid[tampered]) + np.mean(paid[~tampered])) / 2)


def pav_log10_lrs(
    log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Recalibrate likelihood ratios with pool-adjacent-violators, knowing the truth.

    Args:
        log10_lrs: float, shape (images,): likelihood ratios or any score, no NaN.
        tampered: bool, shape (images,).

    Returns:
        float64, shape (images,): the monotone log10 LRs with the least Cllr on these very images,
        for even priors; infinite at the ends where one class is alone. Equal inputs stay equal.

    Raises:
        ValueError: A class is absent, a value is NaN, or the shapes differ.
    """
    from scipy.optimize import isotonic_regression

    _check(log10_lrs, tampered)
    _, place, sizes = np.unique(log10_lrs, return_inverse=True, return_counts=True)
    hits = np.bincount(place, weights=tampered)
    share = isotonic_regression(hits / sizes, weights=sizes.astype(np.float64)).x
    # Shares of pools are quotients of whole numbers; rounding must not keep 0 and 1 from infinity.
    share = np.where(share < 1e-12, 0.0, np.where(share > 1 - 1e-12, 1.0, share))
    with np.errstate(divide="ignore"):
        posterior = np.log10(share) - np.log10(1 - share)
    prior = np.log10(np.count_nonzero(tampered) / np.count_nonzero(~tampered))
    calibrated: NDArray[np.float64] = (posterior - prior)[place]
    return calibrated


def min_cllr(log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_]) -> float | None:
    """Return the Cllr that the best monotone recalibration would reach: pure discrimination.

    Args:
        log10_lrs: float, shape (images,): likelihood ratios or any score, no NaN.
        tampered: bool, shape (images,).

    Returns:
        0 to 1; None where a class is absent.

    Raises:
        ValueError: A value is NaN, or the shapes differ.
    """
    if not check_labelled(log10_lrs, tampered):
        return None
    return cllr(pav_log10_lrs(log10_lrs, tampered), tampered)


def calibration_loss(log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_]) -> float | None:
    """Return Cllr minus minimum Cllr: what is lost because values are not what they claim.

    Returns:
        0 and up; None where a class is absent.

    Raises:
        ValueError: A value is NaN, or the shapes differ.
    """
    cost, least = cllr(log10_lrs, tampered), min_cllr(log10_lrs, tampered)
    return None if cost is None or least is None else cost - least


@dataclass(frozen=True, slots=True, eq=False)
class Tippett:
    """Points of a Tippett plot: which share of a class has at least this LR.

    Attributes:
        log10_lr: float64, shape (points,): each value that occurs, ascending.
        tampered: float64, shape (points,): share of tampered images with this LR or more.
        authentic: float64, shape (points,): the same of authentic images.
    """

    log10_lr: NDArray[np.float64]
    tampered: NDArray[np.float64]
    authentic: NDArray[np.float64]


def tippett(log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_]) -> Tippett:
    """Return the points of a Tippett plot; steps go down to the right of each point.

    Raises:
        ValueError: A class is absent, a value is NaN, or the shapes differ.
    """
    _check(log10_lrs, tampered)
    values = np.unique(log10_lrs)

    def at_least(of: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 - np.searchsorted(np.sort(of), values, side="left") / of.size

    return Tippett(values, at_least(log10_lrs[tampered]), at_least(log10_lrs[~tampered]))


@dataclass(frozen=True, slots=True, eq=False)
class CrossEntropy:
    """Empirical cross-entropy over prior odds, in bits: the usual plot of reliability.

    Attributes:
        log10_prior_odds: float64, shape (points,).
        given: float64, shape (points,): of the likelihood ratios as they are.
        calibrated: float64, shape (points,): after PAV; what ``given`` is above it is
            miscalibration.
        neutral: float64, shape (points,): of LR = 1. Where ``given`` is above it, the likelihood
            ratios do harm.
    """

    log10_prior_odds: NDArray[np.float64]
    given: NDArray[np.float64]
    calibrated: NDArray[np.float64]
    neutral: NDArray[np.float64]


def cross_entropy(
    log10_lrs: NDArray[np.float64],
    tampered: NDArray[np.bool_],
    log10_prior_odds: NDArray[np.float64] | None = None,
) -> CrossEntropy:
    """Return the empirical cross-entropy (Ramos and Gonzalez-Rodriguez 2013, equation 8).

    Args:
        log10_lrs: float, shape (images,), no NaN.
        tampered: bool, shape (images,).
        log10_prior_odds: float, shape (points,); by default -3 to 3 in steps of 0.05. At 0, the
            cross-entropy is the Cllr.

    Raises:
        ValueError: A class is absent, a value is NaN, or the shapes differ.
    """
    _check(log10_lrs, tampered)
    odds = np.linspace(-3, 3, 121) if log10_prior_odds is None else log10_prior_odds
    return CrossEntropy(
        log10_prior_odds=odds,
        given=_entropy(log10_lrs, tampered, odds),
        calibrated=_entropy(pav_log10_lrs(log10_lrs, tampered), tampered, odds),
        neutral=_entropy(np.zeros(log10_lrs.shape), tampered, odds),
    )


def _entropy(
    log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_], log10_odds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the prior-weighted mean cost at each prior; a point at a time bounds the memory."""
    points = np.empty(log10_odds.shape)
    for at, prior_odds in enumerate(log10_odds):
        paid = costs(log10_lrs + prior_odds, tampered)
        prior = 1 / (1 + 10.0**-prior_odds)
        points[at] = prior * np.mean(paid[tampered]) + (1 - prior) * np.mean(paid[~tampered])
    return points


def _check(log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_]) -> None:
    if not check_labelled(log10_lrs, tampered):
        raise ValueError("likelihood ratios of tampered and of authentic images are both needed")
