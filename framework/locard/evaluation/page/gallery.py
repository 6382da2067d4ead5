"""Best, median and worst cases of each step: which to show, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard import overlay
from locard.errors import LocardError
from locard.evaluation.rows import UNTREATED, Row
from locard.report.rasters import (
    Raster,
    jpeg,
    map_png,
    outline_png,
    reduced,
    resampled,
    resampled_mask,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.findings import HeatMap

MAX_SIDE = 360
"""Longest side of a shown picture, in pixels."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A row to show, and why: ``best``, ``median``, ``worst``, ``most marked authentic``."""

    row: Row
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the pictures of a case are made of.

    Attributes:
        pixels: uint8, shape (height, width, 3).
        truth: bool, shape (height, width).
        map: None where the step gave none.
    """

    pixels: NDArray[np.uint8]
    truth: NDArray[np.bool_]
    map: HeatMap | None


@dataclass(frozen=True, slots=True)
class Case:
    """A row with its pictures, all of one size.

    Attributes:
        choice: Which row, and why.
        picture: The image; None where it cannot be shown.
        outline: The border of what was tampered with, transparent elsewhere.
        map: The step's map, transparent near zero; None where it gave none.
        note: Why something is missing.
    """

    choice: Choice
    picture: Raster | None = None
    outline: Raster | None = None
    map: Raster | None = None
    note: str | None = None


Fetch = Callable[[Row], Evidence]
"""Gets the evidence of a row; raises LocardError, OSError or ValueError where it cannot."""


def choose(rows: Sequence[Row], step: str) -> tuple[Choice, ...]:
    """Choose the rows of a step that show it at its best, in the middle and at its worst.

    Of tampered images those with the highest, the median and the lowest F1 at 0.5, the first by
    name where several are alike; of authentic ones the one of which the map marks the largest
    share. Images as they are; a step that gave no map at all has nothing to show.

    Args:
        rows: Of an evaluation.
        step: Name of the step.
    """
    own = [row for row in rows if row.step == step and row.treatment == UNTREATED]
    if not any(row.has_map for row in own):
        return ()
    ranked = sorted(
        (row for row in own if row.pixels is not None and row.pixels.f1 is not None),
        key=lambda row: (-_f1(row), row.sample),
    )
    places = {0: "best", len(ranked) // 2: "median", len(ranked) - 1: "worst"} if ranked else {}
    authentic = [row for row in own if not row.tampered and row.pixels is not None and row.has_map]
    most = sorted(authentic, key=lambda row: (-_marked(row), row.sample))[:1]
    return (
        *(Choice(ranked[place], why) for place, why in places.items()),
        *(Choice(row, "most marked authentic image") for row in most),
    )


def show(choices: Sequence[Choice], fetch: Fetch) -> Iterator[Case]:
    """Yield the chosen rows with their pictures; what cannot be shown says why."""
    for choice in choices:
        try:
            yield _case(choice, fetch(choice.row))
        except (LocardError, OSError, ValueError) as error:
            yield Case(choice, note=f"It cannot be shown: {error}")


def _case(choice: Choice, evidence: Evidence) -> Case:
    picture = reduced(evidence.pixels, MAX_SIDE)
    size = (picture.shape[0], picture.shape[1])
    stored = (evidence.pixels.shape[0], evidence.pixels.shape[1])
    shown = evidence.map
    return Case(
        choice,
        picture=jpeg(picture),
        outline=_outline(evidence.truth, size),
        map=map_png(resampled(shown, stored, size)) if shown is not None else None,
        note=None if shown is not None else "The step gave no map, which counts as nothing marked.",
    )


def _outline(truth: NDArray[np.bool_], size: tuple[int, int]) -> Raster | None:
    if not truth.any():
        return None
    return outline_png(overlay.outline(resampled_mask(truth, size)))


def _f1(row: Row) -> float:
    return 0.0 if row.pixels is None or row.pixels.f1 is None else row.pixels.f1


def _marked(row: Row) -> float:
    return 0.0 if row.pixels is None or row.pixels.marked is None else row.pixels.marked
