"""What treatments and synthetic data sets do to pixels: pure functions of arrays."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

JPEG_LARGEST_SIDE = 65500
"""libjpeg's JPEG_MAX_DIMENSION, in pixels."""

_FAST = 1


def scaled_length(length: int, factor: float) -> int:
    """Return a side's length after scaling: rounded, halves up."""
    return int(length * factor + 0.5)


def resize(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Resample with Lanczos-3, the kernel widened by the factor where the picture shrinks.

    Args:
        pixels: uint8, (H, W) or (H, W, 3).
        height: New height in pixels.
        width: New width in pixels.
    """
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((width, height), Pillow.Resampling.LANCZOS))


def nearest(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Resample a mask: each pixel takes the value at its centre.

    Args:
        mask: bool, (H, W).
        height: New height in pixels.
        width: New width in pixels.
    """
    rows = (2 * np.arange(height) + 1) * mask.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * mask.shape[1] // (2 * width)
    resampled: NDArray[np.bool_] = mask[rows[:, None], columns[None, :]]
    return resampled


def blur(pixels: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Smooth each channel with a Gaussian, cut off at 4 sigma, mirrored at the border; rounded.

    Args:
        pixels: uint8, (H, W) or (H, W, 3).
        sigma: In pixels.
    """
    from scipy.ndimage import gaussian_filter

    values = pixels.astype(np.float32)
    return _rounded(gaussian_filter(values, sigma, mode="mirror", truncate=4.0, axes=(0, 1)))


def add_noise(
    pixels: NDArray[np.uint8], sigma: float | NDArray[np.float64], seed: int
) -> NDArray[np.uint8]:
    """Add Gaussian noise, independent in each pixel and channel; rounded and clipped.

    Args:
        pixels: uint8, (H, W) or (H, W, 3).
        sigma: In grey levels; one, or one for each value.
        seed: Any whole number from 0.
    """
    # The stream of RandomState never changes between versions of numpy (NEP 19); that of the
    # newer generators may.
    generator = np.random.MT19937(np.random.SeedSequence(seed))
    noise = np.random.RandomState(generator).standard_normal(pixels.shape)
    return _rounded(pixels + sigma * noise)


def encode_jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """Return a baseline JPEG by Pillow: IJG tables of the quality, colours 4:2:0, no metadata.

    Args:
        pixels: uint8, (H, W) or (H, W, 3).
        quality: 1 to 100.

    Raises:
        ValueError: A side is longer than :data:`JPEG_LARGEST_SIDE`.
    """
    from PIL import Image as Pillow

    if max(pixels.shape[:2]) > JPEG_LARGEST_SIDE:
        raise ValueError(f"a JPEG cannot have a side of {max(pixels.shape[:2])} pixels")
    file = io.BytesIO()
    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    picture.save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return file.getvalue()


def encode_png(pixels: NDArray[Any]) -> bytes:
    """Return a PNG without any ancillary chunk.

    Args:
        pixels: uint8 or uint16, (H, W) or (H, W, 3).
    """
    import imagecodecs

    return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels), level=_FAST))


def _rounded(values: NDArray[Any]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded
