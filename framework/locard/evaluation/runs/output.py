"""The folder that an evaluation is written to: ``results.json`` and ``cases.csv``."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.errors import LocardError
from locard.evaluation.rows import PixelScores
from locard.report.atomic import write_whole
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.results import Results
    from locard.evaluation.rows import Row
    from locard.pipelines import Pipeline

RESULTS = "results.json"
CASES = "cases.csv"
PAGE = "report.html"
FINDINGS = "findings"

Cell = str | int | float | bool | None

_BEFORE_SUBSETS = (
    "sample",
    "kind",
    "group",
    "treatment",
    "step",
    "outcome",
    "reason",
    "score",
    "log10_lr",
    "has_map",
)
_OF_PIXELS = tuple(field.name for field in fields(PixelScores) if field.name != "f1_curve")
_AFTER_SUBSETS = ("seconds", "sha256", "format", "width", "height", "jpeg_quality", "finding_key")
SUBSET = "by "
FORMULA = ("=", "+", "-", "@")


def check_place(folder: Path, pipeline: Pipeline, dataset: Dataset) -> None:
    """Raise where results must not be written; call it before anything is examined.

    A folder belongs to one pipeline and one data set, by their names: running the same again, with
    a newer plugin, other treatments or more images, brings its results up to date.

    Raises:
        LocardError: The folder holds the results of another pipeline or data set, or something that
            cannot be read, or lies in the data set itself.
    """
    if folder.resolve().is_relative_to(dataset.folder.resolve()):
        raise LocardError(
            f"{printable(str(folder))} lies in the data set, which results must not become part of",
            "Give another folder with --output.",
        )
    if folder.exists() and not folder.is_dir():
        raise LocardError(
            f"{printable(str(folder))} is no folder, which results need",
            "Give a folder with --output.",
        )
    path = folder / RESULTS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        theirs = (found["pipeline"]["name"], found["dataset"]["name"], found["dataset"]["layout"])
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LocardError(
            f"{printable(str(path))} is there already and is no evaluation that Locard wrote",
            "Give another folder with --output.",
        ) from error
    if theirs != (pipeline.name, dataset.facts.name, dataset.facts.layout):
        name, data, layout = (printable(str(word)) for word in theirs)
        raise LocardError(
            f"{printable(str(folder))} holds the results of pipeline {name} on data set {data} "
            f"({layout})",
            "Give another folder with --output; with --cache, both may share their findings.",
        )


def write(results: Results, rows: Sequence[Row], folder: Path) -> None:
    """Write an evaluation; files of an earlier one are replaced, each whole or not at all.

    Args:
        results: What was measured.
        rows: Of which images.
        folder: Made where it does not exist.

    Raises:
        LocardError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocardError(
            f"cannot write results to {printable(str(folder))}: {error.strerror}",
            "Give another folder with --output.",
        ) from error
    write_whole(folder / CASES, _csv(rows))
    write_whole(folder / RESULTS, [results_json(results).encode()])


def sha256_of_cases(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of the ``cases.csv`` that holds these rows, in hexadecimal."""
    digest = hashlib.sha256()
    for line in _csv(rows):
        digest.update(line)
    return digest.hexdigest()


def results_json(results: Results) -> str:
    """Return what ``results.json`` holds; ``schemas/evaluation.schema.json`` describes it."""
    return results.model_dump_json(indent=1) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON schema of ``results.json``."""
    from locard.evaluation.results import Results

    return Results.model_json_schema(mode="serialization")


def columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the columns of ``cases.csv``: those of every data set, and its own ``by …``."""
    ways = dict.fromkeys(way for row in rows for way in row.subsets if way != "kind")
    subsets = tuple(f"{SUBSET}{way}" for way in ways)
    return (*_BEFORE_SUBSETS, *_OF_PIXELS, *subsets, *_AFTER_SUBSETS)


def _csv(rows: Sequence[Row]) -> Iterator[bytes]:
    columns = columns_of(rows)
    yield _line(columns)
    for row in rows:
        cells = _cells(row)
        yield _line([cells.get(column) for column in columns])


def _cells(row: Row) -> Mapping[str, Cell]:
    pixels = row.pixels or PixelScores()
    return {
        **{name: getattr(row, name) for name in (*_BEFORE_SUBSETS, *_AFTER_SUBSETS)},
        **{name: getattr(pixels, name) for name in _OF_PIXELS},
        **{f"{SUBSET}{way}": part for way, part in row.subsets.items()},
    }


def _line(cells: Iterable[Cell]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_safe(cell) for cell in cells])
    return text.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    """Return what a spreadsheet shows and does not carry out.

    Text that begins like a formula gets an apostrophe before it; file names come from outside.
    """
    if isinstance(cell, float):
        return float(cell)  # numpy's floats write themselves another way
    if cell is None or isinstance(cell, int):
        return cell
    text = printable(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
