"""Makes the demo's exhibits from scikit-image's photographs: known histories, known answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def make_exhibits(folder: Path) -> dict[str, str]:
    """Write the exhibits into a folder.

    Args:
        folder: Made where it does not exist.

    Returns:
        What was done to each file, by file name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    makers: dict[str, tuple[Callable[[Path], None], str]] = {
        "launch.jpg": (_untouched, "an untouched JPEG"),
        "renamed-launch.jpg": (_untouched, "the same file under another name"),
        "coffee-crop.png": (_cropped, "a JPEG that was cut by 5 columns and 3 rows"),
        "astronaut-splice.jpg": (_spliced, "a cat from another photograph pasted in, saved again"),
        "broken.jpg": (_broken, "a JPEG that ends in the middle of its data"),
    }
    for name, (make, _) in makers.items():
        make(folder / name)
    return {name: told for name, (_, told) in makers.items()}


def photograph_path(name: str) -> Path:
    """Return where scikit-image keeps one of its pictures."""
    return Path(skimage.data.__file__).parent / name


def photograph_pixels(name: str) -> Pixels:
    """Return one of scikit-image's pictures: uint8, (height, width, 3)."""
    with Image.open(photograph_path(name)) as photograph:
        return np.asarray(photograph.convert("RGB"))


def through_jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Return pixels after a JPEG compression: uint8, (height, width, 3)."""
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as decoded:
        return np.asarray(decoded.convert("RGB"))


def _untouched(path: Path) -> None:
    shutil.copyfile(photograph_path("rocket.jpg"), path)


def _cropped(path: Path) -> None:
    once = through_jpeg(photograph_pixels("coffee.png"), quality=80)
    Image.fromarray(once[3:, 5:]).save(path)


def _spliced(path: Path) -> None:
    """Paste what was never compressed into what was, and save the whole at another quality.

    The host then carries two compressions and the pasted part one, which is what double
    quantisation shows.
    """
    host = through_jpeg(photograph_pixels("astronaut.png"), quality=60).copy()
    donor = photograph_pixels("chelsea.png")
    y, x = np.mgrid[:200, :200]
    inside = (x - 100) ** 2 + (y - 100) ** 2 < 95**2
    part = host[290:490, 20:220]
    part[inside] = donor[40:240, 110:310][inside]
    Image.fromarray(host).save(path, "JPEG", quality=92)


def _broken(path: Path) -> None:
    whole = photograph_path("retina.jpg").read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
