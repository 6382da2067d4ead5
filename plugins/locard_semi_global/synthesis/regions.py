"""Regions that are tampered with: segments of photographs, blobs, ellipses, polygons and strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.datasets.building import BuildError
from locard.evaluation.synthesis.shapes import KINDS, Region, star
from locard.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEGMENT, STRIP = "segment", "strip"
SMALLEST_SHARE = 0.005
LARGEST_SHARE = 0.5
LARGEST_COPY = 0.15
"""Of the picture that a region covers; that a copy of the picture's own content does."""

LEAST_PIXELS = 64
"""A region of fewer is drawn again: it is no more than a cell."""

_SEGMENTS = 0.5
"""Share of segments among regions where there are any."""
_STRIPS = 0.15
_LEAST_SEGMENT = 200
_LARGEST_SEGMENT = 0.6
_SOFTEST = (0.6, 2.0)
_TRIES = 20
_TOLERANCE = 1.2
"""Of the largest share: outlines that the picture's border cuts off are not as large as asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A region, and the box that it fills.

    Attributes:
        region: Of the whole picture.
        left: First column of the box.
        top: First row.
        width: Of the box, in pixels.
        height: Of the box.
        sigma: Of the Gaussian that smoothed its edge, in pixels; 0 where it is hard.
    """

    region: Region
    left: int
    top: int
    width: int
    height: int
    sigma: float


def draw_area(
    random: np.random.Generator,
    height: int,
    width: int,
    segmentations: Sequence[str],
    largest: float = LARGEST_SHARE,
) -> Area:
    """Draw a region: kind, share of the picture (log-uniform), form, place and edge.

    Args:
        random: Where chance comes from.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        segmentations: Files of human segmentations; none where there are none.
        largest: Largest share of the picture.
    """
    for _ in range(_TRIES):
        share = float(np.exp(random.uniform(np.log(SMALLEST_SHARE), np.log(largest))))
        kind, mask = _draw_mask(random, share, height, width, segmentations)
        if not LEAST_PIXELS <= mask.sum() <= _TOLERANCE * largest * mask.size:
            continue
        sigma = round(float(random.uniform(*_SOFTEST)), 2) if random.random() < 0.5 else 0.0
        area = _area(kind, mask, sigma)
        # A narrow strip may have no pixel left of which the paste makes up half.
        if area.region.mask.sum() >= LEAST_PIXELS:
            return area
    return _area("ellipse", _central(height, width), 0.0)


def _area(kind: str, mask: NDArray[np.bool_], sigma: float) -> Area:
    if sigma:
        from scipy.ndimage import gaussian_filter

        opacity = np.clip(gaussian_filter(mask.astype(np.float32), sigma), 0, 1)
        region = Region(kind, "smooth", opacity >= 0.5, opacity)
    else:
        region = Region(kind, "hard", mask, mask.astype(np.float32))
    touched = region.opacity > 0
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return Area(region, left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1, sigma)


def _central(height: int, width: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[0:height, 0:width]
    across = (rows - height / 2) / height, (columns - width / 2) / width
    inside: NDArray[np.bool_] = np.hypot(*across) < 0.15
    return inside


def _draw_mask(
    random: np.random.Generator,
    share: float,
    height: int,
    width: int,
    segmentations: Sequence[str],
) -> tuple[str, NDArray[np.bool_]]:
    if segmentations and random.random() < _SEGMENTS:
        segments = _segments(str(random.choice(segmentations)))
        if segments:
            segment = segments[int(random.integers(len(segments)))]
            return SEGMENT, _placed(segment, share, random, height, width)
    if random.random() < _STRIPS:
        return STRIP, _strip(share, random, height, width)
    kind = str(random.choice(sorted(KINDS)))
    return kind, star(KINDS[kind](random), share, random, height, width)


def _strip(share: float, random: np.random.Generator, height: int, width: int) -> NDArray[np.bool_]:
    """A strip through the picture, or a part of one: upright, level or aslant."""
    angle = float(random.choice((0.0, np.pi / 2, random.uniform(0, np.pi))))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = rows - random.uniform(0, height), columns - random.uniform(0, width)
    across = np.abs(x * np.sin(angle) - y * np.cos(angle))
    along = np.abs(x * np.cos(angle) + y * np.sin(angle))
    if random.random() < 0.5:
        ratio = float(random.uniform(3, 10))
        across = np.maximum(across, along / ratio)
    # As many pixels as the share asks for, those nearest to the middle line first.
    limit = np.partition(across, int(share * across.size), axis=None)[int(share * across.size)]
    inside: NDArray[np.bool_] = across <= limit
    return inside


def _placed(
    segment: NDArray[np.bool_],
    share: float,
    random: np.random.Generator,
    height: int,
    width: int,
) -> NDArray[np.bool_]:
    """Scale a segment to a share of the picture, flip it at times, and place it at random."""
    from PIL import Image as Pillow

    scale = float(np.sqrt(share * height * width / segment.sum()))
    scale = min(scale, height / segment.shape[0], width / segment.shape[1])
    rows, columns = (max(1, round(side * scale)) for side in segment.shape)
    picture = Pillow.fromarray(segment.astype(np.uint8) * 255)
    grey = np.asarray(picture.resize((columns, rows), Pillow.Resampling.BILINEAR))
    form = grey[:, ::-1] if random.random() < 0.5 else grey
    mask = np.zeros((height, width), dtype=np.bool_)
    top, left = int(random.integers(height - rows + 1)), int(random.integers(width - columns + 1))
    mask[top : top + rows, left : left + columns] = form >= 128
    return mask


@lru_cache(maxsize=256)
def _segments(path: str) -> tuple[NDArray[np.bool_], ...]:
    """Return the segments of one human segmentation, each cut out, large ones and tiny left out."""
    labels = read_segmentation(path)
    found = []
    for label in range(1, int(labels.max()) + 1):
        rows, columns = np.nonzero(labels == label)
        if _LEAST_SEGMENT <= rows.size <= _LARGEST_SEGMENT * labels.size:
            cut = labels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            found.append(cut == label)
    return tuple(found)


def read_segmentation(path: str) -> NDArray[np.uint16]:
    """Read one person's segmentation from a file of the Berkeley data set.

    Args:
        path: A MATLAB file with ``groundTruth``, one cell a person, each with ``Segmentation``.

    Returns:
        uint16, (H, W): the number of each pixel's segment, from 1. Whose segmentation is taken
        follows from the file's name.

    Raises:
        BuildError: It is no such file.
    """
    from scipy.io import loadmat

    try:
        people = loadmat(path)["groundTruth"][0]
        person = people[sum(Path(path).name.encode()) % len(people)]
        labels = np.asarray(person["Segmentation"][0, 0])
        if labels.ndim != 2 or labels.dtype.kind not in "ui" or not labels.size:
            raise ValueError("Segmentation is no picture of whole numbers")
    except Exception as error:  # noqa: BLE001  the reader raises whatever it likes on damaged files
        raise BuildError(
            f"{printable(path)} is no segmentation of the Berkeley data set: {error}",
            "Name a folder of BSDS .mat files, or leave --shapes out.",
        ) from None
    return labels.astype(np.uint16)
