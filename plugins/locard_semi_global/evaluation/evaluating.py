"""Measures networks on data sets: all pictures, in several processes, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from locard import __version__
from locard.errors import LocardError
from locard.evaluation.datasets.building import parallel
from locard.evaluation.datasets.loading import load, spread
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard.text import printable
from locard_semi_global.evaluation.figures import figures, score_results, threshold_results
from locard_semi_global.evaluation.measuring import SPLIT as SPLIT
from locard_semi_global.evaluation.measuring import Measured, Plan, Task, measure
from locard_semi_global.evaluation.networks import opened
from locard_semi_global.evaluation.results import SetResult, SpliceResults
from locard_semi_global.evaluation.treating import RESAVED, Resaved, resaved_like, treatment_of

if TYPE_CHECKING:
    from locard.evaluation.datasets.building import Progress
    from locard.evaluation.datasets.loading import Dataset
    from locard.plugins import Catalogue
    from locard_semi_global.evaluation.rows import Row

ANY: Final = "any"
"""No split: all pictures."""

_SPLITS: Final = ("train", "val", "test")

_LARGE_FIRST = 1 << 22  # bytes from which on a file is begun before others, so that none is last


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is measured, on what.

    Attributes:
        sets: Folders of data sets.
        splits: Of data sets that say a split, which pictures are measured: ``val``, ``test``, or
            ``any`` for all; data sets that say none are measured whole. Pictures of the split
            ``test`` set no threshold.
        where: Facts and their values: of data sets that state a fact, pictures with one of the
            values alone.
        treatments: Names of what is done to pictures, ``none`` for nothing.
        authentic: Names of what is done to authentic pictures besides, for thresholds of kinds of
            source that the data sets have few of.
        plan: Who is asked.
        limit: At most so many pictures of each set, evenly from its kinds; None for all.
        workers: Number of processes.
    """

    sets: Sequence[Path]
    splits: Sequence[str]
    where: Mapping[str, Sequence[str]]
    treatments: Sequence[str]
    authentic: Sequence[str]
    plan: Plan
    limit: int | None
    workers: int


@dataclass(frozen=True, slots=True)
class Found:
    """What an evaluation found.

    Attributes:
        results: All figures.
        rows: What they were made of.
    """

    results: SpliceResults
    rows: tuple[Row, ...]


def evaluate(wanted: Evaluation, plugins: Catalogue, progress: Progress) -> Found:
    """Measure networks on data sets.

    A picture that cannot be measured, or not under some treatment, is named among the problems,
    and the others are measured.

    Args:
        wanted: What, and on what.
        plugins: Where layouts come from.
        progress: Told how far it is.

    Raises:
        LocardError: A data set cannot be loaded or has no picture of the split, a treatment or
            network does not exist, or there is nothing to measure.
    """
    for name in (*wanted.treatments, *wanted.authentic):
        treatment_of(name)
    for network in wanted.plan.networks:
        opened(network)
    sets = [chosen(named(load(folder, None, plugins)), wanted) for folder in wanted.sets]
    _check_names(sets)
    plan = replace(wanted.plan, resaved=_resaved(sets))
    rows, failed = measured(list(_tasks(sets, wanted, plan)), wanted.workers, progress)
    if not rows:
        raise LocardError(
            "no picture could be measured: " + " ".join(failed[:3]), "Correct the data sets."
        )
    problems = [problem for data_set in sets for problem in data_set.facts.problems]
    results = SpliceResults(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        locard=__version__,
        crf={one.words: dict(opened(one).refinement) for one in plan.networks} if plan.crf else {},
        sets=tuple(_set(data_set) for data_set in sets),
        figures=tuple(figures(rows)),
        thresholds=tuple(threshold_results(rows)),
        scores=tuple(score_results(rows)),
        problems=(*problems, *failed),
    )
    return Found(results, rows)


def named(data_set: Dataset) -> Dataset:
    """Return a data set under a name that tells it from others: not ``val`` alone."""
    name = data_set.facts.name
    if name not in _SPLITS:
        return data_set
    whole = f"{printable(data_set.folder.resolve().parent.name)}-{name}"
    return replace(data_set, facts=data_set.facts.model_copy(update={"name": whole}))


