"""Measures one picture: all treatments, networks and refinements, the evidence computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.errors import DatasetError
from locard.evaluation.metrics.pixel import pixel_scores
from locard.evaluation.rows import UNTREATED
from locard.findings import Finding, HeatMap
from locard.image import Image
from locard.image.file_facts import FileFacts
from locard.text import printable
from locard_semi_global.evaluation.kinds import file_kind, size_kind
from locard_semi_global.evaluation.networks import Look, Parameters, Picture, Wanted, opened
from locard_semi_global.evaluation.rows import Row, Shown
from locard_semi_global.evaluation.statistics import statistics
from locard_semi_global.evaluation.treating import Resaved, treatment_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.datasets import Sample
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.treatments import Treatment

SPLIT: Final = "split"
"""Fact of a data set that says which pictures are for training, validation and test."""

TEST: Final = "test"

HOST: Final = "host_source"
"""Fact of a synthetic data set: the camera or scene that most of a picture comes from."""

ALL: Final[tuple[str, ...]] = ()
"""No group taken out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with each picture of an evaluation.

    Attributes:
        networks: Who is asked.
        without: Sets of groups of traces that the block-evidence network is asked without, of
            pictures as they are; of treated ones it is asked with all.
        crf: Whether maps are refined by the CRF, too, with what was tuned on the network's maps.
        by: Facts of data sets that figures are asked for by.
        resaved: Treatment of authentic pictures with tables of tampered ones, by set.
    """

    networks: tuple[Wanted, ...]
    without: tuple[tuple[str, ...], ...] = (ALL,)
    crf: bool = False
    by: tuple[str, ...] = ()
    resaved: Mapping[str, Resaved] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A picture to measure.

    Attributes:
        number: Its place in the evaluation.
        dataset: Where its truth is read, without its list of samples.
        sample: The picture.
        treatments: Names of what is done to it, ``none`` for nothing.
        plan: What is done with it.
    """

    number: int
    dataset: Dataset
    sample: Sample
    treatments: tuple[str, ...]
    plan: Plan


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of a picture.

    Attributes:
        rows: What was said of it.
        problems: What could not be measured, a sentence each.
    """

    rows: tuple[Row, ...]
    problems: tuple[str, ...]


def measure(task: Task) -> Measured:
    """Measure a picture; whatever cannot be measured becomes a problem, and the rest is done."""
    rows: list[Row] = []
    problems: list[str] = []
    name = f"{task.dataset.facts.name}: {printable(task.sample.name)}"
    try:
        image = Image.from_path(task.sample.path)
        truth, problem = _truth(task, image)
    except (LocardError, MemoryError) as error:
        return Measured((), (f"{name}: {_words(error)}",))
    if problem:
        problems.append(f"{name}: {problem}")
    for treatment in task.treatments:
        try:
            treated, shown_truth = _treated(task, treatment, image, truth)
            rows += _rows(task, treatment, treated, shown_truth)
        except (LocardError, MemoryError) as error:
            under = "" if treatment == UNTREATED else f", {treatment}"
            problems.append(f"{name}{under}: {_words(error)}")
    return Measured(tuple(rows), tuple(problems))


def _words(error: LocardError | MemoryError) -> str:
    return error.message if isinstance(error, LocardError) else "there is not enough memory"


def _truth(task: Task, image: Image) -> tuple[NDArray[np.bool_] | None, str | None]:
    """Return where a picture was tampered with, or None and why that is not known."""
    try:
        return task.dataset.truth(task.sample, image.height, image.width), None
    except DatasetError as error:
        return None, error.message


def _treated(
    task: Task, name: str, image: Image, truth: NDArray[np.bool_] | None
) -> tuple[Image, NDArray[np.bool_] | None]:
    own = task.plan.resaved.get(task.dataset.facts.name)
    treatment: Treatment | None = own if own and name == own.name else treatment_of(name)
    if treatment is None:
        return image, truth
    copy = Image.from_bytes(treatment.apply(image), image.name)
    return copy, None if truth is None else np.ascontiguousarray(treatment.truth(truth))


def _rows(
    task: Task, treatment: str, image: Image, truth: NDArray[np.bool_] | None
) -> Iterator[Row]:
    picture = Picture(image)
    shown = _shown(task, treatment, picture, truth)
    for wanted in task.plan.networks:
        network = opened(wanted)
        several = wanted.traces and treatment == UNTREATED
        asked = task.plan.without if several else (ALL,)
        for without, look in zip(asked, network.looks(picture, asked), strict=True):
            found = HeatMap(look.values, cell=look.cell)
            yield _row(shown, wanted, without, look, found, truth, refined=False)
            if task.plan.crf:
                better = refined(image, found, network.refinement)
                yield _row(shown, wanted, without, look, better, truth, refined=True)


def refined(image: Image, found: HeatMap, crf: Parameters) -> HeatMap:
    """Return a map after the refiner ``dense-crf``, as the pipeline runs it.

    Args:
        image: The picture.
        found: Its map.
        crf: Parameters of the refiner.
    """
    from locard_dense_crf.refiner import DenseCrf, DenseCrfParameters

    refiner = DenseCrf(DenseCrfParameters.model_validate(crf))
    before = Finding.detected(0.0, "a map to be refined", map=found)
    return refiner.refine(image, before).map or found


def _row(
    shown: Shown,
    wanted: Wanted,
    without: Sequence[str],
    look: Look,
    found: HeatMap,
    truth: NDArray[np.bool_] | None,
    *,
    refined: bool,
) -> Row:
    scores = None
    if truth is not None:
        values = np.asarray(found.at_pixels(shown.height, shown.width), np.float32)
        scores = pixel_scores(values, truth)
    return Row(
        shown=shown,
        network=wanted.words,
        without=tuple(without),
        refined=refined,
        score=look.score,
        statistics={} if refined else statistics(look),
        scores=scores,
    )


def _shown(task: Task, treatment: str, picture: Picture, truth: NDArray[np.bool_] | None) -> Shown:
    image, sample = picture.image, task.sample
    file = FileFacts.of(image.header)
    return Shown(
        set=task.dataset.facts.name,
        sample=printable(sample.name),
        kind=sample.kind,
        group=_group(task.dataset.facts.name, sample),
        treatment=treatment,
        width=image.width,
        height=image.height,
        share=float(truth.mean()) if truth is not None and truth.size else None,
        file=file_kind(file, picture.mean_step),
        size=size_kind(file),
        held_out=sample.facts.get(SPLIT) == TEST,
        facts=tuple((name, sample.facts[name]) for name in task.plan.by if name in sample.facts),
    )


def _group(set_name: str, sample: Sample) -> str:
    """Return the source of a picture, by which it is resampled and thresholds are crossed.

    Of a synthetic one that is its host's: all that may have met in one picture are one group of
    its data set, for splits must not share them, and too few to be told apart.
    """
    if host := sample.facts.get(HOST):
        return f"source {host}"  # as groups of data sets of untouched photographs are named
    return sample.group or f"{set_name}/{sample.name}"
