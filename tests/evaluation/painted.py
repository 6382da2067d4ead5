"""A small data set of painted photographs, for which every figure is known by hand.

40 rows by 60 columns, 2400 pixels. The truth is rows 10 to 30 of columns 15 to 45: 600 pixels. What
is painted red:

=============  =========================  =====  =====
image          what is red                in     out
=============  =========================  =====  =====
splice/s0      the truth                  600    0
splice/s1      its upper half             300    0
splice/s2      it, and as much outside    600    600
copy-move/c0   nothing                    0      0
a0, a1, a2     nothing
a3             240 pixels                        240
=============  =========================  =====  =====
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image as Pillow

LAB = Path(__file__).parent / "lab"
"""A folder as ``pip install --target`` makes it, with the plugin acme-red."""

HEIGHT, WIDTH = 40, 60
TRUTH = np.s_[10:30, 15:45]
RED = {
    "tampered/splice/s0": [TRUTH],
    "tampered/splice/s1": [np.s_[10:20, 15:45]],
    "tampered/splice/s2": [TRUTH, np.s_[10:30, 45:60], np.s_[30:40, 15:45]],
    "tampered/copy-move/c0": [],
    "authentic/a0": [],
    "authentic/a1": [],
    "authentic/a2": [],
    "authentic/a3": [np.s_[0:4, 0:60]],
}


def photograph(place: int) -> np.ndarray:
    """Return a piece of a photograph, uint8 (40, 60, 3), a different one for each place."""
    path = Path(skimage.data.__file__).parent / "chelsea.png"
    row, column = 30 * (place // 5), 70 * (place % 5)
    whole = np.asarray(Pillow.open(path).convert("RGB"))
    return whole[row : row + HEIGHT, column : column + WIDTH].clip(0, 190)


def make(folder: Path, suffix: str = ".png") -> Path:
    """Write the data set in the order of the layout ``folder``."""
    for place, (name, parts) in enumerate(RED.items()):
        pixels = photograph(place).copy()
        for part in parts:
            pixels[part] = (250, 10, 10)
        save(folder / f"{name}{suffix}", pixels)
        if name.startswith("tampered"):
            save_mask(folder, name)
    return folder


def save_mask(folder: Path, name: str) -> None:
    """Write the mask of a tampered image."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[TRUTH] = 255
    save(folder / "masks" / f"{Path(name).name}.png", mask)


def save(path: Path, pixels: np.ndarray) -> None:
    """Write an image file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)
