"""Treated copies of a data set's images, made when they are needed and removed after use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.errors import LocardError
from locard.image.file_facts import FileFacts

if TYPE_CHECKING:
    from locard.evaluation.treatments.kinds import Treatment


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
