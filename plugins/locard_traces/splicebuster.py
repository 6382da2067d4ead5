"""Splicebuster: blocks whose high-pass residual has other co-occurrences than the picture's.

D. Cozzolino, G. Poggi, L. Verdoliva, "Splicebuster: a new blind image splicing detector", IEEE
International Workshop on Information Forensics and Security (2015). Blocks that shrink with the
picture, and ten principal components in place of 25, are documented in
docs/methods/splicebuster.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from locard.image import Image

CELL = 8
"""Stride of the blocks in pixels, and side of the map's cells."""

MARGIN = 3
"""Pixels at each edge that no block covers."""

SMALLEST_BLOCK = 32

LEAST_BLOCKS = 20
"""Blocks side by side that a picture must hold for their size to be used."""

LEAST_USABLE = 0.85
"""Share of a block's pixels that must not be clipped."""

CLIPPED = (6.0, 252.0)
"""Luma at or below the first, or at or above the second, counts as clipped."""

_SAMPLE = 2000
_LEAST_VARIANCE = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Anomaly:
    """How far each block lies from the picture's typical ones.

    Attributes:
        distances: float64, shape (rows, columns): squared Mahalanobis distances; 0 where a block is
            left out.
        boundary: The distance at which a block is as likely an outlier as not.
        used: bool, same shape: blocks that are not left out.
        gain: Mean logarithm of the likelihood ratio of the mixture to a single Gaussian.
    """

    distances: NDArray[np.float64]
    boundary: float
    used: NDArray[np.bool_]
    gain: float

    @property
    def outlying(self) -> float:
        """Share of the used blocks that are more likely outliers than not."""
        return float((self.distances[self.used] > self.boundary).mean())


def block_side(height: int, width: int, largest: int = 128) -> int | None:
    """Return the side of the blocks for a picture: halved until its area is that of 20 or more.

    Args:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        largest: Side to begin with.

    Returns:
        The side in pixels, or None where not even blocks of 32 are small enough.
    """
    side = largest
    while height * width < LEAST_BLOCKS * side**2 or min(height, width) < side + 2 * MARGIN:
        side //= 2
        if side < SMALLEST_BLOCK:
            return None
    return side


def whitened(
    features: NDArray[np.float32], used: NDArray[np.bool_], dimensions: int
) -> NDArray[np.float64] | None:
    """Project features on their principal components, and scale those to variance 1.

    Args:
        features: Shape (rows, columns, n).
        used: bool, shape (rows, columns): the blocks that are projected.
        dimensions: How many components.

    Returns:
        float64, shape (used blocks, dimensions), or None where the features vary along fewer axes.
    """
    from locard_traces.mixture import weighted_moments

    points = features[used].astype(np.float64)
    mean, covariance = weighted_moments(points, np.ones(points.shape[0]))
    variances, axes = np.linalg.eigh(covariance)
    if variances[-dimensions] < _LEAST_VARIANCE:
        return None
    points -= mean
    scaled = axes[:, -dimensions:] / np.sqrt(variances[-dimensions:])
    # Not a matrix product, whose last bits may depend on the number of threads.
    return np.asarray(np.einsum("ni,ik->nk", points, scaled))


def analyse(
    features: NDArray[np.float32], used: NDArray[np.bool_], dimensions: int, starts: int
) -> Anomaly | None:
    """Fit a Gaussian and a uniform distribution to the blocks, and measure each block's distance.

    Neighbouring blocks are almost the same, so the fit takes one of four, and no more than about
    2,000, on a regular grid.

    Args:
        features: Shape (rows, columns, n).
        used: bool, shape (rows, columns), at least one: blocks that are looked at.
        dimensions: Principal components.
        starts: Starting points of expectation maximisation.

    Returns:
        The distances, or None where the features vary along fewer axes than ``dimensions``.
    """
    from locard_traces.mixture import fit_gaussian_uniform, gaussian_likelihood, squared_distances

    points = whitened(features, used, dimensions)
    if points is None:
        return None
    step = max(2, math.ceil(math.sqrt(points.shape[0] / _SAMPLE)))
    sampled = np.zeros_like(used)
    sampled[::step, ::step] = True
    sample = points[sampled[used]]
    fit = fit_gaussian_uniform(sample, np.ptp(points, axis=0), starts)
    distances = np.zeros(used.shape)
    distances[used] = squared_distances(points, fit.mean, fit.precision)
    gain = fit.log_likelihood - gaussian_likelihood(sample)
    return Anomaly(distances, fit.boundary, used, gain)


def suspicion(anomaly: Anomaly) -> NDArray[np.float32]:
    """Map squared distances into [0, 1): d² / (d² + b), with ½ at the boundary b.

    Above ½, a block is more likely one of the outliers than one of the Gaussian's.

    Args:
        anomaly: From :func:`analyse`.

    Returns:
        float32, shape (rows, columns); 0 where a block was left out.
    """
    boundary = max(anomaly.boundary, 1e-9)
    return np.asarray(anomaly.distances / (anomaly.distances + boundary), dtype=np.float32)


