"""Scores of images with known answers: what ``locard evaluate`` left of one step."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.calibration.calibration import CalibrationError
from locard.calibration.conditions import FileFacts
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.results import Results, StepFacts

CASES = "cases.csv"
RESULTS = "results.json"
_COLUMNS = frozenset(
    {"sample", "kind", "group", "treatment", "step", "score", "format", "width", "height"}
)


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
        CalibrationError: The folder holds no evaluation, or not that step.
    """
    results = _results(folder)
    chosen = _step(results, step, plugin, folder)
    path = folder / CASES
    try:
        with path.open(encoding="utf-8", newline="") as file:
            cases = tuple(_cases(csv.DictReader(file), chosen.name))
    except OSError as error:
        raise CalibrationError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise CalibrationError(
            f"{path} is not what `locard evaluate` writes: {error}",
            "Run the evaluation again, and leave its files as they are.",
        ) from None
    return Cases(results, chosen, cases)


def _results(folder: Path) -> Results:
    from pydantic import ValidationError

    from locard.evaluation.results import Results

    path = folder / RESULTS
    try:
        return Results.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CalibrationError(
            f"cannot read {path}: {error.strerror}",
            "Give the folder that `locard evaluate --output` wrote.",
        ) from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise CalibrationError(
            f"{path} is no evaluation that this Locard wrote: {where}: {problem['msg']}"
        ) from None


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


def _cases(reader: csv.DictReader[str], step: str) -> Iterator[Case]:
    missing = _COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"it has no column {', '.join(sorted(missing))}")
    for row in reader:
        if row["step"] == step:
            try:
                yield _case(row)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"line {reader.line_num} ({printable(row['sample'])}): {error}"
                ) from None


def _case(row: Mapping[str, str]) -> Case:
    return Case(
        sample=row["sample"],
        kind=row["kind"],
        # The words before them keep names of images apart from names of groups.
        group=f"group {row['group']}" if row["group"] else f"image {row['sample']}",
        treatment=row["treatment"],
        score=_number(row["score"]) if row["score"] else None,
        file=_file(row),
    )


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the score {text} is no finite number")
    return value


def _file(row: Mapping[str, str]) -> FileFacts | None:
    if not row["format"]:
        return None
    quality = row.get("jpeg_quality")
    return FileFacts(
        row["format"], int(row["width"]), int(row["height"]), int(quality) if quality else None
    )
