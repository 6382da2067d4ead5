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

from locard.evaluation.datasets import AUTHENTIC
from locard.evaluation.metrics.bootstrap import numbered, resamples
from locard.evaluation.metrics.figures import Cell, Step, estimates
from locard.evaluation.metrics.image import roc_points
from locard.evaluation.metrics.pixel import CURVE
from locard.evaluation.results import Curve, SubsetResult
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.rows import PixelScores, Row

_ALL = "all"
_KIND = "kind"

_ROC_POINTS = 201
"""More points of a ROC curve than this are thinned out: it is for drawing."""


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
        name.

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
        table = _Table.of(treated, gives_verdict, steps)
        found = [
            result
            for subset in _subsets(table)
            for result in _measure(table, subset, treatment, count)
        ]
        results += sorted(found, key=lambda result: steps.index(result.step))
    return tuple(results)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The rows of one treatment: images by name, and each step's rows in that order."""

    images: tuple[Row, ...]
    tampered: NDArray[np.bool_]
    steps: Mapping[str, Step]

    @classmethod
    def of(
        cls, rows: Sequence[Row], gives_verdict: Mapping[str, bool], steps: Sequence[str]
    ) -> _Table:
        found: dict[tuple[str, str], Row] = {}
        for row in rows:
            if found.setdefault((row.step, row.sample), row) is not row:
                raise ValueError(f"{row.sample} has two rows of {row.step} under {row.treatment}")
        first: dict[str, Row] = {}
        for row in rows:
            first.setdefault(row.sample, row)
        images = tuple(first[name] for name in sorted(first))
        tampered = np.array([row.tampered for row in images], np.bool_)
        return cls(
            images,
            tampered,
            {
                step: Step.of(
                    [found.get((step, row.sample)) for row in images], tampered, gives_verdict[step]
                )
                for step in steps
            },
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


def _measure(table: _Table, subset: _Subset, treatment: str, count: int) -> Iterator[SubsetResult]:
    tampered = table.tampered[subset.pool]
    member = np.isin(subset.pool, subset.members)
    groups = numbered([table.images[at].group for at in subset.pool])
    cells = {
        name: Cell.of(step, subset.pool, tampered, member) for name, step in table.steps.items()
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
            metrics=estimates(cell, drawn[at], member, groups),
            curves=_curves(rows, cell) if subset.by in (_ALL, _KIND) else (),
        )


def _curves(rows: Sequence[Row], cell: Cell) -> tuple[Curve, ...]:
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
