"""Holds what the steps said of one image against the truth: one row a step."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.engine.artifacts import read_map, read_mask
from locard.errors import LocardError
from locard.evaluation.datasets.strata import subsets_of
from locard.evaluation.rows import UNTREATED, PixelScores, Row
from locard.image.file_facts import FileFacts
from locard.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.engine.records import ExhibitResult, FindingRecord
    from locard.evaluation.datasets import Sample
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.treatments import Treatment
    from locard.image import Header


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An examined file and what it was made of.

    Attributes:
        sample: The sample.
        result: What the steps said of the file.
        treatment: What was done to the sample's image before; None for nothing.
        facts: What the treated file's header says; None where nothing was done.
    """

    sample: Sample
    result: ExhibitResult
    treatment: Treatment | None = None
    facts: FileFacts | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of measuring one exhibit.

    Attributes:
        rows: One a finding, in the pipeline's order.
        problem: Why there are no pixel figures, where there should be; None if there are.
    """

    rows: tuple[Row, ...]
    problem: str | None = None


def measure(dataset: Dataset, exhibit: Exhibit, dividing: Collection[str]) -> Measured:
    """Measure what all steps said of one file.

    A step without a map marks nothing: its figures are those of a map of zeros. Where the truth is
    not known there are no pixel figures.

    Args:
        dataset: Knows the truth.
        exhibit: The examined file.
        dividing: Facts of samples that divide the data set.
    """
    from locard.image import read_header

    sample, result = exhibit.sample, exhibit.result
    header, truth, problem = None, None, None
    try:
        header = read_header(sample.path)
        truth = dataset.truth(sample, header.height, header.width)
    except LocardError as error:
        problem = error.message
    subsets = _subsets(sample, header, truth, dividing)
    facts = exhibit.facts or (FileFacts.of(header) if header else None)
    if truth is not None and exhibit.treatment is not None:
        truth = exhibit.treatment.truth(truth)
    if truth is not None and sample.tampered and not truth.any():
        truth, problem = None, "its mask marks nothing"
    if result.width is None:
        truth = None
    rows = []
    for finding in result.findings:
        pixels = None
        if truth is not None:
            try:
                pixels = _pixels(finding, truth)
            except (OSError, ValueError) as error:
                problem = f"the map of {finding.step} cannot be used: {error}"
        rows.append(_row(exhibit, finding, subsets, facts, pixels))
    return Measured(tuple(rows), problem)


def _subsets(
    sample: Sample,
    header: Header | None,
    truth: NDArray[np.bool_] | None,
    dividing: Collection[str],
) -> dict[str, str]:
    """Return the parts that a sample belongs to, treated or not: tables then compare like parts."""
    if header is None:
        return {"kind": sample.kind}
    share = None if truth is None else float(np.mean(truth))
    parts = subsets_of(sample, header, share, dividing)
    return {printable(way): printable(value) for way, value in parts.items()}


def _pixels(finding: FindingRecord, truth: NDArray[np.bool_]) -> PixelScores:
    from locard.evaluation.metrics.pixel import pixel_scores

    heat_map = read_map(finding)
    values = (
        np.zeros(truth.shape, np.float32) if heat_map is None else heat_map.at_pixels(*truth.shape)
    )
    return pixel_scores(values, truth, read_mask(finding))


def _row(
    exhibit: Exhibit,
    finding: FindingRecord,
    subsets: dict[str, str],
    facts: FileFacts | None,
    pixels: PixelScores | None,
) -> Row:
    sample = exhibit.sample
    return Row(
        sample=sample.name,
        sha256=exhibit.result.sha256,
        kind=sample.kind,
        treatment=exhibit.treatment.name if exhibit.treatment else UNTREATED,
        step=finding.step,
        outcome=finding.outcome,
        group=sample.group,
        subsets=subsets,
        reason=finding.reason,
        score=finding.score,
        log10_lr=finding.likelihood.get("log10_lr") if finding.likelihood else None,
        pixels=pixels,
        has_map=finding.artifact("map") is not None,
        seconds=finding.seconds,
        finding_key=finding.cache_key,
        format=facts.format if facts else None,
        width=facts.width if facts else None,
        height=facts.height if facts else None,
        jpeg_quality=facts.jpeg_quality if facts else None,
    )


def unmeasured(exhibit: Exhibit, problem: str) -> Measured:
    """Return rows without pixel figures, for an exhibit that could not be measured."""
    subsets = {"kind": exhibit.sample.kind}
    rows = (
        _row(exhibit, finding, subsets, exhibit.facts, None) for finding in exhibit.result.findings
    )
    return Measured(tuple(rows), problem)
