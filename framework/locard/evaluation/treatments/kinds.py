"""What images go through between a camera and a file of evidence, applied on the fly.

A detector that was measured on untouched files alone was not measured for case work: pictures are
saved again, resized and passed on by programs that keep nothing of the old file. Each treatment is
a pure function of pixels and a name, so that the same file always gives the same copy, byte for
byte, with the same versions of numpy, SciPy, Pillow and imagecodecs.

A treatment sees what detectors see: 8-bit RGB (:attr:`locard.Image.pixels`), or one channel where
the picture is grey. Of 16-bit samples the high byte is kept, CMYK becomes RGB without a profile,
opacity is left out. Only ``png`` keeps 16 bits. No header, profile or metadata is taken along.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from locard.errors import LocardError
from locard.evaluation.treatments.pixels import (
    JPEG_LARGEST_SIDE,
    add_noise,
    blur,
    encode_jpeg,
    encode_png,
    nearest,
    resize,
    scaled_length,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Image

Axis = Literal["x", "y"]

STANDARD = (
    "jpeg-90",
    "jpeg-80",
    "jpeg-70",
    "scale-0.75",
    "scale-1.25",
    "blur",
    "noise",
    "png",
)
"""The treatments of a robustness table."""

SMALLEST_SIDE = 8
"""No copy is made smaller than this, in pixels: less than one JPEG block says nothing."""

_BLUR_SIGMA = 1.0
_NOISE_SIGMA = 3.0
_FACTORS = (0.1, 4.0)
_FORMS = (
    "jpeg-Q (Q from 1 to 100)",
    f"scale-F (F from {_FACTORS[0]:g} to {_FACTORS[1]:g})",
    "crop-X-Y (columns and rows cut off at the left and the top)",
    "blur",
    "noise",
    "png",
)


class TreatmentError(LocardError):
    """There is no such treatment, or a picture cannot be treated so."""


class Treatment(ABC):
    """Something that is done to a picture before it is examined. Picklable."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What :func:`parse` knows it by."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What is done, as part of a sentence."""

    def apply(self, image: Image) -> bytes:
        """Return the treated copy of an image as a file.

        Returns:
            A PNG, or for ``jpeg-Q`` a JPEG; deterministic.

        Raises:
            TreatmentError: The picture cannot be treated so: it would become too small or is too
                large for the format.
            ImageError: The picture cannot be decoded.
        """
        return encode_png(self._pixels(_visible(image), image))

    def truth(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return where the truth lies in the treated copy.

        Args:
            mask: bool, shape (H, W) of the untreated picture.

        Returns:
            bool, with the treated picture's shape.
        """
        return mask

    def places(self, along: NDArray[np.float64], axis: Axis, length: int) -> NDArray[np.float64]:
        """Return where points of the untreated picture lie in the treated copy.

        Args:
            along: Points along an axis, in pixels; 0 is the centre of the first pixel.
            axis: ``x`` or ``y``.
            length: Of the untreated picture along this axis, in pixels.

        Returns:
            The same points in pixels of the copy; they may lie outside it.
        """
        return along

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[Any]:
        """Return the treated pixels, uint8, (H, W) or (H, W, 3)."""
        return pixels


@dataclass(frozen=True, slots=True)
class Recompressed(Treatment):
    """Saved as JPEG by Pillow (libjpeg-turbo): IJG tables, 4:2:0, integer DCT, one scan.

    Attributes:
        quality: IJG quality, 1 to 100.
    """

    quality: int

    @property
    def name(self) -> str:
        """``jpeg-90``."""
        return f"jpeg-{self.quality}"

    @property
    def words(self) -> str:
        """What is done."""
        return f"saved as JPEG at quality {self.quality}, 4:2:0"

    def apply(self, image: Image) -> bytes:
        """See :meth:`Treatment.apply`."""
        if max(image.width, image.height) > JPEG_LARGEST_SIDE:
            raise TreatmentError(
                f"a picture of {image.width}×{image.height} pixels cannot be saved as JPEG",
                f"Its sides may have {JPEG_LARGEST_SIDE} pixels at most; leave {self.name} out.",
            )
        return encode_jpeg(_visible(image), self.quality)


