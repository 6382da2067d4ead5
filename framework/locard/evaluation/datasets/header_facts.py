"""Numbers that describe a file and not its picture; no pixel is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locard.image import Image, JpegStructure

SIZE = "width × height"
"""What no treatment of both classes makes alike."""

FEATURES = (
    SIZE,
    "file format",
    "quantisation tables",
    "chroma subsampling",
    "JPEG coding",
    "metadata",
    "bytes per pixel",
)
"""What files are compared by, each as some numbers."""

_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
_CODINGS = ("baseline", "extended", "progressive")
_HUFFMAN = ("standard", "optimised")
_NO_TABLE = (0,) * 64
_APPLICATION = 0xE0
_COMMENT = 0xFE


def header_facts(image: Image) -> dict[str, list[float]]:
    """Return the facts of a file.

    Args:
        image: Of which the header and the metadata are read.

    Returns:
        For each of :data:`FEATURES` some numbers, as many for every image. What a format does not
        have is 0.
    """
    header = image.header
    pixels = header.width * header.height
    return {
        SIZE: [header.width, header.height, pixels, header.width / header.height],
        "file format": [
            *(header.format == name for name in _FORMATS),
            header.channels,
            header.bits,
            header.has_alpha,
            header.palette,
            header.frames,
        ],
        "quantisation tables": _tables(header.jpeg),
        "chroma subsampling": _sampling(header.jpeg),
        "JPEG coding": _coding(header.jpeg),
        "metadata": [*_embedded(image), *_segments(header.jpeg)],
        "bytes per pixel": [len(image.data) / pixels],
    }


def _tables(jpeg: JpegStructure | None) -> list[float]:
    """Return the 128 entries of the luma and chroma tables."""
    tables = () if jpeg is None else jpeg.component_tables
    found = [entries or _NO_TABLE for entries in tables[:2]]
    found += [_NO_TABLE] * (2 - len(found))
    return [float(entry) for entries in found for entry in entries]


def _sampling(jpeg: JpegStructure | None) -> list[float]:
    components = () if jpeg is None else jpeg.components[:4]
    factors = [(float(c.horizontal), float(c.vertical)) for c in components]
    factors += [(0.0, 0.0)] * (4 - len(factors))
    return [factor for pair in factors for factor in pair]


def _coding(jpeg: JpegStructure | None) -> list[float]:
    if jpeg is None:
        return [0.0] * (len(_CODINGS) + len(_HUFFMAN) + 3)
    return [
        *(jpeg.coding == name for name in _CODINGS),
        *(jpeg.huffman == name for name in _HUFFMAN),
        jpeg.restart_interval,
        len(jpeg.scans),
        len(jpeg.quantization_tables),
    ]


def _embedded(image: Image) -> list[float]:
    metadata = image.metadata
    return [
        len(metadata.exif),
        len(metadata.xmp or ""),
        metadata.icc.size if metadata.icc else 0,
        len(metadata.thumbnail or b""),
        metadata.orientation,
    ]


def _segments(jpeg: JpegStructure | None) -> list[float]:
    """Return the bytes of each kind of application segment, of comments, and after the end."""
    lengths = dict.fromkeys((*range(_APPLICATION, _APPLICATION + 16), _COMMENT), 0)
    for segment in jpeg.segments if jpeg else ():
        if segment.marker in lengths:
            lengths[segment.marker] += segment.length
    return [*map(float, lengths.values()), float(jpeg.trailing_bytes if jpeg else 0)]
