"""What the steps say of some images, as arrays, and every metric of it with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.metrics.bootstrap import bounds, means
from locard.evaluation.metrics.definitions import METRICS
from locard.evaluation.metrics.likelihood import costs
from locard.evaluation.metrics.proportions import area, clopper_pearson, hull, mean_of_two
from locard.evaluation.metrics.ranking import Ranking
from locard.evaluation.results import Estimate
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.metrics.proportions import Bounds
    from locard.evaluation.rows import Row

_PIXEL = ("f1", "mcc", "iou", "best_f1", "auc", "mask_f1", "everything_f1", "flipped")
"""Figures of :class:`PixelScores`, in the order of :data:`_MEANS`."""

_MEANS = (
    *("pixel_auc" if name == "auc" else name for name in _PIXEL),
    "marked",
    "false_positive_rate",
    "sensitivity",
    "answered",
    "cost_tampered",
    "cost_authentic",
)
"""What is a mean over images; the last two only lead to the Cllr."""

_FIGURES = (
    *_MEANS,
    "balanced_accuracy",
    "image_auc",
    "equal_error_rate",
    "cllr",
    "min_cllr",
    "calibration_loss",
)
_AT = {name: at for at, name in enumerate(_FIGURES)}

_SHARES = ("false_positive_rate", "sensitivity", "answered", "flipped")
"""What counts images, each yes or no."""

_FROM_0_TO_1 = ("f1", "iou", "best_f1", "pixel_auc", "mask_f1", "marked")
"""Means of what is no count, on a scale that ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one step says of the images of a table, as arrays.

    Attributes:
        rows: One an image, None where the step has none.
        values: float64, shape (images, means): as :data:`_MEANS`, NaN where undefined.
        scores: float64, shape (images,): NaN where there is none.
        ratios: float64, shape (images,): log10 likelihood ratios, NaN where there is none.
    """

    rows: Sequence[Row | None]
    values: NDArray[np.float64]
    scores: NDArray[np.float64]
    ratios: NDArray[np.float64]

    @classmethod
    def of(
        cls, rows: Sequence[Row | None], tampered: NDArray[np.bool_], gives_verdict: bool
    ) -> Step:
        """Take the rows of a step; ``gives_verdict`` is whether it decides anything."""
        ratios = _numbers([row.log10_lr if row else None for row in rows])
        known = ~np.isnan(ratios)
        paid = np.full(ratios.shape, np.nan)
        paid[known] = costs(ratios[known], tampered[known])
        values = np.column_stack(
            [
                np.array([_means_of(row, gives_verdict) for row in rows], np.float64),
                np.where(tampered, paid, np.nan),
                np.where(tampered, np.nan, paid),
            ]
        )
        return cls(rows, values, _numbers([row.score if row else None for row in rows]), ratios)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """What one step says of the images of a pool.

    Attributes:
        rows: One an image, None where the step has none.
        tampered: bool, shape (images,).
        values: float64, shape (images, means): as :data:`_MEANS`, NaN where undefined.
        scores: float64, shape (images,): NaN where there is none.
        ranking: Of the scores.
        likelihood: Of the likelihood ratios; None where there are none.
    """

    rows: Sequence[Row | None]
    tampered: NDArray[np.bool_]
    values: NDArray[np.float64]
    scores: NDArray[np.float64]
    ranking: Ranking
    likelihood: Ranking | None

    @classmethod
    def of(
        cls,
        step: Step,
        pool: NDArray[np.intp],
        tampered: NDArray[np.bool_],
        member: NDArray[np.bool_],
    ) -> Cell:
        """Take part of the images.

        Args:
            step: What is said of all.
            pool: intp, shape (images,): which images.
            tampered: bool, shape (images,).
            member: bool, shape (images,): False for those that a kind is only held against.
        """
        values, scores, ratios = step.values[pool], step.scores[pool], step.ratios[pool]
        # Authentic images that a kind is held against answer for themselves, not for the kind.
        values[~member, _AT["answered"]] = np.nan
        likelihood = None if np.isnan(ratios).all() else Ranking.of(ratios, tampered)
        rows = [step.rows[at] for at in pool]
        return cls(rows, tampered, values, scores, Ranking.of(scores, tampered), likelihood)

    def figures(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return all figures of each resample: float64, (resamples, figures), NaN if undefined."""
        found = np.full((weights.shape[0], len(_FIGURES)), np.nan)
        found[:, : len(_MEANS)] = means(weights, self.values)
        found[:, _AT["balanced_accuracy"]] = (
            found[:, _AT["sensitivity"]] + 1 - found[:, _AT["false_positive_rate"]]
        ) / 2
        found[:, [_AT["image_auc"], _AT["equal_error_rate"]]] = self.ranking.scores(weights)
        if self.likelihood:
            found[:, _AT["cllr"]] = (
                found[:, _AT["cost_tampered"]] + found[:, _AT["cost_authentic"]]
            ) / 2
            found[:, _AT["min_cllr"]] = self.likelihood.min_cllr(weights)
            found[:, _AT["calibration_loss"]] = found[:, _AT["cllr"]] - found[:, _AT["min_cllr"]]
        return found

    def balanced(self, trials: Callable[[NDArray[np.bool_]], int]) -> Bounds:
        """Return the interval of the balanced accuracy that follows from those of both shares.

        Args:
            trials: Returns how many trials images, bool (images,), are.
        """
        flagged = self.values[:, _AT["sensitivity"]], self.values[:, _AT["false_positive_rate"]]
        right = float(np.nanmean(flagged[0])), 1 - float(np.nanmean(flagged[1]))
        tampered, authentic = (
            clopper_pearson(share, trials(~np.isnan(values)))
            for share, values in zip(right, flagged, strict=True)
        )
        return mean_of_two(right[0], tampered, right[1], authentic)

    def defined(self, metric: str) -> NDArray[np.bool_]:
        """Return which images define a metric: bool, shape (images,)."""
        defined = ~np.isnan(self.values)
        if metric in _MEANS:
            return defined[:, _AT[metric]]
        if metric == "balanced_accuracy":
            return defined[:, _AT["sensitivity"]] | defined[:, _AT["false_positive_rate"]]
        if metric in ("image_auc", "equal_error_rate"):
            return ~np.isnan(self.scores)
        return defined[:, _AT["cost_tampered"]] | defined[:, _AT["cost_authentic"]]


