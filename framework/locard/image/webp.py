"""The chunks of a WebP file (RFC 9649).

Pillow's reader allocates the whole canvas when it opens a file, so the header is read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from locard.errors import ImageError
from locard.image.sources import Buffer

MAX_CHUNKS = 100_000
"""More chunks than this are an attack on time, not a picture."""


@dataclass(frozen=True, slots=True)
class WebpStructure:
    """What the RIFF chunks declare.

    Attributes:
        width: Of the canvas, in pixels.
        height: Of the canvas, in pixels.
        has_alpha: Whether the file announces transparency.
        frames: Frames of the animation; 1 where there is none.
        declared_bytes: Length of the file by its own account.
    """

    width: int
    height: int
    has_alpha: bool
    frames: int
    declared_bytes: int

    @classmethod
    def from_bytes(cls, data: Buffer) -> WebpStructure:
        """Read a WebP file's chunk headers.

        Raises:
            ImageError: ``truncated`` or ``corrupt``.
        """
        try:
            return cls._read(data)
        except struct.error:
            raise ImageError(
                "truncated",
                f"the WebP ends after {len(data)} bytes, inside its header",
                "Get the whole file from its source.",
            ) from None

    @classmethod
    def _read(cls, data: Buffer) -> WebpStructure:
        declared = struct.unpack_from("<I", data, 4)[0] + 8
        first = bytes(data[12:16])
        if first not in _READERS:
            if len(first) < 4:
                raise struct.error
            raise ImageError("corrupt", "the WebP does not begin with a picture or header chunk")
        width, height, has_alpha = _READERS[first](data)
        animated = sum(kind == "ANMF" for kind, _, _ in chunks(data))
        return cls(width, height, has_alpha, max(1, animated), declared)


def chunks(data: Buffer) -> Iterator[tuple[str, int, int]]:
    """Walk over the chunks as (kind, offset of the data, length); the last may be cut.

    Raises:
        ImageError: ``corrupt``: there are more than :data:`MAX_CHUNKS`.
    """
    position = 12
    for _ in range(MAX_CHUNKS):
        head = bytes(data[position : position + 8])
        if len(head) < 8:
            return
        kind, length = struct.unpack("<4sI", head)
        yield kind.decode("latin-1"), position + 8, length
        position += 8 + length + (length & 1)
    raise ImageError("corrupt", f"the WebP has more than {MAX_CHUNKS:,} chunks")


def _read_extended(data: Buffer) -> tuple[int, int, bool]:
    flags, *size = struct.unpack_from("<B3x6B", data, 20)
    width = 1 + (size[0] | size[1] << 8 | size[2] << 16)
    height = 1 + (size[3] | size[4] << 8 | size[5] << 16)
    return width, height, bool(flags & 0x10)


def _read_lossy(data: Buffer) -> tuple[int, int, bool]:
    start, width, height = struct.unpack_from("<3x3sHH", data, 20)
    if start != b"\x9d\x01\x2a":
        raise ImageError("corrupt", "the WebP's picture chunk does not begin with a key frame")
    return width & 0x3FFF, height & 0x3FFF, False


def _read_lossless(data: Buffer) -> tuple[int, int, bool]:
    signature, bits = struct.unpack_from("<BI", data, 20)
    if signature != 0x2F:
        raise ImageError("corrupt", "the WebP's lossless chunk has a wrong signature")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)


_READERS = {b"VP8X": _read_extended, b"VP8 ": _read_lossy, b"VP8L": _read_lossless}
