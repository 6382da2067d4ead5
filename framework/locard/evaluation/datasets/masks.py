"""Reads the masks of data sets, and holds them against the size of their images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.errors import DatasetError
from locard.image import Image
from locard.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

_HALF = 128
_OPAQUE = 255


def read_bright(path: Path, threshold: int = _HALF) -> NDArray[np.bool_]:
    """Read a mask in which bright pixels are the tampered ones.

    Args:
        path: Any image that Locard reads.
        threshold: The darkest luma that is bright, 1 to 255.

    Returns:
        bool, shape (height, width): True where the luma is ``threshold`` or more.

    Raises:
        DatasetError: It cannot be read.
    """
    # Rounded, for white is 254.99998 in 32-bit arithmetic.
    return np.rint(_read(path, lambda image: image.luma)) >= threshold


def read_dark(path: Path) -> NDArray[np.bool_]:
    """Read a mask in which dark pixels are the tampered ones.

    Returns:
        bool, shape (height, width): True where the luma is below 128.

    Raises:
        DatasetError: It cannot be read.
    """
    return ~read_bright(path)


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """Read a mask whose colours have a meaning.

    Returns:
        uint8, shape (height, width, 3).

    Raises:
        DatasetError: It cannot be read.
    """
    return _read(path, lambda image: image.pixels)


def fitted(truth: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Return a mask where it has the size of its image.

    It is never resized or turned: whoever knows why a mask has another size must say so by putting
    a right one in its place.

    Args:
        truth: bool, shape (height, width) of the mask.
        height: Of the image, in pixels.
        width: Of the image.

    Raises:
        DatasetError: It has another size.
    """
    problem = misfit((truth.shape[0], truth.shape[1]), (height, width))
    if problem:
        raise DatasetError(problem, "Put a mask of the image's size in its place.")
    return truth


def misfit(mask: tuple[int, int], image: tuple[int, int]) -> str | None:
    """Return in words how the size of a mask differs from its image's; None where it does not.

    Args:
        mask: Height and width.
        image: Height and width.
    """
    if mask == image:
        return None
    (height, width), (image_height, image_width) = mask, image
    turned = "; it seems to be transposed" if mask == image[::-1] else ""
    return (
        f"the mask has {width} × {height} pixels, the image {image_width} × {image_height}{turned}"
    )


def _read(path: Path, take: Callable[[Image], T]) -> T:
    try:
        image = Image.from_path(path)
        # Colours below transparent pixels are whatever the program left: what they mean, and
        # whether opacity itself is the mask, nobody can know.
        if image.alpha is not None and image.alpha.min() < _OPAQUE:
            raise DatasetError("parts of it are transparent")
        return take(image)
    except (LocardError, OSError) as error:
        reason = error.message if isinstance(error, LocardError) else str(error)
        raise DatasetError(
            f"the mask {printable(str(path))} cannot be read: {reason}",
            "Put a readable mask without transparency in its place.",
        ) from None
