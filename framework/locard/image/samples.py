"""Decoded samples, and how pixels and luma follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What a decoder gave.

    Attributes:
        native: uint8 or uint16, shape (H, W), (H, W, 3) or (H, W, 4) for CMYK, where 0 is no ink.
        alpha: uint8, shape (H, W), or None.
        notes: What the decoder met.
    """

    native: NDArray[Any]
    alpha: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()


def to_pixels(native: NDArray[Any]) -> NDArray[np.uint8]:
    """Return 8-bit RGB.

    Args:
        native: As in :class:`Samples`. 16-bit samples give their high byte, grey is repeated, CMYK
            becomes ``(255 − C)·(255 − K)/255`` and so on, rounded, without a profile.

    Returns:
        uint8, shape (H, W, 3), C-contiguous, read-only.
    """
    eight = to_high_byte(native)
    if eight.ndim == 2:
        eight = np.repeat(eight[:, :, None], 3, axis=2)
    elif eight.shape[2] == 4:
        eight = _without_ink(eight)
    return read_only(np.ascontiguousarray(eight))


def to_luma(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return .299 R + .587 G + .114 B (ITU-R BT.601), unrounded.

    Args:
        pixels: uint8, shape (H, W, 3).

    Returns:
        float32, shape (H, W), read-only.
    """
    # Term by term: a matrix product may add in another order on another machine.
    luma = pixels[:, :, 0] * np.float32(0.299)
    luma += pixels[:, :, 1] * np.float32(0.587)
    luma += pixels[:, :, 2] * np.float32(0.114)
    return read_only(luma)


def to_high_byte(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Return uint8 samples as they are, of uint16 samples the high byte; C-contiguous."""
    high = (samples >> 8).astype(np.uint8) if samples.dtype == np.uint16 else samples
    return np.ascontiguousarray(high, dtype=np.uint8)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Forbid writing to an array, and return it."""
    array.flags.writeable = False
    return array


def _without_ink(cmyk: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image as PillowImage

    height, width, _ = cmyk.shape
    inks = PillowImage.frombuffer("CMYK", (width, height), np.ascontiguousarray(cmyk).tobytes())
    return np.asarray(inks.convert("RGB"))
