"""From rows to the table: every metric of every step, treatment and subset, with intervals.

All steps of a subset are measured on the same resamples of the same images, so that their intervals
can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.bootstrap import bounds, means, numbered, resamples
from locard.evaluation.datasets import AUTHENTIC
from locard.evaluation.image_metrics import roc_points
from locard.evaluation.likelihood_metrics import costs
from locard.evaluation.metrics import METRICS
from locard.evaluation.pixel_metrics import CURVE
from locard.evaluation.ranking import Ranking
from locard.evaluation.results import Curve, Estimate, SubsetResult
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.rows import PixelScores, Row

_ALL = "all"
_KIND = "kind"

_ROC_POINTS = 201
"""More points of a ROC curve than this are thinned out: it is for drawing."""

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


def summarise(
    rows: Sequence[Row], gives_verdict: Mapping[str, bool], *, count: int = 2000
) -> tuple[SubsetResult, ...]:
    """Measure every step on every subset under every treatment.

    A subset of one kind of tampering has no authentic images. What needs both classes (balanced
    accuracy, image AUC, equal error rate, Cllr) then holds that kind against all authentic images
    of the same treatment. Every other subset (source, size, …) is measured on its own images alone.

    Args:
        rows: In any order, at most one a sample, treatment and step. A step without a map has the
            pixel figures of a map of zeros.
        gives_verdict: Of each step; where it decides nothing, figures of verdicts are undefined.
        count: How many bootstrap resamples.

    Returns:
        Ordered by treatment and step as they first come in ``rows``, then ``all``, then subsets by
        name. An infinite figure (Cllr) has no value, and yet ``images``.

    Raises:
        ValueError: A sample has two rows of one step and treatment, or ``gives_verdict`` lacks a
            step.
    """
    steps = tuple(dict.fromkeys(row.step for row in rows))
    if missing := [step for step in steps if step not in gives_verdict]:
        raise ValueError(f"nothing says whether these steps give a verdict: {', '.join(missing)}")
    by_treatment: dict[str, list[Row]] = {}
    for row in rows:
        by_treatment.setdefault(row.treatment, []).append(row)
    results: list[SubsetResult] = []
    for treatment, treated in by_treatment.items():
        table = _Table.of(treated, steps)
        found = [
            result
            for subset in _subsets(table)
            for result in _measure(table, subset, treatment, gives_verdict, count)
        ]
        results += sorted(found, key=lambda result: steps.index(result.step))
    return tuple(results)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The rows of one treatment: images by name, and each step's rows in that order."""

    images: tuple[Row, ...]
    tampered: NDArray[np.bool_]
    steps: Mapping[str, tuple[Row | None, ...]]

    @classmethod
    def of(cls, rows: Sequence[Row], steps: Sequence[str]) -> _Table:
        found: dict[tuple[str, str], Row] = {}
        for row in rows:
            if found.setdefault((row.step, row.sample), row) is not row:
                raise ValueError(f"{row.sample} has two rows of {row.step} under {row.treatment}")
        first: dict[str, Row] = {}
        for row in rows:
            first.setdefault(row.sample, row)
        images = tuple(first[name] for name in sorted(first))
        return cls(
            images,
            np.array([row.tampered for row in images], np.bool_),
            {step: tuple(found.get((step, row.sample)) for row in images) for step in steps},
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Subset:
    """Part of a table.

    Attributes:
        by: What divides the images.
        value: Which part.
        members: Which images belong to it, ascending.
        pool: Those, and the authentic images that a kind is held against, ascending.
    """

    by: str
    value: str
    members: NDArray[np.intp]
    pool: NDArray[np.intp]


def _subsets(table: _Table) -> Iterator[_Subset]:
    every = np.arange(len(table.images))
    yield _Subset(_ALL, _ALL, every, every)
    parts: dict[tuple[str, str], list[int]] = {}
    for at, row in enumerate(table.images):
        for by, value in {**row.subsets, _KIND: row.kind}.items():
            parts.setdefault((by, value), []).append(at)
    for (by, value), places in sorted(parts.items()):
        members = pool = np.array(places, np.intp)
        if by == _KIND and value != AUTHENTIC:
            pool = np.union1d(members, np.flatnonzero(~table.tampered))
        yield _Subset(by, value, members, pool)


def _measure(
    table: _Table,
    subset: _Subset,
    treatment: str,
    gives_verdict: Mapping[str, bool],
    count: int,
) -> Iterator[SubsetResult]:
    tampered = table.tampered[subset.pool]
    member = np.isin(subset.pool, subset.members)
    groups = numbered([table.images[at].group for at in subset.pool])
    cells = {
        step: _Cell.of([rows[at] for at in subset.pool], tampered, member, gives_verdict[step])
        for step, rows in table.steps.items()
    }
    pieces = [
        np.stack([cell.figures(weights) for cell in cells.values()])
        for weights in resamples(groups, count=count)
    ]
    drawn = np.concatenate(pieces, axis=1)
    for at, (step, cell) in enumerate(cells.items()):
        rows = [row for row, own in zip(cell.rows, member, strict=True) if row and own]
        if not rows:
            continue
        yield SubsetResult(
            step=step,
            treatment=treatment,
            by=subset.by,
            value=subset.value,
            images=len(rows),
            tampered=sum(row.tampered for row in rows),
            outcomes=_outcomes(rows),
            without_map=sum(not row.has_map for row in rows),
            without_truth=sum(row.tampered and not _has_truth(row.pixels) for row in rows),
            metrics=_estimates(cell, drawn[at], member, groups),
            curves=_curves(rows, cell) if subset.by in (_ALL, _KIND) else (),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """What one step says of the images of a pool, as arrays.

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
        rows: Sequence[Row | None],
        tampered: NDArray[np.bool_],
        member: NDArray[np.bool_],
        gives_verdict: bool,
    ) -> _Cell:
        scores = _numbers([row.score if row else None for row in rows])
        ratios = _numbers([row.log10_lr if row else None for row in rows])
        paid = costs(ratios, tampered)
        values = np.column_stack(
            [
                np.array([_means_of(row, gives_verdict) for row in rows], np.float64),
                np.where(tampered, paid, np.nan),
                np.where(tampered, np.nan, paid),
            ]
        )
        # Authentic images that a kind is held against answer for themselves, not for the kind.
        values[~member, _AT["answered"]] = np.nan
        likelihood = None if np.isnan(ratios).all() else Ranking.of(ratios, tampered)
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


def _estimates(
    cell: _Cell,
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
        alone = np.unique(groups[images]).size < 2
        found[name] = Estimate(
            value=_finite(value),
            low=None if alone else _finite(low[at]),
            high=None if alone else _finite(high[at]),
            images=int(np.count_nonzero(images)),
        )
    return found


def _curves(rows: Sequence[Row], cell: _Cell) -> tuple[Curve, ...]:
    """Return the mean F1–threshold curve and the ROC curve of the scores, where defined."""
    curves = []
    f1 = [row.pixels.f1_curve for row in rows if row.pixels and row.pixels.f1_curve]
    if f1:
        curves.append(Curve(name="f1", x=CURVE, y=tuple(np.mean(f1, axis=0).tolist())))
    scored = ~np.isnan(cell.scores)
    tampered = cell.tampered[scored]
    if tampered.any() and not tampered.all():
        x, y = roc_points(cell.scores[scored], tampered)
        if x.size > _ROC_POINTS:
            some = np.linspace(0, x.size - 1, _ROC_POINTS).round().astype(np.intp)
            x, y = x[some], y[some]
        curves.append(Curve(name="roc", x=tuple(x.tolist()), y=tuple(y.tolist())))
    return tuple(curves)


def _outcomes(rows: Sequence[Row]) -> dict[str, int]:
    counts = Counter(row.outcome for row in rows)
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _has_truth(pixels: PixelScores | None) -> bool:
    return pixels is not None and pixels.f1 is not None


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _finite(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
