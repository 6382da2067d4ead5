"""How large a picture may be."""

from __future__ import annotations

import os

from locard.errors import ImageError, LocardError

VARIABLE = "LOCARD_MAX_MEGAPIXELS"
DEFAULT_MEGAPIXELS = 250.0


def max_pixels_allowed() -> int:
    """Return the largest number of pixels that is decoded.

    It is 250 million, or what ``LOCARD_MAX_MEGAPIXELS`` says.

    Raises:
        LocardError: The variable is not a positive number.
    """
    text = os.environ.get(VARIABLE, "").strip()
    try:
        megapixels = float(text) if text else DEFAULT_MEGAPIXELS
        if not 0 < megapixels < float("inf"):
            raise ValueError
    except ValueError:
        raise LocardError(
            f"{VARIABLE} is {text!r}, which is not a positive number",
            f"Set it to a number of megapixels, or unset it for {DEFAULT_MEGAPIXELS:g}.",
        ) from None
    return int(megapixels * 1e6)


def check_size(width: int, height: int, max_pixels: int | None) -> None:
    """Refuse a picture by the size that its header declares, before anything is allocated.

    Args:
        width: Declared width in pixels.
        height: Declared height in pixels.
        max_pixels: The limit; None for :func:`max_pixels_allowed`.

    Raises:
        ImageError: ``too-large``, or ``corrupt`` where a side is not positive.
    """
    if width <= 0 or height <= 0:
        raise ImageError("corrupt", f"the header declares {width}×{height} pixels")
    limit = max_pixels_allowed() if max_pixels is None else max_pixels
    if width * height > limit:
        raise ImageError(
            "too-large",
            f"the header declares {width:,}×{height:,} pixels, which is "
            f"{width * height / 1e6:,.1f} megapixels; the limit is {limit / 1e6:g}",
            f"Raise {VARIABLE} if the file is genuine and the machine has the memory.",
        )
