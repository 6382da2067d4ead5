"""The ``jpeg-grid`` detector: where a picture's JPEG grid lies, and where it does not."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from locard import Budget, Detector, Finding, Needs, Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard import Image

RECOMPRESSION_QUALITY = 99
"""Quality of the fresh compression that shows where a picture has no grid (IPOL 2021)."""


WEBP_PHASES = tuple(x + 8 * y for x in (0, 4) for y in (0, 4))
"""Phases x + 8 y that the 4×4 transform of lossy WebP draws."""


class JpegGridParameters(Parameters):
    """Parameters of ``jpeg-grid``; the defaults are the published values."""

    epsilon: float = Field(
        1.0,
        gt=0,
        le=1,
        description="False alarms to put up with in one picture; evidence with a lower bound "
        "counts. Smaller is stricter.",
    )
    reach: int = Field(
        9,
        ge=1,
        le=32,
        description="Distance in pixels within which equal votes form one region, and across which "
        "gaps in a region are closed.",
    )
    missing_grid: bool = Field(
        True,
        description="Whether to look for regions that have no grid; takes about as long again.",
    )


class JpegGrid(Detector):
    """JPEG grid origin, foreign and missing grids (ZERO)."""

    name = "jpeg-grid"
    version = "2"
    summary = "JPEG grid that was shifted by a crop, or that is foreign or missing in a region"
    method = (
        "JPEG compression leaves zeros among the DCT coefficients of its 8×8 blocks. Every pixel "
        "votes for the one of 64 grid origins whose window over it has the most zeros. The number "
        "of false alarms bounds how often votes that fall at random would agree as much. A grid "
        "that does not begin at the upper left corner shows that the picture was cut after a JPEG "
        "compression; a region that agrees on another grid, or has none, has another history than "
        "the rest. ZERO: Nikoukhah, Anger, Colom, Morel, Grompone von Gioi, Image Processing On "
        "Line 11 (2021), 396–433, doi:10.5201/ipol.2021.390."
    )
    limits = (
        "It sees a crop only modulo 8: one by multiples of 8 at the left and at the top leaves the "
        "grid at (0, 0), and cuts at the right and at the bottom leave no trace here. A region "
        "pasted on the same grid (1 in 64 by chance) does not stand out. Resampling, rotation by "
        "other angles than right ones, blur and noise after the compression erase the grid; a "
        "stronger JPEG compression afterwards moves the evidence to its own grid. Flat, saturated "
        "and strictly horizontal or vertical parts do not vote. Compression at very high quality "
        "leaves few zeros. The false-alarm bound rests on votes that fall at random where there is "
        "no grid; repetitive texture, text and screen graphics can break that. A region without a "
        "grid may have been pasted, retouched or blurred, or show none for another reason. In "
        "WebP, whose own blocks draw votes, grids at multiples of 4 and missing grids are not "
        "sought. Edges of regions are known to about 9 pixels."
    )
    score_meaning = (
        "-log10 of the number of false alarms of the strongest trace (shifted grid, foreign or "
        "missing region): 6 means that chance would give one as strong in fewer than one of a "
        "million such pictures. 0 where there is none."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "voting_share": "Share of the pixels that vote for a grid; the others are ties, flat, or "
        "at the border.",
        "grid_x": "Column, 0…7, at which the grid begins; in a region, that region's grid. Empty "
        "where no grid is meaningful.",
        "grid_y": "Row, 0…7, at which the grid begins; in a region, that region's grid. Empty "
        "where no grid is meaningful.",
        "log10_nfa": "log10 of the number of false alarms: of the strongest phase over the whole "
        "picture; in a region, of that region. Meaningful below log10 of epsilon.",
        "agreement": "Share of the votes that are for the strongest phase.",
        "cut_columns": "Columns cut off at the left after compression, modulo 8.",
        "cut_rows": "Rows cut off at the top after compression, modulo 8.",
        "compressed_before": "True where the grid shows a JPEG compression before this file was "
        "written. Empty where that cannot be told.",
        "foreign_regions": "Number of regions that keep to another grid than the picture.",
        "missing_regions": "Number of regions without a grid in a picture that has one. Empty "
        "where this was not looked for.",
        "traces": "All traces found, strongest first; the reason names the first.",
        "votes": "In a region: how many of its pixels vote for its grid.",
    }
    Parameters = JpegGridParameters
    needs = Needs(min_side=38)
    budget = Budget(
        seconds=1.0, seconds_per_megapixel=1.5, mebibytes=100.0, mebibytes_per_megapixel=60.0
    )

    def load(self) -> None:
        """Compile the numerical code, or read it from numba's cache."""
        from locard_traces.zero import examine_grids

        examine_grids(np.zeros((38, 38, 3), np.uint8), own_grid=False)

    def examine(self, image: Image) -> Finding:
        """Look for the picture's grid and for regions that do not keep to it."""
        from locard_traces.grid_finding import grid_finding
        from locard_traces.zero import examine_grids

        is_webp = image.header.format == "WEBP"
        seek_missing = self.parameters.missing_grid and not is_webp
        grids = examine_grids(
            image.pixels,
            own_grid=image.header.format == "JPEG",
            ignored=WEBP_PHASES if is_webp else (),
            epsilon=self.parameters.epsilon,
            reach=self.parameters.reach,
            recompress=recompress if seek_missing else None,
        )
        return grid_finding(grids, (image.height, image.width), image.header.format)


def recompress(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pixels after a JPEG compression at quality 99 without chroma subsampling.

    Args:
        pixels: uint8, shape (height, width, 3), RGB.
    """
    import PIL.Image

    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "JPEG", quality=RECOMPRESSION_QUALITY, subsampling=0)
    with PIL.Image.open(buffer) as picture:
        return np.asarray(picture)
