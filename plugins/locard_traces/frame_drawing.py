"""Draws a thumbnail with the place of the picture in it, and the picture beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

HEIGHT = 360
"""Of both pictures, in pixels, unless one would be wider than :data:`WIDEST`."""
WIDEST = 640
CAPTION = 16
GAP = 8

_PAPER, _INK, _HALO, _LINE = (255, 255, 255), (20, 20, 20), (255, 255, 255), (220, 40, 30)


def draw_place(
    thumbnail: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    corners: NDArray[np.float64],
    turns: int,
) -> NDArray[np.uint8]:
    """Draw a picture's place in its thumbnail.

    Args:
        thumbnail: uint8, shape (h, w, 3).
        picture: uint8, shape (H, W, 3).
        corners: float64, shape (4, 2): (x, y) of the picture's corners in the thumbnail.
        turns: Quarter turns of the picture, against the clock, that bring it in the thumbnail's
            position.

    Returns:
        uint8, shape (height, width, 3).
    """
    left, factor = _fitted(thumbnail)
    right, _ = _fitted(np.rot90(picture, turns))
    width = left.width + right.width + 3 * GAP
    height = max(left.height, right.height) + CAPTION + 2 * GAP
    sheet = Pillow.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(left)
    outline = [(float(x) * factor, float(y) * factor) for x, y in (*corners, corners[0])]
    draw.line(outline, fill=_HALO, width=5)
    draw.line(outline, fill=_LINE, width=3)
    words = ImageDraw.Draw(sheet)
    for x, shown, caption in (
        (GAP, left, "thumbnail, and the picture's edges in it"),
        (left.width + 2 * GAP, right, "picture"),
    ):
        words.text((x, GAP // 2), caption, fill=_INK)
        sheet.paste(shown, (x, GAP + CAPTION))
    return np.asarray(sheet)


def _fitted(pixels: NDArray[np.uint8]) -> tuple[Pillow.Image, float]:
    """Return a picture at the height of the sheet, and the factor."""
    shown = Pillow.fromarray(np.ascontiguousarray(pixels))
    factor = min(HEIGHT / shown.height, WIDEST / shown.width)
    size = max(round(shown.width * factor), 1), max(round(shown.height * factor), 1)
    smooth = Pillow.Resampling.BICUBIC
    return shown.resize(size, smooth, reducing_gap=2.0), factor
