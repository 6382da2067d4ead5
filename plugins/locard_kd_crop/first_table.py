"""Estimates the first quantisation table from the coefficients at the phase of the old grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.image.quality import LUMINANCE, scaled
from locard_kd_crop.phase.windows import ac_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.phase.evidence import Counts

QUALITIES: Final = tuple(range(50, 101))
"""IJG qualities whose tables are tried; below 50, most steps are beyond what is counted."""

_HIGHEST_BAND = 9
"""Sum of both frequencies up to which bands count: above, little but zeros is left."""

_LEAST_VARIANCE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class FirstTable:
    """The IJG table that the coefficients at a phase fit best.

    Attributes:
        quality: Its quality.
        step_ratio: Mean, over 64 bands, of the file's own luma step divided by the table's; None
            where the file has no table.
        fits: float64, (64,): how well the coefficients of each phase fit it, in standard
            deviations.
    """

    quality: int
    step_ratio: float | None
    fits: NDArray[np.float64]


def first_table(counts: Counts, phase: int, table: NDArray[np.int64] | None) -> FirstTable:
    """Return the IJG table that fits best at a phase.

    Args:
        counts: Of the whole picture.
        phase: Where the old grid begins, 8y + x.
        table: int64, (8, 8), the file's own luma table.
    """
    fits = table_fits(counts)
    best = int(fits[:, phase].argmax())
    quality = QUALITIES[best]
    ratio = None
    if table is not None:
        ratio = float((table.ravel() / np.array(scaled(LUMINANCE, quality))).mean())
    return FirstTable(quality, ratio, fits[best])


def table_fits(counts: Counts) -> NDArray[np.float64]:
    """Return how well the coefficients of each phase fit each table of :data:`QUALITIES`.

    For a class of activity and a band with step q it is (m − M) √n / s as in the phase evidence,
    unbounded: m the mean of cos(2πc/q) at the phase, M that of all phases. The sum over low AC
    bands and classes, each class weighted by the root of its windows, as the expected deviation
    grows with it, is divided by its standard deviation if all terms were independent.

    Returns:
        float64, (tables, 64 phases).
    """
    tables, bands = _tables()
    fits = np.zeros((len(QUALITIES), len(counts.ac)))
    weights = np.sqrt(counts.windows.astype(np.float64))
    for place, band in enumerate(bands):
        steps, which = np.unique(tables[:, place], return_inverse=True)
        deviations = _deviations(counts.ac[:, :, band - 1], _cosines(tuple(map(int, steps))))
        fits += (weights @ deviations)[:, which].T
    return np.asarray(fits / max(np.sqrt(len(bands) * (weights**2).sum()), 1.0))


def _deviations(counts: NDArray[np.uint32], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the deviations of one band: (64 phases, classes, bins) to (64, classes, steps)."""
    pooled = counts.sum(axis=0, dtype=np.float64)
    total = np.maximum(pooled.sum(axis=-1), 1)[:, None]
    mean = pooled @ kernel / total
    variance = np.maximum(pooled @ kernel**2 / total - mean**2, _LEAST_VARIANCE)
    number = counts.sum(axis=-1, dtype=np.float64)[..., None]
    return np.asarray((counts @ kernel - number * mean) / np.sqrt(np.maximum(number, 1) * variance))


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the steps of the candidate tables in the bands that count, and those bands.

    Returns:
        (tables, bands), and (bands,), as 8v + u.
    """
    v, u = np.divmod(np.arange(64), 8)
    bands = np.flatnonzero((u + v > 0) & (u + v <= _HIGHEST_BAND))
    return np.array([scaled(LUMINANCE, quality) for quality in QUALITIES])[:, bands], bands


@lru_cache(maxsize=128)
def _cosines(steps: tuple[int, ...]) -> NDArray[np.float64]:
    """Return cos(2πc/q) in the middle of each bin: (bins, steps); 0 beyond the last edge."""
    edges = ac_edges()
    middles = (edges[:-1] + edges[1:]) / 2
    cosines = np.cos(2 * np.pi * middles[:, None] / np.array(steps))
    return np.concatenate([cosines, np.zeros((1, len(steps)))])
