"""The checks of ``frame-metadata``: each with its measurements and a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from locard.findings import Measurement
from locard.image import Image
from locard.image.metadata import Metadata
from locard_traces.frame_place import Comparison, compare
from locard_traces.frame_sizes import (
    Crop,
    Relation,
    Size,
    declared_crop,
    missing_share,
    relation,
    stated_size,
)
from locard_traces.frame_thumbnail import (
    Thumbnail,
    UnusableThumbnailError,
    read_thumbnail,
)

LEAST_CROP = 0.005
"""Share that a declared crop must take away; programs write crops of nothing."""
SAME_CORRELATION = 0.75
"""Correlation from which a thumbnail agrees with the whole picture. Cameras that drop pixels
instead of averaging them have made thumbnails of 0.85."""
LEAST_CONTRAST = 4.0
"""Standard deviation of the luma that a missing part must have: borders are even."""
MOST_MISSING = 0.94
"""A smaller remainder than the rest has too few pixels in a thumbnail to be recognised."""


class Says(StrEnum):
    """What a check says."""

    AGREES = "agrees"
    UNCLEAR = "unclear"
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        name: In kebab-case.
        says: Its answer.
        reason: In kebab-case: why it is unclear; empty otherwise.
        sentence: The answer in words.
        missing: Least share of the frame that is missing by it, 0 to 1.
        measurements: Its figures.
    """

    name: str
    says: Says
    sentence: str
    reason: str = ""
    missing: float = 0.0
    measurements: Mapping[str, Measurement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where metadata state a size."""

    name: str
    title: str
    tags: tuple[tuple[str, str], ...]
    xmp: bool = False


EXIF_SIZE = _Source("exif-size", "EXIF", (("ExifImageWidth", "ExifImageHeight"),))
_SOURCES = (
    EXIF_SIZE,
    _Source("tiff-size", "EXIF's first directory", (("ImageWidth", "ImageLength"),)),
    _Source(
        "related-size",
        "EXIF's interoperability directory",
        (("RelatedImageWidth", "RelatedImageLength"),),
    ),
    _Source(
        "xmp-size",
        "XMP",
        (
            ("exif:PixelXDimension", "exif:PixelYDimension"),
            ("tiff:ImageWidth", "tiff:ImageLength"),
        ),
        xmp=True,
    ),
    _Source(
        "panorama-size",
        "GPano in XMP",
        (("GPano:CroppedAreaImageWidthPixels", "GPano:CroppedAreaImageHeightPixels"),),
        xmp=True,
    ),
)

_SENTENCES = {
    Relation.EQUAL: "{title} states the stored size.",
    Relation.TURNED: "{title} states the stored size turned by a right angle.",
    Relation.TRIMMED: "{title} states {stated} pixels, the picture has {stored}: fewer than 16 "
    "rows or columns are missing, as after a lossless rotation.",
    Relation.RESIZED: "{title} states {stated} pixels, the picture has {stored}, of the same "
    "shape: it may have been resized, or cut to the frame's shape.",
    Relation.CUT: "{title} states {stated} pixels, the picture has {stored}, of another shape: "
    "neither rotation nor resizing explains that, a cut does.",
    Relation.OTHER: "{title} states {stated} pixels, the picture has {stored}: it was enlarged, "
    "joined, or the statement is wrong.",
}
_REASONS = {
    Relation.TRIMMED: "trimmed",
    Relation.RESIZED: "resized",
    Relation.CUT: "sizes-disagree",
    Relation.OTHER: "enlarged",
}


def size_checks(image: Image) -> Iterator[Check]:
    """Compare each stated size with the stored one.

    Only the size that EXIF prescribes can contradict; programs and cameras use the others freely.
    """
    metadata, stored = image.metadata, (image.width, image.height)
    for source in _SOURCES:
        stated = _stated(source, metadata, image)
        if stated is None:
            continue
        found = relation(stored, stated)
        key = source.name.replace("-", "_")
        words = _SENTENCES[found].format(
            title=source.title, stated=_shown(stated), stored=_shown(stored)
        )
        if found is Relation.CUT and source is not EXIF_SIZE:
            words += " But cameras and programs use these fields freely."
        yield Check(
            source.name,
            _says(source, found),
            words,
            _REASONS.get(found, ""),
            missing_share(stored, stated) if found is Relation.CUT else 0.0,
            {key: list(stated), f"{key}_relation": found.value},
        )


def _stated(source: _Source, metadata: Metadata, image: Image) -> Size | None:
    values: Mapping[str, Any] = metadata.xmp_properties if source.xmp else metadata.exif
    if source.name == "tiff-size" and image.format == "TIFF":
        return None  # there the tags are the picture's own structure
    if source.name == "related-size" and metadata.exif.get("InteropIndex") == "THM":
        return None  # the picture says that it is a small version of the related one
    sizes = (stated_size(values, *tags) for tags in source.tags)
    return next((size for size in sizes if size is not None), None)


def _says(source: _Source, found: Relation) -> Says:
    if found in (Relation.EQUAL, Relation.TURNED):
        return Says.AGREES
    hard = found is Relation.CUT and source is EXIF_SIZE
    return Says.CONTRADICTS if hard else Says.UNCLEAR


def _shown(size: Size) -> str:
    return f"{size[0]}×{size[1]}"


def crop_check(metadata: Metadata) -> Check | None:
    """Read the crop fields of XMP; None where there are none that take something away."""
    crop = declared_crop(metadata.xmp_properties)
    if crop is None or crop.missing < LEAST_CROP:
        return None
    figures: dict[str, Measurement] = {
        "crop_rectangle": [round(edge, 6) for edge in crop.rectangle],
        "crop_applied": crop.applied,
    }
    return _crop_check(crop, figures)


def _crop_check(crop: Crop, figures: Mapping[str, Measurement]) -> Check:
    share = f"{100 * crop.missing:.0f} % of the frame"
    if crop.applied:
        words = f"XMP says that a program cut away {share} and wrote the result into the pixels."
        return Check("xmp-crop", Says.CONTRADICTS, words, "", crop.missing, figures)
    words = f"XMP holds a crop of {share}, and does not say whether the pixels are already cut."
    return Check("xmp-crop", Says.UNCLEAR, words, "crop-pending", crop.missing, figures)


@dataclass(frozen=True, slots=True)
class Seen:
    """The thumbnail, where it was compared, and what that says."""

    check: Check
    thumbnail: Thumbnail | None = None
    comparison: Comparison | None = None


def thumbnail_check(image: Image, min_inset: float, min_correlation: float) -> Seen | None:
    """Find the picture in its thumbnail; None where there is no thumbnail.

    Args:
        image: The picture.
        min_inset: How far an edge must lie inside to count as cut, over the longer side.
        min_correlation: From which a place counts as found.
    """
    metadata = image.metadata
    if metadata.thumbnail is None:
        return None
    try:
        thumbnail = read_thumbnail(metadata.thumbnail)
    except UnusableThumbnailError as error:
        words = f"The thumbnail cannot be compared: {error}."
        figures: dict[str, Measurement] = {"thumbnail_problem": str(error)}
        return Seen(Check("thumbnail", Says.UNCLEAR, words, "thumbnail-unusable", 0.0, figures))
    stated = stated_size(metadata.exif, *EXIF_SIZE.tags[0])
    shape = stated[0] / stated[1] if stated else None
    found = compare(thumbnail, image.luma, shape)
    height, width = thumbnail.luma.shape
    figures = {"thumbnail_size": [width, height], "thumbnail_bars": list(thumbnail.bars)}
    if found is None:
        words = "The picture is not found in the thumbnail."
        return Seen(
            Check("thumbnail", Says.UNCLEAR, words, "thumbnail-unlike", 0.0, figures), thumbnail
        )
    says, reason, words = _judged(found, min_inset, min_correlation)
    figures |= _figures(found)
    if says is Says.CONTRADICTS:
        figures |= _frame(found, thumbnail, image)
    check = Check("thumbnail", says, words, reason, found.missing, figures)
    return Seen(check, thumbnail, found)


def _judged(found: Comparison, min_inset: float, min_correlation: float) -> tuple[Says, str, str]:
    """Return what a place in the thumbnail says: answer, reason, sentence."""
    cut = [inset >= min_inset for inset in found.insets]
    if found.correlation < SAME_CORRELATION or found.missing > MOST_MISSING:
        return Says.UNCLEAR, "thumbnail-unlike", "The thumbnail does not clearly show this picture."
    if not any(cut):
        return Says.AGREES, "", _agreement(found)
    if found.outside < LEAST_CONTRAST:
        words = "The thumbnail shows this picture with an even border, which may be a camera's."
        return Says.UNCLEAR, "thumbnail-border", words
    if found.correlation < min_correlation:
        words = "The thumbnail seems to show more than this picture, but not clearly."
        return Says.UNCLEAR, "thumbnail-unlike", words
    sides = [s for s, is_cut in zip(("left", "top", "right", "bottom"), cut, strict=True) if is_cut]
    turned = " (in the thumbnail's position)" if found.turns else ""
    return (
        Says.CONTRADICTS,
        "",
        f"The thumbnail shows more than the picture: {100 * found.missing:.0f} % of it is missing, "
        f"at the {_listed(sides)}{turned}.",
    )


def _agreement(found: Comparison) -> str:
    if min(found.insets) < -0.03:
        return "The thumbnail shows a part of this picture, as those of some cameras do."
    return "The thumbnail shows this picture as a whole."


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _figures(found: Comparison) -> dict[str, Measurement]:
    return {
        "thumbnail_correlation": round(found.correlation, 4),
        "thumbnail_corners": [[round(float(v), 2) for v in corner] for corner in found.corners],
        "thumbnail_turns": found.turns,
        "thumbnail_insets": [round(inset, 4) for inset in found.insets],
        "thumbnail_angle": round(found.angle, 2),
        "thumbnail_missing": round(found.missing, 4),
        "thumbnail_contrast": round(found.outside, 1),
    }


def _frame(found: Comparison, thumbnail: Thumbnail, image: Image) -> dict[str, Measurement]:
    """Return the frame that the thumbnail shows, in the picture's pixels."""
    sides = (image.width, image.height) if found.turns % 2 == 0 else (image.height, image.width)
    edges = np.linalg.norm(found.corners[[1, 3]] - found.corners[0], axis=1)
    scale = np.array(sides) / edges
    height, width = thumbnail.luma.shape
    left, top, right, bottom = thumbnail.bars
    size = np.array([width - left - right, height - top - bottom]) * scale
    origin = (found.corners[0] - np.array([left, top])) * scale
    return {
        "frame_size": [round(float(side)) for side in size],
        "frame_origin": [round(float(place)) for place in origin],
    }
