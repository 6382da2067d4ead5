"""The detectors ``sgn-paper`` and ``jcs``: the published networks, to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import Field

from locard import Budget, Detector, Finding, Needs, Parameters

if TYPE_CHECKING:
    from locard import Image
    from locard.calibration import Calibration
    from locard.detectors import ModelReference
    from locard_registry import Model
    from locard_semi_global.paper.localising import PatchLocaliser

_METHOD: Final = (
    "The picture is cut into patches of 64×64 pixels. Two convolutions make a plane of each, its "
    "8×8 blocks of 8×8 pixels are read as a sequence by a recurrent network, and a mask of the "
    "patch comes out of the sequence; patches that overlap are blended. "
)
_LIMITS: Final = (
    "Kept to compare with the published method, not to decide by: it was trained for a short "
    "time on one processor core, and finds far less than the detector semi-global. What it was "
    "measured to find is in the card of its model. It looks at pixels alone, and at patches of 64 "
    "pixels: it neither reads a file's tables nor knows traces that reach farther."
)


class PatchParameters(Parameters):
    """Parameters of ``sgn-paper`` and ``jcs``."""

    model: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        description="Version of the model; none for the newest that Locard ships.",
    )
    stride: Literal[32, 64] = Field(
        32,
        description="Pixels from patch to patch: 64 side by side, as published; 32 four times "
        "slower, blended.",
    )


class PatchDetector(Detector):
    """What the two detectors share."""

    score_meaning = (
        "Natural logarithm of the odds of the map's mean over the most suspicious hundredth of the "
        "picture, before any refinement: 0 is even. It is not calibrated: it ranks pictures, and "
        "is no measure of evidence."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "share_above_half": "Share of the picture's pixels where the map is above ½.",
        "patches": "How many patches were judged.",
        "spliced_patches": "Share of them that the network calls spliced as a whole: more than "
        "seven eighths of their pixels.",
        "threshold": "Score from which the model's card calls such a file spliced.",
        "threshold_name": "Which of the card's thresholds that is.",
    }
    Parameters = PatchParameters
    needs = Needs(min_side=64)
    budget = Budget(
        seconds=2.0, seconds_per_megapixel=20.0, mebibytes=500, mebibytes_per_megapixel=24
    )

    _found: Model | None = None
    _localiser: PatchLocaliser | None = None

    def load(self) -> None:
        """Open the model."""
        self._ready()

    def models(self) -> tuple[ModelReference, ...]:
        """Return the model that is used."""
        return (self._model().reference(),)

    def calibration(self) -> Calibration | None:
        """Return the calibration that came with the model, if any."""
        return self._model().calibration

    def examine(self, image: Image) -> Finding:
        """Look for patches that look pasted in."""
        from locard_semi_global.paper.finding import finding_of

        refused = self.needs.unmet(image.header)
        if refused is not None:
            return Finding.not_applicable(refused.reason, refused.explanation)
        found = self._ready().look(image.pixels, self.parameters.stride)
        return finding_of(image, found, self._model())

    def _model(self) -> Model:
        if self._found is None:
            from locard_registry import load
            from locard_semi_global.paper.localising import IDENTITY

            self._found = load(self.name, self.parameters.model, provides=IDENTITY)
        return self._found

    def _ready(self) -> PatchLocaliser:
        if self._localiser is None:
            from locard_semi_global.paper.localising import PatchLocaliser

            self._localiser = PatchLocaliser.of(self._model())
        return self._localiser


class SgnPaper(PatchDetector):
    """The semi-global network as published."""

    name = "sgn-paper"
    version = "1"
    summary = "The published semi-global network: patches, and the whole picture beside them"
    method = _METHOD + (
        "A small network that sees the whole picture once takes part in the patch's label. Cun and "
        "Pun, Image Splicing Localization via Semi-Global Network and Fully Connected Conditional "
        "Random Fields, ECCV Workshops (2018)."
    )
    limits = _LIMITS


class Jcs(PatchDetector):
    """The same without global branch."""

    name = "jcs"
    version = "1"
    summary = "J-Conv-LSTM-Conv: patches alone, read as sequences of blocks"
    method = _METHOD + (
        "Bappy et al., Exploiting Spatial Structure for Localizing Manipulated Image Regions, ICCV "
        "(2017), as compared with by Cun and Pun, ECCV Workshops (2018)."
    )
    limits = _LIMITS
