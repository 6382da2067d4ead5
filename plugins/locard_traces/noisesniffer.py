"""Noisesniffer: regions whose even parts have less noise than others of like brightness.

M. Gardella, P. Musé, M. Colom, J.-M. Morel, "Image Forgery Detection Based on Noise Inspection:
Analysis and Refinement of the Noisesniffer Method", Image Processing On Line 14 (2024), 86–115,
doi:10.5201/ipol.2024.462. The bound on false alarms does not hold on photographs, see
docs/methods/noisesniffer.md, so that nothing is decided here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from locard.image import Image
    from locard_traces.quiet_regions import QuietRegion

MIN_BLOCKS = 10_000
"""Blocks without an extreme sample that make half of one bin."""

HALF_SCALE = 10.0
"""Orders of magnitude of the bound below 1 at which the map reaches ¾."""


def suspicion(strength: NDArray[np.float64]) -> NDArray[np.float32]:
    """Map s = −log10 NFA into [0, 1): ½ + s / (2 (|s| + 10)).

    ½ where chance gives one such region in a picture, above it where fewer.

    Args:
        strength: Any shape; minus infinity where nothing was measured.

    Returns:
        float32, same shape; 0 where nothing was measured.
    """
    finite = np.isfinite(strength)
    known = np.where(finite, strength, 0)
    value = 0.5 + known / (2 * (np.abs(known) + HALF_SCALE))
    return np.where(finite, value, 0).astype(np.float32)


class Parameters(BaseParameters):
    """Parameters of ``noisesniffer``; the defaults are the published values."""

    cell: int = Field(
        100, ge=16, le=512, description="side of the cells of which regions consist, in pixels"
    )
    bin_size: int = Field(
        20_000, ge=1000, le=1_000_000, description="blocks of like brightness compared together"
    )
    even_share: float = Field(
        0.1,
        ge=0.01,
        le=1,
        description="share of a bin with the lowest low-frequency energy, in which noise is "
        "measured",
    )
    quiet_share: float = Field(
        0.5, ge=0.05, le=0.95, description="share of those with the lowest variance"
    )
    epsilon: float = Field(
        1.0, gt=0, le=1, description="expected number of regions by chance, below which one counts"
    )


class Noisesniffer(Detector):
    """Shows regions with less noise than others of like brightness."""

    name = "noisesniffer"
    version = "1"
    summary = "Regions with less noise than others of like brightness; shows, does not decide"
    method = (
        "Blocks of 3×3 samples are sorted by brightness in each channel; the tenth of each bin of "
        "20,000 with the least low-frequency energy are taken as even, so that what varies in "
        "them is noise. The quieter half of them should be spread over the picture like the "
        "others. Cells of 100 pixels with too many of them are joined to regions, for which a "
        "number of false alarms is computed. After Gardella, Musé, Colom and Morel, Image "
        "Processing On Line 14 (2024), 86–115, Noisesniffer."
    )
    limits = (
        "The published bound on false alarms takes for granted that only noise varies in even "
        "blocks, and that it depends on brightness alone. In photographs, focus, faint texture, "
        "denoising and JPEG quantisation make it vary as well: most untouched photographs had a "
        "region with a bound below 1, so this method never reports a detection. Sees regions with "
        "less noise than the rest; one with more shows as a rest that is quieter. Clipped and "
        "drawn parts are left out. Edges are known to a cell."
    )
    score_meaning = (
        "−log10 of the number of false alarms of the strongest region, if noise depended on "
        "brightness alone; 0 where no region's is below epsilon. It ranks pictures by unevenness "
        "and is no evidence of tampering."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "regions": "Regions whose number of false alarms is below epsilon; they may overlap.",
        "marked_share": "Share of the cells that lie in one.",
        "log10_false_alarms": "Logarithm of the number of false alarms of the strongest region; "
        "null where there is none.",
        "even_blocks": "Even blocks of all channels, on which everything rests.",
        "flat_bins": "Bins left out because half of their even blocks are of one value.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs(min_side=64)
    budget = Budget(
        seconds=1.0, seconds_per_megapixel=1.0, mebibytes=60, mebibytes_per_megapixel=60
    )

    def load(self) -> None:
        """Compile the numerical code, or read it from numba's cache."""
        from locard_traces.even_blocks import measure_blocks

        measure_blocks(np.zeros((8, 8), np.uint8))

    def examine(self, image: Image) -> Finding:
        """Compare the noise of even blocks over the picture."""
        from locard_traces.even_blocks import SIDE, find_even_blocks, valid_blocks
        from locard_traces.quiet_regions import Background, find_quiet_regions, strength

        pixels = distinct_channels(image.pixels)
        valid = valid_blocks(pixels)
        if valid.size < MIN_BLOCKS:
            return Finding.not_applicable(
                "too-small",
                f"{image.width}×{image.height} pixels hold {valid.size} blocks of 3×3; the method "
                f"compares at least {MIN_BLOCKS}.",
            )
        settings = self.parameters
        shares = settings.even_share, settings.quiet_share
        found = None
        if int(valid.sum()) >= MIN_BLOCKS:
            found = find_even_blocks(pixels, valid, settings.cell, settings.bin_size, *shares)
        if found is None or found.bins == 0:
            return Finding.inconclusive(
                "no-noise",
                "Too few blocks have noise that can be compared: the picture is drawn, clipped or "
                "smoothed.",
            )
        cells = image.width * image.height / settings.cell**2
        background = Background(cells, settings.quiet_share, SIDE**2)
        counts = found.even, found.quiet
        regions = find_quiet_regions(*counts, background, math.log10(settings.epsilon))
        reason, explanation = _words(regions)
        marked = np.any([region.cells for region in regions], axis=0) if regions else np.zeros(1)
        return Finding.inconclusive(
            reason,
            explanation,
            score=-regions[0].log10_nfa if regions else 0.0,
            map=HeatMap(suspicion(strength(*counts, background, regions)), cell=settings.cell),
            measurements={
                "regions": len(regions),
                "marked_share": round(float(marked.mean()), 4),
                "log10_false_alarms": round(regions[0].log10_nfa, 2) if regions else None,
                "even_blocks": int(found.even.sum()),
                "flat_bins": found.flat_bins,
            },
        )


def distinct_channels(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return one channel where all are the same: the same noise must not count three times.

    Args:
        pixels: Shape (H, W, channels).

    Returns:
        Shape (H, W, 1), or the pixels themselves.
    """
    grey = pixels[..., :1]
    return grey if bool((pixels == grey).all()) else pixels


def _words(regions: tuple[QuietRegion, ...]) -> tuple[str, str]:
    """Return reason and explanation."""
    if not regions:
        return "no-region", (
            "No region has clearly less noise than others of the same brightness. That excludes "
            "little: an alteration that keeps or adds noise is not seen."
        )
    subject = "A region has" if len(regions) == 1 else f"{len(regions)} regions have"
    return "quiet-region", (
        f"{subject} less noise than others of the same brightness. Most untouched photographs have "
        "such a region as well, by focus, texture or compression: the map shows where to look, and "
        "decides nothing."
    )
