"""Draws how the blocks of an old grid lie against a picture's upper left corner, magnified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from locard_kd_crop.phase.luma import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORNER: Final = 32
"""Side of the corner that is drawn, in pixels of the picture."""

SCALE: Final = 12
_PAPER, _INK, _CUT, _CUT_LINE = (255, 255, 255), (20, 20, 20), (225, 225, 225), (190, 190, 190)
_OLD, _OWN, _HALO = (214, 32, 32), (0, 110, 220), (255, 255, 255)
_EDGE, _TITLE, _LINE = 16, 40, 22
_DASH = 5

Colour = tuple[int, int, int]


def draw_corner(
    corner: NDArray[np.uint8], grid: tuple[int, int], *, own: bool
) -> NDArray[np.uint8]:
    """Draw the picture's corner with the old blocks over it, and what of them is cut off.

    Args:
        corner: uint8, (h, w, 3), at most :data:`CORNER` a side: the picture's upper left pixels.
        grid: (x, y) at which the old grid begins, 0 to 7.
        own: Whether the file has a grid of its own, which is drawn as well.

    Returns:
        uint8, (height, width, 3).
    """
    height, width = corner.shape[:2]
    cut_columns, cut_rows = -grid[0] % BLOCK, -grid[1] % BLOCK
    left, top = _EDGE + BLOCK * SCALE, _TITLE + BLOCK * SCALE
    lines = _sentences(cut_columns, cut_rows, own=own)
    size = (left + width * SCALE + _EDGE, top + height * SCALE + 14 + _LINE * len(lines) + 10)
    sheet = Pillow.new("RGB", size, _PAPER)
    font = ImageFont.load_default(13)
    title = f"Upper left corner, {width} by {height} pixels, magnified {SCALE} times"
    ImageDraw.Draw(sheet).text((_EDGE, 12), title, _INK, ImageFont.load_default(15))
    _draw_missing(sheet, (left, top), (width, height), (cut_columns, cut_rows))
    pixels = Pillow.fromarray(np.ascontiguousarray(corner))
    magnified = pixels.resize((width * SCALE, height * SCALE), Pillow.Resampling.NEAREST)
    sheet.paste(magnified, (left, top))
    draw = ImageDraw.Draw(sheet)
    if own:
        _draw_grid(draw, (left, top), (width, height), (0, 0), (0, 0), _OWN, dashed=True)
    _draw_grid(draw, (left, top), (width, height), grid, (cut_columns, cut_rows), _OLD)
    _draw_edges(draw, (left, top), (width, height))
    for place, (colour, dashed, sentence) in enumerate(lines):
        y = top + height * SCALE + 16 + _LINE * place
        if colour is not None:
            _line(draw, (_EDGE, y + 8, _EDGE + 30, y + 8), colour, dashed=dashed)
        draw.text((_EDGE + 40, y), sentence, _INK, font)
    return np.asarray(sheet)


def _sentences(columns: int, rows: int, *, own: bool) -> list[tuple[Colour | None, bool, str]]:
    """Return the lines below the picture, with the colour and kind of the line they explain."""
    lines: list[tuple[Colour | None, bool, str]] = [
        (_OLD, False, "blocks of the earlier compression"),
    ]
    if own:
        lines.append((_OWN, True, "blocks of this file's own compression"))
    lines += [
        (_INK, False, "edges of the picture; grey: what is missing of the first old blocks"),
        (None, False, f"missing, modulo 8: at the left {columns}, at the top {rows} pixels"),
    ]
    return lines


def _draw_missing(
    sheet: Pillow.Image, corner: tuple[int, int], size: tuple[int, int], cut: tuple[int, int]
) -> None:
    """Shade the rows and columns of the old blocks that lie outside the picture."""
    (left, top), (width, height), (columns, rows) = corner, size, cut
    draw = ImageDraw.Draw(sheet)
    outer = (left - columns * SCALE, top - rows * SCALE)
    box = (*outer, left + width * SCALE - 1, top + height * SCALE - 1)
    draw.rectangle(box, fill=_CUT)
    for x in range(outer[0], left + width * SCALE, SCALE):
        draw.line((x, outer[1], x, box[3]), _CUT_LINE)
    for y in range(outer[1], top + height * SCALE, SCALE):
        draw.line((outer[0], y, box[2], y), _CUT_LINE)


def _draw_grid(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    size: tuple[int, int],
    grid: tuple[int, int],
    cut: tuple[int, int],
    colour: Colour,
    *,
    dashed: bool = False,
) -> None:
    (left, top), (width, height), (columns, rows) = corner, size, cut
    first, last = left - columns * SCALE, left + width * SCALE - 1
    high, low = top - rows * SCALE, top + height * SCALE - 1
    for x in range(grid[0] - (BLOCK if columns else 0), width + 1, BLOCK):
        place = min(left + x * SCALE, last)
        _line(draw, (place, high, place, low), colour, dashed=dashed)
    for y in range(grid[1] - (BLOCK if rows else 0), height + 1, BLOCK):
        place = min(top + y * SCALE, low)
        _line(draw, (first, place, last, place), colour, dashed=dashed)


def _draw_edges(draw: ImageDraw.ImageDraw, corner: tuple[int, int], size: tuple[int, int]) -> None:
    (left, top), (width, height) = corner, size
    draw.line((left, top, left + width * SCALE, top), _INK, 3)
    draw.line((left, top, left, top + height * SCALE), _INK, 3)


def _line(
    draw: ImageDraw.ImageDraw, ends: tuple[int, int, int, int], colour: Colour, *, dashed: bool
) -> None:
    """Draw an upright or level line with a pale rim, so that it shows on any picture."""
    x0, y0, x1, y1 = ends
    draw.line(ends, _HALO, 4)
    if not dashed:
        draw.line(ends, colour, 2)
        return
    for start in range(0, max(x1 - x0, y1 - y0), 2 * _DASH):
        end = start + _DASH
        part = (x0 + start, y0, x0 + end, y0) if x1 > x0 else (x0, y0 + start, x0, y0 + end)
        draw.line(part, colour, 2)
