"""Says where a picture lies in its thumbnail, and what of the thumbnail is missing from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from locard_traces.frame_search import CERTAIN, Placement, find, reduced
from locard_traces.frame_thumbnail import Thumbnail

Sample = TypeVar("Sample", bound=np.generic)

_NORMAL_SPREAD = 1.683
"""Between the quantiles 0.2 and 0.8 of a normal distribution, in standard deviations."""

LONGEST = 160
"""Thumbnails are compared at no more than so many pixels on the longer side, as EXIF has them."""
STRETCH, MAX_STRETCH = 0.015, 0.5
"""Logarithms of the least stretch that is tried, and of the largest."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Where a picture lies in its thumbnail.

    Attributes:
        corners: float64, shape (4, 2): (x, y) of the corners of the picture in the thumbnail's
            pixels, in the order of :class:`~locard_traces.frame_search.Placement`.
        turns: Quarter turns of the picture, against the clock.
        correlation: Of picture and thumbnail where they overlap.
        insets: How far the picture's left, upper, right and lower edge lie inside that of the
            thumbnail's picture, bars left out, over that picture's longer side; negative outside.
        missing: Share of the thumbnail's picture that is not in the picture, 0 to 1.
        outside: Standard deviation of the luma in that missing part, from its quantiles; 0 where
            nothing is missing.
        angle: By how many degrees the picture is turned in the thumbnail, besides the turns.
    """

    corners: NDArray[np.float64]
    turns: int
    correlation: float
    insets: tuple[float, float, float, float]
    missing: float
    outside: float
    angle: float


def compare(
    thumbnail: Thumbnail, luma: NDArray[np.float32], stated_shape: float | None
) -> Comparison | None:
    """Find a picture in its thumbnail.

    Args:
        thumbnail: The thumbnail.
        luma: The picture, shape (H, W).
        stated_shape: Width over height of the frame as EXIF states it: the thumbnail may be a
            stretched image of it. None where it is not known.

    Returns:
        The place, or None where nothing can be compared.
    """
    best: Placement | None = None
    shift = (0, 0, 0, 0)
    # What looks like a bar may be a dark part of the picture, so both are tried.
    for bars in dict.fromkeys((thumbnail.bars, (0, 0, 0, 0))):
        found = _place(_inner(thumbnail.luma, bars), luma, stated_shape)
        if found is not None and (best is None or found.correlation > best.correlation + 0.01):
            best, shift = found, bars
        if best is not None and best.correlation >= CERTAIN:
            break
    if best is None:
        return None
    corners = best.corners + np.array(shift[:2])
    return _measured(thumbnail, corners, best)


def _inner(pixels: NDArray[Sample], bars: tuple[int, int, int, int]) -> NDArray[Sample]:
    """Return what lies inside the bars."""
    left, top, right, bottom = bars
    return pixels[top : pixels.shape[0] - bottom, left : pixels.shape[1] - right]


def _place(
    inner: NDArray[np.float32], luma: NDArray[np.float32], stated_shape: float | None
) -> Placement | None:
    """Find a picture in a thumbnail's picture; corners are in the latter's pixels."""
    factor = max(max(inner.shape) / LONGEST, 1.0)
    rows, columns = (max(round(side / factor), 1) for side in inner.shape)
    frame = reduced(inner, columns, rows) if factor > 1 else inner
    stretches = [1.0]
    if stated_shape is not None:
        stretch = stated_shape / (inner.shape[1] / inner.shape[0])
        if STRETCH < abs(np.log(stretch)) < MAX_STRETCH:
            stretches.append(stretch)
    found = find(frame, luma, tuple(stretches))
    if found is None:
        return None
    unit = np.array([inner.shape[1] / columns, inner.shape[0] / rows])
    return Placement(found.corners * unit, found.turns, found.correlation)


def _measured(thumbnail: Thumbnail, corners: NDArray[np.float64], place: Placement) -> Comparison:
    """Return what a place means."""
    height, width = thumbnail.luma.shape
    left, top, right, bottom = thumbnail.bars
    x0, x1 = corners[[0, 3], 0].mean(), corners[[1, 2], 0].mean()
    y0, y1 = corners[[0, 1], 1].mean(), corners[[2, 3], 1].mean()
    insets = (x0 - left, y0 - top, width - right - x1, height - bottom - y1)
    side = max(width - left - right, height - top - bottom)
    beyond = np.ones(thumbnail.luma.shape, dtype=bool)
    beyond[_around(y0, y1), _around(x0, x1)] = False
    rest = _inner(thumbnail.luma, thumbnail.bars)[_inner(beyond, thumbnail.bars)]
    shown = (width - left - right, height - top - bottom)
    kept = [
        max(1 - (max(before, 0) + max(after, 0)) / of, 0)
        for of, before, after in zip(shown, insets[:2], insets[2:], strict=True)
    ]
    across = corners[1] - corners[0]
    return Comparison(
        corners,
        place.turns,
        place.correlation,
        tuple(float(inset) / side for inset in insets),
        float(1 - kept[0] * kept[1]),
        _contrast(rest),
        float(np.degrees(np.arctan2(across[1], across[0]))),
    )


def _around(start: float, end: float) -> slice:
    """Return the pixels between two coordinates, and one more at either end."""
    return slice(max(math.floor(start) - 1, 0), max(math.ceil(end) + 1, 0))


def _contrast(values: NDArray[np.float32]) -> float:
    """Return a standard deviation from quantiles, which narrow edges do not disturb."""
    if not values.size:
        return 0.0
    low, high = np.quantile(values, (0.2, 0.8))
    return float(high - low) / _NORMAL_SPREAD
