"""Which regions of a refined map the map before speaks for.

With the customary weights, neighbours weigh far more than weak evidence: on mere noise, mean field
still settles on one label for each area of one colour, with full confidence. The map before finds
that out: on the average it says hardly more inside such an area than outside, and the areas
together explain hardly any of its variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

MOST_REGIONS = 50
"""So many are listed, largest first; the mask shows them all."""


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """Connected areas of the positive label, those that the map before speaks for.

    Attributes:
        mask: bool, shape (height, width): all of them.
        boxes: Rows and columns of each area that is large enough to be listed, largest first.
        areas: Its size in pixels.
        means: Mean of the map before inside it.
        agreement: Correlation of the mask with the map before; 0 where the mask is all one value.
        dropped: Share of the picture in areas for which the map before does not speak.
    """

    mask: NDArray[np.bool_]
    boxes: tuple[tuple[slice, slice], ...]
    areas: tuple[int, ...]
    means: tuple[float, ...]
    agreement: float
    dropped: float


def find_support(
    refined: NDArray[np.float32],
    before: NDArray[np.float32],
    margin: float,
    smallest: int,
) -> Support:
    """Find the areas where the refined map is above ½ and the map before speaks for it.

    It does where it is above ½ somewhere in the area, and on the average higher than outside.

    Args:
        refined: float32, shape (height, width), in [0, 1].
        before: float32, same shape: the map that was refined.
        margin: By how much the map before must be higher, on the average, inside an area than
            outside all areas.
        smallest: Areas of fewer pixels are not listed.
    """
    positive = refined > 0.5
    labels, count = ndimage.label(positive)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    sums = np.bincount(labels.ravel(), weights=before.ravel(), minlength=count + 1)
    means = sums / np.maximum(areas, 1)
    supported = means - means[0] >= margin
    # An area that the map before did not call so anywhere would be a detection of the field's own.
    supported &= (
        np.bincount(labels.ravel(), weights=(before > 0.5).ravel(), minlength=count + 1) > 0
    )
    # Where nothing lies outside, there is nothing to compare with.
    supported &= areas[0] > 0
    supported[0] = False
    mask = supported[labels]
    large = np.flatnonzero(supported & (areas >= smallest))
    listed = large[np.argsort(-areas[large], kind="stable")][:MOST_REGIONS]
    boxes = ndimage.find_objects(labels)
    return Support(
        mask=mask,
        boxes=tuple(boxes[label - 1] for label in listed),
        areas=tuple(int(areas[label]) for label in listed),
        means=tuple(float(means[label]) for label in listed),
        agreement=_correlation(mask, before),
        dropped=float(np.mean(positive & ~mask)),
    )


def _correlation(mask: NDArray[np.bool_], values: NDArray[np.float32]) -> float:
    share = float(mask.mean())
    spread = float(values.std(dtype=np.float64))
    if share in (0.0, 1.0) or spread == 0:
        return 0.0
    inside = float(values.mean(where=mask, dtype=np.float64))
    mean = float(values.mean(dtype=np.float64))
    return float((inside - mean) * np.sqrt(share / (1 - share)) / spread)
