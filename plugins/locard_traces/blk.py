"""Block artefact grid: blocks whose lines do not lie where the picture's own grid has them.

W. Li, Y. Yuan, N. Yu, "Passive detection of doctored JPEG image via block artifact grid
extraction", Signal Processing 89 (2009), known as BLK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap
from locard_traces.blk_grid import BLOCK, Grid, find_grid, mismatch, vertical_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from locard.image import Image

HALF = 1.5
"""Robust standard deviations above the median at which the map is ½."""


class Parameters(BaseParameters):
    """Parameters of ``blk``."""

    min_contrast: float = Field(
        4.0,
        ge=0,
        description="how far the lines of the picture's grid must stand out, in standard errors, "
        "for there to be a grid to compare with",
    )
    median: int = Field(
        5, ge=1, le=15, description="side of the median filter over the mismatch, in blocks"
    )


class Blk(Detector):
    """Shows blocks whose artefact lines do not lie on the picture's own grid."""

    name = "blk"
    version = "1"
    summary = "Parts whose JPEG block lines are off the picture's grid; shows, does not decide"
    method = (
        "JPEG leaves faint lines between its 8×8 blocks. They are drawn out of the luma by second "
        "differences, summed over 33 pixels, less the median of what surrounds them, and by the "
        "median of five places 8 pixels apart. The grid on which most lines lie is the picture's "
        "own; a block with stronger lines inside than at its border does not fit it. After Li, "
        "Yuan and Yu, Signal Processing 89 (2009)."
    )
    limits = (
        "Needs visible block lines: JPEG at high qualities leaves too little, and every later "
        "compression weakens those of a part brought in. Regular texture, edges and screen "
        "graphics look like lines; smooth surfaces have none. Parts much smaller than 33 pixels, "
        "and those that lie on the same grid by chance, one in 64, are not seen. For grids that "
        "come with a bound on false alarms use jpeg-grid."
    )
    score_meaning = (
        "Share of the blocks whose filtered mismatch lies more than 1.5 robust standard "
        "deviations above the picture's median. It says where to look; it is no probability. 0 "
        "where the picture has no grid."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "grid": "Column and row, modulo 8, in which blocks of the picture's grid begin; null where "
        "there is none.",
        "contrast": "How far its lines stand out, in standard errors; the weaker of the two "
        "directions.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs(min_side=64)
    budget = Budget(
        seconds=1.0, seconds_per_megapixel=1.5, mebibytes=40, mebibytes_per_megapixel=80
    )

    def examine(self, image: Image) -> Finding:
        """Extract the block artefact grid, and compare each block with it."""
        luma = image.luma
        vertical = vertical_lines(luma)
        horizontal = vertical_lines(np.ascontiguousarray(luma.T)).T
        grid = find_grid(vertical, horizontal)
        seen = grid.contrast >= self.parameters.min_contrast
        measurements = _measurements(grid, seen)
        if not seen:
            return Finding.inconclusive(
                "no-grid",
                "No block artefact grid stands out: the picture was not compressed as JPEG, at too "
                "high a quality, or lost the lines since.",
                score=0.0,
                measurements=measurements,
            )
        found = mismatch(vertical + horizontal, grid.x, grid.y)
        filtered = ndimage.median_filter(standardised(found), self.parameters.median)
        share = float((filtered > HALF).mean())
        values = 1 / (1 + np.exp(-np.clip(filtered - HALF, -50, 50)))
        return Finding.inconclusive(
            "aid-to-the-eye",
            f"The picture's block lines begin at ({grid.x}, {grid.y}); {100 * share:.0f} % of the "
            "blocks fit them badly. Texture and smooth surfaces do that in untouched photographs: "
            "the map shows where to look, and decides nothing.",
            score=share,
            map=HeatMap(values.astype(np.float32), cell=BLOCK, origin=(grid.x, grid.y)),
            measurements=measurements,
        )


def standardised(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values as distances from their median, in robust standard deviations.

    Args:
        found: Any shape, not empty.

    Returns:
        float64, same shape; 0 where all values but a minority are equal.
    """
    distance = found - np.median(found)
    spread = 1.4826 * float(np.median(np.abs(distance)))
    return np.asarray(distance / spread if spread > 0 else np.zeros_like(distance))


def _measurements(grid: Grid, seen: bool) -> dict[str, float | list[int] | None]:
    return {
        "grid": [grid.x, grid.y] if seen else None,
        "contrast": round(grid.contrast, 2),
    }