@dataclass(frozen=True, slots=True)
class Scaled(Treatment):
    """Resized with Lanczos-3 (Pillow; the kernel is widened where the picture shrinks).

    Attributes:
        factor: Of both sides; lengths are rounded, halves up.
    """

    factor: float

    @property
    def name(self) -> str:
        """``scale-0.75``."""
        return f"scale-{self.factor:g}"

    @property
    def words(self) -> str:
        """What is done."""
        return f"resized to {self.factor:g} times its size (Lanczos)"

    def truth(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """See :meth:`Treatment.truth`; each pixel takes the nearest one's value."""
        height, width = mask.shape
        return nearest(mask, scaled_length(height, self.factor), scaled_length(width, self.factor))

    def places(self, along: NDArray[np.float64], axis: Axis, length: int) -> NDArray[np.float64]:
        """See :meth:`Treatment.places`."""
        return (along + 0.5) * scaled_length(length, self.factor) / length - 0.5

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
        from locard.image.limits import check_size

        height, width = (scaled_length(side, self.factor) for side in pixels.shape[:2])
        _refuse_small(self, pixels, height, width)
        check_size(width, height, None)
        return resize(pixels, height, width)


@dataclass(frozen=True, slots=True)
class Cropped(Treatment):
    """Cut at the left and the top, which moves every grid that the picture carries.

    Attributes:
        columns: Columns cut off at the left.
        rows: Rows cut off at the top.
    """

    columns: int
    rows: int

    @property
    def name(self) -> str:
        """``crop-3-5``."""
        return f"crop-{self.columns}-{self.rows}"

    @property
    def words(self) -> str:
        """What is done."""
        return f"cut by {self.columns} px at the left and {self.rows} px at the top"

    def truth(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """See :meth:`Treatment.truth`."""
        return mask[self.rows :, self.columns :]

    def places(self, along: NDArray[np.float64], axis: Axis, length: int) -> NDArray[np.float64]:
        """See :meth:`Treatment.places`."""
        return along - (self.columns if axis == "x" else self.rows)

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
        height, width = pixels.shape[:2]
        _refuse_small(self, pixels, height - self.rows, width - self.columns)
        return pixels[self.rows :, self.columns :]


@dataclass(frozen=True, slots=True)
class Blurred(Treatment):
    """Smoothed with a Gaussian of sigma 1 px, cut off at 4 sigma, mirrored at the border."""

    @property
    def name(self) -> str:
        """``blur``."""
        return "blur"

    @property
    def words(self) -> str:
        """What is done."""
        return f"smoothed with a Gaussian of sigma {_BLUR_SIGMA:g} px"

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
        return blur(pixels, _BLUR_SIGMA)


@dataclass(frozen=True, slots=True)
class Noisy(Treatment):
    """Gaussian noise of sigma 3 grey levels, independent in each pixel and channel.

    The seed is the file's SHA-256, so that the same file always gets the same noise.
    """

    @property
    def name(self) -> str:
        """``noise``."""
        return "noise"

    @property
    def words(self) -> str:
        """What is done."""
        return f"with Gaussian noise of sigma {_NOISE_SIGMA:g} grey levels added"

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
        return add_noise(pixels, _NOISE_SIGMA, seed=int(image.sha256, 16))


@dataclass(frozen=True, slots=True)
class Stored(Treatment):
    """Decoded and stored without loss: the pixels stay, the file's structure is gone."""

    @property
    def name(self) -> str:
        """``png``."""
        return "png"

    @property
    def words(self) -> str:
        """What is done."""
        return "decoded and stored as PNG"

    def apply(self, image: Image) -> bytes:
        """See :meth:`Treatment.apply`; 16-bit grey and RGB keep their depth."""
        deep = image.native.dtype == np.uint16 and image.header.channels in (1, 3)
        return encode_png(image.native if deep else _visible(image))


def parse(name: str) -> Treatment:
    """Return the treatment of a name: ``jpeg-Q``, ``scale-F``, ``crop-X-Y``, ``blur``, ``noise``.

    Args:
        name: As in :data:`STANDARD`, with any quality or factor.

    Raises:
        TreatmentError: There is none; the message lists what there is.
    """
    for pattern, make in _MAKERS:
        found = re.fullmatch(pattern, name, re.ASCII)
        treatment = make(*found.groups()) if found else None
        if treatment is not None:
            return treatment
    raise TreatmentError(f"there is no treatment {name!r}", f"There are: {', '.join(_FORMS)}.")


def _recompressed(quality: str) -> Treatment | None:
    return Recompressed(int(quality)) if 1 <= int(quality) <= 100 else None


def _scaled(factor: str) -> Treatment | None:
    low, high = _FACTORS
    return Scaled(float(factor)) if low <= float(factor) <= high else None


def _cropped(columns: str, rows: str) -> Treatment | None:
    return Cropped(int(columns), int(rows))


_MAKERS: tuple[tuple[str, Callable[..., Treatment | None]], ...] = (
    (r"jpeg-(\d{1,3})", _recompressed),
    (r"scale-(\d{1,3}(?:\.\d{1,4})?)", _scaled),
    (r"crop-(\d{1,3})-(\d{1,3})", _cropped),
    ("blur", Blurred),
    ("noise", Noisy),
    ("png", Stored),
)


def _visible(image: Image) -> NDArray[np.uint8]:
    """Return what detectors see, in one channel where the picture has one."""
    return image.pixels[:, :, 0] if image.header.channels == 1 else image.pixels


def _refuse_small(treatment: Treatment, pixels: NDArray[np.uint8], height: int, width: int) -> None:
    if min(height, width) < SMALLEST_SIDE:
        raise TreatmentError(
            f"a picture of {pixels.shape[1]}×{pixels.shape[0]} pixels, {treatment.words}, would "
            f"have a side of fewer than {SMALLEST_SIDE} pixels",
            "Leave this treatment out, or examine a larger picture.",
        )
