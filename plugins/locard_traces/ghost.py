"""JPEG ghosts: qualities at which a part of a picture changes less than it should.

H. Farid, "Exposing digital forgeries from JPEG ghosts", IEEE Transactions on Information Forensics
and Security 4 (2009). Recompression is computed on the luma's DCT coefficients instead of by
saving the picture fifty times; see docs/methods/ghost.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import fft, ndimage

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap
from locard.image.quality import LUMINANCE, scaled
from locard_traces.ghost_sheet import draw_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from locard.image import Image

QUALITIES = range(51, 101)
"""The qualities that Farid's and later papers look at."""

MIN_BLOCKS = 16

DIP = 0.2
"""Relative dip of a block's curve that counts as a ghost."""

THROUGHOUT = 0.25
"""Share above which a ghost is the picture's own: none filled more than 0.222 of the 206 pictures
that were compressed once (docs/methods/ghost.md)."""

_NEIGHBOUR = 3
_OWN_MARGIN = 4
_ROUNDING = 0.02
_LEAST_CHANGE = 1.0
_MAJORITY = 5
# A 17-pixel window around a block's centre holds the block and 4.5 of the next 8 pixels each side.
_WINDOW = np.array([4.5, 8.0, 4.5]) / 17


@dataclass(frozen=True, slots=True, eq=False)
class GhostPart:
    """The quality at which the largest connected part of a picture has a ghost.

    Attributes:
        quality: IJG quality.
        share: Share of all blocks that lie in that part.
        dips: float32, shape (block rows, block columns): each block's dip at that quality.
    """

    quality: int
    share: float
    dips: NDArray[np.float32]


