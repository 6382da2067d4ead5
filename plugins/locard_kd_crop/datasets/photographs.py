"""Photographs of which pictures are cut: which can be used, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from locard.errors import ImageError, LocardError
from locard.evaluation.datasets.building import Unusable
from locard.text import printable
from locard_kd_crop.datasets.tables import Tables, tables_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Image, Metadata

LEAST_SIDE = 96
"""Smallest side in pixels that a picture of 64 can be cut from, with the room that takes."""

_BITS = 8
_COLOURS = 3


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph that can be used.

    Attributes:
        name: The file's name, printable.
        path: Where it is.
        sha256: Of its bytes.
        width: In pixels.
        height: In pixels.
        camera: Maker and model as EXIF has them; empty where it has none.
        fingerprint: 64 bits: whether brightness grows from one ninth of a row to the next, in each
            eighth of the height. Pictures of one scene differ in few of them.
        tables: Of the camera's own JPEG; None where it is no JPEG or they cannot serve as a last
            step.
        subsampling: ``4:2:0`` and the like; empty where it is no JPEG.
        mcu: Width and height of the camera's MCU, in pixels; (0, 0) where it is no JPEG.
        own: Why the camera's own file cannot be cut, in words; empty where it can.
    """

    name: str
    path: str
    sha256: str
    width: int
    height: int
    camera: str
    fingerprint: int
    tables: Tables | None
    subsampling: str
    mcu: tuple[int, int]
    own: str


@dataclass(frozen=True, slots=True)
class Look:
    """A photograph to read. Whether the pictures asked for fit into it is the plan's business.

    Attributes:
        path: The file.
    """

    path: str

    def inspect(self) -> Photograph | Unusable:
        """Read the whole photograph, and say what it is or why it is passed over."""
        from locard.image import Image

        name = printable(Path(self.path).name)
        try:
            image = Image.from_path(self.path)
            if why := _unfit(image):
                return Unusable(name, why)
            return _photograph(image, name, self.path)
        except LocardError as error:
            broken = not (isinstance(error, ImageError) and error.reason == "unsupported")
            return Unusable(name, error.message, broken=broken)


def _unfit(image: Image) -> str:
    header = image.header
    if header.channels != _COLOURS:
        return "it is grey" if header.channels == 1 else "it is CMYK"
    if header.bits != _BITS:
        return f"it has {header.bits} bits a sample"
    if header.has_alpha or header.palette or header.frames > 1:
        return "it has opacity, a palette or several pages, so it is no photograph"
    if header.jpeg is not None and header.jpeg.unsupported_coding:
        return f"it is a {header.jpeg.unsupported_coding} JPEG"
    if min(header.width, header.height) < LEAST_SIDE:
        return f"{header.width}×{header.height} is too small: it takes {LEAST_SIDE} px a side"
    return ""


def _photograph(image: Image, name: str, path: str) -> Photograph:
    pixels, jpeg, metadata = image.pixels, image.jpeg, image.metadata
    mcu = (0, 0)
    if jpeg is not None:
        mcu = (
            8 * max(component.horizontal for component in jpeg.components),
            8 * max(component.vertical for component in jpeg.components),
        )
    return Photograph(
        name=name,
        path=path,
        sha256=image.sha256,
        width=image.width,
        height=image.height,
        camera=_camera(metadata.exif),
        fingerprint=fingerprint(pixels),
        tables=tables_of(jpeg) if jpeg else None,
        subsampling=jpeg.subsampling if jpeg else "",
        mcu=mcu,
        own=_why_not_own(image, metadata),
    )


def _why_not_own(image: Image, metadata: Metadata) -> str:
    """Return why a file cannot stand for an uncropped photograph of known first tables."""
    jpeg = image.jpeg
    if jpeg is None:
        return "it is no JPEG"
    if tables_of(jpeg) is None or jpeg.colour_space != "YCbCr":
        return "its tables or colours are not those of a photograph"
    stated = (_stated(metadata.exif, "Width", "X"), _stated(metadata.exif, "Height", "Y"))
    if None not in stated and stated != (image.width, image.height):
        return f"its EXIF says {stated[0]}×{stated[1]}: it was cropped, resized or turned"
    return ""


def _stated(exif: Mapping[str, Any], length: str, axis: str) -> int | None:
    """Return a side's length as EXIF has it, in pixels."""
    value = str(exif.get(f"ExifImage{length}") or exif.get(f"Pixel{axis}Dimension") or "")
    return int(value) if value.isascii() and value.isdigit() else None


def _camera(exif: Mapping[str, Any]) -> str:
    words = " ".join(str(exif.get(tag) or "").split("\0")[0] for tag in ("Make", "Model"))
    return printable(" ".join(words.split()))


def fingerprint(pixels: NDArray[np.uint8]) -> int:
    """Return 64 bits in which pictures of one scene are alike.

    Args:
        pixels: uint8, (H, W, 3).

    Returns:
        The difference hash: rows of a picture of 9×8 pixels, one bit for each step that grows.
    """
    from PIL import Image as Pillow

    small = Pillow.fromarray(pixels).convert("L").resize((9, 8), Pillow.Resampling.BOX)
    grey = np.asarray(small).astype(np.int16)
    return int.from_bytes(np.packbits(np.diff(grey, axis=1) > 0).tobytes(), "big")
