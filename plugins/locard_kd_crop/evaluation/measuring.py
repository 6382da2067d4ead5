"""What a model takes with it from its validation pictures: thresholds and calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from locard.calibration import Range
from locard_kd_crop.evaluation.calibrating import Calibrated, calibrate, file_conditions
from locard_kd_crop.evaluation.older_grids import OlderGrid, older_grids, pictures_of
from locard_kd_crop.evaluation.pictures import LOSSLESS, Pictures
from locard_kd_crop.evaluation.thresholds import RATE, Thresholds, thresholds

if TYPE_CHECKING:
    from locard.calibration.calibration import DetectorFacts
    from locard_kd_crop.evaluation.answers import Answers
    from locard_registry import Threshold as CardThreshold


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model's validation gave.

    Attributes:
        thresholds: From which score on a picture is called cropped.
        calibrated: What makes its scores likelihood ratios; None if not asked for.
        set_aside: Photographs with an older grid of their own, on which nothing of this rests.
    """

    thresholds: Thresholds
    calibrated: Calibrated | None
    set_aside: tuple[OlderGrid, ...]

    def card_rows(self, file: str = "model.onnx") -> tuple[CardThreshold, ...]:
        """Return the thresholds as a model's card holds them; see ``locard_registry.Threshold``.

        Args:
            file: Which of the model's files gave the scores.
        """
        from locard_registry import Threshold as CardThreshold

        return tuple(
            CardThreshold(
                name=row.name,
                conditions=file_conditions(
                    None
                    if row.file_band == LOSSLESS
                    else Range(low=row.least_quality, high=row.most_quality),
                    Range(low=row.least_side, high=row.most_side),
                ),
                value=row.value,
                false_alarm_rate=RATE,
                images=row.pooled,
                power=row.power,
                positives=row.crops or None,
                file=file,
            )
            for row in self.thresholds.alarms
        )


def measured(
    answers: Answers,
    pictures: Pictures,
    *,
    name: str = "",
    detector: DetectorFacts | None = None,
) -> Measured:
    """Set thresholds and fit likelihood ratios on validation pictures.

    Photographs with an older grid of their own are set aside first: their uncropped pictures do
    have a moved grid.

    Args:
        answers: What the model says of them: ``Answers.of(logits)``.
        pictures: The validation pictures.
        name: Of the data sets, as the calibration is to say.
        detector: What gives these scores, with its model's file; None for no calibration.

    Raises:
        CalibrationError: There are too few pictures to calibrate on, or scikit-learn is missing.
        ValueError: There are not as many answers as pictures, or no picture without moved grid.
    """
    if len(answers.scores) != len(pictures):
        raise ValueError(f"{len(answers.scores)} answers for {len(pictures)} pictures")
    found = older_grids(answers, pictures)
    kept = ~pictures_of(found, pictures)
    answers, pictures = answers.part(kept), pictures.part(kept)
    calibrated = calibrate(answers, pictures, name, detector) if detector else None
    return Measured(thresholds(answers, pictures), calibrated, found)
