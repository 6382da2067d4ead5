"""Reads a JPEG file marker by marker (ITU-T T.81, Annex B).

Pure Python, for hostile input: whatever the bytes are, the parser returns a structure or raises
:class:`~locard.errors.ImageError`.
"""

from __future__ import annotations

import re
import struct
from typing import Literal

from locard.errors import ImageError
from locard.image.jpeg import (
    Coding,
    ColourSpace,
    JpegComponent,
    JpegScan,
    JpegSegment,
    JpegStructure,
)
from locard.image.sources import Buffer

MAX_SEGMENTS = 10_000
"""More marker segments than this are an attack on memory, not a photograph."""

_CODINGS: dict[int, Coding] = {
    0xC0: "baseline",
    0xC1: "extended",
    0xC2: "progressive",
    0xC3: "lossless",
    0xC9: "arithmetic",
    0xCA: "arithmetic-progressive",
    0xCB: "arithmetic-lossless",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical"),
}

_NAMES = {
    0x01: "TEM",
    0xC4: "DHT",
    0xC8: "JPG",
    0xCC: "DAC",
    0xD8: "SOI",
    0xD9: "EOI",
    0xDA: "SOS",
    0xDB: "DQT",
    0xDC: "DNL",
    0xDD: "DRI",
    0xDE: "DHP",
    0xDF: "EXP",
    0xFE: "COM",
}
_STANDALONE = {0x01, 0xD8, *range(0xD0, 0xD8)}
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)

# fmt: off
ZIGZAG = (
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)
"""Row-major position of each entry in zig-zag order (ITU-T T.81, figure A.6)."""

# How many codes there are of each length, in tables K.3 to K.6 of ITU-T T.81. Tables that are
# made for one picture practically never share these counts.
_STANDARD_CODE_COUNTS = {
    (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0),
    (0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0),
    (0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125),
    (0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119),
}
# fmt: on


def parse_jpeg(data: Buffer) -> JpegStructure:
    """Parse a JPEG file; see :meth:`JpegStructure.from_bytes`."""
    return _Parser(data).parse()


def marker_name(marker: int) -> str:
    """Return a marker's name in ITU-T T.81, table B.1."""
    if marker in _CODINGS:
        return f"SOF{marker - 0xC0}"
    if 0xD0 <= marker <= 0xD7:
        return f"RST{marker - 0xD0}"
    if 0xE0 <= marker <= 0xEF:
        return f"APP{marker - 0xE0}"
    return _NAMES.get(marker, f"0x{marker:02X}")


