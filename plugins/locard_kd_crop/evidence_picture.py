"""Draws the 64 phases as two 8×8 boards: what was measured, and what the model makes of it.

The left board has the plain measurement, in which no network had a part; the right one what the
model makes of all measurements.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
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

LEAST_RANGE: Final = 6.0
"""Standard deviations that the left board's darkest colour stands for at least: chance alone must
not look like a peak."""

CELL: Final = 48
SIDE: Final = BLOCK * CELL
_LEFT, _TOP, _GAP, _BAR, _SCALE_WORDS = 74, 104, 22, 20, 106
_BOARD: Final = _LEFT + SIDE + _GAP + _BAR + _SCALE_WORDS
_LINE = 22
_PAPER, _INK, _LINES = (255, 255, 255), (20, 20, 20), (170, 170, 170)
_OLD, _OWN = (0, 0, 0), (0, 140, 60)
_FITS = ((255, 255, 255), (176, 210, 240), (70, 130, 190), (16, 50, 110))
_PROBABILITIES = ((255, 255, 255), (255, 221, 128), (243, 112, 33), (160, 12, 36))

Colour = tuple[int, int, int]
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True, eq=False)
class _Board:
    """What is drawn in the cells of a board, and on the scale beside it.

    Attributes:
        titles: Two lines above it.
        levels: float64, (64,), 0 to 1: how dark each cell is.
        words: Of each cell.
        ramp: Colours from 0 to 1.
        marks: Of the scale: level and words.
        scale: What the scale measures.
    """

    titles: tuple[str, str]
    levels: NDArray[np.float64]
    words: tuple[str, ...]
    ramp: tuple[Colour, ...]
    marks: tuple[tuple[float, str], ...]
    scale: str


def draw_phases(
    probabilities: NDArray[np.float64],
    best: int,
    fits: NDArray[np.float64],
    quality: int,
    *,
    own: bool,
) -> NDArray[np.uint8]:
    """Draw both boards, their scales, and what is framed.

    Args:
        probabilities: float64, (65,), of the classes.
        best: The likeliest class among 1…63, which is framed.
        fits: float64, (64,), how well coefficients fit a first table, in standard deviations.
        quality: IJG quality of that table.
        own: Whether the file has a grid of its own, at (0, 0).

    Returns:
        uint8, (height, width, 3).
    """
    boards = _fit_board(fits, quality), _probability_board(probabilities)
    lines = _sentences(probabilities, best, own=own)
    height = _TOP + SIDE + 28 + _LINE * len(lines) + 10
    sheet = Pillow.new("RGB", (2 * _BOARD, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    title = "Where does the grid of an earlier JPEG compression begin in this picture?"
    draw.text((16, 12), title, _INK, ImageFont.load_default(17))
    small = ImageFont.load_default(13)
    for place, board in enumerate(boards):
        _draw_board(sheet, board, place * _BOARD, small)
        _frame(draw, 0, place * _BOARD, _OWN, inset=3)
        _frame(draw, best, place * _BOARD, _OLD, inset=0)
    for place, (colour, sentence) in enumerate(lines):
        y = _TOP + SIDE + 28 + _LINE * place
        if colour is not None:
            draw.rectangle((22, y + 1, 36, y + 15), outline=colour, width=3)
        draw.text((46, y), sentence, _INK, small)
    return np.asarray(sheet)


def probability_levels(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how dark probabilities are drawn, on a logarithmic scale: 0 at a millionth, 1 at 1."""
    return np.asarray(1 - np.log(np.maximum(probabilities, LEAST)) / math.log(LEAST))


def fit_range(fits: NDArray[np.float64]) -> float:
    """Return the standard deviations that are drawn darkest: the most off the corner.

    The grid at the corner is left aside, for a file's own fits far better than any older one.
    """
    return max(float(fits[1:].max()), LEAST_RANGE)


def _fit_board(fits: NDArray[np.float64], quality: int) -> _Board:
    most = fit_range(fits)
    return _Board(
        titles=(
            "Measured: how well the coefficients of blocks",
            f"that begin there fit the table of quality {quality}",
        ),
        levels=np.clip(fits / most, 0, 1),
        words=tuple(f"{fit:.0f}" for fit in np.rint(fits) + 0.0),
        ramp=_FITS,
        marks=tuple((part / 4, f"{most * part / 4:.3g}") for part in range(5)),
        scale="standard dev.",
    )


