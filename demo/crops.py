"""Makes photographs for the demo of the crop detector: cut, not cut, and cut along the grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from exhibits import photograph_pixels, through_jpeg

FIRST, LAST = 85, 90
"""Qualities of the camera's file, and of the file that is saved after the cut."""

HEIGHT, WIDTH = 376, 560
OFFSET = (5, 3)
ALIGNED = (16, 8)


def make_crops(folder: Path) -> dict[str, str]:
    """Write the photographs into a folder.

    All are the same size and went through the same steps; only where they were cut differs.

    Args:
        folder: Made where it does not exist.

    Returns:
        What was done to each file, by file name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    once = through_jpeg(photograph_pixels("coffee.png"), quality=FIRST)
    x, y = OFFSET
    told = {
        "coffee-cropped.jpg": (OFFSET, f"cut by {x} columns and {y} rows, saved again at {LAST}"),
        "coffee-whole.jpg": ((0, 0), f"nothing cut at the left and the top, saved again at {LAST}"),
        "coffee-aligned.jpg": (ALIGNED, f"cut by whole blocks of 8, saved again at {LAST}"),
    }
    for name, ((left, top), _) in told.items():
        part = once[top : top + HEIGHT, left : left + WIDTH]
        Image.fromarray(np.ascontiguousarray(part)).save(folder / name, quality=LAST)
    lossless = "coffee-cropped.png"
    Image.fromarray(once[y : y + HEIGHT, x : x + WIDTH]).save(folder / lossless)
    return {
        **{name: words for name, (_, words) in told.items()},
        lossless: f"cut by {x} columns and {y} rows, stored without loss",
    }
