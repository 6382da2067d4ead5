"""How findings on one exhibit move when its file is saved again, shifted or resized.

The record of a probe, as ``locard analyze --probe --json`` writes it and a report reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from locard.outcomes import Outcome

COPIES = (
    *("jpeg-95", "jpeg-90", "jpeg-80", "jpeg-70"),
    *("crop-1-2", "crop-4-4", "crop-7-5"),
    *("scale-0.75", "scale-0.9", "scale-1.25"),
)
"""Names of the treatments of a probe, see :mod:`locard.evaluation.treatments.kinds`."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Copy(_Model):
    """A treated copy.

    Attributes:
        treatment: Its name.
        words: What was done, as part of a sentence.
        sha256: Of the copy; None where it was not made.
        refused: Why it was not made, or not examined; None where it was.
    """

    treatment: str
    words: str
    sha256: str | None = None
    refused: str | None = None


class Observation(_Model):
    """What a step says of one file.

    Attributes:
        treatment: Of the copy; ``none`` for the exhibit itself.
        outcome: One of five.
        score: Or None.
        reason: Why the outcome is what it is.
        map_correlation: Pearson correlation of the copy's map with the exhibit's, over points of
            the picture; None where one of them has no map, or the same value everywhere.
        map_iou: Intersection over union of the parts above 0.5; None where a map is missing, or
            neither has such a part.
    """

    treatment: str
    outcome: Outcome
    score: float | None = None
    reason: str | None = None
    map_correlation: float | None = Field(None, ge=-1, le=1)
    map_iou: float | None = Field(None, ge=0, le=1)


class StepStability(_Model):
    """What one step says of an exhibit and of its copies.

    Attributes:
        step: Name of the step in the pipeline.
        plugin: Name of the detector or refiner.
        version: Its version.
        untouched: Of the exhibit itself.
        copies: Of each copy that was made.
        summary: The same in a sentence, without a verdict.
    """

    step: str
    plugin: str
    version: str
    untouched: Observation
    copies: tuple[Observation, ...]
    summary: str


class Stability(_Model):
    """A probe of one exhibit.

    Attributes:
        format: Of this record.
        locard: Version of Locard.
        created: UTC, ISO 8601.
        pipeline: Name of the pipeline.
        pipeline_version: Its version.
        copies: Every copy that was to be made.
        steps: One a step, in the order of the pipeline.
    """

    format: Literal["locard-stability/1"] = "locard-stability/1"
    locard: str
    created: str
    pipeline: str
    pipeline_version: str
    copies: tuple[Copy, ...]
    steps: tuple[StepStability, ...]

    @property
    def needs_attention(self) -> bool:
        """Whether a step failed on a copy."""
        return any(copy.outcome is Outcome.FAILED for step in self.steps for copy in step.copies)


def summary(untouched: Observation, copies: Sequence[Observation]) -> str:
    """Say in a sentence how outcome and score move; what to make of it is for the examiner."""
    if not copies:
        return f"untouched: {_with_score(untouched)}; no copy was examined"
    counts = Counter(copy.outcome for copy in copies)
    order = [Outcome.DETECTED, *(outcome for outcome in Outcome if outcome in counts)]
    if not counts[Outcome.DETECTED] and untouched.outcome is not Outcome.DETECTED:
        order = order[1:]
    first, *others = dict.fromkeys(order)
    many = "1 copy" if len(copies) == 1 else f"{len(copies)} copies"
    parts = [f"{first.words} in {counts[first]} of {many}"]
    parts += [f"{outcome.words} in {counts[outcome]}" for outcome in others]
    sentences = [", ".join(parts)]
    scores = [copy.score for copy in copies if copy.score is not None]
    if scores:
        low, high = f"{min(scores):.4g}", f"{max(scores):.4g}"
        sentences.append(f"score {low}" if low == high else f"score {low} to {high}")
    return "; ".join([*sentences, f"untouched: {_with_score(untouched)}"])


def _with_score(untouched: Observation) -> str:
    score = "" if untouched.score is None else f", {untouched.score:.4g}"
    return f"{untouched.outcome.words}{score}"