def _probability_board(probabilities: NDArray[np.float64]) -> _Board:
    decades = round(-math.log10(LEAST))
    return _Board(
        titles=(
            "What the model makes of all tables, bands and",
            "parts: probability of each place",
        ),
        levels=probability_levels(probabilities[:NO_GRID]),
        words=tuple(_cell_words(probability) for probability in probabilities[:NO_GRID]),
        ramp=_PROBABILITIES,
        marks=tuple(
            (1 - power / decades, "1" if power == 0 else f"1 in {10**power:,}")
            for power in range(decades + 1)
        ),
        scale="probability",
    )


def _cell_words(probability: float) -> str:
    percent = 100 * probability
    if percent < 0.1:
        return ""
    return f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.1f} %"


def _sentences(
    probabilities: NDArray[np.float64], best: int, *, own: bool
) -> list[tuple[Colour | None, str]]:
    """Return the lines below the boards, with the colour of the frame that they explain."""
    y, x = divmod(best, BLOCK)
    here = "where this file's own grid begins" if own else "where the grid of an uncut JPEG begins"
    none = "" if own else f"; of no grid anywhere {_share(probabilities[NO_GRID])}"
    return [
        (
            _OLD,
            f"column {x}, row {y}: likeliest place of a grid that was moved. Probability by the "
            f"model: {_share(probabilities[best])}",
        ),
        (
            _OWN,
            f"column 0, row 0: {here}. Probability that there is no moved one: "
            f"{_share(probabilities[0])}{none}",
        ),
    ]


def _share(probability: float) -> str:
    if probability >= 0.9995:
        return "more than 99.9 %"
    if probability < LEAST:
        return "less than one in a million"
    return f"{100 * probability:.2g} %" if probability < 0.0995 else f"{100 * probability:.1f} %"


def _colours(levels: NDArray[np.float64], ramp: tuple[Colour, ...]) -> NDArray[np.uint8]:
    """Return colours of levels from 0 to 1: uint8, of their shape and 3."""
    stops, values = np.linspace(0, 1, len(ramp)), np.array(ramp, np.float64)
    channels = [np.interp(levels, stops, values[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def _draw_board(sheet: Pillow.Image, board: _Board, left: int, font: Font) -> None:
    draw = ImageDraw.Draw(sheet)
    for place, title in enumerate(board.titles):
        draw.text((left + _LEFT, 42 + 17 * place), title, _INK, font)
    strip = Pillow.new("RGB", (SIDE, 18), _PAPER)
    ImageDraw.Draw(strip).text((SIDE // 2, 1), "row", _INK, font, anchor="ma")
    sheet.paste(strip.rotate(90, expand=True), (left + _LEFT - 46, _TOP))
    draw.text((left + _LEFT + SIDE // 2, _TOP + SIDE + 9), "column", _INK, font, anchor="mm")
    shades = _colours(board.levels, board.ramp)
    for place in range(BLOCK):
        middle = place * CELL + CELL // 2
        draw.text((left + _LEFT - 14, _TOP + middle), str(place), _INK, font, anchor="mm")
        draw.text((left + _LEFT + middle, _TOP - 11), str(place), _INK, font, anchor="mm")
    for phase, words in enumerate(board.words):
        box = _box(phase, left)
        shade = tuple(int(value) for value in shades[phase])
        draw.rectangle(box, fill=shade, outline=_LINES)
        ink = _PAPER if sum(shade) < 400 else _INK
        draw.text((box[0] + CELL // 2, box[1] + CELL // 2), words, ink, font, anchor="mm")
    _draw_scale(sheet, board, left + _LEFT + SIDE + _GAP, font)


def _draw_scale(sheet: Pillow.Image, board: _Board, left: int, font: Font) -> None:
    levels = np.linspace(1, 0, SIDE)
    bar = np.repeat(_colours(levels, board.ramp)[:, None], _BAR, axis=1)
    sheet.paste(Pillow.fromarray(bar), (left, _TOP))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left, _TOP, left + _BAR, _TOP + SIDE), outline=_LINES)
    draw.text((left, _TOP - 22), board.scale, _INK, font)
    for level, words in board.marks:
        y = _TOP + round(SIDE * (1 - level))
        draw.line((left + _BAR, y, left + _BAR + 5, y), _INK)
        draw.text((left + _BAR + 9, y), words, _INK, font, anchor="lm")


def _box(phase: int, left: int) -> tuple[int, int, int, int]:
    y, x = divmod(phase, BLOCK)
    corner = left + _LEFT + x * CELL, _TOP + y * CELL
    return *corner, corner[0] + CELL, corner[1] + CELL


def _frame(draw: ImageDraw.ImageDraw, phase: int, left: int, colour: Colour, inset: int) -> None:
    x0, y0, x1, y1 = _box(phase, left)
    draw.rectangle((x0 + inset, y0 + inset, x1 - inset, y1 - inset), outline=colour, width=3)
