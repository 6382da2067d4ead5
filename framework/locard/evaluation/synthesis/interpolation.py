"""Demosaicing as cameras and raw converters do it: five ways from a Bayer mosaic to full colour.

All work in float32 on a mosaic of any scale, and mirror it at its border, which keeps its pattern.

Sources: H. S. Malvar, L. He and R. Cutler, ICASSP 2004. C. A. Laroche and M. A. Prescott, US patent
5,373,322 (1994): edge-aware. J. E. Adams and J. F. Hamilton, US patent 5,629,734 (1997). E. Chang,
S. Cheung and D. Y. Pan, "Color filter array recovery using a threshold-based variable number of
gradients", SPIE 3650 (1999).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.synthesis.demosaicking import bilinear, filter_sites, malvar

if TYPE_CHECKING:
    from numpy.typing import NDArray

Interpolation = Callable[["NDArray[np.float32]", "NDArray[np.bool_]"], "NDArray[np.float32]"]
"""Takes a padded mosaic and :func:`filter_sites`; returns (H, W, 3)."""

_BORDER = 4
"""Mirrored pixels around the mosaic: no method looks further, and the pattern stays."""

_BETWEEN = np.array([[0, 0, 0], [0.5, 0, 0.5], [0, 0, 0]], np.float32)
_BEND = np.array([[-1, 0, 2, 0, -1]], np.float32)
"""Second difference of the values of one colour, two pixels apart."""
_LOWEST, _SPREAD = 1.5, 0.5
"""Chang et al.: k1 and k2 of the threshold."""

_DIRECTIONS = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, 1), (1, -1), (-1, -1), (1, 1))
"""North, south, west, east, north-east, south-west, north-west, south-east."""


def interpolate(mosaic: NDArray[np.float32], pattern: str, algorithm: str) -> NDArray[np.float32]:
    """Interpolate the colours that a mosaic lacks.

    Args:
        mosaic: float32, (H, W), 5 pixels a side at least: the one value measured in each pixel.
        pattern: One of :data:`locard.evaluation.synthesis.demosaicking.PATTERNS`.
        algorithm: One of :data:`INTERPOLATIONS`.

    Returns:
        float32, (H, W, 3), not clipped; measured values are as they were.
    """
    padded = np.pad(mosaic, _BORDER, mode="reflect").astype(np.float32, copy=False)
    sites = filter_sites(pattern, *padded.shape)
    full = INTERPOLATIONS[algorithm](padded, sites)
    full = np.where(sites, padded[..., None], full)
    return np.ascontiguousarray(full[_BORDER:-_BORDER, _BORDER:-_BORDER], dtype=np.float32)


def _bilinear(mosaic: NDArray[np.float32], sites: NDArray[np.bool_]) -> NDArray[np.float32]:
    return bilinear(np.where(sites, mosaic[..., None], np.float32(0)))


def _edge_aware(mosaic: NDArray[np.float32], sites: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Green along the smaller of two gradients, colours by their difference from green."""
    row, column = _filtered(mosaic, _BETWEEN), _filtered(mosaic, _BETWEEN.T)
    steps = [np.abs(_shifted(mosaic, *one) - _shifted(mosaic, *other)) for one, other in _OPPOSITE]
    green = _along(row, column, *steps)
    return _by_difference(mosaic, np.where(sites[..., 1], mosaic, green), sites)


def _hamilton_adams(mosaic: NDArray[np.float32], sites: NDArray[np.bool_]) -> NDArray[np.float32]:
    """As edge-aware, with the second difference of the measured colour in gradient and value."""
    bends = _filtered(mosaic, _BEND), _filtered(mosaic, _BEND.T)
    row = _filtered(mosaic, _BETWEEN) + bends[0] / np.float32(4)
    column = _filtered(mosaic, _BETWEEN.T) + bends[1] / np.float32(4)
    steps = [
        np.abs(_shifted(mosaic, *one) - _shifted(mosaic, *other)) + np.abs(bend)
        for (one, other), bend in zip(_OPPOSITE, bends, strict=True)
    ]
    green = _along(row, column, *steps)
    return _by_difference(mosaic, np.where(sites[..., 1], mosaic, green), sites)


