"""The structure of a JPEG file: what it declares, and where its parts lie.

Nothing is decoded, so a structure also describes codings that no decoder here can read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from locard.errors import ImageError
from locard.image.quality import QualityEstimate, estimate_quality
from locard.image.sources import Buffer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Coding = Literal[
    "baseline",
    "extended",
    "progressive",
    "lossless",
    "arithmetic",
    "arithmetic-progressive",
    "arithmetic-lossless",
    "hierarchical",
]
ColourSpace = Literal["grey", "YCbCr", "RGB", "CMYK", "YCCK", "unknown"]

_SUBSAMPLINGS = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (1, 2): "4:4:0",
    (2, 2): "4:2:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
    (1, 4): "4:4:1",
}


@dataclass(frozen=True, slots=True)
class JpegSegment:
    """A marker and what belongs to it.

    Attributes:
        marker: The marker's second byte.
        name: ``SOI``, ``APP1``, ``DQT``, …
        offset: Of the marker's 0xFF in the file.
        length: In bytes, marker included; for ``SOS`` with the entropy-coded data after it.
    """

    marker: int
    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class JpegComponent:
    """A colour component as the frame header declares it.

    Attributes:
        identifier: Its number in the file.
        horizontal: Horizontal sampling factor, 1 to 4.
        vertical: Vertical sampling factor, 1 to 4.
        table_id: Number of its quantisation table.
    """

    identifier: int
    horizontal: int
    vertical: int
    table_id: int


@dataclass(frozen=True, slots=True)
class JpegScan:
    """A scan header: which components and coefficients the scan carries.

    Attributes:
        components: Identifiers.
        spectral: First and last coefficient in zig-zag order.
        approximation: High and low bit position of successive approximation.
    """

    components: tuple[int, ...]
    spectral: tuple[int, int]
    approximation: tuple[int, int]


@dataclass(frozen=True, slots=True)
class JpegStructure:
    """What a JPEG file says of itself.

    Attributes:
        width: In pixels.
        height: In pixels.
        precision: Bits a sample: 8 in photographs.
        coding: The kind of the frame.
        components: In file order.
        colour_space: As libjpeg infers it from JFIF and Adobe segments and identifiers.
        quantization_tables: 64 entries a table, row by row; the last definition of each number.
        table_precisions: Bits of an entry, 8 or 16, a table.
        component_tables: For each component the table in force at its first scan, which is the one
            its coefficients were divided by; None where the file defines none.
        huffman: ``standard`` where all tables are those of ITU-T T.81 Annex K, ``optimised`` where
            one is not, None where the file has none.
        restart_interval: In MCUs; 0 for none.
        jfif: Version of the JFIF segment, as (major, minor), or None.
        adobe_transform: Transform byte of the Adobe segment: 0 none, 1 YCbCr, 2 YCCK; or None.
        scans: In file order.
        segments: All marker segments in file order.
        trailing_bytes: How many bytes follow the end-of-image marker.
        extraneous_bytes: How many bytes between segments belong to none.
        incomplete: Why the file cannot hold the whole picture, in words; None where it can.
    """

    width: int
    height: int
    precision: int
    coding: Coding
    components: tuple[JpegComponent, ...]
    colour_space: ColourSpace
    quantization_tables: Mapping[int, tuple[int, ...]]
    table_precisions: Mapping[int, int]
    component_tables: tuple[tuple[int, ...] | None, ...]
    huffman: Literal["standard", "optimised"] | None
    restart_interval: int
    jfif: tuple[int, int] | None
    adobe_transform: int | None
    scans: tuple[JpegScan, ...]
    segments: tuple[JpegSegment, ...]
    trailing_bytes: int
    extraneous_bytes: int
    incomplete: str | None

    @classmethod
    def from_bytes(cls, data: Buffer) -> JpegStructure:
        """Parse a JPEG file.

        Raises:
            ImageError: ``truncated`` where the file ends before its first scan, ``corrupt`` where
                a segment contradicts the standard, ``unsupported`` where the height is left to be
                defined later (DNL).
        """
        from locard.image.jpeg_parser import parse_jpeg

        return parse_jpeg(data)

    @property
    def subsampling(self) -> str:
        """``4:2:0`` and the like, ``4:0:0`` for grey, else factors such as ``2x2,2x1,1x2``."""
        if len(self.components) == 1:
            return "4:0:0"
        factors = [(c.horizontal, c.vertical) for c in self.components]
        (h, v), chroma = factors[0], set(factors[1:3])
        if len(chroma) == 1:
            ch, cv = chroma.pop()
            known = _SUBSAMPLINGS.get((h // ch, v // cv)) if h % ch == v % cv == 0 else None
            if known and (len(factors) == 3 or factors[3] == factors[0]):
                return known
        return ",".join(f"{h}x{v}" for h, v in factors)

    @property
    def quality(self) -> QualityEstimate | None:
        """Estimated IJG quality, from the luma and chroma tables; None without tables."""
        luma = self.component_tables[0]
        if luma is None:
            return None
        subsampled = self.colour_space in ("YCbCr", "YCCK")
        return estimate_quality(luma, self.component_tables[1] if subsampled else None)

    @property
    def unsupported_coding(self) -> str | None:
        """What kind of JPEG this is, where its coefficients cannot be had; else None."""
        if self.precision != 8:
            return f"{self.precision}-bit"
        if self.coding in ("lossless", "arithmetic-lossless", "hierarchical"):
            return self.coding
        if len(self.components) not in (1, 3, 4):
            return f"{len(self.components)}-component"
        if None in self.component_tables:
            return "incomplete (a quantisation table is missing)"
        return None

    def table(self, component: int) -> NDArray[np.int64]:
        """Return a component's quantisation table.

        Args:
            component: Index of the component, in file order.

        Returns:
            int64, shape (8, 8): row is the vertical frequency, column the horizontal one.

        Raises:
            ImageError: ``corrupt``: the file does not define the table.
            IndexError: There is no such component.
        """
        import numpy as np

        entries = self.component_tables[component]
        if entries is None:
            raise ImageError(
                "corrupt",
                f"component {component} uses quantisation table "
                f"{self.components[component].table_id}, which the file does not define",
            )
        return np.array(entries, dtype=np.int64).reshape(8, 8)

    def essential(self, data: Buffer) -> bytes:
        """Return the file without what does not decide the pixels.

        Application segments other than JFIF and Adobe, comments, bytes that belong to no segment
        and whatever follows the end are left out; everything else stays as it is.
        """
        kept = (s for s in self.segments if s.name != "COM" and not _is_foreign_app(s, data))
        return b"".join(bytes(data[s.offset : s.offset + s.length]) for s in kept)


def _is_foreign_app(segment: JpegSegment, data: Buffer) -> bool:
    if not 0xE0 <= segment.marker <= 0xEF:
        return False
    start = bytes(data[segment.offset + 4 : segment.offset + 9])
    return not (
        (segment.marker == 0xE0 and start == b"JFIF\0")
        or (segment.marker == 0xEE and start == b"Adobe")
    )
