"""What pairs are cut from: a camera's own file, or a part of a photograph that lived before."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard.evaluation.synthesis.sources import is_rich
from locard.evaluation.treatments.pixels import encode_png
from locard_kd_crop.datasets.recipes import CAMERA, EARLIER, Recipe, draw_windows
from locard_kd_crop.datasets.tools import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from locard_kd_crop.datasets.photographs import Photograph

_TRIES = 12
_GRAIN = 16
"""Parts of a frame begin at multiples of this, which is a multiple of every MCU made here."""

_LANCZOS = 3
"""Radius of the kernel, in pixels of the result."""

_LOOKED_AT = 256
"""So many pixels a side are enough to see whether there is anything to see."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A file to cut from.

    Attributes:
        path: Where it is: ``frame.jpg`` or ``frame.png`` in a folder of its own.
        windows: What is to be cut, in the file's pixels.
    """

    path: Path
    windows: tuple[Window, ...]


def choose_windows(
    random: np.random.Generator, photograph: Photograph, recipe: Recipe
) -> tuple[Window, Window]:
    """Draw the windows of a pair where there is something to see.

    Of a dozen places the first is taken that is neither overexposed nor empty; where all are, the
    last: such pictures exist, and both of the pair are alike.

    Returns:
        The uncropped window and the cropped one, in pixels of the frame.

    Raises:
        LocardError: The photograph cannot be read, or is not what it was.
    """
    pixels = pixels_of(photograph)
    for _ in range(_TRIES):
        windows = draw_windows(random, recipe)
        if is_rich(_thumbnail(pixels, windows[1], recipe.scale)):
            break
    return windows


def make_frame(
    photograph: Photograph, recipe: Recipe, windows: Sequence[Window], scratch: Path
) -> Frame:
    """Make the file that a tool cuts a pair from.

    Args:
        photograph: The photograph.
        recipe: What it went through.
        windows: In pixels of the frame.
        scratch: An empty folder.

    Returns:
        A link to the photograph itself, where that is cut; else a part of the frame that holds both
        windows, which has been through the recipe's life.

    Raises:
        LocardError: The photograph cannot be read, or is not what it was.
    """
    if recipe.life == CAMERA:
        pixels_of(photograph)  # raises where it is not what it was
        path = scratch / "frame.jpg"
        path.symlink_to(Path(photograph.path).absolute())
        return Frame(path, tuple(windows))
    part = _part(windows, recipe.frame)
    pixels = rendered(pixels_of(photograph), recipe.scale, part)
    if recipe.life == EARLIER and recipe.first is not None:
        path = scratch / "frame.jpg"
        path.write_bytes(_jpeg(pixels, recipe.first.quality, recipe.first_subsampling))
    else:
        path = scratch / "frame.png"
        path.write_bytes(encode_png(pixels))
    moved = (Window(w.x - part.x, w.y - part.y, w.width, w.height) for w in windows)
    return Frame(path, tuple(moved))


def rendered(pixels: NDArray[np.uint8], scale: float, part: Window) -> NDArray[np.uint8]:
    """Resample a part of a photograph (Lanczos-3, widened where the picture shrinks).

    Args:
        pixels: uint8, (H, W, 3), of the whole photograph.
        scale: How many of its pixels one of the result is wide.
        part: In pixels of the result.

    Returns:
        uint8, (part.height, part.width, 3): what is there of the whole, resampled.
    """
    from PIL import Image as Pillow

    reach = math.ceil(_LANCZOS * max(scale, 1.0)) + 1
    box = [part.x * scale, part.y * scale]
    box += [box[0] + part.width * scale, box[1] + part.height * scale]
    left, top = (max(0, int(edge) - reach) for edge in box[:2])
    right, bottom = (math.ceil(edge) + reach for edge in box[2:])
    near = Pillow.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
    inside = (
        box[0] - left,
        box[1] - top,
        min(box[2] - left, near.width),
        min(box[3] - top, near.height),
    )
    size = (part.width, part.height)
    return np.asarray(near.resize(size, Pillow.Resampling.LANCZOS, box=inside))


@lru_cache(maxsize=2)
def pixels_of(photograph: Photograph) -> NDArray[np.uint8]:
    """Decode a photograph.

    Returns:
        uint8, (H, W, 3), read-only.

    Raises:
        LocardError: It cannot be read, or is not what it was.
    """
    from locard.image import Image

    image = Image.from_path(photograph.path)
    if image.sha256 != photograph.sha256:
        raise LocardError("the photograph changed while the data set was made")
    return image.pixels


def _part(windows: Sequence[Window], frame: tuple[int, int]) -> Window:
    """Return a part of the frame that holds windows with an MCU around them where there is room."""
    x, y = (
        max(0, min(corner) // _GRAIN - 1) * _GRAIN
        for corner in ([w.x for w in windows], [w.y for w in windows])
    )
    right = min(frame[0], max(w.x + w.width for w in windows) + _GRAIN)
    bottom = min(frame[1], max(w.y + w.height for w in windows) + _GRAIN)
    return Window(x, y, right - x, bottom - y)


def _thumbnail(pixels: NDArray[np.uint8], window: Window, scale: float) -> NDArray[np.uint8]:
    """Return every so-manieth pixel of what a window shows."""
    top, left = int(window.y * scale), int(window.x * scale)
    bottom, right = int((window.y + window.height) * scale), int((window.x + window.width) * scale)
    step = max(1, min(bottom - top, right - left) // _LOOKED_AT)
    return pixels[top:bottom:step, left:right:step]


def _jpeg(pixels: NDArray[np.uint8], quality: int, subsampling: str) -> bytes:
    from PIL import Image as Pillow

    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()
