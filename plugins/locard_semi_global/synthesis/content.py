"""What a region is filled with: cut out, scaled, turned, mirrored, toned. Functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.synthesis.sources import is_rich

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.synthesis.regions import Area
    from locard_semi_global.synthesis.sources import Size

LEAST_SCALE, MOST_SCALE = 0.5, 1.6
FILTERS = ("bilinear", "bicubic", "lanczos")
_RICH_TRIES = 5
_PLACES = 32
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Motion:
    """How content gets from where it was to where it goes.

    Attributes:
        scale: Of both sides.
        angle: Anticlockwise, in degrees.
        mirrored: Whether left and right are swapped.
        filter: Which filter scales it.
    """

    scale: float = 1.0
    angle: float = 0.0
    mirrored: bool = False
    filter: str = "bicubic"

    def source(self, width: int, height: int) -> Size:
        """Return how much is needed to fill a box: width and height, in pixels."""
        if self.scale == 1 and self.angle == 0:
            return width, height
        turn = np.deg2rad(self.angle)
        cosine, sine = abs(float(np.cos(turn))), abs(float(np.sin(turn)))
        across, down = width * cosine + height * sine, width * sine + height * cosine
        return max(2, int(np.ceil(across / self.scale))), max(2, int(np.ceil(down / self.scale)))

    def fitted(self, width: int, height: int, room: Size) -> Motion:
        """Return this, or a motion near it that needs no more than there is.

        Args:
            width: Of the box to fill, in pixels.
            height: Of the box.
            room: Width and height of what there is, in pixels.
        """
        if self._fits(width, height, room):
            return self
        upright = Motion(self.scale, 0.0, self.mirrored, self.filter)
        if upright._fits(width, height, room):
            return upright
        scale = float(np.ceil(max(width / room[0], height / room[1]) * 100) / 100)
        return Motion(max(scale, 1.0), 0.0, self.mirrored, self.filter)

    def _fits(self, width: int, height: int, room: Size) -> bool:
        return all(
            need <= there for need, there in zip(self.source(width, height), room, strict=True)
        )


def draw_motion(random: np.random.Generator, scaled: float, turned: float) -> Motion:
    """Draw a motion.

    Args:
        random: Where chance comes from.
        scaled: Share of motions that scale.
        turned: Share that turn.
    """
    scale = angle = None
    if random.random() < scaled:
        scale = round(float(random.uniform(LEAST_SCALE, MOST_SCALE)), 3)
    if random.random() < turned:
        angle = round(float(random.choice((90.0, 180.0, 270.0, random.uniform(-45, 45)))), 1)
    return Motion(
        scale or 1.0, angle or 0.0, bool(random.random() < 0.25), str(random.choice(FILTERS))
    )


def carried(
    source: NDArray[np.uint8], motion: Motion, width: int, height: int
) -> NDArray[np.uint8]:
    """Fill a box with content.

    Args:
        source: uint8, (H, W, 3): as much as :meth:`Motion.source` says.
        motion: How.
        width: Of the box, in pixels.
        height: Of the box.

    Returns:
        uint8, (height, width, 3). Where nothing is scaled or turned, not a value changes.
    """
    from PIL import Image as Pillow

    if motion.mirrored:
        source = np.ascontiguousarray(source[:, ::-1])
    if motion.scale == 1 and motion.angle == 0:
        return source[:height, :width]
    picture = Pillow.fromarray(np.ascontiguousarray(source))
    if motion.scale != 1:
        resampling = Pillow.Resampling[motion.filter.upper()]
        wide = max(width if motion.angle == 0 else 1, round(source.shape[1] * motion.scale))
        high = max(height if motion.angle == 0 else 1, round(source.shape[0] * motion.scale))
        picture = picture.resize((wide, high), resampling)
    if motion.angle % 90:
        picture = picture.rotate(motion.angle, Pillow.Resampling.BICUBIC)
    pixels = np.asarray(picture)
    turned = pixels if motion.angle % 90 else np.rot90(pixels, round(motion.angle / 90))
    return _central(turned, width, height)


def _central(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Cut out the middle; a row or column that rounding left out is repeated."""
    down, across = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
    if down or across:
        pixels = np.pad(pixels, ((0, down), (0, across), (0, 0)), mode="edge")
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def reduced(
    pixels: NDArray[np.uint8],
    width: int,
    height: int,
    reduction: float,
    random: np.random.Generator,
) -> NDArray[np.uint8]:
    """Cut a random part out of a photograph and reduce it; a part with detail, if one is found.

    Args:
        pixels: uint8, (H, W, 3).
        width: Of the result, in pixels.
        height: Of the result.
        reduction: How many times smaller; 1 leaves every value as it is.
        random: Where chance comes from.
    """
    rows, columns = pixels.shape[:2]
    across, down = min(float(columns), reduction * width), min(float(rows), reduction * height)
    step = max(1, round(reduction))
    for _ in range(_RICH_TRIES):
        left, top = (float(random.uniform(0, 1)) * room for room in (columns - across, rows - down))
        if reduction == 1:
            left, top = float(round(left)), float(round(top))
        x, y = int(left), int(top)
        if is_rich(pixels[y : y + int(down) : step, x : x + int(across) : step]):
            break
    if reduction == 1:
        return np.ascontiguousarray(pixels[y : y + height, x : x + width])
    return _resampled(pixels, (left, top, left + across, top + down), width, height)


