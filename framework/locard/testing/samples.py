"""Pictures for the conformance kit, made in memory from a seed.

The scene is photograph-like in what detectors look at: smooth light, edges, texture, and noise
that grows with brightness and is shared between the colours as after demosaicing. It is no
photograph: whether a method is any good must be measured on real ones.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_SEED = 1910


@dataclass(frozen=True, slots=True)
class Sample:
    """An image file of the kit.

    Attributes:
        name: What messages call it; ends like the file's name would.
        data: The file's bytes.
    """

    name: str
    data: bytes


def photograph(height: int, width: int, seed: int = _SEED) -> Pixels:
    """Return a photograph-like picture.

    Args:
        height: In pixels.
        width: In pixels.
        seed: The same seed gives the same picture.

    Returns:
        uint8, shape (height, width, 3), RGB.
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64) / max(height, width)
    light = np.zeros((height, width, 3))
    for _ in range(4):
        fx, fy, phase = random.uniform(-5, 5), random.uniform(-5, 5), random.uniform(0, 6.28)
        light += np.cos(fx * x + fy * y + phase)[..., None] * random.uniform(5, 22, 3)
    for _ in range(10):
        cx, cy, radius = random.uniform(0, 1), random.uniform(0, 1), random.uniform(0.03, 0.2)
        inside = (x - cx) ** 2 + (y - cy) ** 2 < radius**2
        light[inside] += random.uniform(-45, 45, 3)
    texture = 6 * np.sin(90 * x + 12 * np.sin(25 * y))
    scene = np.clip(118 + light + texture[..., None], 2, 253)
    noise = random.standard_normal((height, width, 3)) * np.sqrt(1 + scene / 40)
    result: Pixels = np.clip(np.rint(scene + _demosaiced(noise)), 0, 255).astype(np.uint8)
    return result


