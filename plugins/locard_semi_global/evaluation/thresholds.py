"""Image-level thresholds of 5 % false alarms, apart for each kind of source.

A cell is a kind of file and a size. Its threshold rests on the scores of authentic validation
pictures of the same kind of file; photographs, not pictures, are counted, for copies of one are
alike (:func:`locard.evaluation.metrics.conformal.grouped_conformal`). A cell with few takes in the
sizes nearest to it until :data:`LEAST` photographs are there. Then it is raised until no more than
5 % of those of its own size exceed it, those of each data set for themselves where it has
:data:`LEAST_OWN`; for this JPEG files of all qualities are its own, for large ones are few. Kinds
of file are not pooled otherwise. A cell with fewer than :data:`LEAST_OWN`
photographs of its own size has no threshold: nothing like it was seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.evaluation.metrics.bootstrap import numbered
from locard.evaluation.metrics.conformal import grouped_conformal, grouped_quantile
from locard_semi_global.evaluation.kinds import FILES, FIRST_JPEG, SIZES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evaluation.rows import Row

RATE: Final = 0.05
"""Share of false alarms that is aimed at."""

LEAST: Final = 60
"""Photographs that a threshold rests on, where there are so many of its kind of file."""

LEAST_OWN: Final = 4
"""Photographs of its own size from which on a cell has a threshold."""

FOLDS: Final = 5
"""Parts that photographs are dealt to where false alarms are counted on those that set no
threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Scores of pictures, one kind of answer.

    Attributes:
        scores: float64, shape (n,).
        tampered: bool, shape (n,).
        groups: intp, shape (n,): number of each picture's photograph.
        files: intp, shape (n,): place in :data:`~locard_semi_global.evaluation.kinds.FILES`.
        sizes: intp, shape (n,): place in :data:`~locard_semi_global.evaluation.kinds.SIZES`.
        origins: intp, shape (n,): number of each picture's data set.
    """

    scores: NDArray[np.float64]
    tampered: NDArray[np.bool_]
    groups: NDArray[np.intp]
    files: NDArray[np.intp]
    sizes: NDArray[np.intp]
    origins: NDArray[np.intp]

    @classmethod
    def of(cls, rows: Sequence[Row], statistic: str | None = None) -> Scored:
        """Take the scores of rows whose kind of file is known.

        Args:
            rows: Of one network, unrefined.
            statistic: Which statistic is the score; None for the network's own.
        """
        known = [row for row in rows if row.shown.file is not None]
        scores = [row.score if statistic is None else row.statistics[statistic] for row in known]
        files = [FILES.index(row.shown.file) for row in known if row.shown.file is not None]
        return cls(
            np.array(scores, np.float64),
            np.array([row.shown.tampered for row in known], np.bool_),
            numbered([row.shown.group for row in known]),
            np.array(files, np.intp),
            np.array([SIZES.index(row.shown.size) for row in known], np.intp),
            numbered([row.shown.set for row in known]),
        )

    def part(self, chosen: NDArray[np.bool_]) -> Scored:
        """Return some of them: bool, shape (n,)."""
        return Scored(
            self.scores[chosen],
            self.tampered[chosen],
            self.groups[chosen],
            self.files[chosen],
            self.sizes[chosen],
            self.origins[chosen],
        )


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which score on pictures of a kind are flagged.

    Attributes:
        file: One of :data:`~locard_semi_global.evaluation.kinds.FILES`.
        size: One of :data:`~locard_semi_global.evaluation.kinds.SIZES`.
        value: The score.
        photographs: Authentic photographs that it rests on.
        own: Those of its own size, of JPEG files those of any quality.
        pictures: Pictures of the former.
        false_alarms: Mean share of the latter's pictures at or above it.
        power: Share of tampered pictures of the kind at or above it; None without any.
        tampered: How many pictures that is of.
    """

    file: str
    size: str
    value: float
    photographs: int
    own: int
    pictures: int
    false_alarms: float
    power: float | None
    tampered: int