def block_dct(luma: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the orthonormal DCT of the whole 8×8 blocks of the grid that starts at (0, 0).

    Args:
        luma: Shape (H, W), 0 to 255.

    Returns:
        float32, shape (H // 8, W // 8, 8, 8).
    """
    rows, columns = luma.shape[0] // 8, luma.shape[1] // 8
    whole = luma[: rows * 8, : columns * 8].astype(np.float32) - 128
    blocks = whole.reshape(rows, 8, columns, 8).swapaxes(1, 2)
    return np.asarray(fft.dctn(blocks, norm="ortho", axes=(2, 3)), dtype=np.float32)


def differences(coefficients: NDArray[np.float32], qualities: Sequence[int]) -> NDArray[np.float32]:
    """Return the mean squared difference between each block and its recompression.

    The DCT keeps squared differences (Parseval), so no picture is encoded; rounding and clipping of
    the recompressed pixels are left out, about 1/12 of a squared grey level.

    Args:
        coefficients: As :func:`block_dct` returns.
        qualities: IJG qualities; their standard luminance tables are used.

    Returns:
        float32, shape (qualities, block rows, block columns), in squared grey levels.
    """
    rows, columns = coefficients.shape[:2]
    found = np.empty((len(qualities), rows, columns), dtype=np.float32)
    for index, quality in enumerate(qualities):
        table = np.asarray(scaled(LUMINANCE, quality), dtype=np.float32).reshape(8, 8)
        # One block row at a time stays in the processor's cache.
        for row in range(rows):
            steps = coefficients[row] / table
            error = (np.rint(steps) - steps) * table
            found[index, row] = np.einsum("cij,cij->c", error, error) / 64
    return found


def averaged(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average differences over 17×17 pixels around each block's centre (Farid 2009, eq. 3).

    Args:
        found: Shape (qualities, block rows, block columns).

    Returns:
        Same shape.
    """
    vertical = ndimage.convolve1d(found, _WINDOW, axis=1, mode="nearest")
    return np.asarray(ndimage.convolve1d(vertical, _WINDOW, axis=2, mode="nearest"))


def normalised(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each block's curve to [0, 1] over the qualities (Farid 2009, eq. 4).

    Args:
        found: Shape (qualities, block rows, block columns).

    Returns:
        Same shape; 0 where a block's curve is constant.
    """
    low = found.min(axis=0)
    span = found.max(axis=0) - low
    return np.where(span > 0, (found - low) / np.where(span > 0, span, 1), 0).astype(np.float32)


def dips(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each curve lies below its neighbours three qualities away.

    ``1 − d(q) / min(d(q − 3), d(q + 3))``, at least 0: a ghost is a local minimum, whereas the
    curve of a block without one falls evenly towards high qualities.

    Args:
        found: Shape (qualities, …), of consecutive qualities, in squared grey levels.

    Returns:
        Same shape, in [0, 1); 0 for the three qualities at either end.
    """
    curve = found + np.float32(_ROUNDING)
    deep = np.zeros_like(curve)
    if curve.shape[0] > 2 * _NEIGHBOUR:
        reference = np.minimum(curve[: -2 * _NEIGHBOUR], curve[2 * _NEIGHBOUR :])
        deep[_NEIGHBOUR:-_NEIGHBOUR] = 1 - curve[_NEIGHBOUR:-_NEIGHBOUR] / reference
    return np.maximum(deep, 0)


def strongest_ghost(
    deep: NDArray[np.float32], qualities: Sequence[int], own: int | None
) -> GhostPart | None:
    """Find the quality whose dips fill the largest connected part of the picture.

    Args:
        deep: As :func:`dips` returns.
        qualities: The qualities, one a map.
        own: Quality of the file's own last compression, which leaves a minimum at itself and others
            above, where steps divide its own; only ghosts clearly below are looked at.

    Returns:
        The ghost, or None where no block has one.
    """
    best: GhostPart | None = None
    for index, quality in enumerate(qualities):
        if own is not None and quality >= own - _OWN_MARGIN:
            break
        share = _largest_part(deep[index] >= DIP)
        if share > (best.share if best is not None else 0):
            best = GhostPart(quality, share, deep[index])
    return best


def _largest_part(blocks: NDArray[np.bool_]) -> float:
    """Return the share of blocks in the largest connected part, after a 5×5 majority vote."""
    votes = ndimage.uniform_filter(blocks.astype(np.float32), _MAJORITY, mode="nearest")
    labels, count = ndimage.label(votes > 0.5)
    return float(np.bincount(labels.ravel())[1:].max() / blocks.size) if count else 0.0


class Parameters(BaseParameters):
    """Parameters of ``ghost``."""

    lowest_quality: int = Field(
        51, ge=5, le=85, description="lowest IJG quality of the recompressions; the highest is 100"
    )
    min_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="share of the picture that a connected ghost must fill to be shown",
    )


class Ghost(Detector):
    """Shows parts that seem to have been saved before at a lower quality."""

    name = "ghost"
    version = "1"
    summary = "Parts that were saved before at a lower JPEG quality; shows, does not decide"
    method = (
        "The luma is recompressed at each quality from 51 to 100, and the squared difference is "
        "averaged over 17×17 pixels. A part that was once saved at a lower quality than the "
        "picture's last changes unusually little at that quality: its curve has a second minimum, "
        "the ghost. After Farid, IEEE Transactions on Information Forensics and Security 4 (2009), "
        "computed on DCT coefficients instead of encoded pictures."
    )
    limits = (
        "Sees only parts whose earlier saving used the same 8×8 grid, a lower quality than the "
        "last, and tables like those of the Independent JPEG Group. Smooth and clipped surfaces "
        "change little at any quality, and can look like ghosts or hide one. A quarter of the "
        "untouched photographs from cameras showed a small ghost, so this method never reports a "
        "detection."
    )
    score_meaning = (
        "Share of the picture in the largest connected part with a ghost at one quality. It says "
        "where to look; it is no probability."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "ghost_quality": "IJG quality of the ghost that fills the largest connected part below the "
        "file's own quality; null where there is none.",
        "ghost_share": "Share of the blocks in that part.",
        "own_quality": "IJG quality nearest to the file's luma table; null where it is no JPEG.",
        "curve": "Mean squared difference of the luma for each quality, from the lowest to 100, in "
        "squared grey levels.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs(min_side=32)
    budget = Budget(
        seconds=0.5, seconds_per_megapixel=1.0, mebibytes=40, mebibytes_per_megapixel=50
    )

    def examine(self, image: Image) -> Finding:
        """Recompress the luma at each quality and look for ghosts."""
        coefficients = block_dct(image.luma)
        if coefficients.shape[0] * coefficients.shape[1] < MIN_BLOCKS:
            return Finding.not_applicable(
                "too-small",
                f"{image.width}×{image.height} pixels hold fewer than {MIN_BLOCKS} blocks of 8×8.",
            )
        qualities = range(self.parameters.lowest_quality, QUALITIES.stop)
        found = averaged(differences(coefficients, qualities))
        estimate = image.jpeg.quality if image.jpeg is not None else None
        own = estimate.value if estimate is not None else None
        ghost = strongest_ghost(dips(found), qualities, own)
        if ghost is not None and ghost.share < self.parameters.min_share:
            ghost = None
        reason, explanation = _words(ghost)
        return Finding.inconclusive(
            reason,
            explanation,
            score=ghost.share if ghost else 0.0,
            map=HeatMap(suspicion(ghost, found), cell=8),
            measurements={
                "ghost_quality": ghost.quality if ghost else None,
                "ghost_share": round(ghost.share, 4) if ghost else 0.0,
                "own_quality": own,
                "curve": [round(float(value), 3) for value in found.mean(axis=(1, 2))],
            },
            pictures={"ghosts": _sheet(found, qualities, own, ghost)},
        )


def _sheet(
    found: NDArray[np.float32], qualities: range, own: int | None, ghost: GhostPart | None
) -> NDArray[np.uint8]:
    """Draw the normalised maps of eleven evenly spread qualities and of the ghost's own."""
    even = np.linspace(qualities.start, qualities.stop - 1, 11).round().astype(int)
    marked = [quality for quality in (own, ghost.quality if ghost else None) if quality is not None]
    shown = sorted({*(int(quality) for quality in even), *([ghost.quality] if ghost else [])})
    maps = normalised(found)[[qualities.index(quality) for quality in shown]]
    curve = found.mean(axis=(1, 2))
    return draw_sheet(maps, shown, curve, qualities, [q for q in marked if q in qualities])


def suspicion(ghost: GhostPart | None, found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Map dips into [0, 1], with ½ at the dip that counts as a ghost.

    A ghost in a small part points at that part. A ghost through most of the picture is the
    picture's own earlier compression, and points at the blocks that lack it, except where nothing
    changes at any quality, as on smooth surfaces.

    Args:
        ghost: The ghost, or None.
        found: Averaged differences, shape (qualities, block rows, block columns).

    Returns:
        float32, shape (block rows, block columns); 0 everywhere without a ghost.
    """
    if ghost is None:
        return np.zeros(found.shape[1:], dtype=np.float32)
    value = ghost.dips / (ghost.dips + np.float32(DIP))
    if ghost.share <= THROUGHOUT:
        return value
    changes = found[0] - found[-1] > _LEAST_CHANGE
    return np.where(changes, 1 - value, 0).astype(np.float32)


def _words(ghost: GhostPart | None) -> tuple[str, str]:
    """Return reason and explanation."""
    caution = "This is where to look, not what happened: the method gives no verdict."
    if ghost is None:
        return "no-ghost", (
            "No connected part of the picture changes unusually little at a quality below the "
            "file's own. That excludes little: most alterations leave no ghost."
        )
    if ghost.share > THROUGHOUT:
        return "ghost-throughout", (
            "The picture as such seems to have been saved before at about quality "
            f"{ghost.quality}; the map shows what lacks that trace, smooth surfaces among it. "
            f"{caution}"
        )
    return "ghost-in-part", (
        f"A part, {100 * ghost.share:.0f} % of the picture, seems to have been saved before at "
        f"about quality {ghost.quality}. {caution}"
    )