_OPPOSITE = (((0, -1), (0, 1)), ((-1, 0), (1, 0)))
"""Neighbours left and right, above and below."""


def _along(
    row: NDArray[np.float32],
    column: NDArray[np.float32],
    row_step: NDArray[np.float32],
    column_step: NDArray[np.float32],
) -> NDArray[np.float32]:
    either = np.where(row_step < column_step, row, column)
    between: NDArray[np.float32] = (row + column) / np.float32(2)
    return np.where(row_step == column_step, between, either)


def _by_difference(
    mosaic: NDArray[np.float32], green: NDArray[np.float32], sites: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Interpolate red and blue as differences from green, which change less than they do."""
    differences = np.where(sites, (mosaic - green)[..., None], np.float32(0))
    full = bilinear(differences) + green[..., None]
    full[..., 1] = green
    return full


def _variable_gradients(
    mosaic: NDArray[np.float32], sites: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Average the colour differences in those of eight directions that are smooth."""
    full = bilinear(np.where(sites, mosaic[..., None], np.float32(0)))
    gradients = np.stack([_gradient(mosaic, sites, y, x) for y, x in _DIRECTIONS])
    least, most = gradients.min(axis=0), gradients.max(axis=0)
    threshold = _LOWEST * least + _SPREAD * (most - least)
    total, count = np.zeros_like(full), np.zeros_like(mosaic)
    for (y, x), gradient in zip(_DIRECTIONS, gradients, strict=True):
        smooth = (gradient <= threshold).astype(np.float32)
        own = (mosaic + _shifted(mosaic, 2 * y, 2 * x)) / np.float32(2)
        total += smooth[..., None] * (_shifted(full, y, x) - own[..., None])
        count += smooth
    total /= count[..., None]
    total += mosaic[..., None]
    return total


def _gradient(
    mosaic: NDArray[np.float32], sites: NDArray[np.bool_], y: int, x: int
) -> NDArray[np.float32]:
    """Return the gradient in one direction: Chang et al., section 3."""
    # Steps between values of one colour, two pixels apart in the direction.
    two: NDArray[np.float32] = np.abs(_shifted(mosaic, y, x) - _shifted(mosaic, -y, -x))
    ahead = two + _shifted(two, y, x)
    if y == 0 or x == 0:
        beside = _shifted(two, x, y) + _shifted(two, -x, -y)
        return ahead + (beside + _shifted(beside, y, x)) / np.float32(2)
    at_green = ahead + _shifted(two, y, 0) + _shifted(two, 0, x)
    # One pixel apart on the diagonal green meets green where the centre is red or blue.
    one = np.abs(_shifted(mosaic, y, 0) - _shifted(mosaic, 0, -x))
    other = np.abs(_shifted(mosaic, 0, x) - _shifted(mosaic, -y, 0))
    beside = one + other
    elsewhere = ahead + (beside + _shifted(beside, y, x)) / np.float32(2)
    gradient: NDArray[np.float32] = np.where(sites[..., 1], at_green, elsewhere)
    return gradient


def _shifted(values: NDArray[np.float32], y: int, x: int) -> NDArray[np.float32]:
    """Return what lies so many rows below and columns to the right, wrapped around."""
    shifted: NDArray[np.float32] = np.roll(values, (-y, -x), axis=(0, 1))
    return shifted


def _filtered(plane: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.ndimage import correlate

    filtered: NDArray[np.float32] = correlate(plane, kernel, mode="mirror")
    return filtered


INTERPOLATIONS: Mapping[str, Interpolation] = {
    "bilinear": _bilinear,
    "malvar": malvar,
    "edge-aware": _edge_aware,
    "vng": _variable_gradients,
    "hamilton-adams": _hamilton_adams,
}
"""What interpolates a padded mosaic, by name."""
