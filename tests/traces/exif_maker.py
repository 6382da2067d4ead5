"""Writes EXIF blocks by hand, so that nothing is tested against the library that reads them."""

from __future__ import annotations

import struct

PIXEL_X, PIXEL_Y = 0xA002, 0xA003
WIDTH, HEIGHT = 0x0100, 0x0101
ORIENTATION = 0x0112
EXIF_IFD, INTEROP_IFD = 0x8769, 0xA005
RELATED_WIDTH, RELATED_HEIGHT = 0x1001, 0x1002
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0201, 0x0202

_LONG = 4
_START = 8


def exif_block(
    *,
    size: tuple[int, int] | None = None,
    tiff_size: tuple[int, int] | None = None,
    related: tuple[int, int] | None = None,
    orientation: int | None = None,
    thumbnail: bytes | None = None,
    cyclic: bool = False,
) -> bytes:
    """Return an EXIF block, with ``Exif`` and two zeros before it."""
    first: dict[int, int] = {}
    if tiff_size:
        first |= {WIDTH: tiff_size[0], HEIGHT: tiff_size[1]}
    if orientation:
        first[ORIENTATION] = orientation
    inner = {PIXEL_X: size[0], PIXEL_Y: size[1]} if size else {}
    interop = {RELATED_WIDTH: related[0], RELATED_HEIGHT: related[1]} if related else {}
    if interop:
        inner[INTEROP_IFD] = 0
    if inner:
        first[EXIF_IFD] = 0
    second = {THUMBNAIL_OFFSET: 0, THUMBNAIL_LENGTH: len(thumbnail)} if thumbnail else {}
    # Directories follow each other; the thumbnail is last.
    at_inner = _START + _length(first)
    at_interop = at_inner + (_length(inner) if inner else 0)
    at_second = at_interop + (_length(interop) if interop else 0)
    if inner:
        first[EXIF_IFD] = at_inner
    if interop:
        inner[INTEROP_IFD] = at_interop
    if second:
        second[THUMBNAIL_OFFSET] = at_second + _length(second)
    following = _START if cyclic else at_second if second else 0
    block = b"II*\0" + struct.pack("<I", _START) + _directory(first, following)
    for entries in (inner, interop):
        block += _directory(entries, 0) if entries else b""
    block += _directory(second, _START if cyclic else 0) if second else b""
    return b"Exif\0\0" + block + (thumbnail or b"")


def _length(entries: dict[int, int]) -> int:
    return 2 + 12 * len(entries) + 4


def _directory(entries: dict[int, int], following: int) -> bytes:
    lines = (struct.pack("<HHII", tag, _LONG, 1, value) for tag, value in sorted(entries.items()))
    return struct.pack("<H", len(entries)) + b"".join(lines) + struct.pack("<I", following)
