"""The pictures of the evidence and of the frame show what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locard_kd_crop.evidence_picture import CELL, SIDE, draw_phases, fit_range, probability_levels
from locard_kd_crop.frame_picture import CORNER, SCALE, draw_corner

BEST = 8 * 5 + 3
RED, WHITE = (214, 32, 32), (255, 255, 255)


def board(own: bool = True) -> np.ndarray:
    probabilities, fits = np.full(65, 1e-9), np.zeros(64)
    probabilities[BEST], fits[BEST], fits[0] = 1, 40, 400
    return draw_phases(probabilities, BEST, fits, 80, own=own)


def cells(sheet: np.ndarray, left: int) -> np.ndarray:
    """Return the colour in the lower right of each cell, where no word and no frame is."""
    top = 104
    places = [
        sheet[top + y * CELL + CELL - 8, left + x * CELL + CELL - 8]
        for y in range(8)
        for x in range(8)
    ]
    return np.array(places, int)


def test_the_darkest_cell_is_where_the_grid_is():
    sheet = board()
    first = sheet.shape[1] // 2
    for left, brightest in ((74, {0, BEST}), (74 + first, {BEST})):
        dark = set(np.flatnonzero(cells(sheet, left).sum(axis=1) < 500))
        assert dark == brightest


def test_a_lossless_file_is_told_the_probability_of_no_grid():
    assert not np.array_equal(board(own=False), board(own=True))


def test_levels_are_logarithmic_and_bounded():
    levels = probability_levels(np.array([1, 1e-3, 1e-6, 1e-12, 0]))
    assert levels == pytest.approx([1, 0.5, 0, 0, 0])


def test_chance_does_not_look_like_a_peak():
    fits = np.zeros(64)
    fits[9], fits[0] = 1.5, 300
    assert fit_range(fits) == 6
    fits[9] = 60
    assert fit_range(fits) == 60


@pytest.mark.parametrize(("x", "y"), [(3, 5), (0, 2), (7, 0)])
def test_the_old_blocks_begin_where_the_finding_says(x: int, y: int):
    grey = np.full((CORNER, CORNER, 3), 128, np.uint8)
    sheet = draw_corner(grey, (x, y), own=False)
    top, left = 40 + 8 * SCALE, 16 + 8 * SCALE
    inside = sheet[top : top + CORNER * SCALE, left : left + CORNER * SCALE]
    red = (inside == RED).all(axis=2)
    # Away from the picture's own edges, columns and rows of red are the old grid.
    columns = {round(c / SCALE) % 8 for c in np.flatnonzero(red[6:].mean(axis=0) > 0.9)}
    rows = {round(r / SCALE) % 8 for r in np.flatnonzero(red[:, 6:].mean(axis=1) > 0.9)}
    assert columns <= {x}
    assert rows <= {y}
    assert (x in columns, y in rows) == (True, True)


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 32), st.integers(1, 32), st.integers(0, 7), st.integers(0, 7), st.booleans())
def test_any_corner_can_be_drawn(height: int, width: int, x: int, y: int, own: bool):
    sheet = draw_corner(np.zeros((height, width, 3), np.uint8), (x, y), own=own)
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3
    assert SIDE == 8 * CELL
