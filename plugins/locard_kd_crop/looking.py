"""Looks at a picture: counts its windows tile by tile, and asks the model of whole and tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_kd_crop.decision import Phases, local_odds, phases_of
from locard_kd_crop.phase.evidence import Evidence, evidence_of
from locard_kd_crop.phase.luma import luma_of, luma_table
from locard_kd_crop.tiles import Tiling, count_tile, tiling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard import Image
    from locard_kd_crop.phase.evidence import Counts
    from locard_kd_crop.student import Student

LEAST_WINDOWS: Final = 16.0
"""Windows a phase below which there is nothing to see; a picture of 64×64 pixels has 50."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What there is to see in a picture.

    Attributes:
        table: int64, (8, 8), the file's own luma table; None where it has none.
        windows: Mean number of windows a phase that could be looked at.
        counts: Of the whole picture.
        phases: What the model says of the whole; None where there is nothing to see.
        tiling: How the picture is divided.
        local: float32, (rows, columns): probability of the likeliest moved grid against none, by
            each tile alone, in [0, 1]; 0 where a tile has nothing to see.
    """

    table: NDArray[np.int64] | None
    windows: float
    counts: Counts
    phases: Phases | None
    tiling: Tiling
    local: NDArray[np.float32]


def look_at(image: Image, student: Student) -> Look:
    """Look at a picture of at least 64 pixels a side.

    Raises:
        ImageError: It cannot be decoded.
        LocardError: The model does not give what it should.
    """
    luma, table = luma_of(image), luma_table(image)
    tiles = tiling(*luma.shape)
    total: Counts | None = None
    said: list[NDArray[np.float64] | None] = []
    for tile in tiles:
        counts = count_tile(luma, tile)
        said.append(_logits(evidence_of(counts), table, student))
        total = counts if total is None else total + counts
    assert total is not None  # noqa: S101  every picture has a tile
    alone = len(said) == 1
    whole = said[0] if alone else _logits(evidence_of(total), table, student)
    phases = None if whole is None else phases_of(whole)
    local = np.zeros((tiles.rows, tiles.columns), np.float32)
    if phases is not None:
        local.ravel()[:] = [_local(logits, phases.best) for logits in said]
    return Look(table, float(total.windows.sum()), total, phases, tiles, local)


def _logits(
    evidence: Evidence, table: NDArray[np.int64] | None, student: Student
) -> NDArray[np.float64] | None:
    """Return the model's logits; None where there is nothing to see."""
    if evidence.windows.sum() < LEAST_WINDOWS or not evidence.terms.any():
        return None
    return student.logits(evidence, table)


def _local(logits: NDArray[np.float64] | None, phase: int) -> float:
    if logits is None:
        return 0.0
    return float(1 / (1 + np.exp(-np.clip(local_odds(logits, phase), -50, 50))))
