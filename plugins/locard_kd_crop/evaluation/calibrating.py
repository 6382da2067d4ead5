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
from locard_kd_crop.evaluation.pictures import FILE_BANDS, LOSSLESS, SIDES, SIZE_BANDS

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
    for kind, band in enumerate(FILE_BANDS):
        of_kind = pictures.file_bands == kind
        for size in reversed(range(len(SIZE_BANDS))):
            chosen = of_kind & (pictures.size_bands == size)
            if chosen.any():
                words = f"{band}, {SIZE_BANDS[size]}"
                yield words, conditions(pictures, chosen, SIDES[size]), chosen, LEAST
        if of_kind.any():
            words = f"{band}, {ANY_SIZE}"
            yield words, conditions(pictures, of_kind, SIDES[0]), of_kind, LEAST_IMAGES


def conditions(pictures: Pictures, chosen: NDArray[np.bool_], least_side: int) -> Conditions:
    """Return the conditions that pictures of one kind of file span.

    Larger pictures than the largest are within them: evidence counts no more than a megapixel's
    worth of windows.

    Args:
        pictures: All.
        chosen: bool, shape (n,): those of the sort; at least one.
        least_side: Of the band of sizes, in pixels.
    """
    qualities = pictures.qualities[chosen]
    lossless = int(pictures.file_bands[chosen][0]) == FILE_BANDS.index(LOSSLESS)
    span = None if lossless else Range(low=float(qualities.min()), high=float(qualities.max()))
    return file_conditions(span, least_side)


def file_conditions(qualities: Range | None, least_side: int) -> Conditions:
    """Return conditions of a quality, None of lossless files, and a least side in pixels."""
    sides = Range(low=float(least_side))
    return Conditions(
        formats=("JPEG",) if qualities else ("lossless",),
        jpeg_quality=qualities,
        width=sides,
        height=sides,
    )


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
