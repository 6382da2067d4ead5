"""Draws the probabilities of the 64 phases as an 8×8 board, for people to look at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from locard_kd_crop.phase.labels import NO_GRID
from locard_kd_crop.phase.luma import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST: Final = 1e-6
"""Probability that is drawn white, as is all below it; 1 is darkest."""

CELL: Final = 54
_LEFT, _TOP, _GAP, _BAR = 84, 78, 34, 24
_SIZE, _SMALL = 15, 13
_PAPER, _INK, _GRID = (255, 255, 255), (20, 20, 20), (170, 170, 170)
_OLD, _OWN = (0, 0, 0), (0, 90, 200)
_RAMP = ((255, 255, 255), (255, 221, 128), (243, 112, 33), (160, 12, 36))

Draw = ImageDraw.ImageDraw
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def colours(probabilities: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the colours of probabilities on the logarithmic scale.

    Args:
        probabilities: float64, any shape, 0 to 1.

    Returns:
        uint8, that shape and 3.
    """
    level = 1 - np.log(np.maximum(probabilities, LEAST)) / math.log(LEAST)
    stops = np.linspace(0, 1, len(_RAMP))
    ramp = np.array(_RAMP, np.float64)
    channels = [np.interp(level, stops, ramp[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def draw_phases(probabilities: NDArray[np.float64], best: int, *, own: bool) -> NDArray[np.uint8]:
    """Draw the board, its scale, and what it means.

    Args:
        probabilities: float64, (65,), of the classes.
        best: The likeliest class among 1…63, which is framed.
        own: Whether the file has a grid of its own, at (0, 0).

    Returns:
        uint8, (height, width, 3).
    """
    side = BLOCK * CELL
    words = _sentences(probabilities, best, own=own)
    width = _LEFT + side + _GAP + _BAR + 130
    height = _TOP + side + 20 + 22 * len(words) + 12
    sheet = Pillow.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    normal, small = ImageFont.load_default(_SIZE), ImageFont.load_default(_SMALL)
    draw.text((16, 12), "Where the grid of an earlier JPEG compression begins", _INK, normal)
    draw.text((_LEFT, 38), "column, from the picture's left edge", _INK, small)
    _draw_row_title(sheet, small, side)
    _draw_board(draw, small, probabilities[:NO_GRID].reshape(BLOCK, BLOCK))
    _frame(draw, 0, _OWN, inset=4)
    _frame(draw, best, _OLD, inset=0)
    _draw_scale(sheet, small, _LEFT + side + _GAP, side)
    for place, (colour, sentence) in enumerate(words):
        y = _TOP + side + 22 + 22 * place
        if colour is not None:
            draw.rectangle((18, y + 1, 32, y + 15), outline=colour, width=3)
        draw.text((42, y), sentence, _INK, small)
    return np.asarray(sheet)


def _sentences(
    probabilities: NDArray[np.float64], best: int, *, own: bool
) -> list[tuple[tuple[int, int, int] | None, str]]:
    """Return the lines below the board, with the colour of the frame that they explain."""
    y, x = divmod(best, BLOCK)
    here = "where this file's own grid begins" if own else "where a picture that nobody cut begins"
    lines: list[tuple[tuple[int, int, int] | None, str]] = [
        (_OLD, f"({x}, {y}), likeliest place of a moved grid: {_share(probabilities[best])}"),
        (_OWN, f"(0, 0), {here}: {_share(probabilities[0])}"),
    ]
    if not own:
        lines.append((None, f"No grid anywhere: {_share(probabilities[NO_GRID])}"))
    lines.append((None, "Colours: probability of each place, by the model. All add up to 1."))
    return lines


def _share(probability: float) -> str:
    if probability >= 0.9995:
        return "more than 99.9 %"
    if probability < LEAST:
        return "less than one in a million"
    return f"{100 * probability:.2g} %" if probability < 0.0995 else f"{100 * probability:.1f} %"


def _draw_board(draw: Draw, font: Font, board: NDArray[np.float64]) -> None:
    shades = colours(board)
    for y in range(BLOCK):
        draw.text((_LEFT - 18, _TOP + y * CELL + CELL // 2), str(y), _INK, font, anchor="mm")
        draw.text((_LEFT + y * CELL + CELL // 2, _TOP - 12), str(y), _INK, font, anchor="mm")
        for x in range(BLOCK):
            box = _box(BLOCK * y + x)
            shade = tuple(int(value) for value in shades[y, x])
            draw.rectangle(box, fill=shade, outline=_GRID)
            if board[y, x] >= 0.001:
                ink = _PAPER if sum(shade) < 330 else _INK
                middle = (box[0] + CELL // 2, box[1] + CELL // 2)
                draw.text(middle, _cell_words(board[y, x]), ink, font, anchor="mm")


def _cell_words(probability: float) -> str:
    percent = 100 * probability
    return f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %"


def _box(phase: int) -> tuple[int, int, int, int]:
    y, x = divmod(phase, BLOCK)
    left, top = _LEFT + x * CELL, _TOP + y * CELL
    return left, top, left + CELL, top + CELL


def _frame(draw: Draw, phase: int, colour: tuple[int, int, int], inset: int) -> None:
    left, top, right, bottom = _box(phase)
    box = (left + inset, top + inset, right - inset, bottom - inset)
    draw.rectangle(box, outline=colour, width=4)


def _draw_row_title(sheet: Pillow.Image, font: Font, side: int) -> None:
    strip = Pillow.new("RGB", (side, 20), _PAPER)
    words = "row, from the picture's upper edge"
    ImageDraw.Draw(strip).text((side, 2), words, _INK, font, anchor="ra")
    sheet.paste(strip.rotate(90, expand=True), (_LEFT - 56, _TOP))


def _draw_scale(sheet: Pillow.Image, font: Font, left: int, side: int) -> None:
    """Draw the colours from 1 (above) down to :data:`LEAST`, with a mark at each power of ten."""
    levels = LEAST ** (np.arange(side) / (side - 1))
    bar = np.repeat(colours(levels)[:, None], _BAR, axis=1)
    sheet.paste(Pillow.fromarray(bar), (left, _TOP))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, _TOP, left + _BAR, _TOP + side), outline=_GRID)
    draw.text((left, _TOP - 20), "probability", _INK, font)
    decades = round(-math.log10(LEAST))
    for power in range(decades + 1):
        y = _TOP + side * power // decades
        draw.line((left + _BAR, y, left + _BAR + 5, y), _INK)
        words = "1" if power == 0 else f"1 in {10**power:,}"
        draw.text((left + _BAR + 9, y), words, _INK, font, anchor="lm")
