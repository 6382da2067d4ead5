"""What synthetic pictures went through: histories, for each of which theory says who sees it.

A history says how host and donor were treated before the paste, and how the whole was stored
after it. One thing differs between host and donor at a time, so that what a detector finds can
only be that. The authentic twin is the host, stored in the same way.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from locard.evaluation.synthesis.demosaicking import ALGORITHMS, PATTERNS, through_filter
from locard.evaluation.treatments.pixels import add_noise, encode_jpeg, encode_png, resize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.synthesis.shapes import Region

MARGIN = 8
"""A crop is so much larger than the picture, in pixels, so that any grid can begin outside."""

Recipe = Mapping[str, str | int | float]

_QUALITIES = (50, 60, 70, 80, 90)
_HALF_SCALE = 128.0


class History(ABC):
    """One history.

    Attributes:
        name: In kebab-case.
        words: What was done, for people.
        seen_by: Which kinds of detectors theory says see it.
        kind: Kind of the tampered samples.
        one_photograph: Whether the donor is the host itself.
    """

    name: ClassVar[str]
    words: ClassVar[str]
    seen_by: ClassVar[str]
    kind: ClassVar[str] = "splice"
    one_photograph: ClassVar[bool] = False

    @abstractmethod
    def draw(self, random: np.random.Generator) -> Recipe:
        """Draw the parameters of one pair; names are the manifest's columns."""

    @abstractmethod
    def host(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """Return the host before the paste.

        Args:
            crop: uint8, (S + MARGIN, S + MARGIN, 3), without traces.
            recipe: What :meth:`draw` returned.
            seed: For noise.

        Returns:
            uint8, (S, S, 3).
        """

    @abstractmethod
    def donor(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """Return the donor before the paste; as :meth:`host`."""

    def store(self, pixels: NDArray[np.uint8], recipe: Recipe) -> bytes:
        """Return the file: a JPEG where the recipe has a last quality, else a PNG."""
        quality = recipe.get("last_quality")
        return encode_png(pixels) if quality is None else encode_jpeg(pixels, int(quality))


class GridShift(History):
    """Two JPEG grids in one lossless picture."""

    name = "grid-shift"
    words = "host and donor decoded from JPEGs of one quality, donor's grid shifted, stored as PNG"
    seen_by = "detectors of foreign JPEG grids (jpeg-grid, BLK); ghosts, on the host's grid alone"

    def draw(self, random: np.random.Generator) -> Recipe:
        """See :meth:`History.draw`."""
        return {"first_quality": int(random.choice(_QUALITIES)), **_shift(random)}

    def host(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return compressed(crop, int(recipe["first_quality"]))

    def donor(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return compressed(crop, int(recipe["first_quality"]), *_grid(recipe))


class DoubleJpeg(History):
    """The host compressed twice on one grid, the donor once."""

    name = "double-jpeg"
    words = "host decoded from a JPEG, donor never compressed, the whole saved as JPEG"
    seen_by = "detectors of aligned double compression (double-jpeg), best where the last is better"

    def draw(self, random: np.random.Generator) -> Recipe:
        """See :meth:`History.draw`."""
        first, last = _two_qualities(random)
        order = "first<last" if first < last else "first>last"
        return {"variant": order, "first_quality": first, "last_quality": last}

    def host(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return compressed(crop, int(recipe["first_quality"]), *_grid(recipe))

    def donor(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return cut(crop, side_of(crop))


class ShiftedDoubleJpeg(DoubleJpeg):
    """The host compressed twice on two grids, the donor once."""

    name = "shifted-double-jpeg"
    words = "as double-jpeg, the host's first grid shifted against the last one"
    seen_by = "detectors of non-aligned double compression (NADQ)"

    def draw(self, random: np.random.Generator) -> Recipe:
        """See :meth:`History.draw`."""
        return {**super().draw(random), **_shift(random)}


class Ghost(History):
    """The donor compressed at a low quality before, the whole at a high one."""

    name = "ghost"
    words = "donor decoded from a worse JPEG on the same grid, the whole saved as a good JPEG"
    seen_by = "JPEG ghosts (ghost), and detectors of aligned double compression, inverted"

    def draw(self, random: np.random.Generator) -> Recipe:
        """See :meth:`History.draw`."""
        return {
            "donor_quality": int(random.choice((50, 60, 70))),
            "last_quality": int(random.choice((90, 95))),
        }

    def host(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return cut(crop, side_of(crop))

    def donor(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return compressed(crop, int(recipe["donor_quality"]))


class ColourFilter(History):
    """The host interpolated from a Bayer mosaic, the donor resized."""

    name = "cfa"
    words = "host interpolated from a noisy Bayer mosaic, donor with like noise enlarged, as PNG"
    seen_by = "detectors of colour filter traces (CFA), and of residuals (Splicebuster)"
    noise = 1.5

    def draw(self, random: np.random.Generator) -> Recipe:
        """See :meth:`History.draw`."""
        return {
            "variant": str(random.choice(ALGORITHMS)),
            "pattern": str(random.choice(PATTERNS)),
            "factor": round(float(random.uniform(1.2, 1.6)), 3),
        }

    def host(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        noisy = add_noise(crop, self.noise, seed)
        full = through_filter(noisy, str(recipe["pattern"]), str(recipe["variant"]))
        return cut(full, side_of(crop))

    def donor(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        enlarged = round(len(crop) * float(recipe["factor"]))
        return cut(resize(add_noise(crop, self.noise, seed), enlarged, enlarged), side_of(crop))


class Noise(History):
    """Two levels of sensor noise in one lossless picture."""

    name = "noise"
    words = "host and donor with sensor noise of different strength, stored as PNG"
    seen_by = "detectors of noise levels and residuals (noise, Noisesniffer, Splicebuster)"

    def draw(self, random: np.random.Generator) -> Recipe:
        """See :meth:`History.draw`."""
        low = round(float(random.uniform(1.0, 2.0)), 2)
        high = round(low * float(random.uniform(1.5, 3.0)), 2)
        # Which of the two is noisier is left to chance: else the size of the files would tell.
        if random.random() < 0.5:
            return {"variant": "noisy donor", "host_noise": low, "donor_noise": high}
        return {"variant": "noisy host", "host_noise": high, "donor_noise": low}

    def host(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return add_sensor_noise(cut(crop, side_of(crop)), float(recipe["host_noise"]), seed)

    def donor(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        return add_sensor_noise(cut(crop, side_of(crop)), float(recipe["donor_noise"]), seed)


class CopyMove(History):
    """A part of the picture twice in it."""

    name = "copy-move"
    words = "a part of the picture pasted elsewhere in it; as PNG, or JPEG before and after"
    seen_by = "detectors of duplicated content; as JPEG, those of grids where the copy's is shifted"
    kind = "copy-move"
    one_photograph = True

    def draw(self, random: np.random.Generator) -> Recipe:
        """See :meth:`History.draw`."""
        if random.random() < 0.5:
            return {"variant": "lossless"}
        first, last = _two_qualities(random)
        return {"variant": "jpeg", "first_quality": first, "last_quality": last}

    def host(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """See :meth:`History.host`."""
        quality = recipe.get("first_quality")
        return cut(crop, side_of(crop)) if quality is None else compressed(crop, int(quality))

    def donor(self, crop: NDArray[np.uint8], recipe: Recipe, seed: int) -> NDArray[np.uint8]:
        """Return the host: :func:`moved` shifts it under the region."""
        return self.host(crop, recipe, seed)


HISTORIES: Mapping[str, History] = {
    history.name: history
    for history in (
        GridShift(),
        DoubleJpeg(),
        ShiftedDoubleJpeg(),
        Ghost(),
        ColourFilter(),
        Noise(),
        CopyMove(),
    )
}
"""All histories by name."""


# --- pure functions of arrays ------------------------------------------------------------------


def paste(host: NDArray[np.uint8], donor: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    """Return the host with the donor in a region; outside it not a bit of the host changes.

    Args:
        host: uint8, (H, W, 3).
        donor: uint8, (H, W, 3).
        region: For (H, W).
    """
    opacity = region.opacity[..., None]
    mixed = host + opacity * (donor.astype(np.float32) - host)
    pasted: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return pasted


def side_of(crop: NDArray[np.uint8]) -> int:
    """Return the side of the picture that a crop is for, in pixels."""
    return len(crop) - MARGIN


def cut(pixels: NDArray[np.uint8], side: int, columns: int = 0, rows: int = 0) -> NDArray[np.uint8]:
    """Cut a square, leaving columns and rows out at the left and the top.

    Args:
        pixels: uint8, (H, W, 3).
        side: Of the square, in pixels.
        columns: How many to leave out at the left.
        rows: How many to leave out at the top.
    """
    return np.ascontiguousarray(pixels[rows : rows + side, columns : columns + side])


def compressed(
    crop: NDArray[np.uint8], quality: int, grid_x: int = 0, grid_y: int = 0
) -> NDArray[np.uint8]:
    """Compress a crop as JPEG, decode it, and cut it so that its grid begins at a place.

    Args:
        crop: uint8, (S + MARGIN, S + MARGIN, 3).
        quality: IJG quality.
        grid_x: Column of the result at which blocks begin, 0 to 7.
        grid_y: Row at which blocks begin.

    Returns:
        uint8, (S, S, 3).
    """
    from locard.image import Image

    decoded = Image.from_bytes(encode_jpeg(crop, quality)).pixels
    return cut(decoded, side_of(crop), -grid_x % 8, -grid_y % 8)


def add_sensor_noise(pixels: NDArray[np.uint8], sigma: float, seed: int) -> NDArray[np.uint8]:
    """Add noise whose variance grows with the light, as that of photons does.

    Args:
        pixels: uint8, (H, W, 3).
        sigma: Standard deviation at grey 128, in grey levels; the variance is a quarter of its
            square, and three quarters in proportion to the grey level.
        seed: Of the noise.
    """
    return add_noise(pixels, sigma * np.sqrt(0.25 + 0.75 * pixels / _HALF_SCALE), seed)


def moved(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], random: np.random.Generator
) -> tuple[NDArray[np.uint8], int, int]:
    """Shift a picture so that another part of it comes to lie under a mask.

    Args:
        pixels: uint8, (H, W, 3).
        mask: bool, (H, W): where the copy goes.
        random: Where the vector comes from.

    Returns:
        The shifted picture (rolled around at the borders), and how far content moved to the right
        and down. The part under the mask comes from inside the picture; where there is room, it
        does not overlap the mask, and is not on the same grid of 8 pixels.
    """
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    best, least = (0, 0), math.inf
    for _ in range(64):
        x = int(random.integers(columns[-1] - width + 1, columns[0] + 1))
        y = int(random.integers(rows[-1] - height + 1, rows[0] + 1))
        overlap = float(np.mean(mask & np.roll(mask, (-y, -x), (0, 1))))
        overlap += x % 8 == 0 and y % 8 == 0
        if overlap < least:
            best, least = (x, y), overlap
        if overlap == 0:
            break
    x, y = best
    return np.roll(pixels, (y, x), (0, 1)), x, y


def _shift(random: np.random.Generator) -> dict[str, str]:
    """Draw one of the 63 places of a grid that is not the picture's own, as ``x,y``."""
    place = int(random.integers(1, 64))
    return {"grid": f"{place % 8},{place // 8}"}


def _grid(recipe: Recipe) -> tuple[int, int]:
    x, y = str(recipe.get("grid", "0,0")).split(",")
    return int(x), int(y)


def _two_qualities(random: np.random.Generator) -> tuple[int, int]:
    """Draw two qualities at least 10 apart, in either order."""
    low = int(random.choice(np.arange(50, 76, 5)))
    high = int(random.choice(np.arange(low + 10, 96, 5)))
    return (low, high) if random.random() < 0.5 else (high, low)
