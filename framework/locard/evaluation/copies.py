"""Treated copies of a data set's images, made when they are needed and removed after use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from locard.errors import LocardError

if TYPE_CHECKING:
    from locard.evaluation.treatments import Treatment
    from locard.image import Header


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the header of an examined file says.

    Attributes:
        format: ``JPEG``, ``PNG``, …
        width: Stored width in pixels.
        height: Stored height in pixels.
        jpeg_quality: Estimated IJG quality; None where it is no JPEG or has other tables.
    """

    format: str
    width: int
    height: int
    jpeg_quality: int | None = None

    @classmethod
    def of(cls, header: Header) -> Self:
        """Return what a header says."""
        quality = header.jpeg.quality if header.jpeg else None
        return cls(header.format, header.width, header.height, quality.value if quality else None)


@dataclass(frozen=True, slots=True)
class Copy:
    """A treated copy on disk.

    Attributes:
        path: Where.
        sha256: Of its bytes.
        facts: What its header says.
    """

    path: Path
    sha256: str
    facts: FileFacts


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an image could not be treated."""

    reason: str


def make_copy(original: Path, treatment: Treatment, target: Path) -> Copy | Refused:
    """Write a treated copy of an image.

    Args:
        original: The image.
        treatment: What is done to it.
        target: The new file.

    Returns:
        The copy, or why the image cannot be treated.

    Raises:
        OSError: The copy cannot be written.
    """
    from locard.image import Image, read_header

    try:
        data = treatment.apply(Image.from_path(original))
        facts = FileFacts.of(read_header(data))
    except LocardError as error:
        return Refused(error.message)
    except MemoryError:
        return Refused("there is not enough memory")
    target.write_bytes(data)
    return Copy(target, hashlib.sha256(data).hexdigest(), facts)
