"""The result of comparing two evaluations, as ``locard compare --json`` prints it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from locard.evaluation.results import PartDifferences


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ComparedEvaluation(_Model):
    """One of the two evaluations.

    Attributes:
        created: When it was made.
        dataset: Name of the data set.
        dataset_sha256: Of its samples, see :class:`locard.evaluation.results.DatasetFacts`.
        pipeline: Name of the pipeline.
        pipeline_version: Its version.
        pipeline_sha256: Its hash.
    """

    created: str
    dataset: str
    dataset_sha256: str
    pipeline: str
    pipeline_version: str
    pipeline_sha256: str


class StepComparison(_Model):
    """A step of the second evaluation held against one of the first.

    Attributes:
        first: Name of the first's step.
        second: Name of the second's.
        changes: What is different in the method, a phrase each; empty where it is the same method.
        gives_verdict: Whether both decide; if not, figures of outcomes are left out.
        pairs: How many images (with their treatment) were compared.
        alone: How many only one of the two has.
        other_file: How many were left out because file, kind or truth differ.
        parts: What was measured.
    """

    first: str
    second: str
    changes: tuple[str, ...]
    gives_verdict: bool
    pairs: int
    alone: int
    other_file: int
    parts: tuple[PartDifferences, ...]

    @property
    def worse(self) -> bool:
        """Whether the second is shown to be worse in anything."""
        return any(
            found.verdict == "worse" for part in self.parts for found in part.differences.values()
        )


class Comparison(_Model):
    """Two evaluations of the same images.

    Attributes:
        first: The first evaluation.
        second: The second, which is better or worse than the first.
        software: What is different in versions of Locard, Python and libraries, a phrase each.
        leaks: What is no content and tells the classes of the data set apart: where there is
            anything, figures of whole images mean nothing.
        steps: What was compared.
    """

    format: Literal["locard-comparison/1"] = "locard-comparison/1"
    first: ComparedEvaluation
    second: ComparedEvaluation
    software: tuple[str, ...]
    leaks: tuple[str, ...]
    steps: tuple[StepComparison, ...]

    @property
    def same_data(self) -> bool:
        """Whether both saw the same data set."""
        return self.first.dataset_sha256 == self.second.dataset_sha256

    @property
    def worse(self) -> bool:
        """Whether the second is shown to be worse in anything."""
        return any(step.worse for step in self.steps)