def _resampled(
    pixels: NDArray[np.uint8], box: tuple[float, float, float, float], width: int, height: int
) -> NDArray[np.uint8]:
    """Resample a part of a picture with Lanczos-3, widened by the reduction."""
    from PIL import Image as Pillow

    # Only what the kernel reaches is handed over.
    reach = int(3 * max((box[2] - box[0]) / width, (box[3] - box[1]) / height)) + 2
    x, y = max(0, int(box[0]) - reach), max(0, int(box[1]) - reach)
    cut = pixels[y : int(box[3]) + reach, x : int(box[2]) + reach]
    shifted = (box[0] - x, box[1] - y, box[2] - x, box[3] - y)
    picture = Pillow.fromarray(np.ascontiguousarray(cut))
    return np.asarray(picture.resize((width, height), Pillow.Resampling.LANCZOS, box=shifted))


def draw_tone(random: np.random.Generator) -> tuple[float, float, float, float]:
    """Draw a change of tone: contrast, brightness in grey levels, gamma, saturation."""
    return (
        round(float(random.uniform(0.8, 1.25)), 3),
        round(float(random.uniform(-20, 20)), 1),
        round(float(random.uniform(0.8, 1.25)), 3),
        round(float(random.uniform(0.7, 1.3)), 3),
    )


def toned(pixels: NDArray[np.uint8], tone: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """Change the tone of content, as :func:`draw_tone` says.

    Args:
        pixels: uint8, (H, W, 3).
        tone: Contrast, brightness, gamma, saturation.
    """
    contrast, brightness, gamma, saturation = tone
    curve = 255 * (np.arange(256, dtype=np.float32) / 255) ** gamma
    values = np.clip(contrast * (curve - 128) + 128 + brightness, 0, 255)[pixels]
    grey = (values @ _LUMA)[..., None]
    changed: NDArray[np.uint8] = np.clip(
        np.rint(grey + saturation * (values - grey)), 0, 255
    ).astype(np.uint8)
    return changed


def pasted(host: NDArray[np.uint8], content: NDArray[np.uint8], area: Area) -> NDArray[np.uint8]:
    """Return the host with content in a region; outside the region not a bit of it changes.

    Args:
        host: uint8, (H, W, 3).
        content: uint8, for the box of the area.
        area: Where.
    """
    box = np.s_[area.top : area.top + area.height, area.left : area.left + area.width]
    opacity = area.region.opacity[box][..., None]
    mixed = host[box] + opacity * (content.astype(np.float32) - host[box])
    tampered = host.copy()
    tampered[box] = np.rint(mixed)
    return tampered


def elsewhere(random: np.random.Generator, area: Area, need: Size, room: Size) -> tuple[int, int]:
    """Draw where in the same picture content is taken from, away from where it goes.

    Args:
        random: Where chance comes from.
        area: Where it goes.
        need: Width and height of what is taken.
        room: Width and height of the picture.

    Returns:
        Left edge and upper edge: of many places the one that overlaps least with the area's box.
    """
    best, least = (0, 0), np.inf
    for _ in range(_PLACES):
        x = int(random.integers(0, room[0] - need[0] + 1))
        y = int(random.integers(0, room[1] - need[1] + 1))
        across = min(x + need[0], area.left + area.width) - max(x, area.left)
        down = min(y + need[1], area.top + area.height) - max(y, area.top)
        overlap = max(0, across) * max(0, down)
        if overlap < least:
            best, least = (x, y), overlap
        if overlap == 0:
            break
    return best
