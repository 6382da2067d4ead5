"""Finds the metadata blocks that each format carries: EXIF, XMP, ICC profile."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from locard.image import png, webp
from locard.image.header import Header
from locard.image.jpeg import JpegStructure

MAX_BLOCK = 16 * 2**20
"""A compressed block is not unpacked beyond so many bytes."""

_XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
_ICC_PREFIX = b"ICC_PROFILE\0"
_XMP_TAG, _ICC_TAG = 700, 34675


@dataclass(frozen=True, slots=True)
class Embedded:
    """Metadata blocks as they lie in the file, unpacked where the format packs them.

    Attributes:
        exif: A TIFF structure.
        xmp: An XML packet.
        icc: A colour profile.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    icc: bytes | None = None


def find_embedded(data: bytes, header: Header) -> Embedded:
    """Find a file's metadata blocks; of several of a kind the first counts."""
    if header.jpeg is not None:
        return _in_jpeg(data, header.jpeg)
    finder = {"PNG": _in_png, "WEBP": _in_webp, "TIFF": _in_tiff}.get(header.format)
    return finder(data) if finder else Embedded()


def _in_jpeg(data: bytes, jpeg: JpegStructure) -> Embedded:
    def payloads(name: str, prefix: bytes) -> Iterator[bytes]:
        for segment in jpeg.segments:
            start = segment.offset + 4
            if segment.name == name and data.startswith(prefix, start):
                yield data[start + len(prefix) : segment.offset + segment.length]

    # A profile is cut into numbered parts; sorting by (number, count) puts them in order.
    icc = b"".join(part[2:] for part in sorted(payloads("APP2", _ICC_PREFIX), key=_part_number))
    return Embedded(
        exif=next(payloads("APP1", b"Exif\0"), b"")[1:] or None,
        xmp=next(payloads("APP1", _XMP_PREFIX), None),
        icc=icc or None,
    )


def _part_number(part: bytes) -> bytes:
    return part[:2]


def _in_png(data: bytes) -> Embedded:
    found: dict[str, bytes] = {}
    for chunk in png.chunks(data):
        if chunk.kind in ("eXIf", "iTXt", "iCCP"):
            payload = data[chunk.offset : chunk.offset + chunk.length]
            if chunk.kind == "iTXt" and not payload.startswith(b"XML:com.adobe.xmp\0"):
                continue
            found.setdefault(chunk.kind, payload)
        if chunk.kind == "IEND":
            break
    return Embedded(
        exif=found.get("eXIf"),
        xmp=_international_text(found["iTXt"]) if "iTXt" in found else None,
        icc=_unpack(found["iCCP"].partition(b"\0")[2][1:]) if "iCCP" in found else None,
    )


def _international_text(payload: bytes) -> bytes:
    """Return the text of an iTXt chunk: keyword, flag, method, language, keyword again, text."""
    rest = payload.partition(b"\0")[2]
    text = rest[2:].split(b"\0", 2)[-1]
    return _unpack(text) if rest[:1] == b"\1" else text


def _unpack(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MAX_BLOCK)
    except zlib.error:
        return b""


def _in_webp(data: bytes) -> Embedded:
    found: dict[str, bytes] = {}
    for kind, offset, length in webp.chunks(data):
        if kind in ("EXIF", "XMP ", "ICCP"):
            found.setdefault(kind, data[offset : offset + length])
    return Embedded(found.get("EXIF"), found.get("XMP "), found.get("ICCP"))


def _in_tiff(data: bytes) -> Embedded:
    from locard.image.tiff import tiff_tag

    return Embedded(data, tiff_tag(data, _XMP_TAG), tiff_tag(data, _ICC_TAG))
