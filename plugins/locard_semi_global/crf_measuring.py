"""Measures the dense CRF's candidates on pictures, as evaluation and pipeline run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.building import parallel
from locard.evaluation.datasets.loading import load, spread
from locard.evaluation.metrics.pixel import f1
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard.findings import HeatMap
from locard.image import Image
from locard.text import printable
from locard_semi_global.crf_tuning import Judged
from locard_semi_global.evaluation.evaluating import ANY, SPLIT, named
from locard_semi_global.evaluation.measuring import ALL, refined
from locard_semi_global.evaluation.networks import Parameters, Picture, Wanted, opened

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from locard.evaluation.datasets import Sample
    from locard.evaluation.datasets.building import Progress
    from locard.evaluation.datasets.loading import Dataset
    from locard.plugins import Catalogue


@dataclass(frozen=True, slots=True)
class Task:
    """A picture to judge.

    Attributes:
        number: Its place among all.
        dataset: Where its truth is read, without its list of samples.
        sample: The picture.
        stratum: Which pictures it stands with.
        network: Whose maps are refined.
        candidates: Parameters of the CRF.
    """

    number: int
    dataset: Dataset
    sample: Sample
    stratum: str
    network: Wanted
    candidates: tuple[Parameters, ...]


def judge(task: Task) -> Judged:
    """Judge a picture.

    Raises:
        LocardError: It cannot be read or looked at, or its mask is missing or unfit.
    """
    image = Image.from_path(task.sample.path)
    truth = task.dataset.truth(task.sample, image.height, image.width)
    look = opened(task.network).looks(Picture(image), [ALL])[0]
    found = HeatMap(look.values, cell=look.cell)
    after = [figure(refined(image, found, crf), truth) for crf in task.candidates]
    return Judged(
        stratum=task.stratum,
        group=task.sample.group or f"{task.dataset.facts.name}/{task.sample.name}",
        tampered=bool(truth.any()),
        before=figure(found, truth),
        after=np.array(after),
    )


def figure(found: HeatMap, truth: NDArray[np.bool_]) -> float:
    """Return F1 at 0.5, or, where nothing was tampered with, the share of pixels above 0.5."""
    marked = found.at_pixels(*truth.shape) > 0.5
    true, total = int(np.count_nonzero(marked & truth)), int(np.count_nonzero(marked))
    positives = int(np.count_nonzero(truth))
    return f1(true, total - true, positives) if positives else total / truth.size


def judge_all(
    tasks: Sequence[Task], workers: int, progress: Progress
) -> tuple[tuple[Judged, ...], tuple[str, ...]]:
    """Judge pictures in other processes.

    Args:
        tasks: One a picture.
        workers: Number of processes; the result does not depend on it.
        progress: Told how far it is.

    Returns:
        Figures in the order of the tasks, and a sentence for each picture that cannot be judged.
    """
    done: dict[int, Judged] = {}
    problems: dict[int, str] = {}
    progress("measuring", 0, len(tasks))
    for number, (task, outcome) in enumerate(parallel(judge, tasks, workers), start=1):
        try:
            done[task.number] = outcome_of(outcome)
        except (LocardError, WorkFailedError, MemoryError) as error:
            name = f"{task.dataset.facts.name}: {printable(task.sample.name)}"
            said = getattr(error, "message", "there is not enough memory")
            problems[task.number] = f"{name}: {said}"
        progress("measuring", number, len(tasks))
    judged = tuple(done[number] for number in sorted(done))
    return judged, tuple(problems[number] for number in sorted(problems))


def tasks_of(
    folders: Sequence[Path],
    split: str,
    by: Sequence[str],
    limit: int | None,
    network: Wanted,
    candidates: tuple[Parameters, ...],
    plugins: Catalogue,
) -> list[Task]:
    """Return a task for each picture of some data sets.

    Args:
        folders: Of the data sets.
        split: Of those that say one, which pictures are taken; ``any`` for all.
        by: Facts by which data sets are divided into strata, besides kinds: ``FACT`` by all its
            values, ``FACT=VALUE`` by whether it has that one.
        limit: At most so many pictures of each, evenly from its kinds.
        network: Whose maps are refined.
        candidates: Parameters of the CRF.
        plugins: Where layouts come from.

    Raises:
        LocardError: A data set cannot be loaded, or there is no picture of the split in it.
    """
    tasks: list[Task] = []
    for folder in folders:
        data_set = named(load(folder, None, plugins))
        samples = [
            sample
            for sample in data_set.samples
            if split == ANY or sample.facts.get(SPLIT, split) == split
        ]
        if not samples:
            raise LocardError(
                f"{printable(data_set.facts.name)} has no pictures of the split {printable(split)}",
                "Give another --split, or --split any for all pictures.",
            )
        facts = data_set.facts.model_copy(update={"problems": ()})
        truth = replace(data_set, samples=(), hashes={}, facts=facts)
        for sample in samples if limit is None else spread(samples, limit):
            stratum = stratum_of(data_set.facts.name, sample.kind, sample.facts, by)
            tasks.append(Task(len(tasks), truth, sample, stratum, network, candidates))
    return tasks


def stratum_of(data_set: str, kind: str, facts: Mapping[str, str], by: Sequence[str]) -> str:
    """Return the name of a picture's stratum; see :func:`tasks_of`."""
    words = [f"{data_set} {kind}"]
    for wanted in by:
        fact, _, value = wanted.partition("=")
        has = facts.get(fact)
        if has:
            words.append(f"{fact} {has if not value or has == value else 'other'}")
    return printable(", ".join(words))
