"""Error level analysis: how much a picture changes when it is saved as JPEG once more.

N. Krawetz, "A picture's worth…", Black Hat USA 2007. An aid to the eye, not a measurement.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from pydantic import Field

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from locard.image import Image

CELL = 8
"""Side of a cell of the map, in pixels: a JPEG block."""

JPEG_MAX_SIDE = 65500
"""Longest side that libjpeg writes, in pixels."""


def error_levels(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Return ``|I − JPEG_Q(I)|``, sample by sample.

    Chroma is not subsampled, so that the difference shows quantisation alone.

    Args:
        pixels: Shape (H, W, 3), at most 65,500 pixels a side.
        quality: IJG quality from 1 to 100.

    Returns:
        uint8, same shape.
    """
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=0)
    with Pillow.open(buffer) as saved:
        again = np.asarray(saved)
    difference: NDArray[np.uint8] = np.maximum(pixels, again) - np.minimum(pixels, again)
    return difference


def amplified(levels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Return error levels times a factor, cut off at 255.

    Args:
        levels: Any shape.
        factor: The same for all pictures, so that two of them can be compared.

    Returns:
        uint8, same shape.
    """
    table = np.minimum(np.arange(256) * factor, 255).astype(np.uint8)
    bright: NDArray[np.uint8] = table[levels]
    return bright


def cell_levels(levels: NDArray[np.uint8], factor: float, cell: int = CELL) -> NDArray[np.float32]:
    """Return the mean error level of each cell, amplified like the picture, as a share of white.

    Args:
        levels: Shape (H, W, 3).
        factor: As for :func:`amplified`.
        cell: Side of a cell in pixels.

    Returns:
        float32 in [0, 1], shape (⌈H/cell⌉, ⌈W/cell⌉); edge cells: means of what they have.
    """
    height, width = levels.shape[:2]
    down, across = np.arange(0, height, cell), np.arange(0, width, cell)
    # Down first, along which memory is contiguous: that leaves an eighth to add up across.
    samples = levels.reshape(height, width * 3)
    rows = np.add.reduceat(samples, down, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(rows, across * 3, axis=1)
    sides = np.diff(down, append=height), np.diff(across, append=width)
    means = sums / (3 * np.outer(*sides))
    shares: NDArray[np.float32] = np.minimum(means * (factor / 255), 1).astype(np.float32)
    return shares


def reduced(picture: NDArray[np.uint8], max_side: int) -> NDArray[np.uint8]:
    """Return the picture, made smaller by averaging squares where it is longer than a limit.

    Args:
        picture: Shape (H, W, 3).
        max_side: In pixels.

    Returns:
        uint8, no side above ``max_side``.
    """
    factor = -(-max(picture.shape[:2]) // max_side)
    if factor == 1:
        return picture
    return np.asarray(Pillow.fromarray(picture).reduce(factor))


class Parameters(BaseParameters):
    """Parameters of ``ela``."""

    quality: int = Field(
        90, ge=50, le=100, description="IJG quality at which the picture is saved once more"
    )
    amplification: float = Field(
        15.0, ge=1, le=100, description="factor that makes differences visible"
    )
    max_side: int = Field(
        1024, ge=256, le=16384, description="longest side of the amplified picture, in pixels"
    )


class Ela(Detector):
    """Shows how much each part of a picture changes when it is saved once more."""

    name = "ela"
    version = "1"
    summary = "Error level analysis: a picture to look at, no verdict"
    method = (
        "The picture is saved as JPEG once more, in memory, and the amplified difference is shown. "
        "Parts with another compression history can change by another amount. After Krawetz, "
        "Black Hat USA 2007."
    )
    limits = (
        "Edges, texture and saturated colours always stand out, and smooth surfaces never do, "
        "whatever their history; after one more saving of the whole picture the differences even "
        "out. Brightness here is no probability, and there is no score that could be mistaken for "
        "one."
    )
    score_meaning = "There is no score."
    glossary: ClassVar[Mapping[str, str]] = {
        "mean_level": "Mean absolute difference over all samples, in grey levels.",
        "quality": "IJG quality at which the picture was saved once more.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs()
    budget = Budget(
        seconds=0.3, seconds_per_megapixel=0.2, mebibytes=20, mebibytes_per_megapixel=30
    )

    def examine(self, image: Image) -> Finding:
        """Save the picture once more and show the difference."""
        if max(image.width, image.height) > JPEG_MAX_SIDE:
            return Finding.not_applicable(
                "too-large",
                f"{image.width}×{image.height} pixels: no JPEG is longer than {JPEG_MAX_SIDE}.",
            )
        levels = error_levels(image.pixels, self.parameters.quality)
        bright = amplified(levels, self.parameters.amplification)
        return Finding.inconclusive(
            "aid-to-the-eye",
            "The picture shows how much each part changes when it is saved once more. What "
            "stands out is mostly edges, texture and strong colour: nobody should conclude from "
            "it alone, so this method gives no verdict. Compare only surfaces of like texture "
            "and colour.",
            measurements={
                "mean_level": round(float(levels.mean()), 4),
                "quality": self.parameters.quality,
            },
            map=HeatMap(cell_levels(levels, self.parameters.amplification), cell=CELL),
            pictures={"error-level": reduced(bright, self.parameters.max_side)},
        )
