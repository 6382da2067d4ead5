"""EXIF, XMP and colour profile as plain values; hostile input becomes a note, never an error."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from PIL import ExifTags, ImageCms
from PIL import Image as PillowImage

from locard.image.embedded import find_embedded
from locard.image.header import Header
from locard.image.hostile import DecoderFailure, contained

MAX_TEXT = 2_000
"""Longer values are cut, and end with an ellipsis."""
MAX_HEX = 16
"""Shorter byte strings that are no text are written in hexadecimal."""
MAX_ITEMS = 64
"""Longer lists are summed up: they are tables, not facts about the photograph."""
MAX_PACKET = 2**20
"""A larger XMP packet is kept as text and not parsed."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_PREFIXES = {
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
}


@dataclass(frozen=True, slots=True)
class IccProfile:
    """A colour profile, which is reported and not applied.

    Attributes:
        description: As the profile says it; None where it cannot be read.
        size: In bytes.
    """

    description: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of itself. None of it can be trusted.

    Attributes:
        exif: By tag name, GPS and interoperability tags included; values are what JSON can hold.
        xmp: The packet as text.
        xmp_properties: The packet's properties by qualified name; lists for lists.
        orientation: 1 to 8 as EXIF counts; 1 where there is none.
        icc: The colour profile.
        thumbnail: The EXIF thumbnail's bytes, a JPEG.
        notes: What could not be read.
    """

    exif: Mapping[str, Any] = field(default_factory=dict)
    xmp: str | None = None
    xmp_properties: Mapping[str, str | list[str]] = field(default_factory=dict)
    orientation: int = 1
    icc: IccProfile | None = None
    thumbnail: bytes | None = None
    notes: tuple[str, ...] = ()


def read_metadata(data: bytes, header: Header) -> Metadata:
    """Read a file's metadata. Raises nothing: problems are notes."""
    notes: list[str] = []
    try:
        with contained("tifffile"):
            blocks = find_embedded(data, header)
    except DecoderFailure as failure:
        return Metadata(notes=(f"the metadata cannot be found: {failure}",))
    exif, orientation, thumbnail = _read_exif(blocks.exif, notes)
    xmp = blocks.xmp.decode("utf-8", errors="replace").rstrip("\0") if blocks.xmp else None
    return Metadata(
        exif=exif,
        xmp=xmp,
        xmp_properties=_read_xmp(xmp, notes),
        orientation=orientation,
        icc=_read_icc(blocks.icc, notes),
        thumbnail=thumbnail,
        notes=tuple(notes),
    )


def _read_exif(block: bytes | None, notes: list[str]) -> tuple[dict[str, Any], int, bytes | None]:
    if not block:
        return {}, 1, None
    tags: dict[str, Any] = {}
    exif = PillowImage.Exif()
    try:
        with contained():
            exif.load(block)
            _collect(tags, exif, ExifTags.TAGS)
            for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.Interop):
                _collect(tags, exif.get_ifd(ifd), ExifTags.TAGS)
            _collect(tags, exif.get_ifd(ExifTags.IFD.GPSInfo), ExifTags.GPSTAGS)
    except DecoderFailure as failure:
        notes.append(f"the EXIF block is damaged: {failure}")
    return tags, _orientation(tags, notes), _thumbnail(exif, block, notes)


def _collect(tags: dict[str, Any], found: Mapping[int, Any], names: Mapping[int, str]) -> None:
    pointers = {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop}
    for code, value in found.items():
        if code not in pointers or names is ExifTags.GPSTAGS:
            tags.setdefault(names.get(code, f"0x{code:04X}"), _plain(value))


def _orientation(tags: Mapping[str, Any], notes: list[str]) -> int:
    value = tags.get("Orientation", 1)
    if isinstance(value, int) and 1 <= value <= 8:
        return value
    notes.append(f"the EXIF orientation {value!r} does not exist; 1 is taken")
    return 1


def _thumbnail(exif: PillowImage.Exif, block: bytes, notes: list[str]) -> bytes | None:
    try:
        with contained():
            tags = exif.get_ifd(ExifTags.IFD.IFD1)
            start, length = (
                tags.get(code)
                for code in (ExifTags.Base.JpegIFOffset, ExifTags.Base.JpegIFByteCount)
            )
            if start is None or length is None:
                return None
            found = block.removeprefix(b"Exif\0\0")[start : start + length]
    except DecoderFailure as failure:
        notes.append(f"the EXIF thumbnail cannot be read: {failure}")
        return None
    if not found.startswith(b"\xff\xd8"):
        notes.append("the EXIF thumbnail is not a JPEG")
        return None
    return found


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, bytes):
        return _text_or_size(value)
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value] if len(value) <= MAX_ITEMS else f"{len(value)} values"
    if isinstance(value, Mapping):
        return {str(key): _plain(v) for key, v in value.items()}
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return _short(str(value))
    return number if math.isfinite(number) else None


def _short(text: str) -> str:
    clean = text.split("\0", 1)[0].strip()
    # Half a surrogate pair can be written neither to a terminal nor to a file.
    clean = clean.encode("utf-8", errors="replace").decode("utf-8")
    return clean if len(clean) <= MAX_TEXT else clean[: MAX_TEXT - 1] + "…"


def _text_or_size(value: bytes) -> str:
    text = value.removeprefix(b"ASCII\0\0\0").rstrip(b"\0 ")
    if text.isascii() and text.decode("ascii").isprintable():
        return _short(text.decode("ascii"))
    return f"0x{value.hex()}" if len(value) <= MAX_HEX else f"{len(value)} bytes"


def _read_icc(block: bytes | None, notes: list[str]) -> IccProfile | None:
    if not block:
        return None
    try:
        with contained():
            profile = ImageCms.ImageCmsProfile(io.BytesIO(block)).profile
            return IccProfile(_short(profile.profile_description or "") or None, len(block))
    except DecoderFailure:
        notes.append("the colour profile cannot be read")
        return IccProfile(None, len(block))


def _read_xmp(packet: str | None, notes: list[str]) -> dict[str, str | list[str]]:
    if not packet:
        return {}
    if len(packet) > MAX_PACKET:
        notes.append(f"the XMP packet has {len(packet):,} characters and is not parsed")
        return {}
    from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

    try:
        with contained():
            return dict(_properties(fromstring(packet.strip().strip("\ufeff"))))
    except DecoderFailure as failure:
        notes.append(f"the XMP packet cannot be parsed: {failure}")
        return {}


def _properties(root: Element) -> Iterator[tuple[str, str | list[str]]]:
    for description in root.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            if not name.startswith(_RDF):
                yield _qualified(name), _short(value)
        for child in description:
            items = [_short(item.text or "") for item in child.iter(f"{_RDF}li")]
            if items:
                yield _qualified(child.tag), items
            elif not len(child) and child.text:
                yield _qualified(child.tag), _short(child.text)


def _qualified(name: str) -> str:
    namespace, _, local = name.removeprefix("{").rpartition("}")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else name
