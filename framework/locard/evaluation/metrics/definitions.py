"""What the metrics of an evaluation are: the one place that tables, requirements and docs read.

Names are stable: records of validation and results files refer to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Scope = Literal["tampered", "authentic", "all", "both"]
"""Over which images: the tampered ones, the authentic ones, each image, or one class held against
the other (undefined where either is absent)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of merit.

    Attributes:
        name: As results files and requirements have it.
        title: As tables have it.
        definition: One sentence.
        limit: What it cannot say, one sentence.
        better: Which direction is better; None for a baseline, which has none.
        scope: Over which images.
        level: Whether it is about pixels or about whole images.
    """

    name: str
    title: str
    definition: str
    limit: str
    better: Literal["higher", "lower"] | None
    scope: Scope
    level: Literal["pixel", "image"]


_ALL = (
    Metric(
        "f1",
        "pixel F1 at 0.5",
        "F1 of the tampered pixels where the map is above 0.5, mean over tampered images.",
        "A map whose values were never meant as probabilities is judged at a threshold that is "
        "not its own; says nothing of authentic images.",
        "higher",
        "tampered",
        "pixel",
    ),
    Metric(
        "mcc",
        "pixel MCC at 0.5",
        "Matthews correlation of map above 0.5 and truth, signed, mean over tampered images; "
        "0 where the map marks nothing or everything.",
        "Zero may be a map that marks nothing or one that marks at random.",
        "higher",
        "tampered",
        "pixel",
    ),
    Metric(
        "iou",
        "pixel IoU at 0.5",
        "Intersection over union of map above 0.5 and truth, mean over tampered images.",
        "Orders the maps of one image as F1 does; small regions weigh as much as large ones.",
        "higher",
        "tampered",
        "pixel",
    ),
    Metric(
        "best_f1",
        "best pixel F1",
        "F1 at the threshold that is best for each image, mean over tampered images.",
        "An upper bound that knows the truth: nobody reaches it on an exhibit, and a map without "
        "information reaches the F1 of marking everything.",
        "higher",
        "tampered",
        "pixel",
    ),
    Metric(
        "pixel_auc",
        "pixel AUC",
        "Area under the ROC curve of the pixels, mean over tampered images that also have "
        "untouched pixels.",
        "Flatters maps of small regions: a few per cent of false pixels are many more than the "
        "region has.",
        "higher",
        "tampered",
        "pixel",
    ),
    Metric(
        "mask_f1",
        "F1 of the mask",
        "F1 of the mask that the step itself gives, mean over the tampered images with a mask.",
        "Images on which the step gave no mask are left out, so it must be read with their number.",
        "higher",
        "tampered",
        "pixel",
    ),
    Metric(
        "everything_f1",
        "F1 of marking everything",
        "F1 of marking every pixel, mean over tampered images: what a blind guess reaches.",
        "A baseline, which depends on the images and not on the step.",
        None,
        "tampered",
        "pixel",
    ),
    Metric(
        "flipped",
        "better when inverted",
        "Share of tampered images on which the inverted map has the better best F1: where an "
        "evaluation that takes the better of the two would have gained.",
        "A map of chance is flipped about half the time; only well above that is the polarity "
        "wrong.",
        "lower",
        "tampered",
        "pixel",
    ),
    Metric(
        "marked",
        "marked pixels, authentic",
        "Share of the pixels at which the map is above 0.5, mean over authentic images.",
        "A map that never exceeds 0.5 reaches 0 without having looked.",
        "lower",
        "authentic",
        "pixel",
    ),
    Metric(
        "false_positive_rate",
        "false-positive rate",
        "Share of the authentic images with the outcome detected.",
        "A step that fails or declines on authentic images has a low one: read it with the share "
        "answered.",
        "lower",
        "authentic",
        "image",
    ),
    Metric(
        "sensitivity",
        "sensitivity",
        "Share of the tampered images with the outcome detected.",
        "Says nothing of whether the right place was found.",
        "higher",
        "tampered",
        "image",
    ),
    Metric(
        "balanced_accuracy",
        "balanced accuracy",
        "Mean of sensitivity and one minus the false-positive rate, at the shipped threshold.",
        "One half is chance, and also a step that never or always flags.",
        "higher",
        "both",
        "image",
    ),
    Metric(
        "image_auc",
        "image AUC",
        "Probability that a tampered image has a higher score than an authentic one, ties "
        "counting one half, over the images that have a score.",
        "Knows no threshold; leaks of the data set (size, format, quality) raise it.",
        "higher",
        "both",
        "image",
    ),
    Metric(
        "equal_error_rate",
        "equal error rate",
        "Error at the score threshold at which as many authentic images are flagged as tampered "
        "ones are missed, on the straight lines between the points of the ROC curve.",
        "The threshold is chosen knowing the truth, and the costs of both errors are rarely "
        "equal in a case. Where the classes are separated it is 0, and has no interval.",
        "lower",
        "both",
        "image",
    ),
    Metric(
        "cllr",
        "Cllr",
        "Log-likelihood-ratio cost (Brümmer and du Preez 2006) over the images that have a "
        "likelihood ratio; 1 is a method that always says LR = 1.",
        "Infinite as soon as one infinite likelihood ratio misleads; holds for the population of "
        "the data set.",
        "lower",
        "both",
        "image",
    ),
    Metric(
        "min_cllr",
        "minimum Cllr",
        "Cllr after the best monotone recalibration on the same images (PAV): what is lost by "
        "discrimination alone.",
        "Knows the truth, and is too good on few images; without interval where it is 0.",
        "lower",
        "both",
        "image",
    ),
    Metric(
        "calibration_loss",
        "calibration loss",
        "Cllr minus minimum Cllr: what is lost by calibration.",
        "Not zero even for perfect calibration on few images, since the minimum is too good.",
        "lower",
        "both",
        "image",
    ),
    Metric(
        "answered",
        "answered",
        "Share of the images with the outcome detected or not detected.",
        "Says nothing of whether the answer was right.",
        "higher",
        "all",
        "image",
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
"""All metrics by name, in the order of tables."""
