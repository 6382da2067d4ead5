"""JPEG as cameras and programs write it: any tables, any grid, and back to pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard_kd_crop.datasets.tables import Tables, ijg

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUBSAMPLINGS = ("4:4:4", "4:2:0")
GRID = 8
"""Side of JPEG's blocks, in pixels."""


@dataclass(frozen=True, slots=True)
class Save:
    """How a JPEG is written.

    Attributes:
        tables: Of luma and chroma.
        subsampling: ``4:4:4`` or ``4:2:0``.
    """

    tables: Tables
    subsampling: str

    @property
    def words(self) -> str:
        """``jpeg ijg-90 4:2:0``, or ``jpeg camera-1a2b3c4d 4:4:4``."""
        return f"jpeg {self.tables.name} {self.subsampling}"


def encode(pixels: NDArray[np.uint8], save: Save) -> bytes:
    """Return a baseline JPEG without metadata.

    Args:
        pixels: uint8, (H, W, 3).
        save: Tables and subsampling.
    """
    from PIL import Image as Pillow

    file = io.BytesIO()
    tables = [list(save.tables.luma), list(save.tables.chroma)]
    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    picture.save(file, "JPEG", qtables=tables, subsampling=save.subsampling)
    return file.getvalue()


def decode(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a file, as Locard decodes it: uint8, (H, W, 3)."""
    from locard.image import Image

    return Image.from_bytes(data).pixels


def draw_save(
    random: np.random.Generator, cameras: Sequence[Tables], worst: int, best: int
) -> Save:
    """Draw tables, half of them a camera's where there are any, and subsampling.

    Args:
        random: Where chance comes from.
        cameras: Tables of cameras.
        worst: Lowest IJG quality; of a camera's tables, the nearest IJG quality counts.
        best: Highest.
    """
    subsampling = str(random.choice(SUBSAMPLINGS))
    fit = [one for one in cameras if worst <= one.quality <= best]
    if fit and random.random() < 0.5:
        return Save(fit[int(random.integers(len(fit)))], subsampling)
    return Save(ijg(int(random.integers(worst, best + 1))), subsampling)
