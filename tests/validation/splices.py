"""A small data set with known answers, made of scikit-image's photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage
from PIL import Image

from locard.testing.samples import decode, jpeg

SIDE = 224


def write_dataset(folder: Path) -> Path:
    """Write eight authentic photographs and eight splices with their masks, in layout ``folder``.

    Authentic ones are JPEG files opened and stored as PNG. A splice is the same with a part of
    another one pasted in off the grid: the part's block grid lies elsewhere.
    """
    crops = [*_crops("astronaut.png"), *_crops("coffee.png")]
    for name in ("authentic", "tampered/splice", "masks"):
        (folder / name).mkdir(parents=True)
    for number, crop in enumerate(crops):
        authentic = decode(jpeg(crop, 70))
        Image.fromarray(authentic).save(folder / "authentic" / f"a{number}.png")
        pixels, mask = _spliced(crop, crops[number - 1])
        Image.fromarray(pixels).save(folder / "tampered" / "splice" / f"s{number}.png")
        Image.fromarray(mask).save(folder / "masks" / f"s{number}.png")
    return folder


def _crops(name: str) -> list[np.ndarray]:
    path = Path(skimage.__file__).parent / "data" / name
    pixels = np.asarray(Image.open(path).convert("RGB"))
    corners = ((0, 0), (0, 224), (170, 0), (170, 224))
    return [pixels[y : y + SIDE, x : x + SIDE] for y, x in corners]


def _spliced(scene: np.ndarray, donor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels, other = decode(jpeg(scene, 70)).copy(), decode(jpeg(donor, 50))
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[51:179, 43:171] = 255
    pixels[51:179, 43:171] = other[64:192, 64:192]
    return pixels, mask
