"""The result of an evaluation, as its JSON holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

FORMAT = "locard-evaluation/1"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Estimate(_Model):
    """A figure with its 95 % interval over images.

    Attributes:
        value: None where no image defines it, or where it is infinite, which JSON cannot say.
        low: Lower bound; None where nothing bounds it: the images that define it come from fewer
            than two groups, or too few resamples define it, or it is infinite as well.
        high: Upper bound; None likewise.
        images: How many images it was taken over: those that define it.
        infinite: Whether value and upper bound are infinite: a Cllr where an infinite likelihood
            ratio misleads.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    images: int = 0
    infinite: bool = False


class Curve(_Model):
    """A curve to draw: F1 over threshold (mean over images), or the image-level ROC."""

    name: Literal["f1", "roc"]
    x: tuple[float, ...]
    y: tuple[float, ...]


class SubsetResult(_Model):
    """Everything that was measured of one step on one subset under one treatment.

    Attributes:
        step: Name of the step.
        treatment: ``none``, ``jpeg-80``, …
        by: What divides the data set: ``all``, ``kind``, ``source``, ``size``, ``share`` or a fact.
        value: Which part of it: ``splice``, ``JPEG 80-89``, …; ``all`` where ``by`` is.
        images: How many.
        tampered: How many of them tampered.
        outcomes: How many findings had each outcome.
        without_map: Findings without a map, which count as marking nothing.
        without_truth: Tampered images whose mask is missing or unfit, left out of pixel figures.
        metrics: By name, see :data:`locard.evaluation.metrics.definitions.METRICS`.
        curves: To draw.
    """

    step: str
    treatment: str
    by: str
    value: str
    images: int
    tampered: int
    outcomes: Mapping[str, int]
    without_map: int = 0
    without_truth: int = 0
    metrics: Mapping[str, Estimate]
    curves: tuple[Curve, ...] = ()


Verdict = Literal["better", "worse", "no difference can be shown"]
"""What the interval of a paired difference says, and no more."""


class Difference(_Model):
    """A metric of two methods on the same images: what the second has over the first.

    Attributes:
        metric: Its name, see :data:`locard.evaluation.metrics.definitions.METRICS`.
        images: How many images define it for both.
        first: Of the first method on these images; None where none does.
        second: Of the second.
        difference: Second less first.
        low: Lower 95 % bound of the difference, from resamples that both share; None where the
            images, of the image AUC those of either class, come from fewer than two groups.
        high: Upper bound.
        better: On how many images the second is better, of the image AUC: how many images the
            second ranks above more of the other class.
        equal: On how many both are the same.
        worse: On how many the second is worse.
        verdict: Of the second: whether the interval lies on one side of 0, and on which.
    """

    metric: str
    images: int
    first: float | None = None
    second: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    better: int = 0
    equal: int = 0
    worse: int = 0
    verdict: Verdict = "no difference can be shown"


class PartDifferences(_Model):
    """What two methods differ in on one part of the images.

    Attributes:
        treatment: ``none``, ``jpeg-80``, …
        part: ``all``, or a kind of tampering, where there are several.
        differences: By metric.
    """

    treatment: str
    part: str
    differences: Mapping[str, Difference]


class Gain(_Model):
    """What a refining step has over what it refines.

    Attributes:
        step: Name of the refining step: the second of its differences.
        input: Name of what it refines: the first.
        parts: Figures of maps; outcome and score are those of the input.
    """

    step: str
    input: str
    parts: tuple[PartDifferences, ...]


class StepFacts(_Model):
    """Which method was measured: what must be the same for the figures to hold.

    ``models`` are (name, version, SHA-256) mappings as receipts have them.
    """

    name: str
    plugin: str
    version: str
    parameters: Mapping[str, Any]
    models: tuple[Mapping[str, str], ...] = ()
    input: str | None = None
    gives_verdict: bool = True


class DatasetFacts(_Model):
    """Which images they were.

    Attributes:
        name: The folder's name.
        layout: Name of the layout.
        sha256: Of the canonical JSON of all samples: name, kind, hash of the image, hash of the
            mask. Two runs with the same value saw the same data.
        images: How many.
        kinds: How many of each kind.
        problems: What could not be used, one sentence each.
    """

    name: str
    layout: str
    sha256: str
    images: int
    kinds: Mapping[str, int]
    problems: tuple[str, ...] = ()


class LeakFinding(_Model):
    """Whether facts that are no content tell the classes apart.

    Attributes:
        feature: ``all together``, or one of them: ``width × height``, ``quantisation tables``, …
        balanced_accuracy: Of a decision tree in cross-validation, groups kept together; chance is
            one half.
        low: Lower 95 % bound.
        high: Upper bound.
        leaks: Whether the lower bound is above chance by enough to matter.
    """

    feature: str
    balanced_accuracy: float
    low: float
    high: float
    leaks: bool


class Results(_Model):
    """One evaluation: reproducible from what it says of itself.

    ``cases_sha256`` is that of the ``cases.csv`` that belongs to it.
    """

    format: Literal["locard-evaluation/1"] = "locard-evaluation/1"
    cases_sha256: str | None = None
    created: str
    environment: Mapping[str, Any]
    command: Mapping[str, Any]
    dataset: DatasetFacts
    pipeline: Mapping[str, Any]
    pipeline_sha256: str
    steps: tuple[StepFacts, ...]
    treatments: tuple[str, ...]
    leaks: tuple[LeakFinding, ...] | None = None
    subsets: tuple[SubsetResult, ...]
    gains: tuple[Gain, ...] = ()
