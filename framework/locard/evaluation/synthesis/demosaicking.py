"""Colour filter arrays, simulated: a Bayer mosaic, and two ways to interpolate it.

A camera measures one colour in each pixel and interpolates the other two, which leaves a pattern
of period two. Synthetic data sets need pictures that certainly carry it.

Sources: B. E. Bayer, US patent 3,971,065 (1976). H. S. Malvar, L. He and R. Cutler, "High-quality
linear interpolation for demosaicing of Bayer-patterned color images", ICASSP 2004, figure 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
"""Colours of the upper left 2×2 pixels, row by row."""

ALGORITHMS = ("bilinear", "malvar")

_CHANNELS = "RGB"

_CROSS = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
_SQUARE = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4

# Malvar, He and Cutler, figure 2, in eighths.
_GREEN = np.array(
    [
        [0, 0, -1, 0, 0],
        [0, 0, 2, 0, 0],
        [-1, 2, 4, 2, -1],
        [0, 0, 2, 0, 0],
        [0, 0, -1, 0, 0],
    ]
)
_ALONG_ROW = np.array(
    [
        [0, 0, 0.5, 0, 0],
        [0, -1, 0, -1, 0],
        [-1, 4, 5, 4, -1],
        [0, -1, 0, -1, 0],
        [0, 0, 0.5, 0, 0],
    ]
)
_ACROSS = np.array(
    [
        [0, 0, -1.5, 0, 0],
        [0, 2, 0, 2, 0],
        [-1.5, 0, 6, 0, -1.5],
        [0, 2, 0, 2, 0],
        [0, 0, -1.5, 0, 0],
    ]
)


def through_filter(pixels: NDArray[np.uint8], pattern: str, algorithm: str) -> NDArray[np.uint8]:
    """Measure one colour in each pixel, and interpolate the others.

    Args:
        pixels: uint8, (H, W, 3), at least 3 pixels a side.
        pattern: One of :data:`PATTERNS`.
        algorithm: One of :data:`ALGORITHMS`.

    Returns:
        uint8, (H, W, 3); measured values are those of ``pixels``, the others rounded and clipped.
    """
    sites = filter_sites(pattern, *pixels.shape[:2])
    measured = np.where(sites, pixels, 0).astype(np.float64)
    mosaic = measured.sum(axis=2)
    full = bilinear(measured) if algorithm == "bilinear" else malvar(mosaic, sites)
    rounded: NDArray[np.uint8] = np.clip(np.rint(full), 0, 255).astype(np.uint8)
    return np.where(sites, pixels, rounded)


def filter_sites(pattern: str, height: int, width: int) -> NDArray[np.bool_]:
    """Return which colour is measured where: bool, (height, width, 3), one true a pixel."""
    cell = np.array([_CHANNELS.index(colour) for colour in pattern]).reshape(2, 2)
    measured = np.tile(cell, (height // 2 + 1, width // 2 + 1))[:height, :width]
    sites: NDArray[np.bool_] = measured[..., None] == np.arange(3)
    return sites


def bilinear(measured: NDArray[Real]) -> NDArray[Real]:
    """Average the nearest measured values of each colour.

    Args:
        measured: float, (H, W, 3): 0 where a colour was not measured.

    Returns:
        The same type and shape; measured values are as they were.
    """
    kernels = (_SQUARE, _CROSS, _SQUARE)
    planes = [_filtered(measured[..., place], kernel) for place, kernel in enumerate(kernels)]
    return np.stack(planes, axis=-1)


def malvar(mosaic: NDArray[Real], sites: NDArray[np.bool_]) -> NDArray[Real]:
    """Interpolate along with the gradient of the colour that is measured.

    Args:
        mosaic: float, (H, W): the value measured in each pixel.
        sites: Of :func:`filter_sites`.

    Returns:
        The same type, (H, W, 3); measured values are as they were.
    """
    green = _filtered(mosaic, _GREEN / 8)
    row = _filtered(mosaic, _ALONG_ROW / 8)
    column = _filtered(mosaic, _ALONG_ROW.T / 8)
    across = _filtered(mosaic, _ACROSS / 8)
    full = np.repeat(mosaic[..., None], 3, axis=2)
    full[..., 1] = np.where(sites[..., 1], mosaic, green)
    for colour, other in ((0, 2), (2, 0)):
        # A row that holds red has its red beside a green pixel at the left and the right.
        in_row = sites[..., colour].any(axis=1, keepdims=True)
        at_green = np.where(in_row, row, column)
        at_other = np.where(sites[..., other], across, at_green)
        full[..., colour] = np.where(sites[..., colour], mosaic, at_other)
    return full


def _filtered(plane: NDArray[Real], kernel: NDArray[np.float64]) -> NDArray[Real]:
    """Filter a plane; beyond the border it is mirrored, which keeps the mosaic's pattern."""
    from scipy.ndimage import correlate

    filtered: NDArray[Real] = correlate(plane, kernel, mode="mirror")
    return filtered
