"""Makes photographs for the demo of the splice localiser: with a part of another one, and without.

The photographs are scikit-image's, which no model of Locard was trained on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exhibits import Pixels, photograph_pixels, through_jpeg

FIRST, LAST = 75, 90
"""Qualities of the host's first file, and of the file that is saved in the end."""

ENLARGED = 1.5


def make_splices(folder: Path) -> dict[str, str]:
    """Write the photographs into a folder.

    Each spliced one has a twin that went through the same steps, but for the pasting.

    Args:
        folder: Made where it does not exist.

    Returns:
        What was done to each file, by file name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    coffee, cat = photograph_pixels("coffee.png"), photograph_pixels("chelsea.png")
    resaved = through_jpeg(cat, quality=FIRST)
    _save(resaved, folder / "cat.jpg")
    _save(_pasted(resaved, coffee[60:160, 200:330], (150, 300)), folder / "cat-with-cup.jpg")
    Image.fromarray(coffee).save(folder / "coffee.png")
    eye = Image.fromarray(cat[60:200, 130:270])
    side = round(eye.width * ENLARGED)
    large = np.asarray(eye.resize((side, side), Image.Resampling.BICUBIC))
    Image.fromarray(_pasted(coffee, large, (180, 40))).save(folder / "coffee-with-cat.png")
    return {
        "cat.jpg": f"a JPEG of quality {FIRST}, saved again at {LAST}",
        "cat-with-cup.jpg": "the same steps, but a cup was pasted in between the saves",
        "coffee.png": "as scikit-image has it",
        "coffee-with-cat.png": f"a cat's eye, enlarged {ENLARGED:g} times, was pasted in",
    }


def _pasted(host: Pixels, donor: Pixels, place: tuple[int, int]) -> Pixels:
    """Return a host with the donor's inscribed ellipse, whose top left corner lies at a place."""
    height, width = donor.shape[:2]
    top, left = place
    result = host.copy()
    part = result[top : top + height, left : left + width]
    inside = _ellipse(height, width)
    part[inside] = donor[inside]
    return result


def _ellipse(height: int, width: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[:height, :width] + 0.5
    return np.asarray((2 * y / height - 1) ** 2 + (2 * x / width - 1) ** 2 < 1)


def _save(pixels: Pixels, path: Path) -> None:
    Image.fromarray(pixels).save(path, "JPEG", quality=LAST)
