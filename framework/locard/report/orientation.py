"""Where things lie once a picture is turned for display as its EXIF orientation asks."""

from __future__ import annotations

_SWAPS_SIDES = 5
"""Orientations from this one on exchange width and height (EXIF 2.32, tag 0x0112)."""


def displayed_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Return (width, height) as displayed."""
    return (height, width) if orientation >= _SWAPS_SIDES else (width, height)


def displayed_box(
    box: tuple[int, int, int, int], width: int, height: int, orientation: int
) -> tuple[int, int, int, int]:
    """Return where a box of stored pixels lies in the displayed picture.

    Args:
        box: (x, y, width, height) in stored pixels.
        width: Width of the stored picture.
        height: Height of the stored picture.
        orientation: EXIF orientation, 1 to 8.

    Returns:
        (x, y, width, height) in displayed pixels.
    """
    x, y, w, h = box
    right, below = width - x - w, height - y - h
    return {
        1: (x, y, w, h),
        2: (right, y, w, h),
        3: (right, below, w, h),
        4: (x, below, w, h),
        5: (y, x, h, w),
        6: (below, x, h, w),
        7: (below, right, h, w),
        8: (y, right, h, w),
    }[orientation]
