"""Arrays to small encoded pictures for display, as ``data:`` URIs."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from locard import overlay
from locard.findings import HeatMap

OUTLINE_COLOUR = (0, 229, 255)
"""Cyan: no colour of the heat map comes near it."""

_JPEG_QUALITY = 82
_LEGEND_STEP = 4


@dataclass(frozen=True, slots=True)
class Raster:
    """An encoded picture: bytes, their media type, width and height in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def uri(self) -> str:
        """The picture as a ``data:`` URI."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


def jpeg(pixels: NDArray[np.uint8]) -> Raster:
    """Encode pixels of shape (h, w, 3) for display."""
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return Raster(buffer.getvalue(), "image/jpeg", pixels.shape[1], pixels.shape[0])


def map_png(values: NDArray[np.floating]) -> Raster:
    """Encode a map of shape (h, w) in the heat map's colours, transparent near zero."""
    alpha = np.rint(overlay.opacity() * 255).astype(np.uint8)
    return _palette_png(overlay.levels(values), overlay.colours(), alpha)


def outline_png(edge: NDArray[np.bool_]) -> Raster:
    """Encode a mask's outline, transparent elsewhere."""
    colours = np.array([(0, 0, 0), OUTLINE_COLOUR], dtype=np.uint8)
    return _palette_png(edge.astype(np.uint8), colours, np.array([0, 255], dtype=np.uint8))


def legend_png() -> Raster:
    """Return the colour scale, left to right from 0 to 1, as a strip one pixel high."""
    return _png(Pillow.fromarray(overlay.colours()[None, ::_LEGEND_STEP]))


def reduced(pixels: NDArray[np.uint8], max_side: int) -> NDArray[np.uint8]:
    """Return pixels of shape (h, w, 3) with no side above ``max_side``; never enlarged."""
    picture = Pillow.fromarray(pixels)
    picture.thumbnail((max_side, max_side), Pillow.Resampling.LANCZOS)
    return np.asarray(picture)


def resampled(
    heat_map: HeatMap, stored: tuple[int, int], wanted: tuple[int, int]
) -> NDArray[np.float32]:
    """Return a map at another size than the stored picture's.

    A pixel takes the mean of the cells whose centres lie in it, or where there is none the value
    of the cell it lies in. Pixels outside all cells take the nearest cell's value.

    Args:
        heat_map: The map.
        stored: (height, width) of the stored picture.
        wanted: (height, width) of the result.

    Returns:
        float32 of the wanted shape.
    """
    rows, columns = heat_map.values.shape
    (x0, y0), cell = heat_map.origin, heat_map.cell
    top, bottom = -y0 / cell, (stored[0] - y0) / cell
    left, right = -x0 / cell, (stored[1] - x0) / cell
    pad_y = math.ceil(max(0.0, -top)), math.ceil(max(0.0, bottom - rows))
    pad_x = math.ceil(max(0.0, -left)), math.ceil(max(0.0, right - columns))
    values = np.pad(heat_map.values, (pad_y, pad_x), mode="edge")
    window = (left + pad_x[0], top + pad_y[0], right + pad_x[0], bottom + pad_y[0])
    cells = Pillow.fromarray(values.astype(np.float32, copy=False))
    height, width = wanted
    return np.array(cells.resize((width, height), Pillow.Resampling.BOX, box=window))


def resampled_mask(mask: NDArray[np.bool_], wanted: tuple[int, int]) -> NDArray[np.bool_]:
    """Return a mask of another shape (height, width), by nearest neighbour."""
    height, width = wanted
    return np.asarray(Pillow.fromarray(mask).resize((width, height), Pillow.Resampling.NEAREST))


def _palette_png(
    index: NDArray[np.uint8], colours: NDArray[np.uint8], alpha: NDArray[np.uint8]
) -> Raster:
    picture = Pillow.fromarray(index)
    picture.putpalette(colours.tobytes())
    return _png(picture, transparency=alpha.tobytes())


def _png(picture: Pillow.Image, **options: Any) -> Raster:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True, **options)
    return Raster(buffer.getvalue(), "image/png", picture.width, picture.height)
