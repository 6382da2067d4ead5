"""Reads the folder that an evaluation was written to, see :mod:`locard.evaluation.runs.output`."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.errors import LocardError
from locard.evaluation.rows import PixelScores, Row
from locard.evaluation.runs import output
from locard.outcomes import Outcome
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.results import Results

_TRUTHS = {"True": True, "False": False}


@dataclass(frozen=True, slots=True)
class EvaluationFolder:
    """What an evaluation left.

    Attributes:
        results: What was measured.
        rows: Of which images, in the order of ``cases.csv``; they have no ``f1_curve``, and names
            as :func:`locard.text.printable` writes them.
    """

    results: Results
    rows: tuple[Row, ...]


def read(folder: Path) -> EvaluationFolder:
    """Read what :func:`locard.evaluation.runs.output.write` wrote.

    Raises:
        LocardError: The folder holds no evaluation, or its files do not belong together.
    """
    results = _results(folder / output.RESULTS)
    path = folder / output.CASES
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = tuple(_rows(csv.DictReader(file)))
        _check_together(results, rows)
        _check_unaltered(results, path)  # last: the others say more exactly what is wrong
    except OSError as error:
        raise LocardError(
            f"cannot read {printable(str(path))}: {error.strerror}",
            "Give the folder that `locard evaluate --output` wrote.",
        ) from None
    except (ValueError, csv.Error) as error:
        raise LocardError(
            f"{printable(str(path))} is not what `locard evaluate` writes: {error}",
            "Run the evaluation again, and leave its files as they are.",
        ) from None
    return EvaluationFolder(results, rows)


def _results(path: Path) -> Results:
    from pydantic import ValidationError

    from locard.evaluation.results import Results

    try:
        return Results.model_validate_json(path.read_bytes())
    except OSError as error:
        raise LocardError(
            f"cannot read {printable(str(path))}: {error.strerror}",
            "Give the folder that `locard evaluate --output` wrote.",
        ) from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = printable(".".join(str(part) for part in problem["loc"]))
        raise LocardError(
            f"{printable(str(path))} is no evaluation that this Locard wrote: "
            f"{where}: {problem['msg']}"
        ) from None


def _check_unaltered(results: Results, path: Path) -> None:
    """Raise ValueError where the rows are not those that the results were made of."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if results.cases_sha256 not in (None, found):
        raise ValueError(f"its hash is not the one that {output.RESULTS} has of it")


def _check_together(results: Results, rows: tuple[Row, ...]) -> None:
    """Raise ValueError where results and rows are not of one run."""
    counts: dict[tuple[str, str], int] = {}
    seen = set()
    for row in rows:
        if (row.step, row.treatment, row.sample) in seen:
            what = printable(f"{row.sample}, {row.step} and {row.treatment}")
            raise ValueError(f"two lines are of {what}")
        seen.add((row.step, row.treatment, row.sample))
        counts[row.step, row.treatment] = counts.get((row.step, row.treatment), 0) + 1
    unknown = counts.keys() - {
        (step.name, treatment) for step in results.steps for treatment in results.treatments
    }
    other = [
        (subset.step, subset.treatment)
        for subset in results.subsets
        if subset.by == "all" and subset.images != counts.get((subset.step, subset.treatment))
    ]
    for step, treatment in (*sorted(unknown), *other):
        raise ValueError(
            f"its lines of step {printable(step)}, treatment {printable(treatment)} are not those "
            f"of {output.RESULTS}"
        )


def _rows(reader: csv.DictReader[str]) -> Iterator[Row]:
    columns = reader.fieldnames or ()
    if missing := set(output.columns_of(())) - set(columns):
        raise ValueError(f"it has no column {', '.join(sorted(missing))}")
    for cells in reader:
        if None in cells or None in cells.values():
            raise ValueError(f"line {reader.line_num} has not as many cells as there are columns")
        try:
            yield _row(cells)
        except ValueError as error:
            sample = printable(cells["sample"])
            raise ValueError(f"line {reader.line_num} ({sample}): {error}") from None


def _row(cells: Mapping[str, str]) -> Row:
    text = {name: _plain(cell) for name, cell in cells.items()}
    subsets = {
        name.removeprefix(output.SUBSET): part
        for name, part in text.items()
        if name.startswith(output.SUBSET) and part
    }
    return Row(
        sample=text["sample"],
        sha256=text["sha256"],
        kind=text["kind"],
        treatment=text["treatment"],
        step=text["step"],
        outcome=Outcome(text["outcome"]),
        group=text["group"] or None,
        subsets={"kind": text["kind"], **subsets},
        reason=text["reason"] or None,
        score=_finite(text["score"], "score"),
        log10_lr=_number(text["log10_lr"], "log10_lr"),
        pixels=_pixels(text),
        has_map=bool(_truth(text["has_map"], "has_map")),
        seconds=_finite(text["seconds"], "seconds") or 0.0,
        finding_key=text["finding_key"] or None,
        format=text["format"] or None,
        width=_count(text["width"], "width"),
        height=_count(text["height"], "height"),
        jpeg_quality=_count(text["jpeg_quality"], "jpeg_quality"),
    )


def _pixels(text: Mapping[str, str]) -> PixelScores | None:
    """Return figures of pixels; every image that has any has ``marked``."""
    if not text["marked"]:
        return None
    return PixelScores(
        f1=_finite(text["f1"], "f1"),
        mcc=_finite(text["mcc"], "mcc"),
        iou=_finite(text["iou"], "iou"),
        best_f1=_finite(text["best_f1"], "best_f1"),
        best_threshold=_finite(text["best_threshold"], "best_threshold"),
        auc=_finite(text["auc"], "auc"),
        flipped=_truth(text["flipped"], "flipped"),
        everything_f1=_finite(text["everything_f1"], "everything_f1"),
        marked=_finite(text["marked"], "marked"),
        mask_f1=_finite(text["mask_f1"], "mask_f1"),
    )


def _plain(cell: str) -> str:
    """Return what a cell was before it was made safe for spreadsheets."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(output.FORMULA) else cell


def _number(cell: str, name: str) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"{name} is no number: {printable(cell)}") from None
    if value != value:
        raise ValueError(f"{name} is no number: {printable(cell)}")
    return value


def _finite(cell: str, name: str) -> float | None:
    value = _number(cell, name)
    if value is not None and abs(value) == float("inf"):
        raise ValueError(f"{name} is infinite")
    return value


def _count(cell: str, name: str) -> int | None:
    if not cell:
        return None
    try:
        return int(cell)
    except ValueError:
        raise ValueError(f"{name} is no whole number: {printable(cell)}") from None


def _truth(cell: str, name: str) -> bool | None:
    if cell and cell not in _TRUTHS:
        raise ValueError(f"{name} is neither True nor False: {printable(cell)}")
    return _TRUTHS.get(cell)
