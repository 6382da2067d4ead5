"""Kinds of source that thresholds are set apart for: what a file was, and how large it is."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from locard.calibration import Conditions, Range
from locard_semi_global.kind_of_source import NEVER_COMPRESSED

if TYPE_CHECKING:
    from locard.image.file_facts import FileFacts

MEAN_STEP: Final = "mean_luma_step"
"""Measurement of the detector: mean step of the luma table, the file's own or an estimated one,
with three decimals."""

NEVER: Final = "never compressed"
LOST: Final = "JPEG without its header"
FILES: Final = (NEVER, LOST, "JPEG below 80", "JPEG 80-89", "JPEG 90-94", "JPEG 95-100")
"""Lossless files whose pixels show no steps, those that do, and JPEG by estimated IJG quality."""

FIRST_JPEG: Final = 2
"""Place of the first kind of JPEG file."""

SIZES: Final = ("below 0.5 MP", "0.5-3 MP", "3 MP or more")

_QUALITIES: Final = (80, 90, 95)
_MEGAPIXELS: Final = (0.5, 3.0)

# Conditions are closed ranges. Megapixels go in steps of 1e-6, mean steps in steps of 1e-3.
_BELOW: Final = 5e-7
_ABOVE: Final = 5e-4


def file_kind(file: FileFacts, mean_step: float) -> str | None:
    """Return which of :data:`FILES` a file is; None for WebP and a JPEG without tables.

    Args:
        file: What its header says.
        mean_step: See :data:`MEAN_STEP`.
    """
    if file.kind == "lossless":
        return NEVER if mean_step <= NEVER_COMPRESSED else LOST
    if file.kind == "JPEG" and file.jpeg_quality is not None:
        return FILES[FIRST_JPEG + bisect_right(_QUALITIES, file.jpeg_quality)]
    return None


def size_kind(file: FileFacts) -> str:
    """Return which of :data:`SIZES` a file has."""
    return SIZES[bisect_right(_MEGAPIXELS, file.megapixels)]


def conditions(kind: str, size: str | None = None) -> Conditions:
    """Return the conditions that exhibits of a kind meet.

    Args:
        kind: One of :data:`FILES`.
        size: One of :data:`SIZES`; None for any.
    """
    megapixels = None if size is None else _between(SIZES.index(size), _MEGAPIXELS)
    place = FILES.index(kind)
    if place >= FIRST_JPEG:
        qualities = _between(
            place - FIRST_JPEG, tuple(float(edge) for edge in _QUALITIES), step=1.0
        )
        return Conditions(formats=("JPEG",), jpeg_quality=qualities, megapixels=megapixels)
    never = kind == NEVER
    step = Range(high=NEVER_COMPRESSED) if never else Range(low=NEVER_COMPRESSED + _ABOVE)
    return Conditions(formats=("lossless",), megapixels=megapixels, measurements={MEAN_STEP: step})


def _between(band: int, edges: tuple[float, ...], step: float = _BELOW) -> Range:
    """Return the closed range of a band: from its edge to ``step`` below the next."""
    return Range(
        low=edges[band - 1] if band else None,
        high=edges[band] - step if band < len(edges) else None,
    )
