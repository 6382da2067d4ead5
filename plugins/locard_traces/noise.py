"""Noise level from block to block, from the finest diagonal wavelet coefficients.

B. Mahdian, S. Saic, "Using noise inconsistencies for blind image forensics", Image and Vision
Computing 27 (2009), known as NOI1. The paper's merging of neighbouring blocks is left out; see
docs/methods/noise.md for why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pywt  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pydantic import Field

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from locard.image import Image

WAVELET = "db8"

GAUSSIAN_MEDIAN = 0.6745
"""Median of |x| for a standard normal x."""

MIN_BLOCKS = 16
"""Blocks with noise that a typical level needs."""

_LEAD = 1
"""Leading coefficients to drop, so that a block of coefficients has its centre of energy where the
block of pixels has its own: db8 delays the diagonal band by 1.5 pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Unevenness:
    """Noise levels compared with the picture's typical one.

    Attributes:
        octaves: float64, shape of the levels: log2 of level over typical level; 0 where the level
            is 0, because nothing was measured there.
        typical: Median of the levels above 0, in grey levels.
        spread: Robust standard deviation of the octaves: 1.4826 times the median absolute
            deviation over the blocks with a level above 0.
        low: 5th percentile of the octaves over the same blocks.
        high: 95th percentile.
        measured: Blocks with a level above 0.
    """

    octaves: NDArray[np.float64]
    typical: float
    spread: float
    low: float
    high: float
    measured: int


def noise_levels(luma: NDArray[np.floating], block: int = 8) -> NDArray[np.float64]:
    """Estimate the standard deviation of noise in each block.

    The median absolute value of the diagonal detail over 0.6745 (Mahdian & Saic 2009, eq. 4, after
    Donoho & Johnstone 1994), block by block.

    Args:
        luma: Shape (H, W), in grey levels.
        block: Side of a block in coefficients; a block covers twice as many pixels a side.

    Returns:
        Shape (H // (2·block), W // (2·block)), in grey levels: 0 × 0 upwards.
    """
    height, width = luma.shape
    rows, columns = height // (2 * block), width // (2 * block)
    if rows == 0 or columns == 0:
        return np.zeros((rows, columns))
    _, (_, _, diagonal) = pywt.dwt2(luma, WAVELET, mode="symmetric")
    whole = np.abs(diagonal[_LEAD : _LEAD + rows * block, _LEAD : _LEAD + columns * block])
    blocks = whole.reshape(rows, block, columns, block).swapaxes(1, 2)
    levels = np.median(blocks.reshape(rows, columns, block * block), axis=2)
    return np.asarray(levels / GAUSSIAN_MEDIAN, dtype=np.float64)


def unevenness(levels: NDArray[np.float64], least: float = 0.02) -> Unevenness | None:
    """Compare the levels of a picture's blocks with each other.

    Args:
        levels: Noise levels, shape (rows, columns).
        least: Levels below count as none: rounding of decoders and transforms, not noise.

    Returns:
        The comparison, or None where fewer than 16 blocks have any noise.
    """
    there = (levels >= least) & (levels > 0)
    if int(there.sum()) < MIN_BLOCKS:
        return None
    typical = float(np.median(levels[there]))
    octaves = np.zeros_like(levels)
    octaves[there] = np.log2(levels[there] / typical)
    found = octaves[there]
    spread = 1.4826 * float(np.median(np.abs(found - np.median(found))))
    low, high = (float(value) for value in np.quantile(found, [0.05, 0.95]))
    return Unevenness(octaves, typical, spread, low, high, found.size)


def suspicion(octaves: NDArray[np.float64]) -> NDArray[np.float32]:
    """Map a level's distance from the typical one into [0, 1).

    ``d / (1 + d)`` for d octaves in either direction: 0 at the typical level, ½ at twice or half of
    it, ¾ at eight times or an eighth.

    Args:
        octaves: Any shape.

    Returns:
        float32, same shape.
    """
    distance = np.abs(octaves)
    return np.asarray(distance / (1 + distance), dtype=np.float32)


class Parameters(BaseParameters):
    """Parameters of ``noise``."""

    block: int = Field(
        8,
        ge=4,
        le=32,
        description="side of a block in wavelet coefficients; it covers twice as many pixels",
    )


class Noise(Detector):
    """Shows where the noise of a picture is stronger or weaker than elsewhere."""

    name = "noise"
    version = "1"
    summary = "Noise level from block to block; shows, does not decide"
    method = (
        "Each block's noise is estimated as the median absolute value of the finest diagonal db8 "
        "wavelet coefficients of the luma over 0.6745, and compared with the picture's median "
        "level. After Mahdian and Saic, Image and Vision Computing 27 (2009), NOI1, without its "
        "merging of blocks."
    )
    limits = (
        "Fine texture counts as noise; defocus, clipping, denoising and JPEG quantisation remove "
        "noise: all of them are everyday reasons for uneven levels, and sensor noise itself grows "
        "with brightness. On the photographs on which it was measured, untouched ones were as "
        "uneven as tampered ones, so this method never reports a detection. Compare surfaces of "
        "the same brightness and texture."
    )
    score_meaning = (
        "Robust standard deviation of the blocks' noise levels in octaves (factors of two). It "
        "ranks pictures by unevenness and is no evidence of tampering."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "typical_noise": "Median noise level over the blocks that have any, in grey levels.",
        "unevenness": "Robust standard deviation of the levels, in octaves.",
        "measured_share": "Share of the blocks whose noise can be measured at all; the map is 0 "
        "where it cannot.",
        "octaves_5_95": "5th and 95th percentile of level over typical level, in octaves.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs(min_side=32)
    budget = Budget(
        seconds=0.5, seconds_per_megapixel=0.3, mebibytes=40, mebibytes_per_megapixel=50
    )

    def examine(self, image: Image) -> Finding:
        """Measure each block's noise and show it beside the picture's typical level."""
        cell = 2 * self.parameters.block
        levels = noise_levels(image.luma, self.parameters.block)
        if levels.size < MIN_BLOCKS:
            return Finding.not_applicable(
                "too-small",
                f"{image.width}×{image.height} pixels hold {levels.size} blocks of {cell} pixels; "
                f"the method compares at least {MIN_BLOCKS}.",
            )
        found = unevenness(levels)
        if found is None:
            return Finding.inconclusive(
                "no-noise",
                f"Fewer than {MIN_BLOCKS} blocks have noise that can be measured: the picture is "
                "drawn, clipped, smoothed or strongly compressed.",
                map=HeatMap(np.zeros(levels.shape, dtype=np.float32), cell=cell),
            )
        return Finding.inconclusive(
            "aid-to-the-eye",
            f"Noise differs between blocks by a factor of {2**found.spread:.1f} (one robust "
            "standard deviation). Texture, focus and brightness alone do that in untouched "
            "photographs: the map shows where to look, and decides nothing.",
            score=found.spread,
            map=HeatMap(suspicion(found.octaves), cell=cell),
            measurements={
                "typical_noise": round(found.typical, 3),
                "unevenness": round(found.spread, 3),
                "measured_share": round(found.measured / levels.size, 4),
                "octaves_5_95": [round(found.low, 2), round(found.high, 2)],
            },
        )
