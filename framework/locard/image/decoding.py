"""Decodes a whole picture, or refuses: never a picture that is partly made up."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locard.errors import ImageError
from locard.image.header import Header
from locard.image.hostile import DecoderFailure, contained
from locard.image.jpeg_decoding import decode_jpeg
from locard.image.png import PngStructure
from locard.image.samples import Samples, to_high_byte
from locard.image.webp import WebpStructure


def decode(data: bytes, header: Header) -> Samples:
    """Decode a file's picture, of several the first.

    Raises:
        ImageError: ``truncated``, ``corrupt`` or ``unsupported``.
    """
    samples = _DECODERS[header.format](data, header)
    height, width = samples.native.shape[:2]
    if (width, height) != (header.width, header.height):
        raise ImageError(
            "corrupt",
            f"the header declares {header.width}×{header.height} pixels, the picture data "
            f"{width}×{height}",
        )
    return samples


def _decode_jpeg(data: bytes, header: Header) -> Samples:
    assert header.jpeg is not None  # noqa: S101  (a JPEG's header always has it)
    colours = {1: "GRAY", 3: "RGB", 4: "CMYK"}
    return decode_jpeg(data, header.jpeg, colours[header.channels])


def _decode_png(data: bytes, header: Header) -> Samples:
    PngStructure.from_bytes(data).check(data)
    if header.bits == 16:
        return _decode_deep_png(data, header)
    from PIL.PngImagePlugin import PngImageFile

    return _decode_with_pillow(PngImageFile, data, "PNG")


def _decode_deep_png(data: bytes, header: Header) -> Samples:
    import imagecodecs

    try:
        with contained():
            values = imagecodecs.png_decode(data)
    except DecoderFailure as failure:
        raise _corrupt("PNG", failure) from None
    return _without_alpha(values)


def _decode_webp(data: bytes, header: Header) -> Samples:
    import imagecodecs  # Pillow refuses large WebP by a limit of its own

    declared = WebpStructure.from_bytes(data).declared_bytes
    if declared > len(data):
        raise ImageError(
            "truncated",
            f"the WebP ends after {len(data):,} of {declared:,} bytes",
            "Get the whole file from its source.",
        )
    try:
        with contained():
            values = imagecodecs.webp_decode(data, index=0, hasalpha=header.has_alpha)
    except DecoderFailure as failure:
        raise _corrupt("WebP", failure) from None
    return _without_alpha(values)


def _decode_bmp(data: bytes, header: Header) -> Samples:
    from PIL.BmpImagePlugin import BmpImageFile

    return _decode_with_pillow(BmpImageFile, data, "BMP")


def _decode_tiff(data: bytes, header: Header) -> Samples:
    from locard.image.tiff import decode_tiff

    return decode_tiff(data)


def _decode_with_pillow(opener: Any, data: bytes, kind: str) -> Samples:
    # The format's own class, not PIL.Image.open: that one guesses and has a limit of its own.
    try:
        with contained():
            picture = opener(io.BytesIO(data))
            picture.load()
            values = np.asarray(picture.convert(_plain_mode(picture)))
    except DecoderFailure as failure:
        if "truncated" in str(failure) or "not enough image data" in str(failure):
            raise ImageError(
                "truncated",
                f"the {kind} ends after {len(data):,} bytes, before its picture is whole",
                "Get the whole file from its source.",
            ) from None
        raise _corrupt(kind, failure) from None
    return _without_alpha(values)


def _without_alpha(values: NDArray[Any]) -> Samples:
    """Take (H, W), (H, W, 2), (H, W, 3) or (H, W, 4) apart into colours and alpha."""
    if values.ndim == 2 or values.shape[2] == 3:
        return Samples(values)
    native = values[:, :, 0] if values.shape[2] == 2 else values[:, :, :3]
    return Samples(native, to_high_byte(values[:, :, -1]))


def _plain_mode(picture: Any) -> str:
    grey = picture.mode in ("1", "L", "LA")
    if picture.has_transparency_data:
        return "LA" if grey else "RGBA"
    return "L" if grey else "RGB"


def _corrupt(kind: str, failure: DecoderFailure) -> ImageError:
    return ImageError(
        "corrupt",
        f"the {kind}'s picture data is damaged: {failure}",
        "Get the file again from its source.",
    )


_DECODERS = {
    "JPEG": _decode_jpeg,
    "PNG": _decode_png,
    "TIFF": _decode_tiff,
    "WEBP": _decode_webp,
    "BMP": _decode_bmp,
}
