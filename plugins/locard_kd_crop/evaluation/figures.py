"""Figures of a model on some pictures, with intervals over cameras and scenes.

Intervals are the hull of the cluster bootstrap and of what the number of cameras and scenes alone
allows, as in all of Locard's evaluations: see :mod:`locard.evaluation.metrics.proportions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.evaluation.metrics.bootstrap import RESAMPLES, bounds, means, resamples
from locard.evaluation.metrics.proportions import area, clopper_pearson, hull, mean_of_two
from locard.evaluation.metrics.ranking import Ranking
from locard_kd_crop.evaluation.answers import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.metrics.proportions import Bounds
    from locard_kd_crop.evaluation.answers import Answers
    from locard_kd_crop.evaluation.pictures import Pictures

SHARES: Final = (
    "sensitivity",
    "called_cropped",
    "exact_offset",
    "exact_offset_detected",
    "detected",
    "false_alarms",
)
"""What counts pictures, each yes or no; the columns of :func:`_columns`."""

_LEAST_GROUPS = 2  # of which an interval can be drawn

BALANCED, AUC = "balanced_accuracy", "auc"
FIGURES: Final = (BALANCED, *SHARES, AUC)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval.

    Attributes:
        value: Of the pictures themselves.
        low: Lower bound; None where the pictures come from a single camera or scene.
        high: Upper bound, likewise.
        images: How many pictures define it.
        groups: How many cameras and scenes they come from.
    """

    value: float
    low: float | None
    high: float | None
    images: int
    groups: int


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Scores from which on pictures are called cropped; each float64, shape (n,).

    Attributes:
        decision: Where errors of both kinds are fewest.
        alarm: Where one per cent of the others is called cropped; infinite where nothing is known
            of such files, which are never called so.
    """

    decision: NDArray[np.float64]
    alarm: NDArray[np.float64]

    def part(self, chosen: NDArray[np.bool_]) -> Cuts:
        """Return those of some of the pictures: bool, shape (n,)."""
        return Cuts(self.decision[chosen], self.alarm[chosen])


def figures(
    answers: Answers, pictures: Pictures, cuts: Cuts, *, count: int = RESAMPLES
) -> dict[str, Figure]:
    """Return all figures that the pictures define.

    * ``balanced_accuracy``: mean of the shares of crops and of others called rightly, at the
      decision threshold; ``sensitivity``: that of crops;
    * ``called_cropped``: share of the others that are called cropped there;
    * ``exact_offset``: share of crops whose likeliest phase is the right one, whatever their score;
      ``exact_offset_detected``: of those that are detected;
    * ``detected``: share of crops above the threshold of one per cent; ``false_alarms``: share of
      the others above it;
    * ``auc``: probability that a crop scores higher than another picture.

    Args:
        answers: What a model says, one a picture.
        pictures: What they are.
        cuts: Thresholds, one a picture.
        count: How many resamples.

    Returns:
        Figures by name, see :data:`FIGURES`; none for what no picture defines.

    Raises:
        ValueError: The lengths differ.
    """
    if not len(answers.scores) == len(pictures) == len(cuts.alarm) == len(cuts.decision):
        raise ValueError(
            f"{len(answers.scores)} answers and {len(cuts.alarm)} thresholds for "
            f"{len(pictures)} pictures"
        )
    if not len(pictures):
        return {}
    statistics = _Statistics(answers, pictures, cuts)
    value = statistics.of(np.ones((1, len(pictures))))[0]
    numbers = np.unique(pictures.groups, return_inverse=True)[1]
    drawn = [statistics.of(weights) for weights in resamples(numbers, count=count)]
    low, high = bounds(np.concatenate(drawn))
    found = {}
    for place, name in enumerate(FIGURES):
        if np.isnan(value[place]):
            continue
        resampled = (float(low[place]), float(high[place]))
        found[name] = statistics.figure(name, float(value[place]), resampled, numbers)
    return found


class _Statistics:
    """What all resamples share."""

    def __init__(self, answers: Answers, pictures: Pictures, cuts: Cuts) -> None:
        self.moved = pictures.moved
        self.columns = _columns(answers, pictures, cuts)
        self.ranking = Ranking.of(answers.scores, pictures.moved)

    def of(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return all figures of resamples: float64, (resamples, figures), NaN if undefined."""
        shares = means(weights, self.columns)
        balanced = (shares[:, 0] + 1 - shares[:, 1]) / 2
        return np.column_stack([balanced, shares, self.ranking.scores(weights)[:, 0]])

    def figure(
        self, name: str, value: float, resampled: Bounds, numbers: NDArray[np.intp]
    ) -> Figure:
        defined = self._defined(name)
        groups = int(np.unique(numbers[defined]).size)
        images = int(defined.sum())
        if groups < _LEAST_GROUPS:
            return Figure(value, None, None, images, groups)
        counted = self._counted(name, value, numbers)
        low, high = counted if np.isnan(resampled[0]) else hull(resampled, counted)
        return Figure(value, max(0.0, low), min(1.0, high), images, groups)

    def _defined(self, name: str) -> NDArray[np.bool_]:
        if name in SHARES:
            return np.asarray(~np.isnan(self.columns[:, SHARES.index(name)]), np.bool_)
        return np.ones(len(self.moved), np.bool_)

    def _counted(self, name: str, value: float, numbers: NDArray[np.intp]) -> Bounds:
        """Return the interval that follows from the number of cameras and scenes."""

        def trials(pictures: NDArray[np.bool_]) -> int:
            return int(np.unique(numbers[pictures]).size)

        if name in SHARES:
            return clopper_pearson(value, trials(self._defined(name)))
        crops, others = trials(self.moved), trials(~self.moved)
        if name == AUC:
            return area(value, crops, others)
        sensitivity = float(np.nanmean(self.columns[:, 0]))
        specificity = 1 - float(np.nanmean(self.columns[:, 1]))
        return mean_of_two(
            sensitivity,
            clopper_pearson(sensitivity, crops),
            specificity,
            clopper_pearson(specificity, others),
        )


def _columns(answers: Answers, pictures: Pictures, cuts: Cuts) -> NDArray[np.float64]:
    """Return what each picture adds to :data:`SHARES`: float64, (n, shares), NaN if nothing."""
    moved = pictures.moved
    called = answers.scores >= cuts.decision
    alarmed = answers.scores >= cuts.alarm
    exact = answers.phases == pictures.labels
    placed = moved & (answers.phases != UNKNOWN)
    return np.column_stack(
        [
            np.where(among, hit, np.nan)
            for hit, among in (
                (called, moved),
                (called, ~moved),
                (exact, placed),
                (exact, placed & alarmed),
                (alarmed, moved),
                (alarmed, ~moved),
            )
        ]
    )
