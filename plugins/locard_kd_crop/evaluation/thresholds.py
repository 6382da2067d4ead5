"""Thresholds from validation pictures: where errors are fewest, and where alarms are rare.

The threshold of one per cent is set apart for each kind of file and size (a cell), for scores of
pictures without a moved grid spread differently in each. One per cent of few pictures cannot be
counted, so a cell with few takes in the cells nearest to it, sizes first, until they hold
:data:`LEAST`. Over these the threshold is the ⌈(n + 1)(1 − 0.01)⌉-th smallest score: another
picture of the same sort exceeds it with a probability of at most one per cent, if pictures are
exchangeable (V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", 2005:
inductive conformal prediction); those of one camera are more alike, so that on others it may be
more. It is raised until no more than one per cent of the cell's own pictures exceed it, where these
are :data:`LEAST_OWN` or more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.evaluation.metrics.conformal import conformal
from locard_kd_crop.datasets.strata import ALIKE, BETTER
from locard_kd_crop.datasets.strata import LOSSLESS as LOSSLESS_STRATUM
from locard_kd_crop.evaluation.figures import Cuts
from locard_kd_crop.evaluation.pictures import (
    FILE_BANDS,
    SIDES,
    SIZE_BANDS,
    lowest_quality,
    quality_range,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.evaluation.answers import Answers
    from locard_kd_crop.evaluation.pictures import Pictures

RATE: Final = 0.01
"""Share of false alarms that is aimed at."""

LEAST: Final = 200
"""Pictures without a moved grid that a threshold rests on, where there are so many."""

LEAST_OWN: Final = 100
"""Own pictures of a cell from which on its own share is kept to as well."""

LEAST_CROPS: Final = 20
"""Own crops of a cell from which on its power is theirs alone."""

_SEEN = (LOSSLESS_STRATUM, BETTER, ALIKE)


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which score on pictures of a sort are called cropped.

    Attributes:
        file_band: One of :data:`~locard_kd_crop.evaluation.pictures.FILE_BANDS`.
        size_band: One of :data:`~locard_kd_crop.evaluation.pictures.SIZE_BANDS`; of the largest
            that was measured, also larger pictures.
        least_quality: Lowest JPEG quality; of the lowest band that which was measured; 0 of
            lossless files.
        most_quality: Highest.
        least_side: Where the band of the shorter side begins, in pixels.
        most_side: Where it ends; None of the largest that was measured.
        value: The score.
        own: Validation pictures without a moved grid in the cell.
        pooled: Those that the value rests on, with the neighbours'.
        false_alarms: Share of ``own`` at or above the value; None where there are none.
        power: Share of crops of strata A to C at or above it, of the cell, or of those that the
            value rests on where the cell has fewer than :data:`LEAST_CROPS`; None without such.
        crops: How many crops the power is of.
    """

    file_band: str
    size_band: str
    least_quality: int
    most_quality: int
    least_side: int
    most_side: int | None
    value: float
    own: int
    pooled: int
    false_alarms: float | None
    power: float | None
    crops: int

    @property
    def name(self) -> str:
        """Names it in tables: ``JPEG 90-94, 256-511 px``."""
        return f"{self.file_band}, {self.size_band}"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All thresholds of a model.

    Attributes:
        lossless: Decision threshold of lossless files: where balanced accuracy over the validation
            pictures of stratum A is greatest.
        jpeg: The same of JPEG files, over strata B and C.
        alarms: Of one per cent false alarms.
    """

    lossless: float
    jpeg: float
    alarms: tuple[Threshold, ...]

    def cuts(self, pictures: Pictures) -> Cuts:
        """Return the thresholds of pictures."""
        decision = np.where(pictures.file_bands == 0, self.lossless, self.jpeg)
        alarm = np.full(len(pictures), np.inf)
        for threshold in self.alarms:
            alarm[_within(threshold, pictures)] = threshold.value
        return Cuts(decision, alarm)


def thresholds(answers: Answers, pictures: Pictures) -> Thresholds:
    """Set thresholds.

    Args:
        answers: What a model says of validation pictures.
        pictures: What they are.

    Raises:
        ValueError: The lengths differ, or there is no picture without a moved grid.
    """
    if len(answers.scores) != len(pictures):
        raise ValueError(f"{len(answers.scores)} answers for {len(pictures)} pictures")
    if pictures.moved.all():
        raise ValueError("there is no picture without a moved grid")
    strata = pictures.column("stratum")
    lossless = pictures.file_bands == 0
    seen = np.isin(strata, _SEEN)
    first, second = (
        _decision(answers.scores[some], pictures.moved[some])
        for some in (seen & lossless, seen & ~lossless)
    )
    return Thresholds(first, second, tuple(_alarms(answers.scores, pictures)))


def _decision(scores: NDArray[np.float64], moved: NDArray[np.bool_]) -> float:
    """Return the threshold with the greatest balanced accuracy, and 0 without both classes.

    Where several are equally good, the middle of the widest gap between scores.
    """
    if not moved.any() or moved.all():
        return 0.0
    values = np.unique(scores)
    crops, others = np.sort(scores[moved]), np.sort(scores[~moved])
    # From which score on: below the first, between any two, above the last.
    middles = np.concatenate([values[:1], (values[1:] + values[:-1]) / 2])
    missed = np.searchsorted(crops, middles, side="left") / crops.size
    right = np.searchsorted(others, middles, side="left") / others.size
    balanced = right - missed
    gaps = np.concatenate([[0.0], np.diff(values)])
    best = np.flatnonzero(balanced >= balanced.max() - 1e-12)
    return float(middles[best[np.argmax(gaps[best])]])


def _alarms(scores: NDArray[np.float64], pictures: Pictures) -> Iterator[Threshold]:
    others = ~pictures.moved
    seen = pictures.moved & np.isin(pictures.column("stratum"), _SEEN)
    cells = np.column_stack([pictures.file_bands, pictures.size_bands])
    lowest = lowest_quality(pictures)
    kinds, sizes = (np.unique(cells[others, column]).tolist() for column in (0, 1))
    for cell in product(kinds, sizes):
        here = (cells == cell).all(axis=1)
        near = _pool(cells, others, cell)
        pool = scores[others & near]
        own = scores[others & here]
        largest = conformal(pool, RATE)
        if own.size >= LEAST_OWN:
            allowed = math.floor(RATE * own.size)
            largest = max(largest, float(np.sort(own)[-1 - allowed]))
        value = math.nextafter(largest, math.inf)
        crops = scores[here & seen]
        if crops.size < LEAST_CROPS:
            crops = scores[near & seen]
        least, most = quality_range(cell[0], lowest) if cell[0] else (0, 0)
        yield Threshold(
            file_band=FILE_BANDS[cell[0]],
            size_band=SIZE_BANDS[cell[1]],
            least_quality=least,
            most_quality=most,
            least_side=SIDES[cell[1]],
            most_side=SIDES[cell[1] + 1] - 1 if cell[1] < max(sizes) else None,
            value=value,
            own=own.size,
            pooled=pool.size,
            false_alarms=float((own >= value).mean()) if own.size else None,
            power=float((crops >= value).mean()) if crops.size else None,
            crops=crops.size,
        )


def _pool(
    cells: NDArray[np.int64], others: NDArray[np.bool_], cell: Sequence[int]
) -> NDArray[np.bool_]:
    """Return which pictures a cell's threshold rests on: bool, shape (n,).

    Lossless and JPEG files are never pooled: what scores depend on differs too much.
    """
    alike = (cells[:, 0] == 0) == (cell[0] == 0)
    # A step to another size is small beside one to another quality.
    distance = np.abs(cells[:, 1] - cell[1]) + 3 * np.abs(cells[:, 0] - cell[0])
    for most in sorted(set(distance[alike].tolist())):
        pool = alike & (distance <= most)
        if np.count_nonzero(pool & others) >= LEAST:
            return np.asarray(pool)
    return np.asarray(alike)


def _within(threshold: Threshold, pictures: Pictures) -> NDArray[np.bool_]:
    """Return which pictures a threshold is for: bool, shape (n,)."""
    qualities, sides = pictures.qualities, pictures.sides
    # Lossless files have the quality 0, and so has their threshold, at both ends.
    fits = (qualities >= threshold.least_quality) & (qualities <= threshold.most_quality)
    fits &= sides >= threshold.least_side
    if threshold.most_side is not None:
        fits &= sides <= threshold.most_side
    return np.asarray(fits)


__all__ = [
    "LEAST",
    "LEAST_CROPS",
    "LEAST_OWN",
    "RATE",
    "Threshold",
    "Thresholds",
    "thresholds",
]
