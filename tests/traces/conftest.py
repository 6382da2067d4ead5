"""Pictures for the tests of the trace detectors, written by real encoders."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image as Pillow

from locard import Image

Pixels = NDArray[np.uint8]
Save = Callable[..., bytes]


def _save(pixels: NDArray[Any], file_format: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def _degenerate() -> dict[str, bytes]:
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    cmyk = io.BytesIO()
    Pillow.fromarray(noise).convert("CMYK").save(cmyk, "JPEG")
    pictures = {
        "1x1": noise[:1, :1],
        "7x5": noise[:5, :7],
        "33x31": noise[:31, :33],
        "one-row": noise[:1],
        "one-colour": np.full((96, 96, 3), 120, np.uint8),
        "black": np.zeros((96, 96, 3), np.uint8),
        "saturated": np.full((96, 96, 3), 255, np.uint8),
        "two-colours": np.where(np.arange(96)[:, None, None] < 48, noise[0, 0], noise[9, 9]),
        "grey": noise[..., 0],
        "noise": noise,
    }
    files = {f"{name}.jpg": _save(picture) for name, picture in pictures.items()}
    files |= {f"{name}.png": _save(picture, "PNG") for name, picture in pictures.items()}
    files["16-bit.png"] = _save((noise[..., 0].astype(np.uint16) << 8) + 7, "PNG")
    files["cmyk.jpg"] = cmyk.getvalue()
    return files


DEGENERATE = _degenerate()


@pytest.fixture(scope="session")
def save() -> Save:
    """Encode an array as a file."""
    return _save


@pytest.fixture(scope="session")
def resave() -> Callable[..., Pixels]:
    """Compress an array as JPEG, and decode it again."""

    def resave(pixels: Pixels, quality: int) -> Pixels:
        data = _save(pixels, quality=quality, subsampling=0)
        return np.asarray(Pillow.open(io.BytesIO(data)))

    return resave


@pytest.fixture(scope="session")
def photograph() -> Pixels:
    """A photograph that was never compressed at this size: 400×600."""
    return np.asarray(skimage.data.coffee())


@pytest.fixture(scope="session")
def other_photograph() -> Pixels:
    """Another one: 300×451."""
    return np.asarray(skimage.data.chelsea())


@pytest.fixture(params=sorted(DEGENERATE))
def degenerate(request: pytest.FixtureRequest) -> Image:
    """Small, flat, grey, deep and strange pictures, one after another."""
    return Image.from_bytes(DEGENERATE[request.param], name=request.param)
