"""Paired comparison of two methods on the same images: is the second better than the first?

Intervals of two methods may overlap although one is better on every image, since both find the same
images hard. What can be tested is the difference on each image. Its interval is a percentile
bootstrap in which both methods see the same resamples, images that share a source kept together
(:mod:`locard.evaluation.metrics.bootstrap`).

A sentence follows from it, so that it must hold on few images as well, where such intervals are too
short. Two things are done about that:

* Tails are those of the expanded percentile interval (T. Hesterberg, "What teachers should know
  about the bootstrap", The American Statistician 69, 2015), which for a mean makes up for the
  bootstrap's dividing by n and its use of normal in place of Student quantiles.
* However few images differ, if all of them point one way no resample points the other. Each of n
  groups does so by chance with the probability one half, all of them in one direction with 2 / 2ⁿ
  (the sign test), which is below 5 % from six on. Where fewer differ, the interval is made to
  reach 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, stdtrit

from locard.evaluation.datasets import AUTHENTIC
from locard.evaluation.metrics.bootstrap import LEVEL, RESAMPLES, means, numbered, resamples
from locard.evaluation.metrics.definitions import METRICS
from locard.evaluation.metrics.pairs import Pairs, pair
from locard.evaluation.metrics.ranking import Ranking
from locard.evaluation.results import Difference, Gain, PartDifferences
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.results import Verdict
    from locard.evaluation.rows import Row

OF_MAPS = ("f1", "mcc", "best_f1", "pixel_auc", "marked")
"""Metrics of maps that are compared."""

OF_VERDICTS = ("sensitivity", "false_positive_rate")

COMPARED = (*OF_MAPS, *OF_VERDICTS, "image_auc")
"""All metrics that are compared, in the order of tables."""

LEAST_GROUPS = 6
"""Fewer groups that differ show nothing."""

ALL = "all"
"""The part that is the whole."""


def compare(
    pairs: Pairs, metrics: Sequence[str] = COMPARED, *, count: int = RESAMPLES
) -> tuple[PartDifferences, ...]:
    """Compare two methods: on all images of each treatment, and on each kind of tampering.

    Args:
        pairs: What both said of the same files.
        metrics: Which to compare, of :data:`COMPARED`; without :data:`OF_VERDICTS` where one of
            the methods decides nothing.
        count: How many bootstrap resamples.

    Returns:
        By treatment in the order of the pairs, ``all`` first, then kinds where there are several.
        Those have no figures of authentic images alone; for the image AUC each is held against all
        authentic images.
    """
    treatments = dict.fromkeys(one.treatment for one, _ in pairs.rows)
    return tuple(
        PartDifferences(
            treatment=treatment,
            part=part,
            differences={d.metric: d for d in differences(rows, wanted, count=count)},
        )
        for treatment in treatments
        for part, rows, wanted in _parts(pairs.treated(treatment), metrics)
    )


def gains(rows: Sequence[Row], inputs: Mapping[str, str]) -> tuple[Gain, ...]:
    """Compare each refining step with what it refines.

    Args:
        rows: Of an evaluation.
        inputs: Name of the input of each refining step.
    """
    by_step: dict[str, list[Row]] = {}
    for row in rows:
        by_step.setdefault(row.step, []).append(row)
    return tuple(
        Gain(
            step=step,
            input=source,
            parts=compare(pair(by_step.get(source, ()), by_step.get(step, ())), OF_MAPS),
        )
        for step, source in inputs.items()
    )


def differences(
    rows: Sequence[tuple[Row, Row]], metrics: Sequence[str] = COMPARED, *, count: int = RESAMPLES
) -> tuple[Difference, ...]:
    """Compare two methods on a set of images.

    Args:
        rows: First and second method's row of each image. Groups are the first's, or the second's
            where it has none.
        metrics: Which to compare.
        count: How many bootstrap resamples.

    Returns:
        One a metric, in their order.
    """
    columns = [_column(rows, name) for name in metrics]
    groups = numbered([one.group or other.group for one, other in rows])
    if not rows:
        return tuple(Difference(metric=column.metric, images=0) for column in columns)
    drawn = np.concatenate(
        [
            np.column_stack([column.differences(weights) for column in columns])
            for weights in resamples(groups, count=count)
        ]
    )
    return tuple(column.difference(groups, drawn[:, at]) for at, column in enumerate(columns))


def expanded_tail(groups: int) -> float:
    """Return the share of resamples to leave out at each end for a 95 % interval.

    Args:
        groups: How many independent groups of images there are, at least 2.
    """
    return float(ndtr(-np.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, (1 + LEVEL) / 2)))


def verdict(low: float | None, high: float | None, metric: str) -> Verdict:
    """Return what the interval of a difference (second less first) says of the second method."""
    if low is None or high is None or low <= 0 <= high:
        return "no difference can be shown"
    return "better" if (low > 0) == (METRICS[metric].better == "higher") else "worse"


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A metric of both methods on a set of images.

    Attributes:
        metric: Its name.
        values: float64, shape (images, 2): NaN where undefined; both or neither.
        gained: float64, shape (images,): what an image has in the second method over the first, in
            the metric's own direction; NaN where undefined.
        classes: bool, shape (images,): the classes of images that must each have enough groups.
        rankings: Of the scores of both methods; None where the metric is a mean.
    """

    metric: str
    values: NDArray[np.float64]
    gained: NDArray[np.float64]
    classes: tuple[NDArray[np.bool_], ...]
    rankings: tuple[Ranking, Ranking] | None = None

    def figures(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the metric of both methods: float64, (resamples, 2), NaN where undefined."""
        if self.rankings is None:
            return means(weights, self.values)
        return np.column_stack([ranking.scores(weights)[:, 0] for ranking in self.rankings])

    def differences(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return second less first: float64, (resamples,), NaN where undefined."""
        if self.rankings is None:
            between = self.values[:, 1] - self.values[:, 0]
            return means(weights, between[:, None])[:, 0]
        figures = self.figures(weights)
        return figures[:, 1] - figures[:, 0]

    def difference(self, groups: NDArray[np.intp], drawn: NDArray[np.float64]) -> Difference:
        """Return the metric's difference with its interval.

        Args:
            groups: intp, shape (images,).
            drawn: float64, shape (resamples,): the difference of each resample, NaN if undefined.
        """
        every = np.ones((1, groups.size))
        between = float(self.differences(every)[0])
        if np.isnan(between):
            return Difference(metric=self.metric, images=0)
        first, second = self.figures(every)[0]
        low, high = self._bounds(groups, drawn)
        return Difference(
            metric=self.metric,
            images=int(np.count_nonzero(~np.isnan(self.gained))),
            first=float(first),
            second=float(second),
            difference=between,
            low=low,
            high=high,
            better=int(np.count_nonzero(self.gained > 0)),
            equal=int(np.count_nonzero(self.gained == 0)),
            worse=int(np.count_nonzero(self.gained < 0)),
            verdict=verdict(low, high, self.metric),
        )

    def _bounds(
        self, groups: NDArray[np.intp], drawn: NDArray[np.float64]
    ) -> tuple[float, float] | tuple[None, None]:
        known = np.sort(drawn[~np.isnan(drawn)])
        independent = self._groups(groups, ~np.isnan(self.gained))
        if independent < 2 or 2 * known.size < drawn.size:
            return None, None
        out = int(known.size * expanded_tail(independent))
        low, high = float(known[out]), float(known[-1 - out])
        if self._groups(groups, np.nan_to_num(self.gained) != 0) < LEAST_GROUPS:
            return min(low, 0.0), max(high, 0.0)
        return low, high

    def _groups(self, groups: NDArray[np.intp], images: NDArray[np.bool_]) -> int:
        """Return how many groups some images are of, in the class in which these are fewer."""
        return min(np.unique(groups[images & members]).size for members in self.classes)


def _column(rows: Sequence[tuple[Row, Row]], metric: str) -> _Column:
    values = np.array([[_value(row, metric) for row in both] for both in rows], np.float64).reshape(
        -1, 2
    )
    values[np.isnan(values).any(axis=1)] = np.nan
    every = np.ones(len(rows), np.bool_)
    if metric != "image_auc":
        sign = 1 if METRICS[metric].better == "higher" else -1
        return _Column(metric, values, sign * (values[:, 1] - values[:, 0]), (every,))
    tampered = np.array([one.tampered for one, _ in rows], np.bool_)
    above = [_ranked_above(scores, tampered) for scores in values.T]
    return _Column(
        metric,
        values,
        above[1] - above[0],
        (tampered, ~tampered),
        (Ranking.of(values[:, 0], tampered), Ranking.of(values[:, 1], tampered)),
    )


def _value(row: Row, metric: str) -> float | None:
    """Return what an image adds to a metric, for the image AUC its score; None if undefined."""
    if metric == "image_auc":
        return row.score
    if metric in OF_VERDICTS:
        wanted = row.tampered == (METRICS[metric].scope == "tampered")
        return float(row.outcome is Outcome.DETECTED) if wanted else None
    if row.pixels is None or row.tampered != (METRICS[metric].scope == "tampered"):
        return None
    value = row.pixels.auc if metric == "pixel_auc" else getattr(row.pixels, metric)
    return None if value is None else float(value)


def _ranked_above(scores: NDArray[np.float64], tampered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how many images of the other class each is ranked on the right side of.

    Args:
        scores: float64, shape (images,), NaN where there is none.
        tampered: bool, shape (images,).

    Returns:
        float64, shape (images,): a tie counts one half; NaN where there is no score.
    """
    found = np.full(scores.size, np.nan)
    scored = ~np.isnan(scores)
    for own, direction in ((tampered, 1), (~tampered, -1)):
        others = np.sort(direction * scores[scored & ~own])
        mine = direction * scores[scored & own]
        below = np.searchsorted(others, mine, "left") + np.searchsorted(others, mine, "right")
        found[scored & own] = below / 2
    return found


def _parts(
    rows: Sequence[tuple[Row, Row]], metrics: Sequence[str]
) -> Iterator[tuple[str, Sequence[tuple[Row, Row]], Sequence[str]]]:
    """Yield name, pairs and metrics of each part."""
    yield ALL, rows, metrics
    kinds = sorted({one.kind for one, _ in rows if one.tampered})
    if len(kinds) > 1:
        wanted = [name for name in metrics if METRICS[name].scope != "authentic"]
        for kind in kinds:
            yield kind, [both for both in rows if both[0].kind in (kind, AUTHENTIC)], wanted
