"""Windows of pictures of any size."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from locard_semi_global.training.windows import SHAPES, draw_windows


@settings(max_examples=100, deadline=None)
@given(st.integers(8, 200), st.integers(8, 200), st.integers(1, 4), st.integers(0, 9))
def test_windows_lie_inside_and_have_the_largest_shape_that_fits(
    height: int, width: int, most: int, seed: int
) -> None:
    tampered = np.zeros((height, width), np.float32)
    windows = draw_windows(tampered, most, np.random.default_rng(seed))
    assert 1 <= len(windows) <= most
    fitting = [rows * columns for rows, columns in SHAPES if rows <= height and columns <= width]
    for window in windows:
        assert 0 <= window.top <= height - window.rows
        assert 0 <= window.left <= width - window.columns
        assert window.rows * window.columns == max(fitting)


def test_windows_of_a_tampered_picture_show_what_is_tampered() -> None:
    tampered = np.zeros((200, 200), np.float32)
    tampered[150:170, 20:40] = 1
    seen = 0
    for seed in range(20):
        for window in draw_windows(tampered, 3, np.random.default_rng(seed)):
            rows = slice(window.top, window.top + window.rows)
            columns = slice(window.left, window.left + window.columns)
            seen += bool(tampered[rows, columns].any())
    assert seen > 45


def test_shapes_are_multiples_of_eight_with_their_transposes_the_largest_first() -> None:
    areas = [rows * columns for rows, columns in SHAPES]
    assert areas == sorted(areas, reverse=True)
    assert {(columns, rows) for rows, columns in SHAPES} == set(SHAPES)
    assert all(rows % 8 == 0 == columns % 8 for rows, columns in SHAPES)
