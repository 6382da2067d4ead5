"""Colour filter array: where the trace of demosaicking is missing from the green channel.

P. Ferrara, T. Bianchi, A. De Rosa, A. Piva, "Image forgery localization via fine-grained analysis
of CFA artifacts", IEEE Transactions on Information Forensics and Security 7 (2012), known as CFA1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap
from locard_traces.cfa_lattice import (
    BLOCK,
    MIN_BLOCKS,
    Mixture,
    block_feature,
    clipped_blocks,
    evidence,
    fit_mixture,
    lattice_variance,
    residual,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from locard.image import Image


class Parameters(BaseParameters):
    """Parameters of ``cfa``."""

    min_separation: float = Field(
        0.6,
        ge=0,
        le=10,
        description="distance of the two distributions of blocks, in standard deviations, below "
        "which the picture counts as one without a trace of demosaicking",
    )
    median: int = Field(
        5, ge=1, le=15, description="side of the median filter over the evidence, in blocks"
    )


class Cfa(Detector):
    """Shows parts of a picture that lack the trace of demosaicking."""

    name = "cfa"
    version = "1"
    summary = "Parts without the trace that a camera's colour filter leaves; shows, does not decide"
    method = (
        "Most cameras measure green in every second pixel, like the black squares of a "
        "chessboard, and interpolate the others. A prediction from the four neighbours therefore "
        "errs more where green was measured. For each 8×8 block the variances of that error on "
        "the two lattices are compared; the logarithms of their ratios are a mixture of blocks "
        "without the trace, around 0, and blocks with it. After Ferrara, Bianchi, De Rosa and "
        "Piva, IEEE Transactions on Information Forensics and Security 7 (2012), CFA1. Which "
        "lattice was measured is read from the picture."
    )
    limits = (
        "Needs the pixels as the camera made them: resizing and all but the finest JPEG "
        "compression remove the trace, from smooth surfaces first, which then look like something "
        "brought in. A part from another photograph of the same full resolution keeps the trace, "
        "and stands out only if it lies on the other lattice. Cameras that interpolate along "
        "edges, smooth, sharpen or have three sensors leave little or nothing. Clipped and "
        "evenly coloured blocks carry no evidence."
    )
    score_meaning = (
        "Share of the blocks with evidence whose filtered evidence is for no trace. It says where "
        "to look; it is no probability. 0 where the picture as a whole has no trace."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "blocks": "8×8 blocks that vary and are not clipped.",
        "separation": "Distance of the two fitted distributions, in standard deviations.",
        "acquired_lattice": "Where green was measured: 'even' for pixels with x + y even, counted "
        "from the upper left corner, 'odd' for the others; null without a trace.",
        "trace_mean": "Mean of the logarithm of the variances' ratio, even over odd, in blocks "
        "with the trace.",
        "trace_share": "Weight of the distribution of blocks with the trace.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs(colour=True, min_side=32)
    budget = Budget(
        seconds=0.5, seconds_per_megapixel=1.0, mebibytes=40, mebibytes_per_megapixel=60
    )

    def examine(self, image: Image) -> Finding:
        """Compare the two lattices of the green channel in each block."""
        pixels = image.pixels
        if _is_grey(pixels):
            return Finding.not_applicable(
                "no-colour", "Red, green and blue are equal everywhere: the picture is grey."
            )
        feature, varies = block_feature(lattice_variance(residual(pixels[..., 1])))
        there = varies & ~clipped_blocks(pixels[..., 1])
        blocks = int(there.sum())
        if blocks < MIN_BLOCKS:
            return Finding.inconclusive(
                "too-few-blocks",
                f"Only {blocks} blocks of {BLOCK}×{BLOCK} pixels vary without being clipped; the "
                f"method compares at least {MIN_BLOCKS}.",
                score=0.0,
                measurements={"blocks": blocks},
            )
        mixture = fit_mixture(feature[there])
        if mixture.separation < self.parameters.min_separation:
            return Finding.inconclusive(
                "no-cfa-trace",
                "The picture shows no trace of demosaicking: it was resized, compressed or "
                "smoothed, or its camera leaves none. There is nothing by which this method could "
                "tell one part from another.",
                score=0.0,
                measurements=_measurements(blocks, mixture, trace=False),
            )
        weighed = evidence(feature, there, mixture, self.parameters.median)
        lacking = float((weighed[there] > 0).mean())
        measurements = _measurements(blocks, mixture, trace=True)
        return Finding.inconclusive(
            "aid-to-the-eye",
            f"The picture has a trace of demosaicking, green measured where x + y is "
            f"{measurements['acquired_lattice']}; {100 * lacking:.0f} % of the blocks lack it. "
            "Smooth surfaces lose it to compression: the map shows where to look, and decides "
            "nothing.",
            score=lacking,
            map=HeatMap(_logistic(weighed), cell=BLOCK),
            measurements=measurements,
        )


def _is_grey(pixels: NDArray[np.uint8]) -> bool:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _logistic(weighed: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return evidence as a probability at even prior odds."""
    return (1 / (1 + np.exp(-np.clip(weighed, -50, 50)))).astype(np.float32)


def _measurements(
    blocks: int, mixture: Mixture, trace: bool
) -> dict[str, int | float | str | None]:
    lattice = "even" if mixture.mean_with > 0 else "odd"
    return {
        "blocks": blocks,
        "separation": round(mixture.separation, 3),
        "acquired_lattice": lattice if trace else None,
        "trace_mean": round(mixture.mean_with, 3),
        "trace_share": round(mixture.share_with, 4),
    }
