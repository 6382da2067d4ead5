"""Scores of images with known answers: what ``locard evaluate`` left of one step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.calibration.calibration import CalibrationError
from locard.image.file_facts import FileFacts

if TYPE_CHECKING:
    from locard.evaluation.results import Results, StepFacts
    from locard.evaluation.rows import Row


@dataclass(frozen=True, slots=True)
class Case:
    """An image with a known answer, and the score that it got.

    Attributes:
        sample: Name of the image in its data set.
        kind: ``authentic``, ``splice``, …
        group: Images of one group share a source; the image's own name where nothing is known.
        treatment: What was done to it before.
        score: None where the step gave none.
        file: Of the file that was examined; None where it has no header that can be read.
    """

    sample: str
    kind: str
    group: str
    treatment: str
    score: float | None
    file: FileFacts | None

    @property
    def tampered(self) -> bool:
        """Whether H1 is true."""
        return self.kind != "authentic"


@dataclass(frozen=True, slots=True)
class Cases:
    """What an evaluation says of one step."""

    results: Results
    step: StepFacts
    cases: tuple[Case, ...]


def read_cases(folder: Path, step: str | None = None, plugin: str | None = None) -> Cases:
    """Read the scores of one step from the folder of an evaluation.

    Args:
        folder: Where ``results.json`` and ``cases.csv`` are.
        step: Name of the step; None for the one that ran ``plugin``, or for the only one.
        plugin: Name of a detector.

    Raises:
        CalibrationError: The evaluation has not that step.
        LocardError: The folder holds no evaluation.
    """
    from locard.evaluation.runs.cases import read

    found = read(folder)
    chosen = _step(found.results, step, plugin, folder)
    cases = tuple(_case(row) for row in found.rows if row.step == chosen.name)
    return Cases(found.results, chosen, cases)


def _step(results: Results, step: str | None, plugin: str | None, folder: Path) -> StepFacts:
    fitting = [
        facts
        for facts in results.steps
        if step in (None, facts.name) and plugin in (None, facts.plugin)
    ]
    if len(fitting) == 1:
        return fitting[0]
    wanted = f"step {step!r}" if step else f"step that ran {plugin}" if plugin else "single step"
    raise CalibrationError(
        f"{folder} has {'no' if not fitting else 'more than one'} {wanted}",
        f"Its steps: {', '.join(f'{s.name} ({s.plugin})' for s in results.steps)}.",
    )


def _case(row: Row) -> Case:
    return Case(
        sample=row.sample,
        kind=row.kind,
        # The words before them keep names of images apart from names of groups.
        group=f"group {row.group}" if row.group else f"image {row.sample}",
        treatment=row.treatment,
        score=row.score,
        file=_file(row),
    )


def _file(row: Row) -> FileFacts | None:
    if row.format is None or row.width is None or row.height is None:
        return None
    return FileFacts(row.format, row.width, row.height, row.jpeg_quality)
