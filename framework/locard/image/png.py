"""The chunks of a PNG file (PNG specification, third edition, sections 5 and 11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from locard.errors import ImageError
from locard.image.sources import Buffer

_COLOUR_TYPES = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

MAX_CHUNKS = 1_000_000
"""More chunks than this are an attack on time, not a picture."""

DEFLATE_LIMIT = 1032
"""Deflate packs no more than this many bytes into one (zlib's technical details)."""


@dataclass(frozen=True, slots=True)
class PngChunk:
    """Where a chunk lies.

    Attributes:
        kind: Four letters.
        offset: Of its data in the file.
        length: Of its data in bytes.
    """

    kind: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class PngStructure:
    """What the chunks before and around the picture data declare.

    Attributes:
        width: In pixels.
        height: In pixels.
        bits: Bits a sample: 1, 2, 4, 8 or 16.
        channels: 1 or 3, without alpha.
        palette: Whether samples are indices into a palette.
        has_alpha: Whether there is an alpha channel or a transparent colour.
        frames: Frames of the animation; 1 where there is none.
        data_bytes: Bytes of compressed picture data.
        needed_bytes: Bytes of picture data once decompressed, at least.
        trailing_bytes: Bytes behind the IEND chunk.
        incomplete: Why the file cannot hold the whole picture; None where it can.
    """

    width: int
    height: int
    bits: int
    channels: int
    palette: bool
    has_alpha: bool
    frames: int
    data_bytes: int
    needed_bytes: int
    trailing_bytes: int
    incomplete: str | None

    @classmethod
    def from_bytes(cls, data: Buffer) -> PngStructure:
        """Read a PNG file's chunk headers.

        Raises:
            ImageError: ``truncated`` where the file ends before any picture data, ``corrupt``
                where the first chunk is wrong or there are absurdly many.
        """
        width, height, bits, colour = _read_header(data)
        found = {"IDAT": 0}
        incomplete: str | None = f"the file ends after {len(data):,} bytes, without its IEND chunk"
        end, frames = len(data), 1
        for chunk in chunks(data):
            end = chunk.offset + chunk.length + 4
            if end > len(data):
                incomplete = (
                    f"the file ends after {len(data):,} bytes, inside its {chunk.kind} chunk"
                )
                break
            found[chunk.kind] = found.get(chunk.kind, 0) + chunk.length
            if chunk.kind == "acTL" and chunk.length >= 4:
                frames = max(1, struct.unpack_from(">I", data, chunk.offset)[0])
            if chunk.kind == "IEND":
                incomplete = None
                break
        return cls(
            width=width,
            height=height,
            bits=bits,
            channels=_COLOUR_TYPES[colour],
            palette=colour == 3,
            has_alpha=colour in (4, 6) or "tRNS" in found,
            frames=frames,
            data_bytes=found["IDAT"],
            needed_bytes=height * ((width * bits * _SAMPLES[colour] + 7) // 8),
            trailing_bytes=0 if incomplete else len(data) - end,
            incomplete=incomplete,
        )

    def check(self, data: bytes) -> None:
        """Refuse a file that cannot hold the whole picture, or whose critical chunks are damaged.

        Raises:
            ImageError: ``truncated`` or ``corrupt``.
        """
        if self.incomplete:
            raise ImageError(
                "truncated", f"the PNG is cut: {self.incomplete}", "Get the whole file again."
            )
        if self.data_bytes * DEFLATE_LIMIT < self.needed_bytes:
            raise ImageError(
                "truncated",
                f"the PNG declares {self.width:,}×{self.height:,} pixels, and its "
                f"{self.data_bytes:,} bytes of picture data cannot hold them",
            )
        for chunk in chunks(data):
            if chunk.kind[0].isupper():
                _check_sum(chunk, data)
            if chunk.kind == "IEND":
                return


def chunks(data: Buffer) -> Iterator[PngChunk]:
    """Walk over the chunks; the last may reach beyond the end of a cut file.

    Raises:
        ImageError: ``corrupt``: a chunk's name is no name, or there are more than
            :data:`MAX_CHUNKS`.
    """
    position = 8
    for _ in range(MAX_CHUNKS):
        head = bytes(data[position : position + 8])
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        if not kind.isalpha():
            raise ImageError(
                "corrupt", f"at byte {position:,} the PNG should have a chunk and has none"
            )
        yield PngChunk(kind.decode("ascii"), position + 8, length)
        position += 12 + length
    raise ImageError("corrupt", f"the PNG has more than {MAX_CHUNKS:,} chunks")


def _read_header(data: Buffer) -> tuple[int, int, int, int]:
    head = bytes(data[8:33])
    if len(head) < 25:
        raise ImageError(
            "truncated",
            f"the PNG ends after {len(data)} bytes, inside its header chunk",
            "Get the whole file from its source.",
        )
    kind, width, height, bits, colour, *_ = struct.unpack_from(">4sIIBBBBB", head, 4)
    if kind != b"IHDR":
        raise ImageError("corrupt", "the PNG does not begin with a header chunk")
    if zlib.crc32(head[4:21]) != struct.unpack_from(">I", head, 21)[0]:
        raise ImageError("corrupt", "the PNG's header chunk fails its checksum")
    if bits not in _DEPTHS.get(colour, ()):
        raise ImageError(
            "corrupt", f"the PNG declares colour type {colour} at {bits} bits, which does not exist"
        )
    return width, height, bits, colour


def _check_sum(chunk: PngChunk, data: bytes) -> None:
    end = chunk.offset + chunk.length
    if zlib.crc32(data[chunk.offset - 4 : end]) != struct.unpack_from(">I", data, end)[0]:
        raise ImageError(
            "corrupt",
            f"the PNG's {chunk.kind} chunk at byte {chunk.offset - 8:,} fails its checksum: its "
            "bytes are not those that were written",
            "Get the file again from its source.",
        )
