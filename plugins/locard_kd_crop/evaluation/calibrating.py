"""From scores of validation pictures to likelihood ratios, bound to the file's quality and size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from locard import __version__
from locard.calibration import Calibration, CalibrationError, Conditions, Range
from locard.calibration.calibration import DatasetFacts, DetectorFacts, Hypotheses
from locard.calibration.fitting import LEAST_IMAGES, Fit, Method, Scored, TooFewError, fit
from locard.calibration.stratum import Stratum
from locard.canonical import canonical_json, sha256_of
from locard_kd_crop.datasets.layout import CropPairs
from locard_kd_crop.evaluation.pictures import (
    FILE_BANDS,
    SIDES,
    SIZE_BANDS,
    lowest_quality,
    quality_range,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.evaluation.answers import Answers
    from locard_kd_crop.evaluation.pictures import Pictures

HYPOTHESES: Final = Hypotheses(
    h1="the picture was cut off the grid of a JPEG compression that it once had, and stored as "
    "the crops of the data sets were",
    h2="it has no such grid: it was not cropped since its first JPEG compression, was cropped "
    "along the grid, or was never compressed or resampled since",
)
"""What is compared. That the grid did not move is no proof that nobody cropped the picture."""

METHODS: Final[tuple[Method, ...]] = ("logistic", "pav")

ANY_SIZE: Final = "any size"

SHORTER_SIDE: Final = "shorter_side"
"""Measurement of the detector that sizes go by, in pixels."""

LEAST: Final = 50
"""Pictures of each class from which on a size has a mapping of its own: the bounds (ELUB) of few
are narrower than those of all sizes together."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A new calibration.

    Attributes:
        calibration: It.
        notes: Which sorts of files have none of their own, and why, a sentence each.
    """

    calibration: Calibration
    notes: tuple[str, ...]


def calibrate(
    answers: Answers, pictures: Pictures, name: str, detector: DetectorFacts
) -> Calibrated:
    """Fit likelihood ratios.

    Each kind of file (lossless, bands of JPEG quality) and size gets a mapping with empirical
    bounds, cross-validated over cameras and scenes: logistic, or a step function where that costs
    less there. Sizes with too few pictures or cameras take that of their kind of file at all sizes,
    which comes last.

    Args:
        answers: What the model says of validation pictures.
        pictures: What they are.
        name: Of the data sets.
        detector: What gave the scores.

    Raises:
        CalibrationError: There are too few pictures for any, or scikit-learn is not installed.
    """
    strata: list[Stratum] = []
    notes: list[str] = []
    for words, conditions, chosen, least in _sorts(pictures):
        scored = Scored(
            answers.scores[chosen], pictures.moved[chosen], pictures.column("group")[chosen]
        )
        try:
            found = _fitted(scored, least)
        except TooFewError as error:
            notes.append(f"{words}: {error.message}.")
            continue
        strata.append(
            Stratum(
                name=words,
                conditions=conditions,
                tampered=int(scored.tampered.sum()),
                authentic=int((~scored.tampered).sum()),
                mapping=found.mapping,
                bounds=found.bounds,
                performance=found.performance,
            )
        )
    if not strata:
        raise CalibrationError(
            "there are too few validation pictures to calibrate on: " + " ".join(notes),
            "Build larger data sets, of more cameras.",
        )
    calibration = Calibration.sealed(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        locard=__version__,
        detector=detector,
        dataset=_dataset(pictures, name),
        hypotheses=HYPOTHESES,
        strata=strata,
    )
    return Calibrated(calibration, tuple(notes))


def _fitted(scored: Scored, least: int) -> Fit:
    fits = [fit(method, scored, least) for method in METHODS]
    return min(fits, key=lambda one: one.performance.cllr)


def _sorts(pictures: Pictures) -> Iterator[tuple[str, Conditions, NDArray[np.bool_], int]]:
    """Yield sorts of files; an exhibit takes the first whose conditions it meets.

    Yields:
        Words, conditions, pictures, and how many of each class there must be.
    """
    lowest, largest = lowest_quality(pictures), int(pictures.size_bands.max())
    for kind, band in enumerate(FILE_BANDS):
        of_kind = pictures.file_bands == kind
        if not of_kind.any():
            continue
        least, most = quality_range(kind, lowest) if kind else (0, 0)
        span = Range(low=float(least), high=float(most)) if kind else None
        for size in np.unique(pictures.size_bands[of_kind]).tolist():
            conditions = file_conditions(span, side_range(size, largest))
            chosen = of_kind & (pictures.size_bands == size)
            yield f"{band}, {SIZE_BANDS[size]}", conditions, chosen, LEAST
        any_size = file_conditions(span, Range(low=float(SIDES[0])))
        yield f"{band}, {ANY_SIZE}", any_size, of_kind, LEAST_IMAGES


def file_conditions(qualities: Range | None, shorter_side: Range) -> Conditions:
    """Return conditions of files.

    Args:
        qualities: IJG qualities of JPEG files; None for lossless files.
        shorter_side: In pixels. Where the largest pictures that were measured are among them, it
            has no end: evidence counts no more than a megapixel's worth of windows.
    """
    return Conditions(
        formats=("JPEG",) if qualities else ("lossless",),
        jpeg_quality=qualities,
        measurements={SHORTER_SIDE: shorter_side},
    )


def side_range(band: int, largest: int) -> Range:
    """Return the shorter sides of a band of sizes, the largest that was measured without end.

    Args:
        band: Its place in :data:`~locard_kd_crop.evaluation.pictures.SIZE_BANDS`.
        largest: That of the largest that was measured.
    """
    high = float(SIDES[band + 1] - 1) if band < largest else None
    return Range(low=float(SIDES[band]), high=high)


def _dataset(pictures: Pictures, name: str) -> DatasetFacts:
    listed = [[facts["path"], facts["sha256"]] for facts in pictures.facts]
    moved = int(pictures.moved.sum())
    images: Mapping[str, int] = {"authentic": len(pictures) - moved, "crop": moved}
    return DatasetFacts(
        name=name,
        layout=CropPairs.name,
        sha256=sha256_of(canonical_json(listed)),
        images=images,
    )
