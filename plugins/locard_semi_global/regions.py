"""From a map to regions: where it is above a threshold, fragments together, specks left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH: Final = 2
"""Fragments count as one region where no more than twice so many places lie between them."""

SMALLEST: Final = 32
"""Fewest places of the map in a region: 8 cells."""

SMALLEST_SHARE: Final = 1 / 2000
"""Least share of the picture in a region."""

MOST: Final = 20
"""So many regions are listed, the largest first; the mask shows them all."""


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """One region.

    Attributes:
        top: First row of the map.
        left: First column.
        inside: bool, (rows, columns) of its box: which places belong to it.
    """

    top: int
    left: int
    inside: NDArray[np.bool_]

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the map."""
        rows, columns = self.inside.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + columns)

    @property
    def places(self) -> int:
        """Number of places of the map in it."""
        return int(np.count_nonzero(self.inside))


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """All regions of a map.

    Attributes:
        mask: bool, of the map's shape: all regions, without the specks.
        listed: The largest, in descending order.
    """

    mask: NDArray[np.bool_]
    listed: tuple[Area, ...]


def areas_of(above: NDArray[np.bool_]) -> Areas:
    """Return the regions of a map.

    Args:
        above: bool, (rows, columns): where the map is above its threshold.
    """
    if not above.any():
        return Areas(np.zeros_like(above), ())
    labels = _labels(above)
    sizes = np.bincount(labels[above])  # the label 0 is not among them
    large = sizes >= max(SMALLEST, SMALLEST_SHARE * above.size)
    order = np.argsort(-sizes, kind="stable")
    boxes = ndimage.find_objects(labels)
    listed = []
    for label in order[: min(MOST, np.count_nonzero(large))]:
        rows, columns = boxes[label - 1]
        inside = labels[rows, columns] == label
        listed.append(Area(rows.start, columns.start, inside))
    return Areas(large[labels], tuple(listed))


def _labels(above: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return which region each place belongs to, 0 for none; near fragments are one."""
    joined = ndimage.maximum_filter(above.view(np.uint8), 2 * REACH + 1, mode="constant")
    labels = np.asarray(ndimage.label(joined, np.ones((3, 3)))[0], np.int32)
    labels[~above] = 0
    return labels
