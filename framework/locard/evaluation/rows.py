"""One line of an evaluation: what one step said of one image, held against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from locard.outcomes import Outcome

UNTREATED = "none"
"""The treatment of images as they are."""


@dataclass(frozen=True, slots=True)
class PixelScores:
    """How well a map agrees with a mask.

    A figure that is not defined is None, and is left out of means and counted; it is never 0 or 1
    by convention. Of an authentic image (empty mask) only ``marked`` is defined, of a wholly
    tampered one ``mcc``, ``auc`` and ``flipped`` are not.

    Attributes:
        f1: F1 of the tampered class at the threshold 0.5 (a pixel is marked where the map is above
            0.5).
        mcc: Matthews correlation at 0.5, signed; 0 where the map marks nothing or everything.
        iou: Intersection over union at 0.5.
        best_f1: F1 at the image's best threshold (a pixel is marked where the map is at or above
            it), marking everything among the choices: an upper bound that knows the truth.
        best_threshold: The threshold that gives it; of equally good ones the highest.
        auc: Area under the pixel ROC curve.
        flipped: Whether the inverted map has the better ``best_f1``, strictly: an evaluation that
            takes the better of the two would have gained. A map of chance is flipped half the time.
        everything_f1: F1 of marking every pixel: what a blind guess reaches.
        marked: Share of pixels above 0.5.
        mask_f1: F1 of the step's own mask; None where it gave none.
        f1_curve: F1 (value > t) at each of :data:`locard.evaluation.metrics.pixel.CURVE`.
    """

    f1: float | None = None
    mcc: float | None = None
    iou: float | None = None
    best_f1: float | None = None
    best_threshold: float | None = None
    auc: float | None = None
    flipped: bool | None = None
    everything_f1: float | None = None
    marked: float | None = None
    mask_f1: float | None = None
    f1_curve: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What one step said of one image under one treatment.

    Attributes:
        sample: Name of the sample.
        sha256: Of the file that was examined (of the treated copy, where there is a treatment).
        kind: Kind of the sample.
        group: Images that share a source share this.
        treatment: Name of what was done to the image before (``jpeg-80``), or ``none``.
        subsets: Value of each way to divide the data set: ``kind``, ``source`` (never compressed,
            JPEG by quality), ``size``, ``share`` (tampered share of the pixels), and the sample's
            own facts.
        step: Name of the step in the pipeline.
        outcome: One of five.
        reason: Why.
        score: Or None.
        log10_lr: Calibrated log-likelihood ratio, to base 10; None where there is none.
        pixels: None where the truth is not known, or the exhibit could not be read.
        has_map: Whether the step gave a map; one that gave none marks nothing.
        seconds: The step's own time.
        finding_key: Key of the finding in the cache, to find its map again.
        format: Of the file that was examined, as its header says; None where it has none.
        width: Stored width in pixels, or None.
        height: Stored height in pixels, or None.
        jpeg_quality: Estimated IJG quality of a JPEG, else None: calibrations are bound to it.
    """

    sample: str
    sha256: str
    kind: str
    treatment: str
    step: str
    outcome: Outcome
    group: str | None = None
    subsets: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    score: float | None = None
    log10_lr: float | None = None
    pixels: PixelScores | None = None
    has_map: bool = False
    seconds: float = 0.0
    finding_key: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    jpeg_quality: int | None = None

    @property
    def tampered(self) -> bool:
        """Whether the image was tampered with."""
        return self.kind != "authentic"
