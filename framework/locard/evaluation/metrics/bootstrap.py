"""Percentile bootstrap intervals over images (B. Efron 1979), with whole groups resampled.

Images that share a source (scene, camera, donor) are not independent: a detector that fails on one
likely fails on the others. Resampling images one by one would treat them as so many independent
tests and give intervals that are too short. Where groups are known, a resample therefore draws
groups and takes all images of each (the cluster bootstrap); an image without a group is its own.

A resample is a row of weights: how often each image is in it. A statistic takes many such rows at
once. Nothing is stratified: a resample that lacks what a statistic needs (a class) leaves it
undefined, is left out, and where more than half of them do, there is no interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
    """Takes weights, float64 (resamples, images); returns float64 (resamples,) or (resamples,
    statistics), NaN where undefined."""

RESAMPLES = 2000
SEED = 20240229
LEVEL = 0.95

_WEIGHTS = 1 << 22
"""How many weights are in memory at once: 32 MiB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its interval.

    Attributes:
        value: Of the images themselves; None where undefined.
        low: Lower bound; None where fewer than two groups define the figure, or where more than
            half of the resamples do not.
        high: Upper bound.
        images: How many images define it.
        left_out: How many images do not.
    """

    value: float | None
    low: float | None
    high: float | None
    images: int
    left_out: int = 0


def numbered(groups: Sequence[str | None]) -> NDArray[np.intp]:
    """Number the groups of images from 0; each None is a group of its own.

    Args:
        groups: One an image.

    Returns:
        intp, shape (images,).
    """
    numbers: dict[str | int, int] = {}
    return np.array(
        [
            numbers.setdefault(at if group is None else group, len(numbers))
            for at, group in enumerate(groups)
        ],
        np.intp,
    )


def resamples(
    groups: NDArray[np.intp], *, count: int = RESAMPLES, seed: int = SEED
) -> Iterator[NDArray[np.float64]]:
    """Draw resamples, some at a time so that memory is bounded.

    Args:
        groups: intp, shape (images,): number of each image's group, from 0 without gaps.
        count: How many resamples.
        seed: The same seed and groups draw the same.

    Yields:
        float64, shape (some, images): how often each image is in each resample.
    """
    random = np.random.default_rng(seed)
    total = int(groups.max()) + 1
    at_once = max(1, _WEIGHTS // groups.size)
    for start in range(0, count, at_once):
        some = min(at_once, count - start)
        drawn = random.integers(0, total, (some, total))
        drawn += np.arange(some)[:, None] * total
        times = np.bincount(drawn.ravel(), minlength=some * total).reshape(some, total)
        yield times.astype(np.float64)[:, groups]


def means(weights: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weighted means over the images that define each column.

    Args:
        weights: float64, shape (resamples, images).
        values: float64, shape (images, columns): NaN where undefined; infinite ones count.

    Returns:
        float64, shape (resamples, columns): NaN where no image of the resample defines it.
    """
    defined = ~np.isnan(values)
    infinite = np.isinf(values)
    sums = weights @ np.where(defined & ~infinite, values, 0.0)
    # Many columns are defined by the same images, which need be counted once.
    patterns, pattern = np.unique(defined, axis=1, return_inverse=True)
    counts = (weights @ patterns.astype(np.float64))[:, pattern]
    if infinite.any():
        sums[weights @ infinite.astype(np.float64) > 0] = np.inf
    with np.errstate(invalid="ignore", divide="ignore"):
        result: NDArray[np.float64] = sums / counts
    return result


def bounds(drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the central 95 % of what resamples gave.

    Args:
        drawn: float64, shape (resamples, statistics), NaN where undefined.

    Returns:
        Lower and upper bounds, float64, shape (statistics,): values that were drawn, never between
        two, so that infinite ones stay what they are; NaN where more than half are undefined.
    """
    ascending = np.sort(drawn, axis=0)  # NaN last
    defined = np.count_nonzero(~np.isnan(drawn), axis=0)
    tail = (1 - LEVEL) / 2
    first = np.floor(defined * tail).astype(np.intp)
    last = np.maximum(np.ceil(defined * (1 - tail)).astype(np.intp) - 1, 0)
    columns = np.arange(drawn.shape[1])
    too_few = 2 * defined < drawn.shape[0]
    low = np.where(too_few, np.nan, ascending[np.minimum(first, drawn.shape[0] - 1), columns])
    high = np.where(too_few, np.nan, ascending[last, columns])
    return low, high


def mean_interval(
    values: Sequence[float | None],
    groups: Sequence[str | None] | None = None,
    *,
    count: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """Return a mean with its interval.

    Args:
        values: One an image; None where the image does not define it: left out, and counted.
        groups: One an image: those that share a source share this.
        count: How many resamples.
        seed: The same seed gives the same interval.

    Raises:
        ValueError: The lengths differ.
    """
    column = np.array([np.nan if value is None else value for value in values], np.float64)
    return interval(
        lambda weights: means(weights, column[:, None])[:, 0],
        ~np.isnan(column),
        groups,
        count=count,
        seed=seed,
    )


def interval(
    statistic: Statistic,
    defined: NDArray[np.bool_],
    groups: Sequence[str | None] | None = None,
    *,
    count: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """Return any statistic with its interval.

    Args:
        statistic: Takes weights, float64 (resamples, images); returns float64 (resamples,), NaN
            where undefined. It ignores the images that do not define it.
        defined: bool, shape (images,): which images define it.
        groups: One an image.
        count: How many resamples.
        seed: The same seed gives the same interval.

    Raises:
        ValueError: The lengths differ.
    """
    names = [None] * defined.size if groups is None else groups
    if len(names) != defined.size:
        raise ValueError(f"there are {defined.size} images, and groups for {len(names)}")
    images = int(np.count_nonzero(defined))
    left_out = defined.size - images
    if images == 0:
        return Interval(None, None, None, 0, left_out)
    value = _known(statistic(np.ones((1, defined.size)))[0])
    numbers = numbered(names)
    if np.unique(numbers[defined]).size < 2:
        return Interval(value, None, None, images, left_out)
    drawn = [statistic(weights) for weights in resamples(numbers, count=count, seed=seed)]
    low, high = bounds(np.concatenate(drawn)[:, None])
    return Interval(value, _known(low[0]), _known(high[0]), images, left_out)


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
