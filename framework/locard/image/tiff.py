"""TIFF files, through tifffile.

Pillow turns a TIFF by its orientation tag and keeps one byte of 16-bit colour; neither may happen
to evidence, so tifffile reads all of them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, cast

import numpy as np
import tifffile
from numpy.typing import NDArray
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC

from locard.errors import ImageError
from locard.image.hostile import DecoderFailure, contained
from locard.image.limits import check_size
from locard.image.samples import Samples, to_high_byte
from locard.image.sources import Buffer

_CHANNELS = {
    PHOTOMETRIC.MINISWHITE: 1,
    PHOTOMETRIC.MINISBLACK: 1,
    PHOTOMETRIC.RGB: 3,
    PHOTOMETRIC.PALETTE: 3,
    PHOTOMETRIC.SEPARATED: 4,
    PHOTOMETRIC.YCBCR: 3,
}
_DNG_VERSION = 50706
_NUMBERS = ("imagewidth", "imagelength", "samplesperpixel", "bitspersample", "imagedepth")
_ALPHA = (EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA)


@dataclass(frozen=True, slots=True)
class TiffStructure:
    """What the first page's tags declare.

    Attributes:
        width: In pixels.
        height: In pixels.
        channels: 1, 3 or 4, without alpha.
        bits: Of a sample: 1, 2, 4, 8 or 16; 8 with a palette.
        has_alpha: Whether an extra sample is declared to be alpha.
        palette: Whether samples are indices into a palette.
        frames: Number of pages.
        notes: What is odd.
    """

    width: int
    height: int
    channels: int
    bits: int
    has_alpha: bool
    palette: bool
    frames: int
    notes: tuple[str, ...]

    @classmethod
    def from_bytes(cls, data: Buffer) -> TiffStructure:
        """Read the tags of a TIFF file.

        Raises:
            ImageError: ``truncated``, ``corrupt`` or ``unsupported``.
        """
        try:
            with contained("tifffile"), tifffile.TiffFile(_stream(data)) as file:
                page = _first_page(file, data)
                channels = _refuse_unsupported(page)
                palette = page.photometric == PHOTOMETRIC.PALETTE
                return cls(
                    width=page.imagewidth,
                    height=page.imagelength,
                    channels=channels,
                    bits=8 if palette else page.bitspersample,
                    has_alpha=any(extra in _ALPHA for extra in page.extrasamples),
                    palette=palette,
                    frames=len(file.pages),
                    notes=_notes(page, channels),
                )
        except DecoderFailure as failure:
            raise _header_error(data, failure) from None


def decode_tiff(data: bytes) -> Samples:
    """Decode the first page.

    Raises:
        ImageError: ``truncated``, ``corrupt`` or ``unsupported``.
    """
    try:
        with contained("tifffile"), tifffile.TiffFile(_stream(data)) as file:
            page = _first_page(file, data)
            _refuse_unsupported(page)
            _refuse_missing_data(page, data)
            stored = page.asarray(maxworkers=1)
            return _arranged(page, stored)
    except DecoderFailure as failure:
        raise ImageError(
            "corrupt", f"the TIFF's picture data cannot be decoded: {failure}"
        ) from None


def tiff_tag(data: bytes, code: int) -> bytes | None:
    """Return the bytes of a tag of the first page, or None."""
    with contained("tifffile"), tifffile.TiffFile(_stream(data)) as file:
        value = _first_page(file, data).tags.valueof(code)
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace")
    return bytes(value) if isinstance(value, bytes) else None


def _stream(data: Buffer) -> BinaryIO:
    if isinstance(data, bytes):
        return io.BytesIO(data)
    data.seek(0)
    return cast(BinaryIO, data)


def _first_page(file: tifffile.TiffFile, data: Buffer) -> tifffile.TiffPage:
    if not len(file.pages):
        raise DecoderFailure("it has no page")
    page = file.pages[0].aspage()
    for name in _NUMBERS:
        if not isinstance(getattr(page, name), int):
            raise DecoderFailure(f"its {name} is not one number")
    if page.tags.valueof(_DNG_VERSION) or bytes(data[8:10]) == b"CR":
        raise ImageError(
            "unsupported",
            "the file is a camera's raw picture in a TIFF container",
            "Develop it to 16-bit TIFF or PNG, and keep the raw file as an exhibit of its own.",
        )
    return page


def _refuse_unsupported(page: tifffile.TiffPage) -> int:
    """Return the number of colour channels.

    Raises:
        ImageError: ``unsupported`` or ``corrupt``.
    """
    channels = _CHANNELS.get(cast(PHOTOMETRIC, page.photometric))
    if channels is None:
        raise _unsupported(f"colours of the kind {_enum_name(page.photometric)}")
    if page.sampleformat != 1 or page.bitspersample not in (1, 2, 4, 8, 16):
        kind = {2: "signed ", 3: "floating-point ", 6: "complex "}.get(page.sampleformat, "")
        raise _unsupported(f"{kind}samples of {page.bitspersample} bits")
    if page.photometric == PHOTOMETRIC.YCBCR and page.compression not in (
        COMPRESSION.JPEG,
        COMPRESSION.OJPEG,
    ):
        raise _unsupported("YCbCr samples outside JPEG compression")
    if page.imagedepth != 1:
        raise _unsupported("a volume")
    stored = 1 if page.photometric == PHOTOMETRIC.PALETTE else channels
    if not stored <= page.samplesperpixel <= stored + 4:
        raise ImageError(
            "corrupt", f"the TIFF declares {page.samplesperpixel} samples a pixel, needs {stored}"
        )
    if page.is_tiled:
        check_size(page.tilewidth, page.tilelength, None)
    return channels


def _unsupported(what: str) -> ImageError:
    return ImageError(
        "unsupported",
        f"the TIFF holds {what}; Locard reads grey, RGB, CMYK and palettes of up to 16 bits",
        "Convert it without loss to 16-bit RGB.",
    )


def _enum_name(value: Any) -> str:
    return str(getattr(value, "name", value))


def _notes(page: tifffile.TiffPage, channels: int) -> tuple[str, ...]:
    notes = []
    stored = 1 if page.photometric == PHOTOMETRIC.PALETTE else channels
    others = page.samplesperpixel - stored - sum(e in _ALPHA for e in page.extrasamples)
    if others > 0:
        notes.append(f"{others} extra samples a pixel of unknown meaning are left out")
    if EXTRASAMPLE.ASSOCALPHA in page.extrasamples:
        notes.append("colours are stored multiplied by alpha, and stay so")
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        notes.append("samples count from white to black, and are turned")
    return tuple(notes)


def _header_error(data: Buffer, failure: DecoderFailure) -> ImageError:
    if _directory_end(data) > len(data):
        return ImageError(
            "truncated",
            f"the TIFF ends after {len(data):,} bytes, before or inside the directory of its first "
            "page",
            "Get the whole file from its source.",
        )
    return ImageError("corrupt", f"the TIFF's directory cannot be read: {failure}")


def _directory_end(data: Buffer) -> int:
    """Return where a classic TIFF's first directory should end; 16 at least."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    if data[2:3] == b"+" or data[3:4] == b"+":
        return 16  # BigTIFF: only its header is looked at
    start = int.from_bytes(data[4:8], order)
    entries = int.from_bytes(data[start : start + 2], order)
    return max(16, start + 6 + 12 * entries)


