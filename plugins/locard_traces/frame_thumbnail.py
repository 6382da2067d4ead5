"""Reads thumbnails, and measures the bars around their pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locard.errors import LocardError
from locard.image import Image

LEAST = 24
"""A thumbnail with a shorter side says too little."""
MAX_PIXELS = 2**22
"""Of a thumbnail; a larger one is not decoded."""

MAX_SHAPE = 4
"""The longer side of a thumbnail over the shorter one, at most."""


BAR_BRIGHTNESS = 24.0
BAR_DEVIATION = 5.0
_BAR_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A thumbnail, ready for comparison.

    Attributes:
        pixels: uint8, shape (height, width, 3).
        luma: float32, shape (height, width), 0 to 255.
        bars: Dark rows and columns at the left, top, right and bottom, in pixels.
    """

    pixels: NDArray[np.uint8]
    luma: NDArray[np.float32]
    bars: tuple[int, int, int, int]


class UnusableThumbnailError(LocardError):
    """A thumbnail cannot be compared; the message says why."""


def read_thumbnail(data: bytes) -> Thumbnail:
    """Decode a thumbnail.

    Raises:
        UnusableThumbnailError: It is damaged, too small, too large, or too long.
    """
    try:
        image = Image.from_bytes(data, name="thumbnail.jpg", max_pixels=MAX_PIXELS)
        luma, pixels = image.luma, image.pixels
    except LocardError as error:
        raise UnusableThumbnailError(f"it cannot be decoded ({error})") from None
    height, width = luma.shape
    if min(height, width) < LEAST or max(height, width) > MAX_SHAPE * min(height, width):
        raise UnusableThumbnailError(f"it has {width}×{height} pixels, too few to compare")
    return Thumbnail(pixels, luma, find_bars(luma))


def find_bars(luma: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Measure the bars with which cameras fill thumbnails of another shape than their pictures.

    A row or column belongs to a bar while it is dark and even. Dark parts of a picture look the
    same, so a bar may be none. No bar goes beyond 30 % of the side.

    Args:
        luma: Shape (H, W), 0 to 255.

    Returns:
        Width of the bars at the left, top, right and bottom, in pixels.
    """
    top, bottom = _bar(luma), _bar(luma[::-1])
    inner = luma[top : luma.shape[0] - bottom]
    return _bar(inner.T), top, _bar(inner.T[::-1]), bottom


def _bar(rows: NDArray[np.float32]) -> int:
    """Return how many of the first rows are dark and even."""
    longest = int(_BAR_SHARE * rows.shape[0])
    bar = (rows[:longest].mean(axis=1) < BAR_BRIGHTNESS) & (
        rows[:longest].std(axis=1) < BAR_DEVIATION
    )
    return int(np.argmin(bar)) if not bar.all() else longest
