"""Heat maps as colours, and colours over a picture: for reports and for ``analyze --maps``.

The colour map is Locard's own. It is a Bézier curve in OKLab (B. Ottosson, "A perceptual color
space for image processing", 2020) over the five control colours in ``_CONTROL``, resampled to
equal steps of arc length, so that equal steps of evidence look equally large. Lightness rises all
the way, which keeps the order for colour-blind readers and on a grey printer.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

DEFAULT_ALPHA = 0.75
"""How much of a map covers the picture unless asked otherwise."""

FADE = 0.25
"""Map values below this let the picture through more and more, down to all of it at zero."""

PICTURE_BRIGHTNESS = 0.7
"""The picture below a map is grey and this bright, so that every colour seen is evidence."""

_LUMA = (0.299, 0.587, 0.114)

# Lightness, chroma and hue in degrees of the control colours: indigo, violet, red, orange, yellow.
_CONTROL = (
    (0.22, 0.090, 285.0),
    (0.40, 0.190, 315.0),
    (0.58, 0.240, 370.0),
    (0.74, 0.160, 412.0),
    (0.96, 0.130, 465.0),
)


@lru_cache(maxsize=1)
def colours() -> NDArray[np.uint8]:
    """Return the colour map: sRGB, uint8, shape (256, 3), from no evidence to the strongest."""
    dense = _bezier(_control_points(), 4096)
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(dense, axis=0), axis=1).cumsum()])
    wanted = np.linspace(0.0, length[-1], 256)
    even = np.stack([np.interp(wanted, length, dense[:, axis]) for axis in range(3)], axis=1)
    return _srgb(even)


def heat(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colour a map.

    Args:
        values: Shape (h, w), in [0, 1]; what lies outside is clipped.

    Returns:
        sRGB, uint8, shape (h, w, 3).
    """
    coloured: NDArray[np.uint8] = colours()[levels(values)]
    return coloured


def levels(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the index into :func:`colours` of each value: uint8, same shape."""
    scaled: NDArray[np.uint8] = np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)
    return scaled


def opacity() -> NDArray[np.float64]:
    """Return how opaque each of the 256 colours is: shape (256,), 0 at zero, 1 from ``FADE`` on."""
    return np.clip(np.arange(256) / 255.0 / FADE, 0.0, 1.0)


def overlay(
    pixels: NDArray[np.uint8], values: NDArray[np.floating], alpha: float = DEFAULT_ALPHA
) -> NDArray[np.uint8]:
    """Lay a map over a picture, which becomes grey and darker below it.

    Args:
        pixels: uint8, shape (h, w, 3).
        values: Shape (h, w), in [0, 1] (:meth:`locard.findings.HeatMap.at_pixels`).
        alpha: Opacity of the map where its values are at ``FADE`` or above, in [0, 1].

    Returns:
        uint8, shape (h, w, 3).
    """
    index = levels(values)
    cover = (alpha * opacity()).astype(np.float32)[index][..., None]
    picture = (pixels @ np.array(_LUMA, dtype=np.float32) * PICTURE_BRIGHTNESS)[..., None]
    mixed = picture + cover * (colours().astype(np.float32)[index] - picture)
    laid: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return laid


def outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that touch what lies outside it, or the picture's edge.

    Args:
        mask: bool, shape (h, w).

    Returns:
        bool, shape (h, w).
    """
    around = np.pad(mask, 1)
    inside = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return mask & ~inside


def _control_points() -> NDArray[np.float64]:
    """Return the control colours as OKLab, shape (5, 3)."""
    lightness, chroma, hue = np.array(_CONTROL).T
    angle = np.radians(hue)
    return np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)


def _bezier(points: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """Return ``samples`` points of the Bézier curve over control points of shape (n, k)."""
    degree = len(points) - 1
    t = np.linspace(0.0, 1.0, samples)[:, None]
    order = np.arange(degree + 1)
    binomial = np.array([comb(degree, int(i)) for i in order])
    curve: NDArray[np.float64] = (binomial * t**order * (1 - t) ** (degree - order)) @ points
    return curve


def _srgb(oklab: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Convert OKLab of shape (n, 3) to sRGB, with the matrices that Ottosson publishes."""
    to_lms = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((oklab @ to_lms.T) ** 3 @ to_linear.T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    scaled: NDArray[np.uint8] = np.rint(encoded * 255.0).astype(np.uint8)
    return scaled
