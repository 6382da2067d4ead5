"""Which traces make a region stand out: what becomes of it when each of them is taken out.

The network learned with whole groups of traces missing, so that it can be asked again without one.
What a group carries is what is lost then of a region's contrast: the mean logit inside less that
around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.localiser import kept_without
from locard_semi_global.tiles import FINE, MULTIPLE, Box

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from locard_semi_global.extraction import Evidence
    from locard_semi_global.localiser import Localiser
    from locard_semi_global.regions import Area

LARGEST: Final = 40
"""Most cells a side of the window that a region is looked at in."""

SMALLEST: Final = 24
"""Fewest cells, where the picture has as many."""

FAMILIES: Final = {
    "compression": ("grid", "dct", "quantisation", "ghost"),
    "camera": ("cfa", "noise", "correlation", "co-occurrence"),
}
"""Groups that speak of the same thing and can stand in for each other, taken out together."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What carries a region.

    Attributes:
        contrast: Mean logit inside less that around it, in nats, with all traces.
        lost: By how much that falls without each group, in nats; negative where it rises.
        families: The same without each of :data:`FAMILIES`.
        window: What was looked at.
    """

    contrast: float
    lost: Mapping[str, float]
    families: Mapping[str, float]
    window: Box


def explained(
    localiser: Localiser, evidence: Evidence, area: Area, mask: NDArray[np.bool_]
) -> Explanation:
    """Take out each group of traces, and see how much less a region stands out.

    Args:
        localiser: The network.
        evidence: Of the whole picture, whose statistics hold.
        area: The region.
        mask: bool, (2 h, 2 w): all regions; what is around is outside all of them.
    """
    window = window_of(area, mask)
    taken = [(), *((group,) for group in GROUPS), *FAMILIES.values()]
    logits = localiser.within(evidence, window, kept_without(taken))
    around = ~mask[window.fine]
    contrasts = [contrast(some, _inside(area, window), around) for some in logits]
    lost = [contrasts[0] - less for less in contrasts[1:]]
    return Explanation(
        contrasts[0],
        dict(zip(GROUPS, lost[: len(GROUPS)], strict=True)),
        dict(zip(FAMILIES, lost[len(GROUPS) :], strict=True)),
        window,
    )


def contrast(
    logits: NDArray[np.float32], inside: NDArray[np.bool_], around: NDArray[np.bool_]
) -> float:
    """Return the mean logit inside less that around, in nats; that inside if nothing is around."""
    within = float(logits[inside].mean(dtype=np.float64)) if inside.any() else 0.0
    return within - float(logits[around].mean(dtype=np.float64)) if around.any() else within


def window_of(area: Area, mask: NDArray[np.bool_]) -> Box:
    """Return the window that has as much as possible of a region as well as of what is around.

    Of several as good ones it is that about whose middle the region lies.

    Args:
        area: The region.
        mask: bool, (2 h, 2 w): all regions.
    """
    height, width = (side // FINE for side in mask.shape)
    rows, columns = area.box
    top, bottom = rows.start // FINE, -(-rows.stop // FINE)
    left, right = columns.start // FINE, -(-columns.stop // FINE)
    side = _side(max(bottom - top, right - left))
    high, wide = min(side, height), min(side, width)
    # What a window that still touches the region can reach.
    reach = Box(
        max(0, top - high),
        min(height, bottom + high),
        max(0, left - wide),
        min(width, right + wide),
    )
    inside = _window_sums(_inside(area, reach), high, wide)
    around = _window_sums(~mask[reach.fine], high, wide)
    both = np.minimum(inside, around)
    if not both.any():
        both = inside
    best = np.argwhere(both == both.max())
    middle = np.array([top + bottom - high, left + right - wide]) / 2 - (reach.top, reach.left)
    y, x = best[np.argmin(((best - middle) ** 2).sum(axis=1))]
    y, x = int(y) + reach.top, int(x) + reach.left
    return Box(y, y + high, x, x + wide)


def _side(longer: int) -> int:
    """Return how large a window is for a region of so many cells."""
    wanted = MULTIPLE * -(-(2 * longer) // MULTIPLE)
    return min(max(wanted, SMALLEST), LARGEST)


def _inside(area: Area, window: Box) -> NDArray[np.bool_]:
    """Return which places of a window belong to a region."""
    (rows, columns), (own_rows, own_columns) = window.fine, area.box
    down, own_down = _shared(rows, own_rows)
    across, own_across = _shared(columns, own_columns)
    inside = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
    inside[down, across] = area.inside[own_down, own_across]
    return inside


def _shared(one: slice, other: slice) -> tuple[slice, slice]:
    """Return where what two ranges share lies in each of them."""
    start = max(one.start, other.start)
    stop = max(start, min(one.stop, other.stop))
    return (
        slice(start - one.start, stop - one.start),
        slice(start - other.start, stop - other.start),
    )


def _window_sums(places: NDArray[np.bool_], high: int, wide: int) -> NDArray[np.int64]:
    """Return the number of true places in each window of so many cells."""
    rows, columns = (side // FINE for side in places.shape)
    cells = places.reshape(rows, FINE, columns, FINE).sum(axis=(1, 3), dtype=np.int64)
    sums = np.zeros((rows + 1, columns + 1), np.int64)
    sums[1:, 1:] = cells.cumsum(axis=0).cumsum(axis=1)
    lower, upper = sums[high:], sums[: rows + 1 - high]
    strips: NDArray[np.int64] = lower - upper
    return np.asarray(strips[:, wide:] - strips[:, : columns + 1 - wide])
