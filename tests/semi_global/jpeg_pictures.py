"""Photographs with a known JPEG history, and the parts of the evidence written out plainly."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy.fft import dctn
from skimage import data

from locard_semi_global.evidence.planes import Planes

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "retina")


def photograph(name: str, width: int = 384, height: int = 256) -> NDArray[np.uint8]:
    """Return a photograph that never was a JPEG in this size: it is reduced."""
    whole = Pillow.fromarray(getattr(data, name)())
    return np.asarray(whole.resize((width, height), Pillow.Resampling.BICUBIC))


def through_jpeg(
    pixels: NDArray[np.uint8], quality: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return what a JPEG of some pixels decodes to, and its luma table."""
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=quality)
    with Pillow.open(file) as picture:
        table = np.array(picture.quantization[0], np.int64).reshape(8, 8)  # type: ignore[attr-defined]
        return np.asarray(picture), table


def random_pixels(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def band(planes: Planes, first: int, last: int) -> Planes:
    """Return some rows of cells."""
    return Planes(planes.rgb[8 * first : 8 * last], planes.luma[8 * first : 8 * last])


def plain_dct(plane: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return SciPy's transform of each block: (h, w, 8, 8)."""
    height, width = plane.shape[0] // 8, plane.shape[1] // 8
    blocks = plane.astype(np.float64).reshape(height, 8, width, 8).transpose(0, 2, 1, 3)
    return np.asarray(dctn(blocks, axes=(2, 3), norm="ortho"))


def plain_pooled(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Return means over what lies inside of ``side`` × ``side`` cells; (…, h, w)."""
    height, width = values.shape[-2:]
    reach, means = side // 2, np.empty(values.shape)
    for row in range(height):
        for column in range(width):
            rows = slice(max(0, row - reach), row + reach + 1)
            columns = slice(max(0, column - reach), column + reach + 1)
            means[..., row, column] = values[..., rows, columns].mean(axis=(-2, -1))
    return means
