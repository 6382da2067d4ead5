"""Shapes of pasted regions: ellipses, polygons and blobs of a wanted area.

Every shape is star-shaped about its centre, so one function of the angle describes it: a pixel
lies inside where its distance from the centre is at most ``scale · radius(angle)``. The area of
such a shape is ``scale² · ∫ radius² / 2``, which gives the scale for an area at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Radius = Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]

SMALLEST_SHARE = 0.02
LARGEST_SHARE = 0.30
"""Of the picture that a region covers."""

EDGES = ("hard", "smooth")
SMOOTH_SIGMA = 1.5
"""Of the Gaussian that smooths an edge, in pixels."""

_ANGLES = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Where something is pasted, and how.

    Attributes:
        kind: One of :data:`KINDS`.
        edge: One of :data:`EDGES`.
        mask: bool, (H, W): where the paste makes up half of the pixel or more.
        opacity: float32, (H, W), 0 to 1: how much of the pixel the paste makes up.
    """

    kind: str
    edge: str
    mask: NDArray[np.bool_]
    opacity: NDArray[np.float32]


def draw_region(random: np.random.Generator, height: int, width: int) -> Region:
    """Draw a region: its kind, edge, share of the picture (log-uniform), form and place.

    Args:
        random: Where chance comes from.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
    """
    kind = str(random.choice(sorted(KINDS)))
    edge = str(random.choice(EDGES))
    share = float(np.exp(random.uniform(np.log(SMALLEST_SHARE), np.log(LARGEST_SHARE))))
    mask = star(KINDS[kind](random), share, random, height, width)
    if edge == "hard":
        return Region(kind, edge, mask, mask.astype(np.float32))
    opacity = _smoothed(mask)
    return Region(kind, edge, opacity >= 0.5, opacity)


def star(
    radius: Radius, share: float, random: np.random.Generator, height: int, width: int
) -> NDArray[np.bool_]:
    """Draw a star-shaped region of a given area at a random place within the picture.

    Args:
        radius: Distance of the outline from the centre for angles in radians, on any scale.
        share: Area, as a share of the picture.
        random: Where the place comes from.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.

    Returns:
        bool, (height, width). A shape that is longer than the picture is cut off by its border.
    """
    angles = np.linspace(-np.pi, np.pi, _ANGLES, endpoint=False)
    outline = radius(angles)
    scale = np.sqrt(share * height * width / (np.pi * np.mean(outline**2)))
    x = _place(random, scale * outline * np.cos(angles), width)
    y = _place(random, scale * outline * np.sin(angles), height)
    rows, columns = np.mgrid[0:height, 0:width]
    distance = np.hypot(columns - x, rows - y)
    inside: NDArray[np.bool_] = distance <= scale * radius(np.arctan2(rows - y, columns - x))
    return inside


def _place(random: np.random.Generator, reach: NDArray[np.float64], length: int) -> float:
    """Draw the centre along one axis, so that the shape lies within the picture if it can."""
    low, high = -reach.min(), length - 1 - reach.max()
    return float(random.uniform(low, high)) if low < high else (low + high) / 2


def _smoothed(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    opacity: NDArray[np.float32] = gaussian_filter(mask.astype(np.float32), SMOOTH_SIGMA)
    return opacity


def _ellipse(random: np.random.Generator) -> Radius:
    """An ellipse whose axes are as 1 to 2 at most, turned at random."""
    ratio, turn = random.uniform(1, 2), random.uniform(0, np.pi)

    def radius(angles: NDArray[np.float64]) -> NDArray[np.float64]:
        turned = angles - turn
        return 1 / np.hypot(np.cos(turned), ratio * np.sin(turned))

    return radius


def _polygon(random: np.random.Generator) -> Radius:
    """A polygon of 4 to 9 corners around the centre."""
    corners = int(random.integers(4, 10))
    # One corner in each sector keeps the centre inside: no two corners are half a turn apart.
    sectors = np.arange(corners) + random.uniform(0.1, 0.9, corners)
    places = sectors * 2 * np.pi / corners - np.pi
    lengths = random.uniform(0.6, 1.2, corners)

    def radius(angles: NDArray[np.float64]) -> NDArray[np.float64]:
        after = np.searchsorted(places, angles) % corners
        before = after - 1
        opening = (places[after] - places[before]) % (2 * np.pi)
        position = (angles - places[before]) % (2 * np.pi)
        # The straight line between two corners, in polar coordinates.
        across = lengths[before] * np.sin(position) + lengths[after] * np.sin(opening - position)
        side: NDArray[np.float64] = lengths[before] * lengths[after] * np.sin(opening) / across
        return side

    return radius


def _blob(random: np.random.Generator) -> Radius:
    """A smooth outline: a circle with a few low frequencies on top."""
    frequencies = np.arange(2, 7)
    heights = random.uniform(0, 0.5, frequencies.size) / frequencies
    phases = random.uniform(0, 2 * np.pi, frequencies.size)

    def radius(angles: NDArray[np.float64]) -> NDArray[np.float64]:
        waves = heights * np.cos(np.multiply.outer(angles, frequencies) + phases)
        outline: NDArray[np.float64] = np.maximum(1 + waves.sum(axis=-1), 0.2)
        return outline

    return radius


KINDS: dict[str, Callable[[np.random.Generator], Radius]] = {
    "blob": _blob,
    "ellipse": _ellipse,
    "polygon": _polygon,
}
"""What draws the outline of each kind of shape."""
