"""Compares the sizes that metadata state with the size that a picture has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MCU = 16
"""Sides of the blocks that lossless tools keep or drop whole are 8 or 16 pixels."""
SAME_SHAPE = 0.01
"""Relative difference of shapes that rounding and resizing explain."""
LARGEST = 2**20
"""No side of a picture is longer; a larger figure is no size."""

Size = tuple[int, int]
"""Width and height, in pixels."""


class Relation(StrEnum):
    """What may have happened between a stated size and the stored one, the most innocent first."""

    EQUAL = "equal"
    TURNED = "turned"
    TRIMMED = "trimmed"
    RESIZED = "resized"
    CUT = "cut"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop that software wrote into XMP.

    Attributes:
        rectangle: Left, top, right and bottom edge as shares of the frame.
        applied: Whether XMP says that the pixels are already cut.
    """

    rectangle: tuple[float, float, float, float]
    applied: bool

    @property
    def missing(self) -> float:
        """Share of the frame that was cut away."""
        left, top, right, bottom = self.rectangle
        return 1 - (right - left) * (bottom - top)


def relation(stored: Size, stated: Size) -> Relation:
    """Say what may lie between a stated and the stored size.

    Args:
        stored: Of the picture.
        stated: By metadata.
    """
    if stored == stated:
        return Relation.EQUAL
    turned = stated[::-1]
    if stored == turned:
        return Relation.TURNED
    for test, found in ((_trimmed, Relation.TRIMMED), (_resized, Relation.RESIZED)):
        if test(stored, stated) or test(stored, turned):
            return found
    if _within(stored, stated) or _within(stored, turned):
        return Relation.CUT
    return Relation.OTHER


def _within(stored: Size, stated: Size) -> bool:
    return stored[0] <= stated[0] and stored[1] <= stated[1]


def _trimmed(stored: Size, stated: Size) -> bool:
    """Return whether only incomplete blocks are gone, as after lossless rotation."""
    sides = tuple(zip(stored, stated, strict=True))
    return all(now == then or (now % 8 == 0 and 0 < then - now < MCU) for now, then in sides)


def _resized(stored: Size, stated: Size) -> bool:
    """Return whether the shape is the same as far as whole pixels allow."""
    factors = [now / then for now, then in zip(stored, stated, strict=True)]
    if stored[0] == stated[0] or stored[1] == stated[1]:
        return False
    rounding = max(1 / now for now in stored)
    return abs(math.log(factors[0] / factors[1])) <= max(SAME_SHAPE, rounding)


def missing_share(stored: Size, stated: Size) -> float:
    """Return the least share of the frame that must be gone, 0 to 1.

    Resizing after the cut cannot be excluded, except where a side still has the stated length; so
    the largest part of the frame that has the picture's shape is taken as still there.

    Args:
        stored: Of the picture.
        stated: By metadata.
    """
    shares = []
    for frame in (stated, stated[::-1]):
        across, down = stored[0] / frame[0], stored[1] / frame[1]
        shares.append(1 - min(across, down) / max(across, down))
    return min(shares)


def whole_number(value: object) -> int | None:
    """Return a length as metadata hold it, a number or digits, or None where it is none."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and len(value) <= 12 and value.strip().isascii():
        value = int(value) if value.strip().isdigit() else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= LARGEST else None


def stated_size(values: Mapping[str, Any], width: str, height: str) -> Size | None:
    """Return the size that two tags or properties state; None where one is missing or none."""
    across, down = whole_number(values.get(width)), whole_number(values.get(height))
    return None if across is None or down is None else (across, down)


def declared_crop(xmp: Mapping[str, Any]) -> Crop | None:
    """Return the crop that Adobe's camera raw settings in XMP declare; None where there is none.

    Args:
        xmp: Properties by qualified name.
    """
    if not _true(xmp.get("crs:HasCrop")):
        return None
    edges = [_share(xmp.get(f"crs:Crop{side}")) for side in ("Left", "Top", "Right", "Bottom")]
    left, top, right, bottom = (
        default if edge is None else edge
        for edge, default in zip(edges, (0.0, 0.0, 1.0, 1.0), strict=True)
    )
    if not (left < right and top < bottom):
        return None
    return Crop((left, top, right, bottom), _true(xmp.get("crs:AlreadyApplied")))


def _true(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() in ("true", "1")


def _share(value: object) -> float | None:
    try:
        share = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def usual_shape(stored: Size) -> str | None:
    """Return the name of the camera shape that a size has within 1 %, or None."""
    shape = max(stored) / min(stored)
    for across, down in ((4, 3), (3, 2), (16, 9), (1, 1), (5, 4)):
        if abs(math.log(shape * down / across)) <= SAME_SHAPE:
            return f"{across}:{down}"
    return None