class _Parser:
    """One walk over a file; fields gather what the segments say."""

    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.segments: list[JpegSegment] = []
        self.scans: list[JpegScan] = []
        self.tables: dict[int, tuple[int, ...]] = {}
        self.precisions: dict[int, int] = {}
        self.latched: dict[int, tuple[int, ...] | None] = {}
        self.code_counts: list[tuple[int, ...]] = []
        self.restart_interval = 0
        self.jfif: tuple[int, int] | None = None
        self.adobe: int | None = None
        self.frame: tuple[int, int, int] | None = None
        self.coding: Coding = "baseline"
        self.components: tuple[JpegComponent, ...] = ()
        self.extraneous = 0

    def parse(self) -> JpegStructure:
        end = self._walk()
        if self.frame is None or not self.scans:
            missing = "frame header" if self.frame is None else "scan"
            raise ImageError("corrupt", f"the JPEG has no {missing}")
        precision, height, width = self.frame
        return JpegStructure(
            width=width,
            height=height,
            precision=precision,
            coding=self.coding,
            components=self.components,
            colour_space=self._colour_space(),
            quantization_tables=self.tables,
            table_precisions=self.precisions,
            component_tables=tuple(self.latched.get(c.identifier) for c in self.components),
            huffman=self._huffman(),
            restart_interval=self.restart_interval,
            jfif=self.jfif,
            adobe_transform=self.adobe,
            scans=tuple(self.scans),
            segments=tuple(self.segments),
            trailing_bytes=0 if end is None else len(self.data) - end,
            extraneous_bytes=self.extraneous,
            incomplete=self._incomplete(end),
        )

    def _walk(self) -> int | None:
        """Read segments; return the offset behind EOI, or None where the file has none."""
        position = 0
        while len(self.segments) < MAX_SEGMENTS:
            found = _NEXT_MARKER.search(self.data, position)
            if found is None:
                self._refuse_without_scan()
                return None
            start = found.start()
            self._count_extraneous(position, start)
            marker = self.data[start + 1]
            if marker == 0xD9:
                self._keep(marker, start, start + 2)
                return start + 2
            position = start + 2 if marker in _STANDALONE else self._read_segment(marker, start)
            self._keep(marker, start, position)
        raise ImageError("corrupt", f"the JPEG has more than {MAX_SEGMENTS:,} marker segments")

    def _count_extraneous(self, position: int, start: int) -> None:
        gap = bytes(self.data[position:start])
        self.extraneous += len(gap.rstrip(b"\xff"))  # any number of 0xFF may fill

    def _keep(self, marker: int, start: int, end: int) -> None:
        self.segments.append(JpegSegment(marker, marker_name(marker), start, end - start))

    def _refuse_without_scan(self) -> None:
        if self.scans:
            return
        raise ImageError(
            "truncated",
            f"the JPEG ends after {len(self.data):,} bytes, behind its "
            f"{self.segments[-1].name if self.segments else 'first'} marker and before any picture "
            "data",
            "Get the whole file from its source.",
        )

    def _read_segment(self, marker: int, start: int) -> int:
        """Read the segment at ``start``; return where what follows it begins."""
        name = marker_name(marker)
        size = bytes(self.data[start + 2 : start + 4])
        length = struct.unpack(">H", size)[0] if len(size) == 2 else 2
        if length < 2:
            raise ImageError(
                "corrupt", f"the {name} segment at byte {start:,} declares a length of {length}"
            )
        end = start + 2 + length
        if len(size) < 2 or end > len(self.data):
            return self._cut_segment(name, start)
        self._read_payload(marker, bytes(self.data[start + 4 : end]))
        if marker != 0xDA:
            return end
        found = _AFTER_SCAN.search(self.data, end)
        return found.start() if found else len(self.data)

    def _cut_segment(self, name: str, start: int) -> int:
        if self.scans:  # a later segment; the first scan is there to be described
            return len(self.data)
        raise ImageError(
            "truncated",
            f"the JPEG ends after {len(self.data):,} bytes, inside the {name} segment that begins "
            f"at byte {start:,}, before any picture data",
            "Get the whole file from its source.",
        )

    def _read_payload(self, marker: int, payload: bytes) -> None:
        try:
            if marker in _CODINGS:
                self._read_frame(marker, payload)
            elif marker in _READERS:
                _READERS[marker](self, payload)
        except (IndexError, struct.error):
            raise ImageError(
                "corrupt", f"the {marker_name(marker)} segment is shorter than its content"
            ) from None

    def _read_frame(self, marker: int, payload: bytes) -> None:
        if self.frame is not None and self.coding != "hierarchical":
            raise ImageError("corrupt", "the JPEG has a second frame header")
        precision, height, width, count = struct.unpack_from(">BHHB", payload)
        if height == 0 and width:
            raise ImageError(
                "unsupported", "the JPEG leaves its height to a later DNL segment, which is rare"
            )
        parts = [struct.unpack_from("BBB", payload, 6 + 3 * i) for i in range(count)]
        components = tuple(JpegComponent(i, hv >> 4, hv & 15, t) for i, hv, t in parts)
        _check_components(components)
        if self.frame is None:
            self.frame = (precision, height, width)
            self.coding = "hierarchical" if self.coding == "hierarchical" else _CODINGS[marker]
            self.components = components

    def _read_tables(self, payload: bytes) -> None:
        position = 0
        while position < len(payload):
            wide, number = payload[position] >> 4, payload[position] & 15
            if wide > 1 or number > 3:
                raise ImageError("corrupt", "a DQT segment declares an unknown table")
            form = ">64H" if wide else ">64B"
            entries = struct.unpack_from(form, payload, position + 1)
            natural = [0] * 64
            for entry, place in zip(entries, ZIGZAG, strict=True):
                natural[place] = entry
            self.tables[number] = tuple(natural)
            self.precisions[number] = 16 if wide else 8
            position += 1 + struct.calcsize(form)

    def _read_huffman(self, payload: bytes) -> None:
        position = 0
        while position < len(payload):
            counts = struct.unpack_from("16B", payload, position + 1)
            self.code_counts.append(counts)
            position += 17 + sum(counts)

    def _read_restart(self, payload: bytes) -> None:
        self.restart_interval = struct.unpack_from(">H", payload)[0]

    def _read_jfif(self, payload: bytes) -> None:
        if payload.startswith(b"JFIF\0") and len(payload) >= 14:
            self.jfif = (payload[5], payload[6])

    def _read_adobe(self, payload: bytes) -> None:
        if payload.startswith(b"Adobe") and len(payload) >= 12:
            self.adobe = payload[11]

    def _read_hierarchy(self, payload: bytes) -> None:
        self.coding = "hierarchical"

    def _read_scan(self, payload: bytes) -> None:
        if self.frame is None:
            raise ImageError("corrupt", "the JPEG has a scan before its frame header")
        count = payload[0]
        identifiers = tuple(payload[1 + 2 * i] for i in range(count))
        first, last, bits = struct.unpack_from("BBB", payload, 1 + 2 * count)
        self.scans.append(JpegScan(identifiers, (first, last), (bits >> 4, bits & 15)))
        for component in self.components:
            if component.identifier in identifiers:
                table = self.tables.get(component.table_id)
                self.latched.setdefault(component.identifier, table)

    def _huffman(self) -> Literal["standard", "optimised"] | None:
        if not self.code_counts:
            return None
        return "standard" if set(self.code_counts) <= _STANDARD_CODE_COUNTS else "optimised"

    def _colour_space(self) -> ColourSpace:
        """Infer as libjpeg does (``jdapimin.c``: ``default_decompress_parms``)."""
        count = len(self.components)
        if count == 3:
            identifiers = bytes(c.identifier for c in self.components)
            without_transform = self.adobe == 0 or (self.adobe is None and identifiers == b"RGB")
            return "RGB" if without_transform and self.jfif is None else "YCbCr"
        if count == 4:
            return "CMYK" if self.adobe in (None, 0) else "YCCK"
        return "grey" if count == 1 else "unknown"

    def _incomplete(self, end: int | None) -> str | None:
        if end is None:
            return (
                f"the file ends after {len(self.data):,} bytes, in or behind scan "
                f"{len(self.scans)}, without the end-of-image marker"
            )
        for component in self.components:
            lowest = self._lowest_bits(component.identifier)
            if None in lowest:
                return f"no scan carries all of component {component.identifier}"
            if any(lowest):
                return f"scans that refine component {component.identifier} are missing"
        return None

    def _lowest_bits(self, identifier: int) -> list[int | None]:
        """Return down to which bit each coefficient of a component came; None for not at all."""
        lowest: list[int | None] = [None] * 64
        progressive = self.coding in ("progressive", "arithmetic-progressive")
        for scan in self.scans:
            if identifier not in scan.components:
                continue
            if not progressive:
                return [0] * 64
            for coefficient in range(scan.spectral[0], min(scan.spectral[1], 63) + 1):
                lowest[coefficient] = scan.approximation[1]
        return lowest


def _check_components(components: tuple[JpegComponent, ...]) -> None:
    if not components:
        raise ImageError("corrupt", "the frame header declares no component")
    for component in components:
        if not (1 <= component.horizontal <= 4 and 1 <= component.vertical <= 4):
            raise ImageError(
                "corrupt",
                f"component {component.identifier} declares sampling factors "
                f"{component.horizontal}×{component.vertical}; they go from 1 to 4",
            )
    if len({c.identifier for c in components}) != len(components):
        raise ImageError("corrupt", "two components have the same identifier")


_READERS = {
    0xC4: _Parser._read_huffman,
    0xDA: _Parser._read_scan,
    0xDB: _Parser._read_tables,
    0xDD: _Parser._read_restart,
    0xDE: _Parser._read_hierarchy,
    0xE0: _Parser._read_jfif,
    0xEE: _Parser._read_adobe,
}
