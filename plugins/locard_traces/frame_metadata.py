"""The ``frame-metadata`` detector: whether metadata tell of a larger frame than the picture's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from locard import Budget, Detector, Finding, Needs, Parameters

if TYPE_CHECKING:
    from locard import Image


class FrameMetadataParameters(Parameters):
    """Parameters of ``frame-metadata``."""

    min_inset: float = Field(
        0.0125,
        ge=0.005,
        le=0.2,
        description="How far an edge of the picture must lie inside the thumbnail's picture to "
        "count as cut, over the thumbnail's longer side.",
    )
    min_correlation: float = Field(
        0.95,
        ge=0.8,
        le=1,
        description="Correlation of picture and thumbnail from which a place in the thumbnail "
        "counts as found.",
    )


class FrameMetadata(Detector):
    """Compares the picture with what its metadata say of its frame."""

    name = "frame-metadata"
    version = "1"
    summary = "Metadata that tell of a larger frame: stated sizes, crop fields, the thumbnail"
    method = (
        "Sizes that EXIF and XMP state are compared with the stored one; rotation, lossless "
        "trimming and resizing are considered before a cut. Crop fields that Adobe's programs "
        "write are read. The picture is sought in its EXIF thumbnail: by normalised "
        "cross-correlation over scales, places and right angles (Lewis, Vision Interface 1995), "
        "then by least squares for an affine map (Lucas and Kanade, IJCAI 1981), so that the "
        "thumbnail of a cut picture shows the frame as it was, and where it was cut."
    )
    limits = (
        "Metadata can be forged, and most programs that cut pictures renew or remove what is "
        "compared here: that nothing contradicts says nothing about a cut. A program that cuts "
        "and keeps metadata need not have meant to deceive. A cut to the frame's own shape cannot "
        "be told from resizing by sizes alone. Thumbnails of 160 pixels show no cut below about "
        "2 of them. Evenly coloured borders, blurred, or very small remains are not recognised, "
        "nor previews outside the EXIF thumbnail. A thumbnail of another picture, or of one that "
        "was altered much, is not told from a damaged one."
    )
    score_meaning = (
        "Share of the frame that is missing, 0 to 1, by the strongest contradiction; by the "
        "thumbnail where it shows one, else the least share that the stated size or the crop field "
        "leaves possible. Below the threshold of the thumbnail's comparison it is error of "
        "measurement."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "checks": "For each check that could be made, what it says: agrees, contradicts (nothing "
        "innocent explains it) or unclear (something innocent may).",
        "exif_size": "Width and height that EXIF states (PixelXDimension, PixelYDimension).",
        "exif_size_relation": "How the stored size may come from it: equal, turned, trimmed "
        "(lossless rotation drops incomplete blocks), resized, cut, or other.",
        "tiff_size": "Width and height in EXIF's first directory (ImageWidth, ImageLength).",
        "tiff_size_relation": "How the stored size may come from it.",
        "related_size": "Width and height in EXIF's interoperability directory.",
        "related_size_relation": "How the stored size may come from it.",
        "xmp_size": "Width and height that XMP states (exif:PixelXDimension, tiff:ImageWidth).",
        "xmp_size_relation": "How the stored size may come from it.",
        "panorama_size": "Width and height of the picture that GPano in XMP states.",
        "panorama_size_relation": "How the stored size may come from it.",
        "crop_rectangle": "Left, top, right and bottom edge of the crop in XMP (crs:CropLeft and "
        "so on), as shares of the frame.",
        "crop_applied": "Whether XMP says that this crop is already in the pixels.",
        "thumbnail_size": "Width and height of the EXIF thumbnail.",
        "thumbnail_problem": "Why the thumbnail could not be compared.",
        "thumbnail_bars": "Dark rows and columns at the thumbnail's left, top, right and bottom.",
        "thumbnail_correlation": "Correlation of picture and thumbnail where they overlap.",
        "thumbnail_corners": "x and y of the picture's upper left, upper right, lower right and "
        "lower left corner in the thumbnail, in its pixels, from its upper left edge.",
        "thumbnail_turns": "Quarter turns against the clock that bring the picture in the "
        "thumbnail's position.",
        "thumbnail_insets": "How far the picture's left, upper, right and lower edge lie inside "
        "the thumbnail's picture, over the latter's longer side; negative outside.",
        "thumbnail_angle": "By how many degrees the picture is turned in the thumbnail besides.",
        "thumbnail_missing": "Share of the thumbnail's picture that the picture does not show.",
        "thumbnail_contrast": "Standard deviation of the luma in that missing part, from its "
        "quantiles.",
        "frame_size": "Width and height of the frame by the thumbnail, in the picture's pixels and "
        "the thumbnail's position; known to about one pixel of the thumbnail.",
        "frame_origin": "x and y of the picture's upper left corner in that frame.",
        "shape": "Longer side of the picture over the shorter one.",
        "usual_shape": "The shape of cameras that this is within 1 %, or empty. Says little.",
        "whole_blocks": "Whether a JPEG's sides are multiples of its blocks, as those of most "
        "cameras are. Says little.",
        "software": "The program that EXIF names.",
    }
    Parameters = FrameMetadataParameters
    needs = Needs(min_side=16)
    budget = Budget(
        seconds=1.5, seconds_per_megapixel=0.2, mebibytes=60, mebibytes_per_megapixel=25
    )

    def load(self) -> None:
        """Import the numerical code."""
        import locard_traces.frame_finding  # noqa: F401

    def examine(self, image: Image) -> Finding:
        """Compare the picture with its metadata."""
        from locard_traces.frame_finding import examine_frame

        return examine_frame(image, self.parameters.min_inset, self.parameters.min_correlation)
