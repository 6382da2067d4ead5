"""Copies of any data set that lived on: saved again, resized, sent, stripped of their header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.evaluation.datasets.base import Sample
from locard.evaluation.datasets.building import (
    BuildError,
    Progress,
    claim,
    finished,
    parallel,
    write_manifest,
)
from locard.evaluation.datasets.loading import load
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard.text import printable
from locard_kd_crop.datasets.splits import SPLITS
from locard_kd_crop.datasets.tables import Tables, tables_of
from locard_semi_global.synthesis.lives import (
    COLUMNS,
    PIECE,
    Options,
    Piece,
    Task,
    fact_column,
    make_copies,
)
from locard_semi_global.synthesis.saving import SUBSAMPLINGS, Save

if TYPE_CHECKING:
    from locard.plugins import Catalogue

FORMAT = "locard-after-life/1"
"""Changes whenever the same data set and seed would give other files."""

NOTE = "after-life.json"


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of it.

    Attributes:
        manifest: The manifest's file.
        pictures: How many pictures the data set has.
        copies: How many files the new one has.
        chains: How many of each kind.
        told_apart: How many authentic pictures have tables that no tampered one has.
        problems: What was left out, and why, one sentence each.
    """

    manifest: Path
    pictures: int
    copies: int
    chains: Mapping[str, int]
    told_apart: int
    problems: tuple[str, ...]


def copy(options: Options, plugins: Catalogue, progress: Progress) -> Copied:
    """Make copies of a data set, or go on with what was begun.

    Args:
        options: What to make.
        plugins: Where layouts come from.
        progress: Told how far it is, in this thread.

    Raises:
        LocardError: The data set cannot be loaded, an option is wrong, or the folder holds
            something else or cannot be written.
    """
    _check(options)
    dataset = load(options.folder, options.layout, plugins)
    problems = list(dataset.facts.problems)
    usable = [one for one in dataset.samples if one.name not in dataset.without_truth]
    if not usable:
        raise BuildError("none of its pictures can be used", " ".join(problems[:3]))
    tables = {one.name: _tables(one) for one in usable}
    tampered = _saves(usable, tables)
    tasks = []
    for one in usable:
        found = tables[one.name]
        tells = found is not None and not one.tampered and bool(tampered)
        tells = tells and found not in {save.tables for save in tampered}
        tasks.append(Task(one, dataset.hashes[one.name], tampered if tells else ()))
    cameras = {found.name: found for found in tables.values() if found and not found.is_ijg}
    columns = _columns(usable)
    pieces = [
        Piece(
            options,
            number,
            dataset.layout,
            tuple(tasks[start : start + PIECE]),
            tuple(cameras[name] for name in sorted(cameras)),
            columns,
        )
        for number, start in enumerate(range(0, len(tasks), PIECE))
    ]
    claim(options.output, NOTE, _facts(options, dataset.facts.sha256))
    left = [piece for piece in pieces if not _is_complete(piece)]
    try:
        problems += _make(left, len(pieces), options.workers, progress)
    finally:
        # Whatever ends the work: what is complete can be used.
        manifest = write_manifest(options.output, columns, "recipes/*/*.json")
    rows = [row for piece in pieces for row in finished(options.output, piece.record) or ()]
    return Copied(
        manifest=manifest,
        pictures=len(dataset.samples),
        copies=len(rows),
        chains=Counter(str(row["after_life"]) for row in rows),
        told_apart=sum(bool(task.retold) for task in tasks),
        problems=tuple(problems),
    )


def _check(options: Options) -> None:
    if options.copies < 0 or options.seed < 0:
        raise BuildError("copies and seed must be 0 or more")
    if options.split is not None and options.split not in SPLITS:
        raise BuildError(f"there is no split {options.split!r}", f"There are: {', '.join(SPLITS)}.")
    inside = options.output.resolve()
    if options.folder.resolve() in (inside, *inside.parents):
        raise BuildError(
            f"{options.output} lies within the data set itself", "Choose a folder outside of it."
        )


def _facts(options: Options, sha256: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "dataset": sha256,
        "copies": options.copies,
        "seed": options.seed,
        "split": options.split,
    }


def _columns(samples: Sequence[Sample]) -> tuple[str, ...]:
    """Return the manifest's columns: its own, then the data set's facts."""
    facts = sorted({fact_column(name) for one in samples for name in one.facts} - set(COLUMNS))
    return (*COLUMNS, *facts)


def _tables(sample: Sample) -> Tables | None:
    from locard.image import read_header

    jpeg = read_header(sample.path).jpeg
    return tables_of(jpeg) if jpeg else None


def _saves(samples: Sequence[Sample], tables: Mapping[str, Tables | None]) -> tuple[Save, ...]:
    """Return how the tampered JPEGs were saved, one for each of them, sorted by name."""
    from locard.image import read_header

    saves = []
    for one in samples:
        found = tables[one.name]
        if one.tampered and found is not None:
            jpeg = read_header(one.path).jpeg
            thinned = jpeg.subsampling if jpeg else ""
            saves.append(Save(found, thinned if thinned in SUBSAMPLINGS else "4:2:0"))
    return tuple(saves)


def _is_complete(piece: Piece) -> bool:
    """Return whether a piece has copies of all its pictures: what failed is tried again."""
    rows = finished(piece.options.output, piece.record) or ()
    return {row["parent"] for row in rows} == {task.sample.name for task in piece.tasks}


def _make(pieces: Sequence[Piece], total: int, workers: int, progress: Progress) -> list[str]:
    """Have pieces made; return what was left out, and why."""
    problems: list[str] = []
    done = total - len(pieces)
    progress("making copies", done, total)
    for piece, outcome in parallel(make_copies, pieces, workers):
        try:
            failed = outcome_of(outcome)
        except WorkFailedError as error:
            names = ", ".join(printable(task.sample.name) for task in piece.tasks)
            failed = [f"no copies of {names}: {error.message}"]
        problems += failed
        done += 1
        progress("making copies", done, total)
    return problems