def spread(values: NDArray[np.float32], block: int, height: int, width: int) -> HeatMap:
    """Give each block's value to the cell at its centre, and the outermost ones to the border.

    Args:
        values: Shape (rows, columns) of the blocks, of which the first begins at pixel (3, 3).
        block: Side of a block in pixels, a multiple of 16.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
    """
    before, origin = divmod(MARGIN + block // 2 - CELL // 2, CELL)
    rows, columns = (-(-(side - origin) // CELL) for side in (height, width))
    row = np.clip(np.arange(rows) - before, 0, values.shape[0] - 1)
    column = np.clip(np.arange(columns) - before, 0, values.shape[1] - 1)
    return HeatMap(values[row[:, None], column], cell=CELL, origin=(origin, origin))


class Parameters(BaseParameters):
    """Parameters of ``splicebuster``."""

    block: Literal[32, 64, 128, 256] = Field(
        128,
        description="side of a block in pixels; halved, down to 32 at least, until 20 blocks fit",
    )
    dimensions: int = Field(
        10, ge=2, le=25, description="principal components of the features; the paper takes 25"
    )
    starts: int = Field(10, ge=1, le=100, description="starting points of expectation maximisation")


class Splicebuster(Detector):
    """Shows blocks whose noise and fine texture have other statistics than the picture's."""

    name = "splicebuster"
    version = "1"
    summary = "Blocks whose residual has unusual co-occurrences; shows, does not decide"
    method = (
        "The luma is filtered with [1, −3, 3, −1] across and down, rounded to three levels, and "
        "co-occurrences of four neighbouring values are counted in overlapping blocks. Their "
        "histograms, reduced to principal components, are described by a Gaussian for the "
        "picture and a uniform distribution for what does not belong to it. After Cozzolino, "
        "Poggi and Verdoliva, IEEE WIFS 2015 (Splicebuster), with blocks that shrink with the "
        "picture and fewer components."
    )
    limits = (
        "It tells unusual parts from usual ones, not inserted from original ones: in every "
        "photograph some part is unusual, by texture, focus, brightness or noise. On untouched "
        "photographs it marks as much as on tampered ones, so it never reports a detection. Needs "
        "a large picture: in a small one few blocks are independent. Parts smaller than a block, "
        "or larger than half of the picture, are missed. Clipped blocks are left out, and are 0 "
        "in the map."
    )
    score_meaning = (
        "Mean logarithm of the likelihood ratio of Gaussian and outliers to a Gaussian alone, a "
        "block, natural units. It ranks pictures by how much some blocks differ from the others, "
        "and is no evidence of tampering."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "block": "Side of the blocks, in pixels.",
        "used_share": "Share of the blocks that are not left out as clipped.",
        "outlying_share": "Share of the used blocks that are more likely outliers than not.",
        "boundary": "Squared Mahalanobis distance at which a block is as likely an outlier as not.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs(min_side=64)
    budget = Budget(
        seconds=2.0, seconds_per_megapixel=0.5, mebibytes=60, mebibytes_per_megapixel=60
    )

    def load(self) -> None:
        """Compile the numerical code, or read it from numba's cache."""
        from locard_traces.cooccurrence import count_cells
        from locard_traces.mixture import squared_distances, weighted_moments

        count_cells(np.zeros((16, 16), np.float32), np.ones((16, 16), np.bool_))
        squared_distances(np.zeros((2, 2)), np.zeros(2), np.eye(2))
        weighted_moments(np.zeros((2, 2)), np.ones(2))

    def examine(self, image: Image) -> Finding:
        """Describe each block of the luma, and look for those that lie apart."""
        from locard_traces.cooccurrence import features

        block = block_side(image.height, image.width, self.parameters.block)
        if block is None:
            return Finding.not_applicable(
                "too-small",
                f"{image.width}×{image.height} pixels hold fewer than {LEAST_BLOCKS} blocks of "
                f"{SMALLEST_BLOCK} pixels; the method needs as many to know what is usual.",
            )
        low, high = CLIPPED
        found, usable = features(image.luma, (image.luma > low) & (image.luma < high), block)
        used = usable >= LEAST_USABLE
        if int(used.sum()) * CELL**2 * 4 < LEAST_BLOCKS * block**2:
            return Finding.inconclusive(
                "clipped",
                "Too much of the picture is black or white: too few blocks remain to know what is "
                "usual.",
            )
        anomaly = analyse(found, used, self.parameters.dimensions, self.parameters.starts)
        if anomaly is None:
            return Finding.inconclusive(
                "too-even",
                "The blocks hardly differ from each other: the picture is drawn, smoothed or of "
                "one texture, and no block can be called unusual.",
            )
        return Finding.inconclusive(
            "aid-to-the-eye",
            f"{100 * anomaly.outlying:.0f} % of the blocks are unlike the rest. Untouched "
            "photographs have such blocks as well: the map shows where to look, and decides "
            "nothing.",
            score=anomaly.gain,
            map=spread(suspicion(anomaly), block, image.height, image.width),
            measurements={
                "block": block,
                "used_share": round(float(used.mean()), 4),
                "outlying_share": round(anomaly.outlying, 4),
                "boundary": round(anomaly.boundary, 2),
            },
        )
