"""Statistics of order for many resamples at once: AUC, equal error rate, minimum Cllr.

A class prepares what all resamples share (the order of the scores); its methods take weights, how
often each image is in each resample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Images in the order of their scores.

    Attributes:
        order: intp, shape (scored,): index of each image that has a score, ascending.
        tampered: bool, shape (scored,): in that order.
        last: bool, shape (scored,): whether the next score is another.
    """

    order: NDArray[np.intp]
    tampered: NDArray[np.bool_]
    last: NDArray[np.bool_]

    @classmethod
    def of(cls, scores: NDArray[np.float64], tampered: NDArray[np.bool_]) -> Ranking:
        """Rank images; those whose score is NaN are left out.

        Args:
            scores: float64, shape (images,).
            tampered: bool, shape (images,).
        """
        order = np.argsort(scores, kind="stable")[: np.count_nonzero(~np.isnan(scores))]
        rising = scores[order]
        last = np.ones(rising.size, np.bool_)
        last[:-1] = rising[1:] != rising[:-1]
        return cls(order, tampered[order], last)

    def scores(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return image AUC and equal error rate of each resample.

        Args:
            weights: float64, shape (resamples, images).

        Returns:
            float64, shape (resamples, 2); NaN where a class is absent.
        """
        return _scores(weights, self.order, self.tampered, self.last)

    def min_cllr(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the minimum Cllr of each resample, the scores being likelihood ratios.

        Args:
            weights: float64, shape (resamples, images).

        Returns:
            float64, shape (resamples,); NaN where a class is absent.
        """
        return _min_cllr(weights, self.order, self.tampered, self.last)


@njit(cache=True, nogil=True)
def _scores(
    weights: NDArray[np.float64],
    order: NDArray[np.intp],
    tampered: NDArray[np.bool_],
    last: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Walk up the scores, flagging less and less, from (1, 1) down the ROC curve to (0, 0)."""
    found = np.full((weights.shape[0], 2), np.nan)
    for row in range(weights.shape[0]):
        weight = weights[row]
        positives = negatives = 0.0
        for at in range(order.size):
            times = weight[order[at]]
            positives += times * tampered[at]
            negatives += times * (1 - tampered[at])
        if positives == 0 or negatives == 0:
            continue
        area = below_true = below_false = true = false = 0.0
        gap, error = 1.0, -1.0
        for at in range(order.size):
            times = weight[order[at]]
            true += times * tampered[at]
            false += times * (1 - tampered[at])
            if not last[at]:
                continue
            area += true * (below_false + false / 2)
            missed = below_true / positives
            below_true += true
            below_false += false
            # Misses grow from 0 and false alarms fall from 1: where do they meet?
            next_gap = 1 - below_false / negatives - below_true / positives
            if error < 0 and next_gap <= 0:
                error = missed + true / positives * gap / (gap - next_gap)
            gap = next_gap
            true = false = 0.0
        found[row, 0] = area / (positives * negatives)
        found[row, 1] = error
    return found


@njit(cache=True, nogil=True)
def _min_cllr(
    weights: NDArray[np.float64],
    order: NDArray[np.intp],
    tampered: NDArray[np.bool_],
    last: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Pool adjacent violators: a pool has weights of both classes; their ratio must not fall."""
    found = np.full(weights.shape[0], np.nan)
    pool_true = np.empty(order.size)
    pool_false = np.empty(order.size)
    for row in range(weights.shape[0]):
        weight = weights[row]
        pools = 0
        true = false = positives = negatives = 0.0
        for at in range(order.size):
            times = weight[order[at]]
            true += times * tampered[at]
            false += times * (1 - tampered[at])
            if not last[at] or (true == 0 and false == 0):
                continue
            positives += true
            negatives += false
            # Cross-multiplied: a pool may lack a class. Weights are whole, so this is exact.
            while pools and pool_true[pools - 1] * false >= true * pool_false[pools - 1]:
                pools -= 1
                true += pool_true[pools]
                false += pool_false[pools]
            pool_true[pools], pool_false[pools] = true, false
            pools += 1
            true = false = 0.0
        if positives == 0 or negatives == 0:
            continue
        cost = 0.0
        for at in range(pools):
            for_it, against = pool_true[at] / positives, pool_false[at] / negatives
            if for_it > 0 and against > 0:
                cost += for_it * np.log2(1 + against / for_it)
                cost += against * np.log2(1 + for_it / against)
        found[row] = cost / 2
    return found