def _means_of(row: Row | None, gives_verdict: bool) -> list[float | None]:
    """Return what one row adds to the means, without the costs of likelihood ratios."""
    if row is None:
        return [None] * (len(_MEANS) - 2)
    pixels = row.pixels if row.tampered else None
    marked = row.pixels.marked if row.pixels and not row.tampered else None
    flagged = float(row.outcome is Outcome.DETECTED) if gives_verdict else None
    answered = row.outcome in (Outcome.DETECTED, Outcome.NOT_DETECTED)
    return [
        *(getattr(pixels, name) if pixels else None for name in _PIXEL),
        marked,
        None if row.tampered else flagged,
        flagged if row.tampered else None,
        float(answered) if gives_verdict else None,
    ]


def estimates(
    cell: Cell,
    drawn: NDArray[np.float64],
    member: NDArray[np.bool_],
    groups: NDArray[np.intp],
) -> dict[str, Estimate]:
    """Return each metric with its interval, from the figures of the resamples."""
    values = cell.figures(np.ones((1, cell.tampered.size)))[0]
    low, high = bounds(drawn)
    found = {}
    for name, metric in METRICS.items():
        value, at = values[_AT[name]], _AT[name]
        images = cell.defined(name) & (member | (metric.scope == "both"))
        if np.isnan(value) or not images.any():
            found[name] = Estimate(value=None)
            continue
        interval = None
        if np.unique(groups[images]).size > 1:
            interval = _bounds(name, value, (low[at], high[at]), cell, groups)
        found[name] = Estimate(
            value=_finite(value),
            low=_finite(interval[0]) if interval else None,
            high=_finite(interval[1]) if interval else None,
            images=int(np.count_nonzero(images)),
            infinite=bool(np.isinf(value)),
        )
    return found


def _bounds(
    metric: str, value: float, drawn: Bounds, cell: Cell, groups: NDArray[np.intp]
) -> Bounds | None:
    """Return the interval of a metric, from that of the resamples; None where nothing bounds it."""
    if np.isnan(drawn[0]):
        return None

    def trials(images: NDArray[np.bool_]) -> int:
        return int(np.unique(groups[images]).size)

    defined = cell.defined(metric)
    if metric in _SHARES:
        return hull(drawn, clopper_pearson(value, trials(defined)))
    if metric == "balanced_accuracy":
        return hull(drawn, cell.balanced(trials))
    if metric == "image_auc":
        of_class = trials(defined & cell.tampered), trials(defined & ~cell.tampered)
        return hull(drawn, area(value, *of_class))
    if drawn[0] != drawn[1]:
        return drawn
    # Each resample says the same, which tells nothing of other images. But if the mean of what is
    # on a scale from 0 to 1 were m, at most a share of 1 - m could be 0: as if counted.
    if metric in _FROM_0_TO_1 and value in (0.0, 1.0):
        return clopper_pearson(value, trials(defined))
    return None


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
