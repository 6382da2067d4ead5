"""The ``semi-global`` detector: parts of a picture that do not share the traces of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from locard import Budget, Detector, Finding, Needs, Parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard import Image
    from locard.calibration import Calibration
    from locard.detectors import ModelReference
    from locard_registry import Model
    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.localiser import Localiser
    from locard_semi_global.regions import Areas
    from locard_semi_global.splice_finding import Said
    from locard_semi_global.suitability import Cells


class SemiGlobalParameters(Parameters):
    """Parameters of ``semi-global``."""

    model: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        description="Version of the model semi-global, such as a laboratory's own; none for the "
        "newest that Locard ships.",
    )
    explained: int = Field(
        5,
        ge=0,
        le=20,
        description="Number of regions, the largest first, for which it is found out by which "
        "traces they stand out.",
    )


class SemiGlobal(Detector):
    """Block evidence of many traces, judged by a network against the whole picture's statistics."""

    name = "semi-global"
    version = "1"
    summary = "Spliced regions, by many traces at once, each judged against the whole picture"
    method = (
        "For each block of 8×8 pixels, traces of many kinds are computed by rules that can be "
        "written down: of the colour filter, of noise and its correlations, of the block grid, the "
        "spectrum and the quantisation history of JPEG, and ghosts of earlier qualities. A network "
        "sees each of them as it is and against its median and spread over the whole picture, and "
        "says of each place how likely it is to come from elsewhere: what is local is judged by "
        "what is global, after Cun and Pun, Image Splicing Localization via Semi-Global Network "
        "and Fully Connected Conditional Random Fields (ECCV Workshops 2018). It learned with "
        "whole kinds of traces missing, so that it can be asked again without one: how much less a "
        "region stands out then, says what it stands out by. Thresholds come from the model's "
        "card, by kind and size of file."
    )
    limits = (
        "It compares parts of a picture with one another: where most of a picture is foreign, it "
        "may point at the rest. A part from another place of the same photograph shares most of "
        "its traces. Compression and resizing after the manipulation wipe traces out. Parts that "
        "are smaller than about 50 pixels a side are seldom found. Flat, dark and saturated parts, "
        "text, logos and frames, and strong local editing by a camera or a program can stand out "
        "without being foreign. What a region stands out by is what the network relied on there, "
        "not a proof of how it came about."
    )
    score_meaning = (
        "Mean logit of the most suspicious hundredth of the picture, by the map before any "
        "refinement, in nats: 0 is even odds for those places. The model saw far more splices than "
        "there are in the world; how much a score is worth as evidence, the likelihood ratio says "
        "where the model's card has a calibration."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "shorter_side": "The picture's shorter side in pixels.",
        "mean_luma_step": "Mean step of the luma quantisation table, the file's own or, where it "
        "has none, as estimated from the pixels. Up to 1.5 the picture counts as never compressed.",
        "steps_estimated": "Whether that table was estimated.",
        "luma_quality": "IJG quality whose luma table is nearest to that table; none where the "
        "picture counts as never compressed.",
        "share_above_half": "Share of the picture where the map is above ½, specks left out. The "
        "map is drawn so that ½ is the cut at which its expected F1 is largest, at odds of 0.37 to "
        "2.7: where little is left of the traces, it marks what is merely likelier than the rest. "
        "Score and outcome do not depend on it.",
        "threshold": "Score from which the model's card calls such a file spliced.",
        "threshold_name": "Which of the card's thresholds that is.",
        "power": "Share of the spliced pictures among such files that the threshold found on the "
        "pictures that the model was validated on.",
    }
    Parameters = SemiGlobalParameters
    needs = Needs(min_side=64)
    budget = Budget(
        seconds=1.0, seconds_per_megapixel=2.0, mebibytes=400, mebibytes_per_megapixel=14
    )

    _found: Model | None = None
    _localiser: Localiser | None = None

    def load(self) -> None:
        """Open the model, and compile the numerical code or read it from numba's cache."""
        import numpy as np

        from locard_semi_global.extraction import extract_picture
        from locard_semi_global.suitability import Cells

        pixels = np.zeros((64, 64, 3), np.uint8)
        pixels.setflags(write=False)  # as pixels of an image are: numba compiles for just that
        Cells.of(pixels)
        for table in (None, np.ones((8, 8), np.int64)):
            self._ready().logits(extract_picture(pixels, None, table))

    def models(self) -> tuple[ModelReference, ...]:
        """Return the model that is used."""
        return (self._model().reference(),)

    def calibration(self) -> Calibration | None:
        """Return the calibration that came with the model."""
        return self._model().calibration

    def refinement(self, refiner: str) -> Mapping[str, Any]:
        """Return the parameters that the refiner was tuned to on the model's maps."""
        return self._model().card.refinement.get(refiner, {})

    def examine(self, image: Image) -> Finding:
        """Look for parts that do not share the traces of the rest."""
        from locard_semi_global.suitability import Cells, unsuitable_file, unsuitable_picture

        refused = self.needs.unmet(image.header) or unsuitable_file(image.header)
        if refused is None:
            cells = Cells.of(image.pixels)
            refused = unsuitable_picture(cells)
            if refused is None:
                return self._look(image, cells)
        return Finding.not_applicable(refused.reason, refused.explanation)

    def _look(self, image: Image, cells: Cells) -> Finding:
        from locard_semi_global.splice_finding import with_mask

        finding, areas = self._judged(image, cells)
        return with_mask(finding, areas, image.header)

    def _judged(self, image: Image, cells: Cells) -> tuple[Finding, Areas]:
        """Return the finding without its mask, and its regions; the evidence is let go of."""
        from locard.image.file_facts import FileFacts
        from locard_semi_global.explanation import explained
        from locard_semi_global.kind_of_source import source_measurements
        from locard_semi_global.looking import evidence_of
        from locard_semi_global.splice_finding import splice_finding
        from locard_semi_global.suitability import unlike_training

        localiser, header = self._ready(), image.header
        evidence = evidence_of(image)
        facts = evidence.facts
        said = _said(localiser.logits(evidence), facts)
        explanations = (
            explained(localiser, evidence, area, said.areas.mask)
            for area in said.areas.listed[: self.parameters.explained]
        )
        finding = splice_finding(
            said,
            header,
            self._model().threshold(FileFacts.of(header), source_measurements(header, facts)),
            unlike_training(header, cells),
            lambda _: next(explanations, None),
        )
        return finding, said.areas

    def _model(self) -> Model:
        if self._found is None:
            from locard_semi_global.localiser import find_model

            self._found = find_model(self.parameters.model)
        return self._found

    def _ready(self) -> Localiser:
        if self._localiser is None:
            from locard_semi_global.localiser import Localiser

            self._localiser = Localiser(self._model().onnx())
        return self._localiser


def _said(logits: NDArray[np.float32], facts: Facts) -> Said:
    from locard_semi_global.marking import marked
    from locard_semi_global.regions import areas_of
    from locard_semi_global.score import image_score
    from locard_semi_global.splice_finding import Said

    drawn = marked(logits)
    return Said(drawn, image_score(logits), areas_of(drawn > 0), facts)