def thresholds(scored: Scored, rate: float = RATE) -> tuple[Threshold, ...]:
    """Set thresholds.

    Args:
        scored: Of validation pictures.
        rate: Share of false alarms that is aimed at.
    """
    return tuple(_thresholds(scored, rate))


def _thresholds(scored: Scored, rate: float) -> Iterator[Threshold]:
    for file, size in np.ndindex(len(FILES), len(SIZES)):
        of_file = scored.files == file
        here = of_file & (scored.sizes == size)
        own = _alike(scored.files, file) & (scored.sizes == size) & ~scored.tampered
        photographs = _count(scored.groups[own])
        if photographs < LEAST_OWN:
            continue
        pool = _pool(scored, of_file & ~scored.tampered, size)
        largest = grouped_conformal(scored.scores[pool], scored.groups[pool], rate)
        if largest is None:
            continue
        largest = max(largest, *_quantiles(scored, own, rate))
        value = math.nextafter(largest, math.inf)
        hits = scored.scores[here & scored.tampered] >= value
        yield Threshold(
            file=FILES[file],
            size=SIZES[size],
            value=value,
            photographs=_count(scored.groups[pool]),
            own=photographs,
            pictures=int(pool.sum()),
            false_alarms=_alarms(scored.part(own), value),
            power=float(hits.mean()) if hits.size else None,
            tampered=hits.size,
        )


def _quantiles(scored: Scored, own: NDArray[np.bool_], rate: float) -> Iterator[float]:
    """Yield what no more than a share of the own pictures exceed, of all and of each data set."""
    yield grouped_quantile(scored.scores[own], scored.groups[own], rate)
    for origin in np.unique(scored.origins[own]):
        some = own & (scored.origins == origin)
        if _count(scored.groups[some]) >= LEAST_OWN:
            yield grouped_quantile(scored.scores[some], scored.groups[some], rate)


def _alike(files: NDArray[np.intp], file: int) -> NDArray[np.bool_]:
    """Return which pictures count as a cell's own where they have its size: bool, shape (n,)."""
    return np.asarray(files >= FIRST_JPEG if file >= FIRST_JPEG else files == file)


def _pool(scored: Scored, usable: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Return which pictures a cell's threshold rests on: bool, shape (n,)."""
    distance = np.abs(scored.sizes - size)
    pool = usable
    for most in range(len(SIZES)):
        pool = usable & (distance <= most)
        if _count(scored.groups[pool]) >= LEAST:
            break
    return pool


def _alarms(own: Scored, value: float) -> float:
    """Return the mean over photographs of the share of their pictures at or above a score."""
    sizes = np.bincount(own.groups)
    hits = np.bincount(own.groups, own.scores >= value)
    return float(np.mean(hits[sizes > 0] / sizes[sizes > 0]))


def _count(groups: NDArray[np.intp]) -> int:
    return int(np.unique(groups).size)


def cuts(found: Sequence[Threshold], scored: Scored) -> NDArray[np.float64]:
    """Return each picture's threshold: float64, shape (n,), NaN where its kind has none."""
    values = np.full((len(FILES), len(SIZES)), np.nan)
    for threshold in found:
        values[FILES.index(threshold.file), SIZES.index(threshold.size)] = threshold.value
    return np.asarray(values[scored.files, scored.sizes])


def crossed(scored: Scored, rate: float = RATE) -> NDArray[np.float64]:
    """Return each picture's threshold, set on pictures of other photographs.

    Photographs are dealt to :data:`FOLDS` parts; the thresholds of a part's pictures rest on the
    other parts. So false alarms that are counted with them are of photographs that set none of
    them, as with the shipped thresholds, which rest on all and are a little steadier.

    Args:
        scored: Of validation pictures.
        rate: Share of false alarms that is aimed at.

    Returns:
        float64, shape (n,); NaN where its kind has none.
    """
    order = np.random.RandomState(0).permutation(int(scored.groups.max(initial=-1)) + 1)
    folds = order[scored.groups] % FOLDS
    values = np.full(scored.scores.size, np.nan)
    for fold in range(FOLDS):
        held_out = folds == fold
        found = thresholds(scored.part(~held_out), rate)
        values[held_out] = cuts(found, scored.part(held_out))
    return values
