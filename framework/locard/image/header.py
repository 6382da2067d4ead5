"""What a file is, from its header alone: no pixel is decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from locard.errors import ImageError
from locard.image.formats import Format, contradiction, recognise
from locard.image.hostile import DecoderFailure, contained
from locard.image.jpeg import JpegStructure
from locard.image.limits import check_size
from locard.image.png import PngStructure
from locard.image.sources import Buffer, opened
from locard.image.webp import WebpStructure


@dataclass(frozen=True, slots=True)
class Header:
    """What a file declares, and what Locard makes of it on purpose.

    Attributes:
        format: By content.
        width: Stored width in pixels.
        height: Stored height in pixels.
        channels: 1 for grey, 3 for colour, 4 for CMYK; alpha is not counted.
        bits: Of a stored sample; of a palette entry where there is a palette.
        has_alpha: Whether there is an alpha channel or a transparent colour.
        palette: Whether samples are indices into a palette.
        frames: Pictures in the file (frames, pages).
        jpeg: The structure of a JPEG, else None.
        notes: Facts that an examiner should know: how a special case is treated, what is odd.
    """

    format: Format
    width: int
    height: int
    channels: int
    bits: int
    has_alpha: bool = False
    palette: bool = False
    frames: int = 1
    jpeg: JpegStructure | None = None
    notes: tuple[str, ...] = ()


def read_header(
    source: Path | bytes, *, name: str | None = None, max_pixels: int | None = None
) -> Header:
    """Read a file's header.

    Memory does not depend on the declared size of the picture; large files are mapped.

    Args:
        source: A path, or the file's bytes.
        name: What people call the file, to notice an ending that contradicts the content; the
            path's own name where None.
        max_pixels: The largest picture; None for ``LOCARD_MAX_MEGAPIXELS`` or 250 megapixels.

    Raises:
        ImageError: The content is ``empty``, ``not-an-image``, ``truncated``, ``corrupt``,
            ``too-large`` or ``unsupported``.
        LocardError: The path leads to no readable file.
    """
    if isinstance(source, Path):
        with opened(source) as data:
            return _read(data, name or source.name, max_pixels)
    return _read(source, name, max_pixels)


def _read(data: Buffer, name: str | None, max_pixels: int | None) -> Header:
    found = recognise(data)
    header = _READERS[found](data)
    check_size(header.width, header.height, max_pixels)
    odd = contradiction(name, found)
    notes = ((odd,) if odd else ()) + tuple(_treatment(header)) + header.notes
    return replace(header, notes=notes)


def _treatment(header: Header) -> Iterator[str]:
    """Say how the special cases in a header are treated."""
    if header.bits == 16:
        yield "16-bit samples: pixels are the high byte, native keeps all bits"
    if header.bits < 8:
        yield f"{header.bits}-bit samples are spread over 0 to 255"
    if header.channels == 4:
        yield "CMYK is converted to RGB without a colour profile"
    if header.palette:
        yield "palette indices are replaced by their colours"
    if header.has_alpha:
        yield "alpha is kept apart and not applied to the pixels"
    if header.frames > 1:
        what = "pages" if header.format == "TIFF" else "frames"
        yield f"{header.frames} {what}: only the first is examined"


def _read_jpeg(data: Buffer) -> Header:
    jpeg = JpegStructure.from_bytes(data)
    if jpeg.colour_space == "unknown":
        raise ImageError(
            "unsupported", f"the JPEG has {len(jpeg.components)} components; 1, 3 and 4 have a use"
        )
    channels = len(jpeg.components)
    notes = tuple(_jpeg_notes(jpeg, data))
    return Header("JPEG", jpeg.width, jpeg.height, channels, jpeg.precision, jpeg=jpeg, notes=notes)


def _jpeg_notes(jpeg: JpegStructure, data: Buffer) -> Iterator[str]:
    if jpeg.colour_space in ("CMYK", "YCCK"):
        yield "CMYK samples are stored inverted, as Adobe does, and are turned"
    if jpeg.incomplete:
        yield f"the picture is not whole: {jpeg.incomplete}"
    if jpeg.trailing_bytes:
        announced = " (and a multi-picture file says so)" if _is_multi_picture(jpeg, data) else ""
        yield f"{jpeg.trailing_bytes:,} bytes follow the end of the JPEG{announced}"
    if jpeg.extraneous_bytes:
        yield f"{jpeg.extraneous_bytes:,} bytes between the JPEG's segments belong to none"


def _is_multi_picture(jpeg: JpegStructure, data: Buffer) -> bool:
    return any(
        segment.name == "APP2" and data[segment.offset + 4 : segment.offset + 8] == b"MPF\0"
        for segment in jpeg.segments
    )


def _read_png(data: Buffer) -> Header:
    png = PngStructure.from_bytes(data)
    notes = [f"the picture is not whole: {png.incomplete}"] if png.incomplete else []
    if png.trailing_bytes:
        notes.append(f"{png.trailing_bytes:,} bytes follow the end of the PNG")
    return Header(
        "PNG",
        png.width,
        png.height,
        png.channels,
        8 if png.palette else png.bits,
        has_alpha=png.has_alpha,
        palette=png.palette,
        frames=png.frames,
        notes=tuple(notes),
    )


def _read_webp(data: Buffer) -> Header:
    webp = WebpStructure.from_bytes(data)
    notes = []
    missing = webp.declared_bytes - len(data)
    if missing > 0:
        notes.append(f"the picture is not whole: {missing:,} of its bytes are missing")
    return Header(
        "WEBP",
        webp.width,
        webp.height,
        3,
        8,
        has_alpha=webp.has_alpha,
        frames=webp.frames,
        notes=tuple(notes),
    )


def _read_bmp(data: Buffer) -> Header:
    from PIL.BmpImagePlugin import BmpImageFile

    if len(data) < 54 and len(data) < _bmp_header_end(data):
        raise ImageError(
            "truncated",
            f"the BMP ends after {len(data)} bytes, inside its header",
            "Get the whole file from its source.",
        )
    # The headers and a palette of 256 colours end within these bytes; pixels are not wanted.
    head = io.BytesIO(bytes(data[: 2**16]))
    try:
        with contained():
            picture = BmpImageFile(head)
    except DecoderFailure as failure:
        raise _bmp_error(failure) from None
    colour = picture.mode not in ("1", "L")
    return Header(
        "BMP",
        *picture.size,
        3 if colour else 1,
        1 if picture.mode == "1" else 8,
        has_alpha=picture.mode == "RGBA",
        palette=picture.mode == "P",
    )


def _bmp_header_end(data: Buffer) -> int:
    return 14 + (int.from_bytes(data[14:18], "little") if len(data) >= 18 else 40)


def _bmp_error(failure: DecoderFailure) -> ImageError:
    words = str(failure)
    if "nsupported" in words:
        return ImageError("unsupported", f"the BMP is of a kind that is not read: {words}")
    return ImageError("corrupt", f"the BMP's header is damaged: {words}")


def _read_tiff(data: Buffer) -> Header:
    from locard.image.tiff import TiffStructure

    tiff = TiffStructure.from_bytes(data)
    return Header(
        "TIFF",
        tiff.width,
        tiff.height,
        tiff.channels,
        tiff.bits,
        has_alpha=tiff.has_alpha,
        palette=tiff.palette,
        frames=tiff.frames,
        notes=tiff.notes,
    )


_READERS = {
    "JPEG": _read_jpeg,
    "PNG": _read_png,
    "TIFF": _read_tiff,
    "WEBP": _read_webp,
    "BMP": _read_bmp,
}
