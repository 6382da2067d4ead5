"""The ``kd-crop`` detector: whether a photograph was cropped since a JPEG compression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from locard import Budget, Detector, Finding, Needs, Parameters

if TYPE_CHECKING:
    from locard import Image
    from locard.calibration import Calibration
    from locard.detectors import ModelReference
    from locard_kd_crop.student import Student
    from locard_registry import Model


class KdCropParameters(Parameters):
    """Parameters of ``kd-crop``."""

    model: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        description="Version of the model kd-crop, such as a laboratory's own; none for the "
        "newest that Locard ships.",
    )


class KdCrop(Detector):
    """A grid of an earlier compression that a crop has moved, found by a distilled network."""

    name = "kd-crop"
    version = "1"
    summary = "Crop after a JPEG compression, by the old grid, also under a second compression"
    method = (
        "JPEG compression rounds the coefficients of 8×8 blocks to multiples of a step. Where a "
        "picture was cropped afterwards, the blocks begin elsewhere than at its corner, at one of "
        "64 phases, and their coefficients still lie near those multiples, even below a second "
        "compression that is not much coarser. For each phase all windows are transformed, sorted "
        "by how much goes on around them, and it is measured how well each frequency fits each "
        "step: the phase evidence. A small network weighs it, by the steps of many possible first "
        "tables and by those of the file itself, and gives each phase its probability. It was "
        "distilled from larger ones: Hussain, Tan and Huang, Signal Processing: Image "
        "Communication 124 (2024), 117117; Hinton, Vinyals and Dean, Distilling the Knowledge in a "
        "Neural Network (2015). Thresholds come from the model's card, by kind and size of file."
    )
    limits = (
        "It sees a crop only modulo 8: one by multiples of 8 at the left and at the top, 1 in 64 "
        "by chance and always where a tool crops without decompressing, leaves the grid where it "
        "was, and cuts at the right and at the bottom leave no trace here. A photograph that was "
        "never compressed before it was cropped has no old grid, nor has one that was resized, "
        "turned by other angles than right ones, or blurred afterwards. A second compression hides "
        "the old grid the more, the coarser it is in relation to the first: beyond three times its "
        "steps hardly anything is left. Small, flat and saturated pictures have few windows to "
        "look at. A moved grid also comes about where a picture was shifted, or pasted as a whole "
        "into a larger one. Repetitive patterns with a period of 8 pixels can look like a grid."
    )
    score_meaning = (
        "Natural logarithm of the odds, by the model, that an old grid begins elsewhere than at "
        "the upper left corner: 0 is even, 4.6 is a hundred to one. The model was trained on as "
        "many crops as other pictures; how much a score is worth as evidence, the likelihood ratio "
        "says where the model's card has a calibration."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "probability_cropped": "Probability, by the model, that an old grid begins elsewhere than "
        "at the upper left corner.",
        "probability_uncropped": "Probability of a grid at the corner and of no other: not "
        "cropped, as far as the grid tells.",
        "probability_no_grid": "Probability that there is no JPEG grid at all. 0 for JPEG files, "
        "which have their own.",
        "grid_x": "Column, 0 to 7, at which a moved grid begins if there is one. Worth no more "
        "than the probability of that place.",
        "grid_y": "Row, 0 to 7, at which a moved grid begins if there is one. Worth no more than "
        "the probability of that place.",
        "offset_probability": "Probability of that place, among all 65 possibilities.",
        "offset_share": "Probability of that place, if it is taken for granted that there is a "
        "moved grid.",
        "cut_columns": "Columns cut off at the left after the first compression, modulo 8, if "
        "that place is right.",
        "cut_rows": "Rows cut off at the top after the first compression, modulo 8, if that place "
        "is right.",
        "shorter_side": "The picture's shorter side in pixels, on which threshold and likelihood "
        "ratio depend.",
        "mean_luma_step": "Mean step of the file's own luma quantisation table: how coarsely it "
        "was compressed. Empty where the file has none.",
        "windows": "Mean number of windows a phase that could be looked at; saturated ones are "
        "left out.",
        "threshold": "Score from which the model's card calls such a file cropped.",
        "threshold_name": "Which of the card's thresholds that is.",
        "power": "Share of the off-grid crops among such files that the threshold found on the "
        "photographs that the model was validated on.",
        "first_quality": "IJG quality whose luma table fits best to the coefficients at the moved "
        "grid: about how the photograph was compressed before the crop; too low where the file was "
        "compressed far more coarsely since. Given where a crop was detected.",
        "step_ratio": "Mean, over the 64 luma bands, of the file's own step divided by that of "
        "the first quality's table. Above 1 the file was compressed more coarsely than before.",
        "tile": "Side of the map's tiles in pixels.",
    }
    Parameters = KdCropParameters
    needs = Needs(coefficients=True, min_side=64)
    budget = Budget(
        seconds=0.3, seconds_per_megapixel=0.4, mebibytes=300, mebibytes_per_megapixel=20
    )

    _found: Model | None = None
    _student: Student | None = None

    def load(self) -> None:
        """Open the model, and compile the numerical code or read it from numba's cache."""
        import numpy as np

        from locard_kd_crop.tiles import count_tile, tiling

        self._ready()
        count_tile(np.zeros((64, 64), np.float32), next(iter(tiling(64, 64))))

    def models(self) -> tuple[ModelReference, ...]:
        """Return the model that is used."""
        return (self._model().reference(),)

    def calibration(self) -> Calibration | None:
        """Return the calibration that came with the model."""
        return self._model().calibration

    def examine(self, image: Image) -> Finding:
        """Look for an old grid that a crop has moved."""
        from locard_kd_crop.crop_finding import crop_finding, unsuitable
        from locard_kd_crop.looking import look_at

        refused = unsuitable(image.header)
        if refused is not None:
            return refused
        return crop_finding(image, look_at(image, self._ready()), self._model())

    def _model(self) -> Model:
        if self._found is None:
            from locard_kd_crop.student import find_model

            self._found = find_model(self.parameters.model)
        return self._found

    def _ready(self) -> Student:
        if self._student is None:
            from locard_kd_crop.student import Student

            self._student = Student(self._model().onnx())
        return self._student
