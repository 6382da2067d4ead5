"""Which decoders decide what pixels are: for receipts and cache keys."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

JPEGLIB_BACKEND = "turbo210"
"""Which of jpeglib's libraries reads: its default, libjpeg 6b, has no arithmetic coding."""


@cache
def decoder_id() -> str:
    """Return names and versions of the decoders, for example ``simplejpeg 1.9.0; pillow 13.0.0``.

    Pictures that were decoded under two different texts may differ in their last bits.
    """
    from PIL import features

    parts = [f"{name} {version(name)}" for name in ("simplejpeg", "pillow", "jpeglib")]
    parts[-1] += f" ({JPEGLIB_BACKEND})"
    parts += [f"{name} {version(name)}" for name in ("tifffile", "imagecodecs")]
    parts.append(f"libjpeg-turbo {features.version('libjpeg_turbo') or 'unknown'} in pillow")
    return "; ".join(parts)
