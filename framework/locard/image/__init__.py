"""Bytes to header, and lazily to pixels, luma, JPEG structure, coefficients and metadata.

Each name is loaded when it is first used: ``from locard.image import read_header`` imports neither
numpy nor a decoder, so the engine's parent process can read headers and stay small.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locard.image.decoders import decoder_id as decoder_id
    from locard.image.header import Header as Header
    from locard.image.header import read_header as read_header
    from locard.image.image import Image as Image
    from locard.image.jpeg import JpegComponent as JpegComponent
    from locard.image.jpeg import JpegStructure as JpegStructure
    from locard.image.metadata import IccProfile as IccProfile
    from locard.image.metadata import Metadata as Metadata
    from locard.image.quality import QualityEstimate as QualityEstimate

_HOMES = {
    "Header": "locard.image.header",
    "IccProfile": "locard.image.metadata",
    "Image": "locard.image.image",
    "JpegComponent": "locard.image.jpeg",
    "JpegStructure": "locard.image.jpeg",
    "Metadata": "locard.image.metadata",
    "QualityEstimate": "locard.image.quality",
    "decoder_id": "locard.image.decoders",
    "read_header": "locard.image.header",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'locard.image' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