def _demosaiced(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average each value with its right neighbour, as interpolation of a colour filter does."""
    result: NDArray[np.float64] = (noise + np.roll(noise, 1, axis=1)) / np.sqrt(2)
    return result


def encode(
    pixels: NDArray[Any], file_format: str, mode: str | None = None, **options: Any
) -> bytes:
    """Return the picture as a file.

    Args:
        pixels: What :func:`PIL.Image.fromarray` takes, above all uint8 of shape (H, W, 3) or
            (H, W).
        file_format: Pillow's name ("JPEG", "PNG", "TIFF", "WEBP", "BMP").
        mode: Pillow's mode to convert to ("CMYK", "P", …).
        **options: Pillow's options for the format (``quality``, ``progressive``, …).
    """
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    if mode is not None:
        picture = picture.convert(mode)
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def jpeg(pixels: Pixels, quality: int = 88, **options: Any) -> bytes:
    """Return the picture as a JPEG file."""
    return encode(pixels, "JPEG", quality=quality, **options)


def decode(data: bytes) -> Pixels:
    """Return the RGB pixels of a file, as an image editor would see them."""
    from PIL import Image as Pillow

    with Pillow.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


@cache
def photographs(side: int) -> tuple[Sample, ...]:
    """Return ordinary files: what a step meets every day, with and without traces.

    Args:
        side: The shorter side, in pixels.
    """
    scene = photograph(side, side * 4 // 3)
    once = decode(jpeg(scene, 75))
    return (
        Sample("photograph.png", encode(scene, "PNG")),
        Sample("photograph.jpg", jpeg(scene)),
        Sample("resaved.jpg", jpeg(once, 92)),
        Sample("cropped.jpg", jpeg(once[3:, 5:], 95)),
        Sample("cropped.png", encode(once[3:, 5:], "PNG")),
        Sample("spliced.jpg", jpeg(_spliced(scene), 92)),
        Sample("subsampled-444.jpg", jpeg(scene, 90, subsampling="4:4:4")),
        Sample("photograph.webp", encode(scene, "WEBP", quality=90)),
        Sample("photograph.tif", encode(scene, "TIFF")),
        Sample("photograph.bmp", encode(scene, "BMP")),
    )


def _spliced(scene: Pixels) -> Pixels:
    """Paste a part of another, strongly compressed picture, off the grid."""
    height, width = scene.shape[:2]
    donor = decode(jpeg(photograph(height, width, _SEED + 1), 60))
    result = decode(jpeg(scene, 80)).copy()
    top, left = height // 4 + 3, width // 4 + 5
    rows, columns = height // 3, width // 3
    result[top : top + rows, left : left + columns] = donor[:rows, :columns]
    return result


@cache
def odd_sizes(side: int) -> tuple[Sample, ...]:
    """Return pictures whose sides are no multiple of any block.

    Args:
        side: Smallest side that the step takes.
    """
    base = max(side, 40)
    sizes = ((base + 1, base + 23), (base + 57, base + 6), (base, base + 90))
    return tuple(
        sample
        for height, width in sizes
        for sample in _both(f"odd-{width}x{height}", photograph(height, width))
    )


@cache
def degenerate(side: int, smallest: int) -> tuple[Sample, ...]:
    """Return pictures at the edge of what is a picture, and rare kinds of files.

    Args:
        side: Side of those that are not tiny, in pixels.
        smallest: Smallest side that the step takes.
    """
    tiny = ((1, 1), (5, 7), (1, side), (side, 1), (smallest, smallest))
    scene = photograph(side, side + 8)
    pictures = [
        *((f"tiny-{width}x{height}", photograph(height, width)) for height, width in tiny),
        *_monotonous(scene),
    ]
    return (
        *(sample for name, pixels in pictures for sample in _both(name, pixels)),
        *(Sample(name, make(scene)) for name, make in _RARE_FILES.items()),
    )


def _both(name: str, pixels: Pixels) -> tuple[Sample, Sample]:
    """Return a picture without loss, and as JPEG."""
    return Sample(f"{name}.png", encode(pixels, "PNG")), Sample(f"{name}.jpg", jpeg(pixels))


def _monotonous(scene: Pixels) -> Iterator[tuple[str, Pixels]]:
    """Yield pictures without the variety that statistics rest on."""
    yield "black", np.zeros_like(scene)
    yield "white", np.full_like(scene, 255)
    yield "one-colour", np.full_like(scene, (200, 120, 40))
    yield "saturated", np.where(scene > 128, 255, 0).astype(np.uint8)
    half = scene.copy()
    half[: len(half) // 2] = 255
    yield "half-white", half


def _sixteen_bit_grey(scene: Pixels) -> bytes:
    return encode(scene[..., 1].astype(np.uint16) * 257, "PNG")


def _sixteen_bit_colour(scene: Pixels) -> bytes:
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(file, scene.astype(np.uint16) * 257, photometric="rgb")
    return file.getvalue()


def _with_alpha(scene: Pixels) -> bytes:
    ramp = np.linspace(0, 255, scene.shape[1]).astype(np.uint8)
    alpha = np.broadcast_to(ramp, scene.shape[:2])
    return encode(np.dstack([scene, alpha]), "PNG")


_RARE_FILES: dict[str, Callable[[Pixels], bytes]] = {
    "grey.png": lambda scene: encode(scene, "PNG", "L"),
    "grey.jpg": lambda scene: encode(scene, "JPEG", "L", quality=88),
    "bilevel.png": lambda scene: encode(scene, "PNG", "1"),
    "palette.png": lambda scene: encode(scene, "PNG", "P"),
    "alpha.png": _with_alpha,
    "grey-16-bit.png": _sixteen_bit_grey,
    "colour-16-bit.tif": _sixteen_bit_colour,
    "cmyk.jpg": lambda scene: encode(scene, "JPEG", "CMYK", quality=88),
    "progressive.jpg": lambda scene: jpeg(scene, progressive=True),
    "quality-1.jpg": lambda scene: jpeg(scene, 1),
    "quality-100.jpg": lambda scene: jpeg(scene, 100),
}