def _refuse_missing_data(page: tifffile.TiffPage, data: bytes) -> None:
    """Refuse a page whose strips or tiles lie outside the file, or nowhere."""
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    missing = sum(offset + count > len(data) for offset, count in parts)
    if missing:
        raise ImageError(
            "truncated",
            f"the TIFF ends after {len(data):,} bytes: {missing} of its {len(parts)} strips or "
            "tiles reach beyond the end",
            "Get the whole file from its source.",
        )
    plain = page.compression == COMPRESSION.NONE and page.bitspersample >= 8
    if plain and sum(page.databytecounts) < page.nbytes:
        raise ImageError(
            "truncated",
            f"the TIFF declares {page.imagewidth:,}×{page.imagelength:,} pixels, and its "
            f"{sum(page.databytecounts):,} bytes of picture data cannot hold them",
        )
    if not parts or any(offset == 0 or count == 0 for offset, count in parts):
        raise ImageError("corrupt", "the TIFF leaves out strips or tiles of the picture")


def _arranged(page: tifffile.TiffPage, stored: NDArray[Any]) -> Samples:
    """Bring decoded samples into (H, W) or (H, W, C) order, alpha apart."""
    values = np.moveaxis(stored, 0, -1) if page.axes.startswith("S") else stored
    if values.ndim == 2:
        values = values[:, :, None]
    alpha = next((i for i, e in enumerate(page.extrasamples) if e in _ALPHA), None)
    channels = values.shape[2] - len(page.extrasamples)
    colours = _coloured(page, values[:, :, :channels])
    if alpha is None:
        return Samples(colours)
    return Samples(colours, to_high_byte(_spread(page, values[:, :, channels + alpha])))


def _coloured(page: tifffile.TiffPage, values: NDArray[Any]) -> NDArray[Any]:
    if page.photometric == PHOTOMETRIC.PALETTE:
        if page.colormap is None:
            raise ImageError("corrupt", "the TIFF has palette indices and no palette")
        palette = (page.colormap >> 8).astype(np.uint8).T
        coloured: NDArray[np.uint8] = palette[values[:, :, 0]]
        return coloured
    spread = _spread(page, values)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        spread = np.invert(spread)
    return spread[:, :, 0] if spread.shape[2] == 1 else spread


def _spread(page: tifffile.TiffPage, values: NDArray[Any]) -> NDArray[Any]:
    """Spread samples of fewer than 8 bits over 0 to 255."""
    if page.bitspersample >= 8:
        return values
    step = np.uint8(255 // (2**page.bitspersample - 1))
    return values.astype(np.uint8) * step
