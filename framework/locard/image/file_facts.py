"""What the header of an examined file says: calibrations are bound to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from locard.image.header import Header

FileKind = Literal["JPEG", "WEBP", "lossless"]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What conditions ask of a file; a header, and a row of an evaluation, say it.

    Attributes:
        format: ``JPEG``, ``PNG``, …
        width: Stored width in pixels.
        height: Stored height in pixels.
        jpeg_quality: Estimated IJG quality; None where it is no JPEG, or defines no table.
    """

    format: str
    width: int
    height: int
    jpeg_quality: int | None = None

    @classmethod
    def of(cls, header: Header) -> Self:
        """Return what a header says."""
        estimate = header.jpeg.quality if header.jpeg else None
        quality = None if estimate is None else estimate.value
        return cls(header.format, header.width, header.height, quality)

    @property
    def kind(self) -> FileKind:
        """What the format does to pixels: BMP, PNG and TIFF keep them as they are."""
        match self.format:
            case "JPEG":
                return "JPEG"
            case "WEBP":
                return "WEBP"
            case _:
                return "lossless"

    @property
    def megapixels(self) -> float:
        """Millions of stored pixels."""
        return self.width * self.height / 1e6
