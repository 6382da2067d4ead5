"""Measures models of crops on data sets, side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from locard import __version__
from locard.errors import LocardError
from locard.text import printable
from locard_kd_crop.datasets.divisions import check_divisions
from locard_kd_crop.datasets.splits import TRAIN, VALIDATION
from locard_kd_crop.evaluation.answers import Answers
from locard_kd_crop.evaluation.baseline import NAME as PLAIN
from locard_kd_crop.evaluation.baseline import PlainMaxima
from locard_kd_crop.evaluation.figures import figures
from locard_kd_crop.evaluation.kept import kept_array, save
from locard_kd_crop.evaluation.measuring import measured
from locard_kd_crop.evaluation.models import time_ratio
from locard_kd_crop.evaluation.older_grids import older_grids, pictures_of
from locard_kd_crop.evaluation.parts import ALARMS, Part, parts
from locard_kd_crop.evaluation.pictures import Pictures
from locard_kd_crop.evaluation.results import (
    AlarmThreshold,
    CropResults,
    FigureResult,
    MethodResult,
    PartResult,
    PhotographResult,
    SetResult,
)
from locard_kd_crop.evaluation.zero import ZeroVotes
from locard_kd_crop.phase.cache import pictures as manifest_lines
from locard_kd_crop.phase.luma import BLOCK
from locard_kd_crop.phase.samples import Samples, samples_of

if TYPE_CHECKING:
    from locard_kd_crop.evaluation.figures import Cuts
    from locard_kd_crop.evaluation.models import Advance, CropModel
    from locard_kd_crop.evaluation.older_grids import OlderGrid

WITHOUT_OLDER: Final = "all but photographs with an older grid of their own"
"""Part of the false alarms that says what they are without what are none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure on.

    Attributes:
        data_sets: Folders that ``locard crop dataset build`` made.
        held_out: Of which no validation picture is read: a program that sets no threshold.
        split: ``test``, or ``val`` while a model is developed.
        cache: Folder that keeps evidence, features and logits.
        workers: Number of processes.
        baseline: Whether to measure what needs no network beside.
        timed: Whether to take times.
        advance: Told how far it is.
    """

    data_sets: Sequence[Path]
    held_out: Sequence[Path]
    split: str
    cache: Path
    workers: int
    baseline: bool
    timed: bool
    advance: Advance


def evaluate(models: Sequence[CropModel], wanted: Wanted) -> CropResults:
    """Measure models, with thresholds from the validation pictures of the same data sets.

    One that fails, as where a picture that it needs is gone, does not stop the others.

    Args:
        models: To be measured; the baselines come after them.
        wanted: On what.

    Raises:
        LocardError: A data set cannot be read or lacks a split, two divide photographs differently,
            or the cache cannot be written.
    """
    everything = (*wanted.data_sets, *wanted.held_out)
    check_divisions(everything)
    validation = _samples(wanted, wanted.data_sets, VALIDATION)
    tested = _samples(wanted, everything, wanted.split)
    timed = _largest_picture(tested) if wanted.timed else None
    methods, failed = [], []
    for name, made in _makers(models, wanted):
        try:
            methods.append(_method(made(), validation, tested, timed, wanted))
        except LocardError as error:
            failed.append(f"{name}: {error.sentences}")
    return CropResults(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        locard=__version__,
        split=wanted.split,
        timed=timed and timed.words,
        sets=tuple(_set(folder, tested) for folder in everything),
        methods=tuple(methods),
        failed=tuple(failed),
    )


def _makers(
    models: Sequence[CropModel], wanted: Wanted
) -> Iterator[tuple[str, Callable[[], CropModel]]]:
    """Yield names of models, and what gives or fits them."""
    for model in models:
        yield model.name, lambda model=model: model  # type: ignore[misc]
    if wanted.baseline:
        yield PLAIN, lambda: _baseline(wanted)
        yield ZeroVotes.name, ZeroVotes


def _samples(wanted: Wanted, data_sets: Sequence[Path], split: str) -> Samples:
    return samples_of(data_sets, split, wanted.cache, wanted.workers, wanted.advance)


def _baseline(wanted: Wanted) -> PlainMaxima:
    lines = list(manifest_lines(wanted.data_sets, [TRAIN]))
    return PlainMaxima.fitted(lines, wanted.cache, wanted.workers, wanted.advance)


def pictures_in(samples: Samples) -> Pictures:
    """Return what is known of pictures whose evidence is there."""
    return Pictures([row.facts for row in samples.rows], samples.labels)


def kept_answers(model: CropModel, samples: Samples, cache: Path, advance: Advance) -> Answers:
    """Return what a model says of pictures, from the cache where it was asked before.

    Raises:
        LocardError: A picture cannot be read, or the cache cannot be written.
    """
    kept = cache / f"logits-{model.key[:16]}-{samples.key[:16]}.npy"
    logits = kept_array(kept, (len(samples), None))
    if logits is None:
        logits = model.logits(samples, advance)
        save(kept, np.asarray(logits, np.float32))
    return Answers.of(logits)


def _method(
    model: CropModel, validation: Samples, tested: Samples, timed: _Timed | None, wanted: Wanted
) -> MethodResult:
    set_by = measured(
        kept_answers(model, validation, wanted.cache, wanted.advance), pictures_in(validation)
    )
    answers = kept_answers(model, tested, wanted.cache, wanted.advance)
    pictures = pictures_in(tested)
    older = older_grids(answers, pictures)
    found = list(parts(pictures))
    if older:
        rest = ~pictures.moved & ~pictures_of(older, pictures)
        found.append(Part(ALARMS, WITHOUT_OLDER, "any size", rest))
    cuts = set_by.thresholds.cuts(pictures)
    costs = model.costs
    return MethodResult(
        name=model.name,
        key=model.key,
        parameters=costs.parameters,
        macs=costs.macs,
        evidence_macs=costs.evidence_macs,
        bytes=costs.bytes,
        time=time_ratio(model, timed.data) if timed else None,
        lossless_threshold=set_by.thresholds.lossless,
        jpeg_threshold=set_by.thresholds.jpeg,
        alarms=tuple(
            AlarmThreshold(
                name=one.name,
                value=one.value,
                own=one.own,
                pooled=one.pooled,
                false_alarms=one.false_alarms,
                power=one.power,
                crops=one.crops,
            )
            for one in set_by.thresholds.alarms
        ),
        set_aside=_photographs(set_by.set_aside),
        older_grids=_photographs(older),
        parts=tuple(part_result(part, answers, pictures, cuts) for part in found),
    )


def part_result(part: Part, answers: Answers, pictures: Pictures, cuts: Cuts) -> PartResult:
    """Measure a part of the pictures."""
    chosen = part.chosen
    found = figures(answers.part(chosen), pictures.part(chosen), cuts.part(chosen))
    return PartResult(
        table="false alarms" if part.table == ALARMS else "strata",
        name=part.name,
        size=part.size,
        images=int(chosen.sum()),
        figures=tuple(
            FigureResult(
                figure=name,
                value=one.value,
                low=one.low,
                high=one.high,
                images=one.images,
                groups=one.groups,
            )
            for name, one in found.items()
        ),
    )


def _photographs(found: Sequence[OlderGrid]) -> tuple[PhotographResult, ...]:
    return tuple(
        PhotographResult(
            photograph=printable(one.name),
            x=one.phase % BLOCK,
            y=one.phase // BLOCK,
            agree=one.agree,
            images=one.images,
        )
        for one in found
    )


@dataclass(frozen=True, slots=True)
class _Timed:
    words: str
    data: bytes


def _largest_picture(samples: Samples) -> _Timed:
    """Return the largest JPEG, or the largest picture where there is no JPEG."""

    def size(facts: Mapping[str, str]) -> tuple[bool, int]:
        return bool(facts["last_tables"]), int(facts["width"]) * int(facts["height"])

    facts = max((row.facts for row in samples.rows), key=size)
    words = f"{facts['width']}×{facts['height']} {'JPEG' if facts['last_tables'] else 'PNG'}"
    return _Timed(words, (Path(facts["set"]) / facts["path"]).read_bytes())


def _set(folder: Path, tested: Samples) -> SetResult:
    rows = [row.facts for row in tested.rows if row.facts["set"] == str(folder)]
    return SetResult(
        name=printable(folder.name),
        tool=printable(rows[0]["tool_version"]) if rows else "none",
        manifest_sha256=hashlib.sha256((folder / "manifest.csv").read_bytes()).hexdigest(),
        images=len(rows),
    )
