"""Decodes JPEG samples with libjpeg-turbo, and takes no damaged stream.

Pillow passes over what libjpeg calls warnings, lost or altered picture data among them, and fills
what is missing with grey. simplejpeg reports them, and gives the same samples to the last bit: the
accurate integer DCT and smooth chroma upsampling are the defaults of both.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locard.errors import ImageError
from locard.image.coefficients import read_coefficients
from locard.image.hostile import DecoderFailure, contained
from locard.image.jpeg import JpegStructure
from locard.image.samples import Samples

_STRAY = "extraneous bytes before marker"
_BEYOND_TURBOJPEG = ("Could not determine subsampling", "Unsupported color conversion")
_CUT = ("Premature end of JPEG file", "truncated")


def decode_jpeg(data: bytes, structure: JpegStructure, colours: str) -> Samples:
    """Decode a JPEG.

    Args:
        data: The file.
        structure: What :class:`JpegStructure` says of it.
        colours: ``GRAY`` for the decoded Y before any colour conversion, ``RGB``, or ``CMYK``,
            where 0 is no ink.

    Raises:
        ImageError: ``truncated``, ``corrupt`` or ``unsupported``.
    """
    refuse_hopeless(structure)
    try:
        values, notes = _decode_strictly(data, structure, colours)
    except DecoderFailure as failure:
        raise _error(structure, failure) from None
    if colours == "CMYK":
        values = 255 - values
    return Samples(values[:, :, 0] if values.shape[2] == 1 else values, notes=notes)


def refuse_hopeless(structure: JpegStructure) -> None:
    """Refuse, before anything is allocated, what cannot be decoded whole.

    Raises:
        ImageError: ``truncated`` or ``unsupported``.
    """
    if structure.precision != 8 or structure.coding in ("hierarchical", "arithmetic-lossless"):
        kind = structure.unsupported_coding
        raise ImageError("unsupported", f"the file is a {kind} JPEG, which no decoder here reads")
    if structure.incomplete:
        raise ImageError(
            "truncated",
            f"the JPEG is cut: {structure.incomplete}",
            "Get the whole file from its source.",
        )
    blocks = -(-structure.width // 8) * -(-structure.height // 8)
    scans = sum(segment.length for segment in structure.segments if segment.name == "SOS")
    # Huffman codes spend a bit or more on each block's DC coefficient.
    if structure.huffman and structure.coding != "lossless" and scans * 8 < blocks:
        raise ImageError(
            "truncated",
            f"the JPEG declares {structure.width:,}×{structure.height:,} pixels, and its "
            f"{scans:,} bytes of picture data cannot hold them",
        )


def _decode_strictly(
    data: bytes, structure: JpegStructure, colours: str
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    try:
        return _turbojpeg(data, colours), ()
    except DecoderFailure as failure:
        words = str(failure)
    if any(phrase in words for phrase in _BEYOND_TURBOJPEG):
        return _decode_rare(data, structure, colours)
    if _STRAY in words and structure.extraneous_bytes:
        # Stray bytes hide any later warning, so the rest is decoded without them.
        return _turbojpeg(structure.essential(data), colours), ()
    raise DecoderFailure(words)


def _decode_rare(
    data: bytes, structure: JpegStructure, colours: str
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode what TurboJPEG does not take: other sampling factors, lossless grey."""
    if structure.unsupported_coding:
        note = "the decoder that reads this kind of JPEG does not report damaged picture data"
        return _pillow(data, colours), (note,)
    read_coefficients(data, structure)  # finds the damage that Pillow passes over
    return _pillow(data, colours), ()


def _turbojpeg(data: bytes, colours: str) -> NDArray[np.uint8]:
    import simplejpeg  # type: ignore[import-untyped]

    with contained():
        values: NDArray[np.uint8] = simplejpeg.decode_jpeg(
            data, colorspace=colours, fastdct=False, fastupsample=False, strict=True
        )
    return values


def _pillow(data: bytes, colours: str) -> NDArray[np.uint8]:
    from PIL.JpegImagePlugin import JpegImageFile

    with contained():
        picture: Any = JpegImageFile(io.BytesIO(data))
        if colours == "GRAY":
            picture.draft("L", None)
        picture.load()
        values: NDArray[np.uint8] = np.asarray(picture)
    if picture.mode == "CMYK":
        values = 255 - values  # Pillow turns the inks; here they are still as stored
    return values.reshape(*values.shape[:2], -1)


def _error(structure: JpegStructure, failure: DecoderFailure) -> ImageError:
    words = str(failure)
    if any(phrase in words for phrase in _CUT):
        return ImageError(
            "truncated",
            f"the JPEG's picture data ends early: {words}",
            "Get the whole file from its source.",
        )
    return ImageError(
        "corrupt",
        f"the JPEG's picture data was lost or altered: {words}",
        "Get the file again from its source; what a lenient viewer shows is partly made up.",
    )
