"""Divides images into strata, and says for which exhibits each of them speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from locard.calibration.conditions import Conditions, Range
from locard.evaluation.datasets.strata import quality_band, size_band
from locard.image.file_facts import FileFacts

By = Literal["source", "size", "none"]

ALL = "all images"


def stratum_of(by: By) -> Callable[[FileFacts], str]:
    """Return what names the stratum of a file.

    Strata go by what can be seen of an exhibit, not by what a data set knows of its images:
    whether the picture in a lossless file was never compressed, nobody can tell from the file.
    """
    return {"source": _source, "size": _size, "none": lambda _: ALL}[by]


def conditions_of(files: Sequence[FileFacts]) -> Conditions:
    """Return the conditions that the files of a stratum span: beyond them nothing was measured.

    Args:
        files: At least one; JPEG files with a quality.
    """
    qualities = [file.jpeg_quality for file in files if file.jpeg_quality is not None]
    return Conditions(
        formats=tuple(sorted({file.kind for file in files})),
        jpeg_quality=_span(qualities) if qualities else None,
        megapixels=_span([file.megapixels for file in files]),
    )


def _span(values: Iterable[float]) -> Range:
    ordered = sorted(values)
    return Range(low=ordered[0], high=ordered[-1])


def _source(file: FileFacts) -> str:
    if file.kind == "JPEG" and file.jpeg_quality is not None:
        return quality_band(file.jpeg_quality)
    return f"{file.kind} files"


def _size(file: FileFacts) -> str:
    return size_band(file.megapixels)
