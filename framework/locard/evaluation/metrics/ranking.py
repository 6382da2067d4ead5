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
        tampered: float64, shape (scored,): 1 or 0, in that order.
        turns: intp, shape (turns,): places in that order after which the ROC curve may turn: the
            last of equal scores, unless the images on both sides are all of one class.
        pools: intp, shape (pools,): places after which adjacent violators are not pooled in any
            resample: where authentic images are followed by tampered ones.
    """

    order: NDArray[np.intp]
    tampered: NDArray[np.float64]
    turns: NDArray[np.intp]
    pools: NDArray[np.intp]

    @classmethod
    def of(cls, scores: NDArray[np.float64], tampered: NDArray[np.bool_]) -> Ranking:
        """Rank images; those whose score is NaN are left out.

        Args:
            scores: float64, shape (images,).
            tampered: bool, shape (images,).
        """
        order = np.argsort(scores, kind="stable")[: np.count_nonzero(~np.isnan(scores))]
        hits = tampered[order].astype(np.float64)
        if order.size == 0:
            return cls(order, hits, order, order)
        rising = scores[order]
        last = np.append(np.flatnonzero(rising[1:] != rising[:-1]), order.size - 1)
        true = np.diff(np.cumsum(hits)[last], prepend=0)
        false = np.diff(last, prepend=-1) - true
        alike = ((true[:-1] == 0) & (true[1:] == 0)) | ((false[:-1] == 0) & (false[1:] == 0))
        falls = (false[:-1] == 0) | (true[1:] == 0)
        return cls(order, hits, last[np.append(~alike, True)], last[np.append(~falls, True)])

    def scores(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return image AUC and equal error rate of each resample.

        Args:
            weights: float64, shape (resamples, images).

        Returns:
            float64, shape (resamples, 2); NaN where a class is absent.
        """
        return _scores(weights, self.order, self.tampered, self.turns)

    def min_cllr(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the minimum Cllr of each resample, the scores being likelihood ratios.

        Args:
            weights: float64, shape (resamples, images).

        Returns:
            float64, shape (resamples,); NaN where a class is absent.
        """
        return _min_cllr(weights, self.order, self.tampered, self.pools)


@njit(cache=True, nogil=True)
def _add_up(
    weight: NDArray[np.float64],
    order: NDArray[np.intp],
    tampered: NDArray[np.float64],
    true: NDArray[np.float64],
    false: NDArray[np.float64],
) -> None:
    """Write how many images of each class are up to each place."""
    hits = others = 0.0
    for at in range(order.size):
        times = weight[order[at]]
        hit = times * tampered[at]
        hits += hit
        others += times - hit
        true[at], false[at] = hits, others


@njit(cache=True, nogil=True)
def _scores(
    weights: NDArray[np.float64],
    order: NDArray[np.intp],
    tampered: NDArray[np.float64],
    turns: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Walk up the scores, flagging less and less, from (1, 1) down the ROC curve to (0, 0)."""
    found = np.full((weights.shape[0], 2), np.nan)
    true = np.zeros(order.size + 1)
    false = np.zeros(order.size + 1)
    for row in range(weights.shape[0]):
        _add_up(weights[row], order, tampered, true, false)
        positives, negatives = true[order.size - 1], false[order.size - 1]
        if positives == 0 or negatives == 0:
            continue
        area = below_true = below_false = 0.0
        gap, error = 1.0, -1.0
        for at in turns:
            area += (true[at] - below_true) * (below_false + false[at]) / 2
            # Misses grow from 0 and false alarms fall from 1: where do they meet?
            next_gap = 1 - false[at] / negatives - true[at] / positives
            if error < 0 and next_gap <= 0:
                error = below_true + (true[at] - below_true) * gap / (gap - next_gap)
            gap = next_gap
            below_true, below_false = true[at], false[at]
        found[row, 0] = area / (positives * negatives)
        found[row, 1] = error / positives
    return found


@njit(cache=True, nogil=True)
def _min_cllr(
    weights: NDArray[np.float64],
    order: NDArray[np.intp],
    tampered: NDArray[np.float64],
    ends: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Pool adjacent violators: a pool has weights of both classes; their ratio must not fall."""
    found = np.full(weights.shape[0], np.nan)
    true = np.zeros(order.size + 1)
    false = np.zeros(order.size + 1)
    pool_true = np.empty(ends.size)
    pool_false = np.empty(ends.size)
    for row in range(weights.shape[0]):
        _add_up(weights[row], order, tampered, true, false)
        positives, negatives = true[order.size - 1], false[order.size - 1]
        if positives == 0 or negatives == 0:
            continue
        pools = 0
        below_true = below_false = 0.0
        for at in ends:
            for_it, against = true[at] - below_true, false[at] - below_false
            if for_it == 0 and against == 0:
                continue
            below_true, below_false = true[at], false[at]
            # Cross-multiplied: a pool may lack a class. Weights are whole, so this is exact.
            while pools and pool_true[pools - 1] * against >= for_it * pool_false[pools - 1]:
                pools -= 1
                for_it += pool_true[pools]
                against += pool_false[pools]
            pool_true[pools], pool_false[pools] = for_it, against
            pools += 1
        cost = 0.0
        for at in range(pools):
            for_it, against = pool_true[at] / positives, pool_false[at] / negatives
            if for_it > 0 and against > 0:
                cost += for_it * np.log2(1 + against / for_it)
                cost += against * np.log2(1 + for_it / against)
        found[row] = cost / 2
    return found