def chosen(data_set: Dataset, wanted: Evaluation) -> Dataset:
    """Return a data set with those of its pictures that are to be measured.

    Raises:
        LocardError: There are none.
    """
    values = dict(wanted.where)
    if ANY not in wanted.splits:
        values[SPLIT] = wanted.splits
    samples = list(data_set.samples)
    for fact, allowed in values.items():
        # A data set that does not state a fact of any picture is not divided by it.
        if any(fact in sample.facts for sample in data_set.samples):
            samples = [sample for sample in samples if sample.facts.get(fact) in allowed]
    if not samples:
        words = " and ".join(f"{fact} {' or '.join(some)}" for fact, some in values.items())
        raise LocardError(
            f"{printable(data_set.facts.name)} has no pictures of {printable(words)}",
            "Give another --split or --where, or --split any for all pictures.",
        )
    if wanted.limit is not None:
        samples = spread(samples, wanted.limit)
    return replace(data_set, samples=tuple(samples))


def measured(
    tasks: Sequence[Task], workers: int, progress: Progress
) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Measure pictures in other processes.

    Args:
        tasks: One a picture.
        workers: Number of processes; the result does not depend on it.
        progress: Told how far it is.

    Returns:
        Rows and problems in the order of the tasks.
    """
    words = "measuring"
    progress(words, 0, len(tasks))
    done: dict[int, Measured] = {}
    ordered = sorted(tasks, key=_begun_first)
    for number, (task, outcome) in enumerate(parallel(measure, ordered, workers), start=1):
        try:
            done[task.number] = outcome_of(outcome)
        except WorkFailedError as error:
            name = f"{task.dataset.facts.name}: {printable(task.sample.name)}"
            done[task.number] = Measured((), (f"{name}: {error.message}",))
        progress(words, number, len(tasks))
    every = [done[task.number] for task in tasks]
    rows = tuple(row for one in every for row in one.rows)
    return rows, tuple(problem for one in every for problem in one.problems)


def _begun_first(task: Task) -> tuple[bool, int]:
    try:
        large = task.sample.path.stat().st_size >= _LARGE_FIRST
    except OSError:
        large = False
    return not large, task.number


def _tasks(sets: Sequence[Dataset], wanted: Evaluation, plan: Plan) -> Iterator[Task]:
    numbers = count()
    for data_set in sets:
        # What travels with every picture: how to read the truth, not the list of all pictures.
        facts = data_set.facts.model_copy(update={"problems": ()})
        truth = replace(data_set, samples=(), hashes={}, facts=facts)
        for sample in data_set.samples:
            names = list(wanted.treatments)
            if not sample.tampered:
                names += [name for name in wanted.authentic if name not in names]
                names += [RESAVED] if facts.name in plan.resaved else []
            yield Task(next(numbers), truth, sample, tuple(names), plan)


def _resaved(sets: Sequence[Dataset]) -> Mapping[str, Resaved]:
    """Return, for sets whose classes have other tables, the treatment that makes them alike."""
    found = {}
    for data_set in sets:
        tampered = [sample.path for sample in data_set.samples if sample.tampered]
        authentic = [sample.path for sample in data_set.samples if not sample.tampered]
        theirs, own = resaved_like(tampered), resaved_like(authentic)
        if theirs and own and not set(own.choices) & set(theirs.choices):
            found[data_set.facts.name] = theirs
    return found


def _set(data_set: Dataset) -> SetResult:
    facts = data_set.facts
    kinds: dict[str, int] = {}
    for sample in data_set.samples:
        kinds[sample.kind] = kinds.get(sample.kind, 0) + 1
    return SetResult(
        name=facts.name,
        layout=facts.layout,
        sha256=facts.sha256,
        images=len(data_set.samples),
        kinds=dict(sorted(kinds.items())),
    )


def _check_names(sets: Sequence[Dataset]) -> None:
    names = [data_set.facts.name for data_set in sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise LocardError(
            f"two data sets are named {', '.join(twice)}", "Rename a folder: tables go by names."
        )
