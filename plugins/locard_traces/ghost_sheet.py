"""Draws ghost maps as a contact sheet, with the curve over all qualities below it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

COLUMNS = 4
TILE = 240
CAPTION = 14
CURVE_HEIGHT = 160
MARGIN = 28

_PAPER, _INK, _GUIDE = (255, 255, 255), (20, 20, 20), (200, 60, 40)


def draw_sheet(
    maps: NDArray[np.float32],
    qualities: Sequence[int],
    curve: NDArray[np.floating],
    curve_qualities: Sequence[int],
    marked: Sequence[int] = (),
) -> NDArray[np.uint8]:
    """Draw maps side by side, dark for little difference, and the curve of their means.

    Args:
        maps: Values in [0, 1], shape (n, rows, columns).
        qualities: The caption of each map.
        curve: One value a quality.
        curve_qualities: Ascending, one a value, at least two.
        marked: Qualities at which the curve gets an upright line.

    Returns:
        uint8, shape (h, w, 3).
    """
    tiles = [_tile(picture) for picture in maps]
    width, height = tiles[0].size
    lines = -(-len(tiles) // COLUMNS)
    sheet_width = COLUMNS * (width + 4) + 4
    top = lines * (height + CAPTION + 4)
    sheet = Pillow.new("RGB", (max(sheet_width, TILE * 2), top + CURVE_HEIGHT), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (tile, quality) in enumerate(zip(tiles, qualities, strict=True)):
        x = 4 + (index % COLUMNS) * (width + 4)
        y = (index // COLUMNS) * (height + CAPTION + 4)
        draw.text((x, y), f"quality {quality}", fill=_INK)
        sheet.paste(tile, (x, y + CAPTION))
    _draw_curve(draw, (sheet.width, top), curve, curve_qualities, marked)
    return np.asarray(sheet)


def _tile(values: NDArray[np.float32]) -> Pillow.Image:
    """Return a map as a grey picture of at most :data:`TILE` pixels a side."""
    picture = Pillow.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))
    factor = TILE / max(picture.size)
    size = (max(round(picture.width * factor), 1), max(round(picture.height * factor), 1))
    return picture.resize(size, Pillow.Resampling.BOX if factor < 1 else Pillow.Resampling.NEAREST)


def _draw_curve(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    curve: NDArray[np.floating],
    qualities: Sequence[int],
    marked: Sequence[int],
) -> None:
    """Draw the curve into the strip below ``corner`` = (width of the sheet, its upper edge)."""
    width, top = corner
    left, right, low = MARGIN, width - MARGIN, top + CURVE_HEIGHT - MARGIN
    first, last = qualities[0], qualities[-1]
    highest = float(curve.max()) or 1.0

    def across(quality: int) -> float:
        return left + (quality - first) / (last - first) * (right - left)

    for quality in range(-(-first // 10) * 10, last + 1, 10):
        draw.line([(across(quality), low), (across(quality), low + 4)], fill=_INK)
        draw.text((across(quality) - 8, low + 6), str(quality), fill=_INK)
    for quality in marked:
        draw.line([(across(quality), top + 8), (across(quality), low)], fill=_GUIDE)
    points = [
        (across(quality), low - float(value) / highest * (low - top - 8))
        for quality, value in zip(qualities, curve, strict=True)
    ]
    draw.line(points, fill=_INK, width=2)
    draw.line([(left, low), (right, low)], fill=_INK)
